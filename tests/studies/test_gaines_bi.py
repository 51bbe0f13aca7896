"""The printed table met network by network, where that is quick, and what its columns are."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from gaines_bi import (
    CELL,
    PRINTED,
    cell_of,
    found_by_search,
    greatest_slack,
    is_matched,
    measure,
    networks,
    rounded_rows,
    table,
    volumes_of,
)
from polytope_lens import Lens
from report import keep

COUNTS = {
    (2, 2, 4): [30, 34, 36, 26, 28],
    (2, 4, 4): [57, 109, 70, 102, 101],
    (2, 2, 16): [544, 547, 518, 582, 516],
    (3, 2, 4): [58, 78, 53, 64, 57],
    (3, 2, 8): [658, 692, 858, 834, 510],
    (4, 2, 4): [69, 54, 97, 48, 97],
    (4, 4, 4): [575, 462, 549, 305, 349],
}


@pytest.fixture(scope="module")
def drawn():
    """The networks of some cells."""
    found = {cell: [] for cell in COUNTS}
    for key, lens in networks():
        if cell_of(key) in found:
            found[cell_of(key)].append(lens)
    return found


def test_counts_are_those_of_untrained_networks(drawn):
    for cell, lenses in drawn.items():
        counts = [lens.count().total for lens in lenses]
        assert counts == COUNTS[cell]
        lost = round(sum(counts) - 5 * PRINTED[cell].regions)
        assert lost == {(2, 2, 16): 1, (3, 2, 8): 2, (4, 2, 4): 2}.get(cell, 0)


@pytest.mark.parametrize("cell", [(2, 2, 4), (2, 4, 4), (3, 2, 4), (4, 2, 4), (4, 4, 4)])
def test_finite_inradius_is_what_is_printed_and_bounded_is_less(drawn, cell):
    found = [measure(lens)[0] for lens in drawn[cell]]
    mean = {name: np.mean([row[name] for row in found]) for name in found[0]}
    assert abs(mean["finite_inradius"] - PRINTED[cell].finite) < 0.011
    assert mean["bounded"] < mean["finite_inradius"] - 0.05
    assert mean["diameter"] < PRINTED[cell].diameter
    assert mean["facets"] == pytest.approx(PRINTED[cell].facets, abs=0.016)
    if cell in {(2, 2, 4), (3, 2, 4)}:
        assert mean["volume_as_printed"] == pytest.approx(PRINTED[cell].volume, abs=0.01)


def test_lost_regions_are_those_within_a_hundred_thousandth_of_zero(drawn):
    for cell, lost in {(2, 2, 16): 1, (3, 2, 8): 2, (4, 2, 4): 2, (2, 4, 4): 0}.items():
        listed = [region for lens in drawn[cell] for region in measure(lens)[2]]
        assert len(listed) == lost and all(region["slack"] < 1e-5 for region in listed)


def test_depth_one_is_known_by_theorem():
    for (d, depth, width), printed in PRINTED.items():
        if depth == 1 and (d, width) != (5, 16):
            regions = sum(comb(width, k) for k in range(d + 1))
            assert printed.regions == pytest.approx(regions, abs=0.3)
            assert printed.finite == pytest.approx(comb(width - 1, d) / regions, abs=0.006)
            assert printed.diameter > width
    assert not is_matched((5, 1, 4)) and not is_matched((4, 4, 16)) and is_matched((4, 3, 16))


def test_volumes_and_slacks_of_squares():
    lens = Lens.from_arrays([[[1, 0], [1, 0], [0, 1], [0, 1], [1, 0]], [[1] * 5]], [[0, -1, 0, -100, -1 - 2**-20], [0]])
    partition = lens.partition()
    assert sorted(volumes_of(lens, partition, partition.bounded_mask())) == [100 * 2**-20, 100]
    slacks = [greatest_slack(partition, i) for i in range(len(partition))]
    assert sorted(slacks)[:3] == pytest.approx([2**-21] * 3) and sorted(slacks)[3] == 1e-4
    assert measure(lens)[0]["thin"] == 3


def test_the_table_joins_what_was_measured(tmp_path, drawn):
    key = {"d": 2, "depth": 2, "width": 4}
    rows = [{**key, "trial": i, "regions": n} for i, n in enumerate(COUNTS[2, 2, 4])]
    keep("gaines_bi_counts", [*CELL, "trial"], rows, tmp_path)
    measured = [{**row, **measure(lens)[0]} for row, lens in zip(rows, drawn[2, 2, 4], strict=True)]
    keep("gaines_bi_geometry", [*CELL, "trial"], measured, tmp_path)
    found = table(tmp_path).iloc[0]
    assert (found["mean"], found["printed_regions"], found["lost"], found["thin"]) == (30.8, 30.8, 0, 0)
    assert found["std"] == pytest.approx(4.147, abs=0.001)


def test_a_search_in_float32_finds_regions_that_are_not_there(drawn):
    """All regions of layers of four contain lines in five inputs; the product of two float32 matrices does not."""
    lens = drawn[4, 2, 4][1]
    assert lens.count().total == 54 == found_by_search(lens, np.float64) < found_by_search(lens, np.float32)


def test_rows_of_the_search_are_those_of_the_region(drawn):
    lens = drawn[3, 2, 4][0]
    region = lens.at([0.25, -0.5, 0.75])
    rows, exact = rounded_rows(lens, region.pattern.array, np.float64), region.inequalities(facets=False)
    assert np.allclose(rows[:, :-1], exact.A) and np.allclose(-rows[:, -1], exact.b)
