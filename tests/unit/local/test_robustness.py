from __future__ import annotations

import os
import signal
from fractions import Fraction

import numpy as np
import pytest

from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import DimensionError, DomainError, OptionError, OutsideDomainError, Status
from polytope_lens.local.boundary_search import Front

NORMS = [1, 2, np.inf]
# The classes relu(x) and relu(y).
TWO = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 0], [0, 1]]], [[0, 0], [0, 0]])
# |x|.
FOLD = Lens.from_arrays([[[1.0]], [[1.0]]], [[0.0], [0.0]], negative_slope=-1.0)


def random_lens(sizes, seed):
    rng = np.random.default_rng([*sizes, seed])
    pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
    weights = [rng.standard_normal(pair) * (2 / pair[1]) ** 0.5 for pair in pairs]
    return Lens.from_arrays(weights, [0.3 * rng.standard_normal(len(w)) for w in weights])


@pytest.mark.parametrize(("norm", "exact"), [(1, Fraction(2)), (2, Fraction(2)), (np.inf, Fraction(1))])
def test_by_hand(norm, exact):
    found = TWO.robustness_radius([3, 1], norm=norm, exact=True)
    assert found.exact == exact
    assert found.pair == (0, 1)
    assert found.radius == pytest.approx(float(exact) ** (0.5 if norm == 2 else 1))
    assert found.lower <= found.radius <= found.upper <= np.nextafter(found.lower, 9)
    assert found.exact_point[0] == found.exact_point[1]
    assert isinstance(found.radius, float)


@pytest.mark.parametrize("norm", NORMS)
def test_a_point_on_the_boundary_has_radius_zero(norm):
    for x in ([1, 1], [-1, -2], [0, 0]):
        found = TWO.robustness_radius(x, norm=norm)
        assert (found.radius, found.lower, found.upper, found.exact) == (0, 0, 0, 0)
        assert found.is_complete
        assert found.point.tolist() == x


def test_a_boundary_that_is_only_touched_counts():
    """|x - y| is never less than 0, and equal to it on a line."""
    touching = Lens.from_arrays([[[1.0, -1.0]], [[1.0], [0.0]]], [[0.0], [0.0, 0.0]], negative_slope=-1.0)
    found = touching.robustness_radius([3, 1], exact=True)
    assert found.exact == 2
    assert found.pair == (0, 1)


@pytest.mark.parametrize("norm", NORMS)
def test_levels_of_one_output(norm):
    for x, value, radius in ((5, 2, 3), (-5, 2, 3), (1, 2, 1), (1, 0, 1), (1, -1, np.inf), (2, 2, 0)):
        found = FOLD.robustness_radius([x], value=value, norm=norm, exact=True)
        assert found.radius == radius
        assert found.is_complete
        assert found.pair == (None if radius == np.inf else (0, None))
    assert TWO.robustness_radius([3, 1], output=1, value=2.5, norm=norm).radius == pytest.approx(1.5)


def test_targets_and_pairs():
    """Three classes: x, 2, and 5 - x, at 0."""
    lens = Lens.from_arrays([[[1.0], [0.0], [-1.0]]], [[0.0, 2.0, 5.0]])
    assert lens.robustness_radius([0]).pair == (2, 0)
    assert lens.robustness_radius([0]).radius == 2.5
    assert lens.robustness_radius([0], target=1).radius == 3
    assert lens.robustness_radius([0], target=1).pair == (2, 1)
    assert lens.robustness_radius([0], target=(0, 1)).radius == 2
    assert lens.robustness_radius([0], target=(0, 1)).pair == (1, 0)
    assert lens.robustness_radius([0], target=[1, 0]).radius == 2
    for seed in range(3):
        lens, x = random_lens((3, 8, 8, 4), seed), np.array([0.1, 0.2, 0.3])
        leader = int(lens(x).argmax())
        others = [lens.robustness_radius(x, target=k).radius for k in range(4) if k != leader]
        assert min(others) == pytest.approx(lens.robustness_radius(x).radius)


@pytest.mark.parametrize("norm", NORMS)
def test_no_boundary(norm):
    same = Lens.from_arrays([[[1.0, 0.0]], [[1.0], [1.0]]], [[0.0], [1.0, 0.0]])
    found = same.robustness_radius([0.5, 0.5], norm=norm, exact=True)
    assert found.radius == found.lower == found.upper == np.inf
    assert found.point is found.pair is found.exact is None
    assert "There is no boundary" in found.explain()
    assert TWO.robustness_radius([3, 1], norm=norm, domain=Box([2, 0], [4, 1.5])).radius == np.inf


def test_a_domain_lengthens_the_way():
    whole = TWO.robustness_radius([3, 1], exact=True)
    wall = TWO.robustness_radius([3, 1], domain=Polytope([[-1, 0]], [-2.5]), exact=True)
    assert wall.exact == Fraction(5, 2) > whole.exact
    assert wall.exact_point == (Fraction(5, 2), Fraction(5, 2))


