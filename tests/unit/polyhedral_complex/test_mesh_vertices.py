"""Corners as fractions: the crossings they claim to be, in the order of the floats, within the bounds of these."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from families import SCALES, chain, cross_polytope, golden, of_any_size
from polytope_lens import Box, Lens, Polytope
from polytope_lens.cells.inequalities import exact_system
from polytope_lens.errors import UnboundedPolytopeError
from polytope_lens.importers.npz import load_npz
from polytope_lens.testing import boxes, networks, simplices
from reference import tuples

NETS = Path(__file__).parents[3] / "benchmarks" / "nets"


def cell(region):
    """All rows ``[a, c]`` of ``a . x + c <= 0`` that are not zero, as fractions."""
    return [[Fraction(int(v)) for v in row] for row in exact_system(region).rows if any(row[:-1])]


def assert_corners(partition, index):
    """The exact corners are those of the region, each once, and each near its float."""
    exact, floats = tuples(partition.vertices(index, exact=True)), partition.vertices(index)
    assert sorted(exact) == reference.vertices(cell(partition[index]))
    if partition.network.input_dim == 1:
        assert floats.tolist() == [[float(v) for v in corner] for corner in exact]
        assert exact == sorted(exact)
        return
    assert_near(partition, index)


def assert_near(partition, index):
    """Each float is within its bound of the exact corner."""
    exact, floats = partition.vertices(index, exact=True), partition.vertices(index)
    assert exact.shape == floats.shape
    mesh = partition.mesh
    errors = mesh.error[mesh.corners[mesh.entries(index)]]
    for corner, rounded, error in zip(exact, floats, errors.tolist(), strict=True):
        gap = [a - b for a, b in zip(corner, reference.fractions(rounded), strict=True)]
        assert error == np.inf or reference.dot(gap, gap) <= Fraction(error) ** 2


@pytest.mark.parametrize("engine", ["subdivide", "split"])
@given(network=networks(2, weights="integer"), domain=st.one_of(boxes(2), simplices(2)))
def test_corners_of_degenerate_networks(engine, network, domain):
    partition = Lens(network).partition(domain, engine)
    for index in range(len(partition)):
        assert_corners(partition, index)


@given(network=networks(1), domain=boxes(1))
def test_ends_on_the_line(network, domain):
    partition = Lens(network).partition(domain)
    ends = [tuples(partition.vertices(index, exact=True)) for index in range(len(partition))]
    for index in range(len(partition)):
        assert_corners(partition, index)
    assert sum(high - low for (low,), (high,) in ends) == Fraction(domain.volume)


@pytest.mark.parametrize("name", ["ng_zero_bias", "ng_duplicate", "sliver_27", "triangle_33", "d2_14x6_box1"])
def test_corners_of_benchmark_networks(name):
    network, domain = load_npz(NETS / f"{name}.npz")
    partition = Lens(network).partition(domain)
    for index in range(0, len(partition), 99 if len(partition) > 99 else 1):
        exact = tuples(partition.vertices(index, exact=True))
        rows = cell(partition[index])
        for k, corner in enumerate(exact):
            values = [reference.dot(row, [*corner, Fraction(1)]) for row in rows]
            assert max(values) == 0
            assert values.count(0) >= 2
            assert corner != exact[k - 1]
        assert_near(partition, index)
    assert np.isfinite(partition.mesh.error).all()


def test_a_third_is_a_third():
    partition = Lens.from_arrays([[[3.0, 0.0]], [[1.0]]], [[-1.0], [0.0]]).partition(Box([0, 0], [1, 1]))
    third = Fraction(1, 3)
    assert tuples(partition.vertices(0, exact=True)) == [(third, 1), (0, 1), (0, 0), (third, 0)]
    assert tuples(partition.vertices(-1, exact=True)) == tuples(partition.vertices(1, exact=True))
    assert partition.vertices(-1).tolist() == partition.vertices(1).tolist()


def test_beyond_space_regions_are_asked_themselves():
    partition = Lens(cross_polytope(4)).partition(Box([-1] * 4, [1] * 4))
    assert partition.volumes().sum() == pytest.approx(16)
    inner = int(partition.locate([[0.1, 0.1, 0.1, 0.1]])[0])
    corners = {tuple(float(k == axis) for k in range(4)) for axis in range(4)} | {(0.0,) * 4}
    assert {tuple(p) for p in partition.vertices(inner).tolist()} == corners
    assert {tuple(map(float, p)) for p in partition.vertices(inner, exact=True)} == corners
    assert partition.volumes()[inner] == pytest.approx(1 / 24)


def test_only_bounded_regions_have_them():
    with pytest.raises(UnboundedPolytopeError, match="domain is unbounded"):
        Lens(golden((2, 4), 1)).partition(None).vertices(0, exact=True)
    rays = Lens(chain(2)).partition(Polytope([[1]], [3]))
    assert tuples(rays.vertices(1, exact=True)) == [(0,), (1,)]
    with pytest.raises(UnboundedPolytopeError, match="a ray or the whole line"):
        rays.vertices(0)
    with pytest.raises(IndexError, match="region 3 was asked for"):
        rays.vertices(3)


@pytest.mark.parametrize("dim", [2, 3])
@pytest.mark.parametrize("scales", SCALES)
@pytest.mark.parametrize("engine", ["auto", "split"])
def test_corners_stay_where_they_are_for_weights_of_any_size(dim, scales, engine):
    # Floats tell nothing about some of these corners: bounds on their errors are infinite, or as large as the box.
    rng = np.random.default_rng([dim, len(scales)])
    for _ in range(8):
        partition = Lens(of_any_size(dim, scales, rng)).partition(Box([-1] * dim, [1] * dim), engine)
        assert partition.mesh.error.max() < 1e-4
        for index, region in enumerate(partition):
            exact = partition.vertices(index, exact=True)
            assert np.abs((exact - partition.vertices(index)).astype(float)).max() < 1e-4
            assert partition.volumes()[index] == pytest.approx(region.volume(), abs=1e-6)


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("exact", [False, True])
def test_partitions_made_without_a_mesh_have_the_corners_of_their_regions(d, exact):
    lens, box = Lens(golden((d, 4, 3), 1)), Box([-1] * d, [1] * d)
    without, beside = lens.partition(box, mesh=False), lens.partition(box)
    for i in range(len(without)):
        found, expected = without.vertices(i, exact=exact), beside.vertices(i, exact=True)
        np.testing.assert_array_equal(found, without[i].vertices(exact=exact))
        if exact:
            assert set(map(tuple, found.tolist())) == set(map(tuple, expected.tolist()))
