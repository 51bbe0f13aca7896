from __future__ import annotations

import os
import signal
from fractions import Fraction

import numpy as np
import pytest

from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import DimensionError, DomainError, OptionError, OutsideDomainError, Status
from polytope_lens.local.boundary_search import BoundarySearch
from polytope_lens.local.box_search import search_boxes
from polytope_lens.local.robustness import RobustnessRadii

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
    assert lens.robustness_radius([0], rival=1).radius == 3
    assert lens.robustness_radius([0], rival=1).pair == (2, 1)
    assert lens.robustness_radius([0], pair=(0, 1)).radius == 2
    assert lens.robustness_radius([0], pair=(0, 1)).pair == (1, 0)
    assert lens.robustness_radius([0], pair=[1, 0]).radius == 2
    for seed in range(3):
        lens, x = random_lens((3, 8, 8, 4), seed), np.array([0.1, 0.2, 0.3])
        leader = int(lens(x).argmax())
        others = [lens.robustness_radius(x, rival=k).radius for k in range(4) if k != leader]
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
    assert wall.exact_point.tolist() == [Fraction(5, 2), Fraction(5, 2)]


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
    descend, calls = BoundarySearch.descend, []

    def press(front, point):
        calls.append(point)
        if len(calls) == 5:
            os.kill(os.getpid(), signal.SIGINT)
        return descend(front, point)

    monkeypatch.setattr(BoundarySearch, "descend", press)
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
        ({"rival": 2}, OptionError, "`rival` is 2, but the network has 2 outputs"),
        ({"rival": (0, 1)}, OptionError, "`rival` should be a whole number"),
        ({"rival": 0}, OptionError, "output 0 is the greatest at the point already"),
        ({"rival": -2}, OptionError, "output 0 is the greatest at the point already"),
        ({"pair": (0, 0)}, OptionError, "two different outputs"),
        ({"pair": (1, -1)}, OptionError, "two different outputs"),
        ({"pair": (0, 1, 1)}, OptionError, "`pair` should name two outputs"),
        ({"pair": 1}, OptionError, "`pair` should name two outputs"),
        ({"pair": "01"}, OptionError, "`pair` should name two outputs"),
        ({"pair": (0, 5)}, OptionError, "an output of `pair` is 5, but the network has 2 outputs"),
        ({"rival": 1, "value": 0}, OptionError, "Give one of them"),
        ({"rival": 1, "pair": (0, 1)}, OptionError, "Give one of them"),
        ({"pair": (0, 1), "value": 0, "output": 0}, OptionError, "Give one of them"),
        ({"output": 0}, OptionError, "`output` goes with `value`"),
        ({"value": 1}, OptionError, "2 outputs. Say which `output`"),
        ({"value": np.nan, "output": 0}, OptionError, "`value` should be a finite number"),
        ({"value": "1", "output": 0}, OptionError, "`value` should be a finite number"),
        ({"value": 1, "output": 2}, OptionError, "`output` is 2, but the network has 2 outputs"),
        ({"max_regions": 0}, OptionError, "`max_regions`"),
        ({"domain": Box([0, 0], [1, 1])}, OutsideDomainError, "outside the domain"),
        ({"domain": Box([0], [1])}, DimensionError, "R\\^2"),
        ({"domain": "box"}, DomainError, "a domain is a Box"),
    ],
)
def test_bad_questions(options, error, words):
    with pytest.raises(error, match=words):
        TWO.robustness_radius([3, 1], **options)


@pytest.mark.parametrize(
    "x", [[1, 2, 3], [np.nan, 1], [np.inf, 1], "ab", [[1, 2], [1]], [[1, 2, 3]], [[[1, 2]]], [[1, np.nan]]]
)
def test_bad_points(x):
    with pytest.raises(DimensionError):
        TWO.robustness_radius(x)


