"""How often outputs lie in a target."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import UnboundedPolytopeError
from polytope_lens.preimages import probability as module
from polytope_lens.preimages.probability import Probability


def sums(d):
    """relu(x1 + ... + xd)."""
    return Lens.from_arrays([[[1] * d], [[1]]], [[0], [0]])


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_bounds_are_tight_up_to_four_inputs(d):
    found = sums(d).preimage(([[1]], [0]), Box([-1] * d, [1] * d)).probability()
    assert found.lower <= 0.5 <= found.upper
    assert found.upper - found.lower < 1e-10
    exact = sums(d).preimage(([[1]], [0]), Box([-1] * d, [1] * d)).probability(exact=True)
    assert (exact.lower, exact.upper, exact.is_exact) == (Fraction(1, 2), Fraction(1, 2), True)
    assert repr(exact) == "Probability(1/2)"
    assert float(exact) == 0.5


def test_long_fractions_are_shown_as_what_they_are_near():
    found = Probability(Fraction(1, 3**9000), Fraction(1, 3**9000))
    assert repr(found) == "Probability(about 0.0, a fraction)"
    assert repr(Probability(Fraction(1, 3), Fraction(1, 3))) == "Probability(1/3)"
    assert repr(Probability(0.5, 0.5)) == "Probability(between 0.5 and 0.5)"


def test_boxes_bound_it_where_volumes_take_too_long(monkeypatch):
    found = sums(5).preimage(([[1]], ["1.5"]), Box([-1] * 5, [1] * 5))
    tight = found.probability()
    assert tight.upper - tight.lower < 1e-12
    monkeypatch.setattr(
        module, "_volumes_until", lambda preimage, end: np.array([cell.volume() for cell in preimage][:1])
    )
    some = found.probability(max_seconds=0.3)
    assert 0 < some.lower <= tight.lower
    assert tight.upper <= some.upper
    assert "between" in repr(some)


def test_unions_from_boxes(monkeypatch):
    both = sums(5).preimage([([[1]], [1]), ([[-1]], [-4])], Box([-1] * 5, [1] * 5))
    exact = both.probability(exact=True).lower
    assert both.probability().lower <= exact <= both.probability().upper
    monkeypatch.setattr(module, "_volumes_until", lambda preimage, end: np.zeros(0))
    some = both.probability(max_seconds=0.3)
    assert some.lower <= exact <= some.upper


def test_boxes_that_are_decided_at_once(monkeypatch):
    """The half of a box, and a quarter in a union whose other part is empty."""
    monkeypatch.setattr(module, "_volumes_until", lambda preimage, end: np.zeros(0))
    lens = Lens.from_arrays([np.eye(5)[:2], np.eye(2)], [[0, 0], [0, 0]], negative_slope=0.5)
    box = Box([-1] * 5, [1] * 5)
    half = lens.preimage(([[-1, 0]], [0]), box).probability(max_seconds=60)
    assert half.lower <= 0.5 <= half.upper < half.lower + 1e-11
    union = lens.preimage([([[-1, 0], [0, -1]], [0, 0]), ([[1, 0]], [-7])], box).probability(max_seconds=0.2)
    assert union.lower <= 0.25 <= union.upper


def test_flats_and_polytopes():
    flat = Box([-1, -1, 0.5], [1, 1, 0.5])
    found = sums(3).preimage(([[1]], [0]), flat)
    assert found.probability(exact=True).lower == Fraction(9, 32)
    assert abs(float(found.probability()) - 9 / 32) < 1e-12
    triangle = Polytope([[-1, 0], [0, -1], [1, 1]], [1, 1, 1])
    assert sums(2).preimage(([[1]], [0]), triangle).probability(exact=True).lower == Fraction(4, 9)


def test_a_share_of_all_of_space_is_none():
    with pytest.raises(UnboundedPolytopeError, match="uniform distribution"):
        sums(2).preimage(([[1]], [0])).probability()


def test_sampling_agrees():
    rng = np.random.default_rng(3)
    weights = [rng.standard_normal((8, 3)), rng.standard_normal((8, 8)), rng.standard_normal((3, 8))]
    lens = Lens.from_arrays(weights, [rng.standard_normal(len(w)) / 2 for w in weights])
    share = lens.preimage(1, Box([-1] * 3, [1] * 3)).probability()
    X = rng.uniform(-1, 1, (20000, 3))
    assert abs(float(share) - (lens(X).argmax(axis=1) == 1).mean()) < 0.02
    assert Probability(0.25, 0.75).is_exact is False
