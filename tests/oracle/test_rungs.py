"""Which rung of the ladder decided, on cases made for each, and that rungs never disagree."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytope_lens import Box, Lens
from polytope_lens.engines import kept_networks
from polytope_lens.exact.point_signs import _double_signs, _exact_signs, _float_signs, point_signs
from polytope_lens.network.network import from_arrays
from polytope_lens.testing import assert_same_regions, networks, points_in

SQUARE = Box([-1, -1], [1, 1])
ENGINES = pytest.mark.parametrize("engine", ["subdivide", "split"])


def lines(*rows):
    """One hidden layer in the plane, a row [a, b, c] for each line."""
    rows = np.array(rows, dtype=float)
    return Lens.from_arrays([rows[:, :2], np.ones((1, len(rows)))], [rows[:, 2], [0]])


def random_lens(widths, seed):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(n, m)) * np.sqrt(2 / m) for m, n in pairwise(widths)]
    return Lens.from_arrays(weights, [rng.normal(size=n) * 0.3 for n in widths[1:]])


@ENGINES
def test_generic_lines_need_floats_alone(engine):
    certificate = random_lens((2, 20, 1), seed=0).partition(SQUARE, engine).certificate
    assert certificate.float64 > 100 and certificate.double_double == certificate.rational == 0


@ENGINES
@pytest.mark.parametrize(
    ("lens", "n_regions"),
    [
        (lines([1, 2, 1 / 3], [2, 4, 2 / 3]), 2),
        (lines([1, 2, 1 / 3], [-1, -2, -1 / 3]), 2),
        (lines([1, 0, -0.5], [0, 1, -0.25], [1, 1, -0.75]), 6),
        (lines([1, 0, -1], [0, 1, 0]), 2),
        (lines([1, 1, -2], [1, 0, 0]), 2),
    ],
    ids=["twice", "negated", "concurrent", "along a side", "through a corner"],
)
def test_ties_need_rationals(lens, n_regions, engine):
    found = lens.partition(SQUARE, engine)
    assert len(found) == n_regions
    assert 0 < found.certificate.rational < found.certificate.total
    assert found.certificate.double_double == 0


@ENGINES
@pytest.mark.parametrize(("gap", "needs_rationals"), [(2.0**-30, False), (2.0**-54, True), (2.0**-1000, True)])
def test_a_small_gap_is_seen_by_floats_and_a_tiny_one_by_rationals(gap, needs_rationals, engine):
    for lens, n_regions in (
        (lines([1, 0, 0], [0, 1, 0], [1, 1, gap]), 7),
        (lines([0.7, 0.1, 0], [0.7, 0.1, gap], [0.1, -0.7, 0]), 6),
    ):
        found = lens.partition(SQUARE, engine)
        assert len(found) == n_regions
        assert (found.certificate.rational > 0) == needs_rationals


@ENGINES
def test_deep_rows_need_twice_the_digits(engine):
    box = Box([-0.25, -0.25], [0.25, 0.25])
    shallow, deep = (random_lens((2, *[10] * depth, 1), seed=1).partition(box, engine) for depth in (4, 30))
    assert shallow.certificate.double_double == 0
    # In split, most neurons are proved to keep their sign on cells of early layers.
    assert deep.certificate.double_double > (100 if engine == "subdivide" else 0)
    assert deep.certificate.rational < deep.certificate.total / 1000


@ENGINES
@settings(max_examples=80)
@given(data=st.data())
def test_rationals_alone_decide_the_same(engine, data):
    """Bounds blown up by 2**60 leave floats and double-doubles nothing to decide but what is certain at any scale."""
    d = 2 if engine == "subdivide" else data.draw(st.integers(1, 3))
    lens = Lens(data.draw(networks(d, max_depth=3, max_width=4, weights="float")))
    box = Box([-1] * d, [1] * d)
    usual = lens.partition(box, engine)
    with pytest.MonkeyPatch.context() as patch:
        honest = kept_networks.packed
        patch.setattr(kept_networks, "packed", lambda *args, **options: blown_up(honest(*args, **options)))
        strict = lens.partition(box, engine)
    assert_same_regions(usual, strict)
    assert strict.certificate.rational >= usual.certificate.rational
    if lens.network.n_neurons and len(usual) > 2**d:
        assert strict.certificate.rational > 0


def blown_up(net):
    return net._replace(reach=net.reach * 2.0**60)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_double_doubles_agree_with_rationals_in_deep_networks(seed):
    lens, box = random_lens((2, *[10] * 30, 1), seed), Box([-0.25, -0.25], [0.25, 0.25])
    partitions = [lens.partition(box, engine) for engine in ("subdivide", "split")]
    assert partitions[0].certificate.double_double > 100 and partitions[1].certificate.double_double > 0
    with pytest.MonkeyPatch.context() as patch:
        honest = kept_networks.packed
        patch.setattr(kept_networks, "packed", lambda *args, **options: blown_up(honest(*args, **options)))
        partitions.append(lens.partition(box, "subdivide"))
    assert partitions[2].certificate.rational > 20
    for p, q in pairwise(partitions):
        assert_same_regions(p, q)


def rungs_at(network, X):
    """Which rung decides each point: 1, 2 or 3."""
    first, second = _float_signs(network, X)[1], _double_signs(network, X)[1]
    return (1 + first + (first & second)).tolist()


def test_points_climb_as_far_as_they_must():
    network = from_arrays([[[0.1, 0.3]], [[1.0]]], [[0.0], [0.0]])
    # 0.1 * 3 - 0.3 is 2.8e-17 in fractions and 5.6e-17 in floats: within their bound, beyond that of double-doubles.
    # 0.1 * 0.3 - 0.3 * 0.1 is zero, which only integers see; a sum of zeros is plain to all.
    X = np.array([[1.0, 1.0], [3.0, -1.0], [3.0, -1.0000000000000002], [0.3, -0.1], [0.0, 0.0], [1e-300, 0.0]])
    assert rungs_at(network, X) == [1, 2, 2, 3, 1, 1]
    assert point_signs(network, X).ravel().tolist() == [1, 1, -1, 0, 0, 1]


@settings(max_examples=150)
@given(network=networks(st.integers(1, 3), max_depth=3).filter(lambda network: network.layers), data=st.data())
def test_rungs_agree_at_points(network, data):
    d = network.input_dim
    X = data.draw(points_in(Box(-np.ones(d), np.ones(d)), 4))
    exact = np.array([_exact_signs(network, x) for x in X])
    for rung in (_float_signs, _double_signs):
        signs, doubtful = rung(network, X)
        assert (signs[~doubtful] == exact[~doubtful]).all()
