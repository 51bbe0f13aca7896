"""Distances between networks, against samples."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from families import generic, golden, random_deep
from polytope_lens import Box, Lens
from polytope_lens.errors import DimensionError, UnboundedPolytopeError
from polytope_lens.network.network import evaluate, from_arrays

SQUARE = Box([-1, -1], [1, 1])


def test_distances_between_networks():
    first, second = random_deep((2, 6), 0, 0.0), random_deep((2, 5, 5), 1, 0.0)
    lens = Lens(first)
    found, exact = lens.distance(Lens(second), SQUARE), lens.distance(second, SQUARE, exact=True)
    X = np.random.default_rng(0).uniform(-1, 1, (400_000, 2))
    gap = evaluate(first, X)[:, 0] - evaluate(second, X)[:, 0]
    assert found.l1 / 4 == pytest.approx(np.abs(gap).mean(), rel=0.01)
    assert found.l2**2 / 4 == pytest.approx((gap**2).mean(), rel=0.02)
    assert 0.95 * found.sup < np.abs(gap).max() <= found.sup * (1 + 1e-12)
    assert found.mean_difference[0] == pytest.approx(gap.mean(), abs=0.02)
    at = found.argmax[None]
    assert abs(evaluate(first, at) - evaluate(second, at))[0, 0] == pytest.approx(found.sup)
    for name in ("l1", "l2", "sup", "volume"):
        assert getattr(found, name) == pytest.approx(float(getattr(exact, name)))
    assert isinstance(exact.sup, Fraction) and exact.volume == 4
    nothing = lens.distance(lens, SQUARE, exact=True)
    assert (nothing.l1, nothing.l2, nothing.sup, nothing.n_regions) == (0, 0, 0, len(lens.partition(SQUARE)))


def test_several_outputs():
    first = from_arrays([[[1, 0], [0, 1]]], [[0, 0]])
    second = from_arrays([[[0, 0], [0, 2]]], [[0, 0]])
    found = Lens(first).distance(second, SQUARE, exact=True)
    # The outputs differ by x and by -y.
    assert (found.l1, found.sup, found.n_regions) == (4, 1, 1)
    assert found.l2**2 == pytest.approx(8 / 3) and found.mean_difference.tolist() == [0, 0]


def test_refusals():
    plane = Lens(golden((2, 4, 4), 1))
    with pytest.raises(UnboundedPolytopeError):
        plane.distance(plane, None)
    with pytest.raises(DimensionError, match="slice"):
        Lens(generic(4, 4)).distance(generic(5, 4), Box([0] * 4, [1] * 4))


def test_disagreement_is_the_supremum():
    first, second = random_deep((2, 6), 0, 0.0), random_deep((2, 5, 5), 1, 0.0)
    found, whole = (f(Lens(first), second, SQUARE, exact=True) for f in (Lens.disagreement, Lens.distance))
    assert (found.value, found.n_regions) == (whole.sup, whole.n_regions)
    gap = [evaluate(network, found.point.astype(float)[None])[0, 0] for network in (first, second)]
    assert abs(gap[0] - gap[1]) == pytest.approx(float(found.value))
    assert Lens(first).disagreement(first, SQUARE).value == 0


def test_disagreement_in_three_dimensions():
    first, second = random_deep((3, 4, 4), 0, 0.0), random_deep((3, 5), 1, 0.0)
    box = Box([-1] * 3, [1] * 3)
    found = Lens(first).disagreement(Lens(second), box)
    X = np.random.default_rng(0).uniform(-1, 1, (200_000, 3))
    gap = np.abs(evaluate(first, X) - evaluate(second, X)).max()
    assert 0.9 * found.value < gap <= found.value