@pytest.mark.parametrize("norm", NORMS)
def test_many_points_are_one_after_the_other(norm):
    lens = random_lens((2, 4, 3, 3), 3)
    X = np.random.default_rng(0).uniform(-1, 1, (4, 2))
    for options in ({}, {"pair": (0, 2)}, {"output": -1, "value": 0.25}, {"max_regions": 2}, {"exact": True}):
        many = lens.robustness_radius(X, norm=norm, progress=False, **options)
        assert isinstance(many, RobustnessRadii)
        assert len(many) == 4
        for x, found in zip(X, many, strict=True):
            alone = lens.robustness_radius(x, norm=norm, **options)
            assert repr(found) == repr(alone)
            assert (found.lower, found.upper, found.exact) == (alone.lower, alone.upper, alone.exact)
            assert np.array_equal(found.point, alone.point)
        assert np.array_equal(many.radius, [one.radius for one in many], equal_nan=True)
        assert (many.lower <= many.upper).all()
        assert many.is_complete == all(one.is_complete for one in many)
        assert repr(many[-1]) == repr(many.found[3])
        assert repr(many[1:3][0]) == repr(many[1])
        assert len(many[1:3]) == 2


def test_many_points_as_a_table_and_in_words(monkeypatch):
    pytest.importorskip("pandas")
    radii = TWO.robustness_radius([[3, 1], [0.5, 2], [-1, -1]], norm=1)
    assert repr(radii) == "RobustnessRadii(3 points, 3 known, norm 1, radius 0 to 2)"
    assert radii.explain() == "The distance from the boundary in the norm 1 is known of 3 of 3 points."
    table = radii.to_frame()
    assert list(table.columns) == [
        "radius", "lower", "upper", "leader", "rival", "n_regions", "status", "nearest_0", "nearest_1",
    ]  # fmt: skip
    assert table.index.name == "point"
    assert table.radius.tolist() == [2.0, 1.5, 0.0]
    assert table.leader.tolist() == [0, 1, 0]
    assert table.loc[2, ["nearest_0", "nearest_1"]].tolist() == [-1, -1]
    level = TWO.robustness_radius([[3, 1], [0, 0]], output=0, value=-5).to_frame()  # relu(x) is never -5
    assert level.rival.isna().all()
    assert level.nearest_0.isna().all()
    assert np.isinf(level.radius).all()
    none = TWO.robustness_radius(np.zeros((0, 2)))
    assert (len(none), none.is_complete, len(none.to_frame())) == (0, True, 0)
    monkeypatch.setattr("polytope_lens.local.box_search.LISTED", 1)
    part = TWO.robustness_radius([[3, 1], [-1, -1]], max_regions=1)
    assert "known of 1 of 2 points, and bounds on it of the others. Raise `max_regions`" in part.explain()


def test_an_interrupted_list_is_as_long_as_what_was_found(monkeypatch):
    calls = []

    def interrupted(*args):
        calls.append(1)
        found = search_boxes(*args)
        return found._replace(status=Status.INTERRUPTED) if len(calls) == 2 else found

    monkeypatch.setattr("polytope_lens.local.robustness.search_boxes", interrupted)
    radii = TWO.robustness_radius([[3, 1], [0.5, 2], [2, 5]])
    assert len(radii) == 2
    assert not radii.is_complete
    assert radii[0].is_complete
    assert "known of 1 of 3 points; the search was interrupted after 2 of them" in radii.explain()


def test_many_points_are_refused_by_their_number():
    with pytest.raises(OptionError, match=r"of point 1, \[3\.0, 1\.0\]: output 0 is the greatest at the point already"):
        TWO.robustness_radius([[1, 3], [3, 1]], rival=0)
    with pytest.raises(OutsideDomainError, match="the first is point 1"):
        TWO.robustness_radius([[0.5, 0.25], [3, 1]], domain=Box([0, 0], [1, 1]))
    radii = TWO.robustness_radius([[1, 3], [3, 1]])
    assert radii[np.array([False, True])].radius.tolist() == radii.radius[1:].tolist()
    with pytest.raises(IndexError, match=r"there are 2 points, picked by a number, a slice, or an array .* but .* 'a'"):
        radii["a"]
    with pytest.raises(IndexError, match="there are 2 points, but number 2 was asked for"):
        radii[2]


def test_one_output_has_no_classes():
    with pytest.raises(OptionError, match=r"no classes to tell apart\. Give `value`"):
        FOLD.robustness_radius([1])
