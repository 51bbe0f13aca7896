"""Slicing commutes with everything else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytope_lens import Box, Lens
from polytope_lens.network.network import Network, piecewise_layer
from polytope_lens.testing import assert_partition, assert_same_regions, networks, points_in

SQUARE = Box([-2, -2], [2, 2])
NUMBER = st.integers(-2, 2).map(float)


def vectors(n):
    return st.lists(NUMBER, min_size=n, max_size=n)


def planes(d):
    """Origin and basis of planes in R^d, with small integers: many of them lie in hyperplanes or meet vertices."""
    rank = lambda basis: np.linalg.matrix_rank(basis) == 2  # noqa: E731
    return st.tuples(vectors(d), st.lists(vectors(d), min_size=2, max_size=2).filter(rank))


@settings(max_examples=25)
@given(network=networks(3, max_depth=2, max_width=3), plane=planes(3))
def test_engines_agree_on_slices(network, plane):
    lens = Lens(network).slice(origin=plane[0], basis=plane[1])
    found = lens.partition(SQUARE)
    assert_same_regions(found, lens.partition(SQUARE, engine="split"))
    assert_same_regions(found, lens.partition(SQUARE, engine="brute"))
    assert_partition(found)


@given(network=networks(3), plane=planes(3), data=st.data())
def test_patterns_on_a_slice_are_those_of_the_points_it_stands_for(network, plane, data):
    lens = Lens(network).slice(origin=plane[0], basis=plane[1])
    Y = np.round(64 * data.draw(points_in(SQUARE, 5))) / 64
    assert (lens.patterns(Y) == Lens(network).patterns(lens.embed(Y))).all()
    assert np.abs(lens.project(lens.embed(Y)) - Y).max() < 1e-12


@given(network=networks(3, weights="float"), data=st.data())
def test_points_lie_exactly_on_the_slice_through_them(network, data):
    X = data.draw(points_in(Box(-np.ones(3), np.ones(3)), 3).filter(lambda X: np.linalg.svd(X[1:] - X[0])[1][1] > 1e-6))
    lens = Lens(network).slice(*X)
    corners = [[0, 0], [1, 0], [0, 1]]
    assert lens.embed(corners).tolist() == X.tolist()
    assert (lens.patterns(corners) == Lens(network).patterns(X)).all()


@given(network=networks(3, weights="integer"), axis=st.integers(0, 2), c=NUMBER)
def test_slices_along_the_axes_fix_an_input(network, axis, c):
    """Integer weights, so that the fixed input goes into the bias without rounding."""
    keep = [k for k in range(3) if k != axis]
    origin = np.zeros(3)
    origin[axis] = c
    lens = Lens(network).slice(origin=origin, basis=np.eye(3)[keep])
    weight, bias = (network.layers[0].weight, network.layers[0].bias) if network.layers else (None, None)
    if weight is not None:
        first = network.layers[0]
        fixed = type(first)(
            weight[:, keep], bias + c * weight[:, axis], first.negative_slope, first.positive_slope, first.cuts
        )
        other = Network((fixed, *network.layers[1:]), network.output_weight, network.output_bias)
        found, expected = lens.partition(SQUARE), Lens(other).partition(SQUARE)
        assert found.packed_patterns.tolist() == expected.packed_patterns.tolist()
        assert found.maps.tolist() == expected.maps.tolist() or np.allclose(found.maps, expected.maps, atol=1e-9)
        assert lens.count().total == Lens(other).count().total


@given(network=networks(3), plane=planes(3), start=vectors(2), step=vectors(2).filter(any))
def test_a_slice_of_a_slice_is_a_slice(network, plane, start, step):
    origin, basis = map(np.array, plane)
    inner = Lens(network).slice(origin=origin, basis=basis).slice(origin=start, basis=[step])
    direct = Lens(network).slice(origin=origin + start @ basis, basis=[step @ basis])
    assert inner.embed([[0.5]]).tolist() == direct.embed([[0.5]]).tolist()
    interval = Box([-2], [2])
    assert inner.partition(interval).packed_patterns.tolist() == direct.partition(interval).packed_patterns.tolist()
    assert inner.path([-2], [2]).breakpoints.tolist() == direct.path([-2], [2]).breakpoints.tolist()


def test_proofs_of_slices(tmp_path):
    from proof_logs import verify

    lens = Lens(Network((piecewise_layer(np.eye(3), np.zeros(3)),), np.ones((1, 3)), np.zeros(1)))
    plane = lens.slice(origin=[0.5, 0, 0], basis=[[1, 1, 0], [0, 1, 1]])
    found = plane.count(SQUARE, proof=tmp_path / "slice.proof")
    answer = verify(tmp_path / "slice.proof")
    assert (answer["proved"], answer["total"]) == (True, found.total) == (True, 7)


@pytest.mark.parametrize("engine", ["split", "subdivide"])
def test_a_plane_through_many_inputs(engine):
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((n, m)) / np.sqrt(m) for m, n in ((784, 16), (16, 16), (16, 10))]
    lens = Lens.from_arrays(weights, [0.1 * rng.standard_normal(n) for n in (16, 16, 10)])
    plane = lens.slice(*rng.standard_normal((3, 784)))
    partition = plane.partition(SQUARE, engine)
    X = rng.uniform(-2, 2, (200, 2))
    assert (partition.patterns()[partition.locate(X)] == lens.patterns(plane.embed(X))).all()
    assert partition.certificate.rational == 0
