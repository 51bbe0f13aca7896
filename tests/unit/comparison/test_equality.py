"""Whether networks are equal."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from polytope_lens import Box, Lens, Verdict
from polytope_lens.errors import DimensionError, DomainError, OptionError
from polytope_lens.properties import listing, property_check

CUBE = Box([-1] * 3, [1] * 3)


def nets(noise=0.0):
    """A network, and the same with neurons exchanged, scaled by powers of two, and noise on one weight."""
    rng = np.random.default_rng(1)
    W, V, b = rng.standard_normal((6, 3)), rng.standard_normal((2, 6)), rng.standard_normal(6)
    order, scale = rng.permutation(6), 2.0 ** rng.integers(-2, 3, 6)
    other = W[order] * scale[:, None], V[:, order] / scale, b[order] * scale
    other[0][0, 0] += noise
    return Lens.from_arrays([W, V], [b, [0, 1]]), Lens.from_arrays(other[:2], [other[2], [0, 1]])


def test_scaled_and_exchanged_neurons_make_no_difference():
    one, other = nets()
    found = one.is_equal(other, CUBE)
    assert found.verdict is Verdict.HOLDS
    assert one.distance(other, CUBE, max_seconds=60).bound == 0


def test_the_least_change_is_found():
    one, other = nets(2.0**-30)
    found = one.is_equal(other, CUBE)
    assert found.verdict is Verdict.VIOLATED
    gaps = one.distance(other, CUBE, exact=True, max_seconds=60)
    assert gaps.is_complete
    assert one.is_equal(other, CUBE, within=gaps.sup).verdict is Verdict.HOLDS
    assert one.is_equal(other, CUBE, within=gaps.sup * Fraction(999, 1000)).verdict is Verdict.VIOLATED
    assert one.is_equal(other, CUBE, within="0.001", workers=2).verdict is Verdict.HOLDS


def test_networks_of_the_same_neurons_are_equal_at_once():
    """It took 25 milliseconds for each region, on all of which the difference only touches 0."""
    rng = np.random.default_rng(2)
    weights = [rng.standard_normal((300, 5)), rng.standard_normal((300, 300)), rng.standard_normal((1, 300))]
    order = rng.permutation(300)
    turned = [weights[0][order], weights[1][:, order], weights[2]]
    one, other = (Lens.from_arrays(w, [np.zeros(300), np.zeros(300), [0]]) for w in (weights, turned))
    found = one.is_equal(other, Box([-1] * 5, [1] * 5))
    assert (found.verdict, found.n_boxes, found.point) == (Verdict.HOLDS, 0, None)
    with pytest.raises(DimensionError):
        one.is_equal(one, CUBE)


def test_a_budget():
    rng = np.random.default_rng(2)
    weights = [rng.standard_normal((20, 5)), rng.standard_normal((20, 20)), rng.standard_normal((1, 20))]
    lens = Lens.from_arrays(weights, [np.zeros(20), np.zeros(20), [0]])
    flipped = Lens.from_arrays([-w if i == 0 else w for i, w in enumerate(weights)], [np.zeros(20), np.zeros(20), [0]])
    assert lens.is_equal(flipped, Box([-1] * 5, [1] * 5), within=1e3, max_seconds=1e-6).verdict is Verdict.OPEN


def test_refusals():
    one, other = nets()
    with pytest.raises(DomainError, match="0 or more"):
        one.is_equal(other, CUBE, within=-1)
    with pytest.raises(DomainError, match="within"):
        one.is_equal(other, CUBE, within="a")
    with pytest.raises(DimensionError):
        one.is_equal(Lens.from_arrays([[[1, 0, 0]]], [[0]]), CUBE)
    with pytest.raises((OptionError, TypeError), match="other"):
        one.is_equal(3, CUBE)


@pytest.mark.parametrize("slope", [0.0, 0.25, -1.0])
@pytest.mark.parametrize("domain", [CUBE, Box([-1, 0.1, -1], [0.5, 0.1, 1])])
def test_by_twins_equal_networks_are_so_by_no_less_than_their_distance(slope, domain, monkeypatch):
    rng = np.random.default_rng(3)
    W, b = [rng.standard_normal(shape) for shape in ((5, 3), (4, 5), (2, 4))], [np.full(n, 0.25) for n in (5, 4, 2)]
    one = Lens.from_arrays(W, b, negative_slope=slope)
    other = Lens.from_arrays([w.astype(np.float16).astype(float) for w in W], b, negative_slope=slope)
    most = one.distance(other, domain, exact=True).sup
    monkeypatch.setattr(property_check, "guesses", lambda problem, effort: np.zeros((0, len(problem.lower))))
    for few_open in (listing.few_open, lambda problem: 2):
        monkeypatch.setattr(listing, "few_open", few_open)
        found = one.is_equal(other, domain, within=most)
        assert (found.verdict, found.decided) == (Verdict.HOLDS, 1.0)
        assert one.is_equal(other, domain, within=most, workers=2).verdict is Verdict.HOLDS
        less = one.is_equal(other, domain, within=most * Fraction(999, 1000))
        assert less.verdict is Verdict.VIOLATED
        assert max(abs(v) for v in less.counterexample.outputs) > most * Fraction(999, 1000)


def test_few_regions_are_listed_before_cells_of_signs():
    """Where networks are as far apart on all of a face, cells of signs were closed one by one, for 10 seconds."""
    rng = np.random.default_rng(3)
    W = [rng.integers(-8, 9, shape) / 8 for shape in ((10, 3), (10, 10), (2, 10))]
    b = [rng.integers(-8, 9, 10) / 8, rng.integers(-8, 9, 10) / 8, [0, 0]]
    off = W[1] + rng.integers(-1, 2, (10, 10)) / 2**30
    one, other = Lens.from_arrays(W, b), Lens.from_arrays([W[0], off, W[2]], b)
    found = one.is_equal(other, CUBE, within=one.distance(other, CUBE, exact=True).sup)
    assert found.verdict is Verdict.HOLDS and found.n_boxes < 200