@pytest.mark.parametrize("norm", NORMS)
def test_a_search_cut_short_says_what_is_proved(norm):
    lens, x = random_lens((8, 16, 16, 3), 1), np.zeros(8)
    whole = lens.robustness_radius(x, norm=norm, max_regions=None)
    bounds = []
    for n in (1, 5, 25):
        part = lens.robustness_radius(x, norm=norm, max_regions=n)
        if part.is_complete:
            continue
        assert part.status is Status.BUDGET_REACHED
        assert part.n_regions == n
        assert np.isnan(part.radius)
        assert 0 < part.lower <= whole.lower <= whole.upper <= part.upper * (1 + 1e-9)
        assert "Raise `max_regions`" in part.explain()
        assert "between" in repr(part)
        bounds.append(part.lower)
    assert bounds == sorted(bounds)
    assert bounds


def test_ctrl_c_leaves_bounds(monkeypatch):
    look, calls = Front.look, []

    def press(front, state, index):
        calls.append(len(index))
        if len(calls) == 5:
            os.kill(os.getpid(), signal.SIGINT)
        return look(front, state, index)

    monkeypatch.setattr(Front, "look", press)
    found = random_lens((8, 16, 16, 3), 1).robustness_radius(np.zeros(8), max_regions=None)
    assert found.status is Status.INTERRUPTED
    assert 0 < found.lower < found.upper
    assert "interrupted" in found.explain()


@pytest.mark.parametrize("norm", NORMS)
def test_more_inputs_than_neurons(norm):
    lens, x = random_lens((60, 6, 5, 3), 0), np.random.default_rng(0).standard_normal(60)
    found = lens.robustness_radius(x, norm=norm, exact=True)
    assert found.is_complete
    across = x + (found.point - x) * (1 + 1e-9)
    assert lens(across).argmax() == found.pair[1]
    ways = np.sign(np.random.default_rng(1).standard_normal((2000, 60)))
    ways /= np.linalg.norm(ways, norm, axis=1)[:, None]
    assert (lens(x + found.lower * (1 - 1e-9) * ways).argmax(axis=1) == found.pair[0]).all()


def test_slices_are_networks_too():
    lens = random_lens((5, 8, 8, 3), 2)
    x = np.array([0.5, -0.25, 0.125, 1.0, 0.75])
    plane = lens.slice(origin=x, basis=np.eye(5)[:2])
    inside = plane.robustness_radius([0, 0])
    assert inside.radius >= lens.robustness_radius(x).radius
    assert np.isclose(lens(plane.embed(inside.point))[inside.pair[0]], lens(plane.embed(inside.point))[inside.pair[1]])


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"norm": 3}, OptionError, "`norm` should be 1, 2 or inf"),
        ({"norm": "inf"}, OptionError, "`norm`"),
        ({"target": 2}, OptionError, "`target` should be a number from 0 to 1"),
        ({"target": -1}, OptionError, "`target` should be"),
        ({"target": 0}, OptionError, "output 0 is the greatest at the point already"),
        ({"target": (0, 0)}, OptionError, "two different ones"),
        ({"target": (0, 1, 1)}, OptionError, "two different ones"),
        ({"target": (0, 5)}, OptionError, "an output of the pair should be a number from 0 to 1"),
        ({"target": 1, "value": 0}, OptionError, "Give one of them"),
        ({"output": 0}, OptionError, "`output` goes with `value`"),
        ({"value": 1}, OptionError, "2 outputs. Say which `output`"),
        ({"value": np.nan, "output": 0}, OptionError, "`value` should be a finite number"),
        ({"value": "1", "output": 0}, OptionError, "`value` should be a finite number"),
        ({"value": 1, "output": 2}, OptionError, "`output` should be a number from 0 to 1"),
        ({"max_regions": 0}, OptionError, "`max_regions`"),
        ({"domain": Box([0, 0], [1, 1])}, OutsideDomainError, "outside the domain"),
        ({"domain": Box([0], [1])}, DimensionError, "R\\^2"),
        ({"domain": "box"}, DomainError, "a domain is a Box"),
    ],
)
def test_bad_questions(options, error, words):
    with pytest.raises(error, match=words):
        TWO.robustness_radius([3, 1], **options)


@pytest.mark.parametrize("x", [[1, 2, 3], [np.nan, 1], [np.inf, 1], [[1, 2]], "ab"])
def test_bad_points(x):
    with pytest.raises(DimensionError):
        TWO.robustness_radius(x)


def test_one_output_has_no_classes():
    with pytest.raises(OptionError, match=r"no classes to tell apart\. Give `value`"):
        FOLD.robustness_radius([1])
