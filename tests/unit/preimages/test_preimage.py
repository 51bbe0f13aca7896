"""Preimages against all regions, each clipped by a target in fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from polytope_lens import Box, Lens, Partition, Polytope
from polytope_lens.errors import DimensionError, DomainError, OptionError, PartialPartitionError, Status
from polytope_lens.preimages.preimage import Preimage
from preimages_twin import all_clipped, random_target
from properties_twin import random_network

GREATER = Lens.from_arrays([[[1, -1], [0, 1], [0, -1]], [[1, 1, -1]]], [[0, 0, 0], [0]])  # max(x, y)
SQUARE = Box([0, 0], [1, 1])


@pytest.mark.parametrize("seed", range(12))
def test_cells_are_the_regions_clipped_by_the_target(seed):
    rng = np.random.default_rng([seed, 11])
    d, out = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    lens, target = random_network(rng, d, out), random_target(rng, out)
    domain = (Box([-1] * d, [2] * d), None)[seed % 2]
    expected = {region.pattern.bits: P for region, P in all_clipped(lens, domain, target) if P.has_interior}
    for mesh in (True, False):
        found = lens.preimage(target, domain, mesh=mesh)
        assert found.has_all_cells
        cells = {cell.pattern.bits[: lens.network.n_neurons]: cell for cell in found}
        assert cells.keys() == expected.keys()
        assert len(found) == len(expected)
        for bits, cell in cells.items():
            assert cell.polytope == expected[bits]
            assert bool(cell.contains(cell.point[None])[0])


def test_unions_overlap_nowhere():
    either = [([[1]], ["0.5"]), ([[1], [-1]], ["0.75", "-0.25"])]
    found = GREATER.preimage(either, SQUARE)
    assert sum(cell.volume(exact=True) for cell in found) == Fraction(9, 16)
    assert found.probability(exact=True).lower == Fraction(9, 16)
    assert found.contains([[0.7, 0.1], [0.7, 0.8]]).tolist() == [True, False]


def test_classes_cover_the_domain_and_share_ties():
    rng = np.random.default_rng(4)
    weights = [rng.standard_normal((6, 3)), rng.standard_normal((3, 6))]
    lens, cube = Lens.from_arrays(weights, [rng.standard_normal(6), rng.standard_normal(3)]), Box([-1] * 3, [1] * 3)
    found = [lens.preimage(i, cube) for i in range(3)]
    assert np.isclose(sum(part.volumes().sum() for part in found), 8)
    X = rng.uniform(-1, 1, (500, 3))
    assert (np.stack([part.contains(X) for part in found]).argmax(axis=0) == lens(X).argmax(axis=1)).all()
    assert len(lens.preimage(-1, cube)) == len(found[2])
    twins = Lens.from_arrays([np.eye(2), [[1, 0], [1, 0]]], [[0, 0], [0, 0]])
    assert [len(twins.preimage(i, SQUARE)) for i in range(2)] == [1, 1]


def test_a_flat_box():
    rng = np.random.default_rng(5)
    lens = Lens.from_arrays([rng.standard_normal((6, 4)), rng.standard_normal((2, 6))], [np.zeros(6), np.zeros(2)])
    flat = Box([-1, 0.1, -1, -1], [1, 0.1, 1, 1])
    found = lens.preimage(0, flat)
    inner = lens.preimage(0, flat, mesh=False)
    assert np.array_equal(found.packed_patterns, inner.packed_patterns)
    assert (found.witnesses[:, 1] == 0.1).all()
    assert found.contains(found.witnesses).all()
    assert np.allclose(found.volumes(), inner.volumes())
    assert np.allclose(
        lens(found.witnesses), np.einsum("nok,nk->no", found.maps[..., :-1], found.witnesses) + found.maps[..., -1]
    )
    assert found.on_flat.has_all_cells
    assert len(lens.partition(flat)) >= len(found)
    lines = Lens.from_arrays([np.eye(3), [[1, 1, 0]]], [np.zeros(3), [0]], negative_slope=-1.0)
    (part,) = lines.preimage(([[1]], [0]), Box([-1, -1, 0.5], [1, 1, 0.5])).flat_parts()
    assert part.point.tolist() == [0, 0, Fraction(1, 2)]


def test_it_is_a_partition_that_knows_what_it_is(tmp_path):
    found = GREATER.preimage(([[1]], ["0.5"]), SQUARE)
    assert isinstance(found, Partition)
    assert found.status is Status.PREIMAGE
    assert not found.is_complete
    assert "outputs lie in the target" in found.explain()
    assert "Preimage(2 cells of Box" in repr(found)
    facets = found.complex.facets()
    assert (facets.regions[:, 1] >= 0).sum() == 1
    assert sorted(owner for i in range(len(facets)) for owner in facets.owners(i) if owner[0] > 0) == [(2, 0), (2, 0)]
    with pytest.raises(PartialPartitionError, match="outputs lie in the target"):
        found.level_set(0, 0.25)
    with pytest.raises(PartialPartitionError):
        found.locate([[0.9, 0.9]])
    found.save(tmp_path / "found.npz")
    again = Partition.load(tmp_path / "found.npz")
    assert again.status is Status.PREIMAGE
    assert "outputs lie in the target" in again.explain()
    assert np.array_equal(again.volumes(), found.volumes())


def test_nothing_is_an_answer(tmp_path):
    for domain, mesh in ((SQUARE, True), (SQUARE, False), (None, True)):
        found = GREATER.preimage(([[1], [-1]], [-7, 6]), domain, mesh=mesh)
        assert (len(found), found.has_all_cells, found.flat_parts()) == (0, True, ())
        assert found.volumes().tolist() == [] if domain else len(list(found)) == 0
    nothing = GREATER.preimage(([[1]], [-1]), SQUARE)
    assert nothing.probability().upper == 0
    with pytest.raises(PartialPartitionError, match="nothing to draw"):
        nothing.plot()
    for found in (nothing, GREATER.preimage(([[1]], [-1]), Box([0, 0.5], [1, 0.5]))):
        found.save(tmp_path / "nothing.npz")
        assert len(Partition.load(tmp_path / "nothing.npz")) == 0


def test_budgets():
    rng = np.random.default_rng(6)
    weights = [rng.standard_normal((10, 5)), rng.standard_normal((10, 10)), rng.standard_normal((1, 10))]
    lens = Lens.from_arrays(weights, [rng.standard_normal(len(w)) for w in weights])
    found = lens.preimage(([[1]], [0]), Box([-1] * 5, [1] * 5), max_regions=10)
    assert (found.status, found.has_all_cells) == (Status.BUDGET_REACHED, False)
    assert "of the cells" in repr(found)
    assert "not all of them. Raise the limit" in found.explain()
    assert found.probability(max_seconds=0.1).upper <= 1
    with pytest.raises(PartialPartitionError, match="flat_parts"):
        found.flat_parts()
    whole = lens.preimage(([[1]], [0]), Box([-1] * 5, [1] * 5))
    assert set(map(bytes, found.packed_patterns)) <= set(map(bytes, whole.packed_patterns))
    again = lens.preimage(([[1]], [0]), Box([-1] * 5, [1] * 5), workers=2)
    assert np.array_equal(again.packed_patterns, whole.packed_patterns)
    assert np.array_equal(again.witnesses, whole.witnesses)


@pytest.mark.parametrize(
    ("target", "error", "told"),
    [
        (0, OptionError, "one output has no greatest"),
        ([], OptionError, "empty list"),
        ("a", OptionError, "a target is a pair"),
        (([[1, 0]], [0]), DimensionError, "R\\^1"),
        (([[1]], [0, 1]), DimensionError, "shapes"),
        (([[float("nan")]], [0]), DomainError, "finite"),
        (Polytope([[1, 0]], [0]), DimensionError, "R\\^2"),
        (([[Fraction(1, 3) ** 900]], [Fraction(1, 7) ** 900]), DomainError, "Round"),
    ],
)
def test_targets_that_are_none(target, error, told):
    with pytest.raises(error, match=told):
        GREATER.preimage(target, SQUARE)


def test_the_fields_are_as_they_should_be():
    found = GREATER.preimage(([[1]], ["0.5"]), SQUARE)
    assert found.source is GREATER.network
    assert isinstance(found, Preimage)
    assert found.counts_per_layer.tolist()[-1] == len(found)
    assert not found.packed_patterns.flags.writeable


@pytest.mark.parametrize("d", [2, 3, 4])
def test_a_greatest_value_is_touched_at_one_point(d):
    """Just below it there are cells, at it there is a flat part, beyond it there is nothing."""
    rng = np.random.default_rng(d)
    weights = [rng.standard_normal((7, d)), rng.standard_normal((7, 7)), rng.standard_normal((2, 7))]
    lens, box = Lens.from_arrays(weights, [rng.standard_normal(len(w)) for w in weights]), Box([-1] * d, [1] * d)
    most = lens.maximum([1, -1], box)
    at, below, beyond = (
        lens.preimage(([[-1, 1]], [change - most.value]), box) for change in (0, Fraction(1, 1000), Fraction(-1, 10**9))
    )
    assert (len(at), len(beyond), beyond.flat_parts()) == (0, 0, ())
    (part,) = at.flat_parts()
    assert part.dim == 0
    assert tuple(part.point) == most.point
    assert len(below) > 0 and not below.flat_parts()
    assert below.contains([[float(v) for v in most.point]]).all()
