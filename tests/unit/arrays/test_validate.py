"""What is not as it should be gets one sentence that says what was expected and what arrived."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from polytope_lens import Box, Lens, Polytope
from polytope_lens._arrays import validate
from polytope_lens.errors import DimensionError, InvalidNetworkError, OptionError, PolytopeLensError
from polytope_lens.network.network import pass_through_layer, piecewise_layer
from polytope_lens.training.target_image import check_image
from refusals import NO_COUNTS, NO_NAMES, NO_NUMBERS, NO_PATHS, NO_TEXTS, refuses


def test_arrays_are_copied_to_float64_and_read_only():
    given = np.arange(6, dtype=np.float32).reshape(2, 3)
    found = validate.float_array(given, name="rows", ndim=2)
    given[0] = 9
    assert found.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 1


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([[1, 2], [3]], "rows should be a 2-D array of numbers, but its rows differ in length"),
        ([["a"]], "real numbers, but received dtype"),
        ([[1j]], "real numbers, but received dtype complex128"),
        ([[Fraction(1, 3)]], r"fit float64 without rounding, but entry \[0, 0\] is 1/3"),
        ([1, 2], r"a 2-D array, but received an array of shape \(2,\)"),
        ([[1, np.nan]], r"finite, but entry \[0, 1\] is nan"),
        ([[2**53 + 1]], r"fit float64 without rounding, but entry \[0, 0\] is 9007199254740993"),
        ([[np.longdouble(1) / 3]], "fit float64 without rounding"),
    ],
)
def test_what_is_no_array_of_floats_is_refused(value, says):
    with pytest.raises(InvalidNetworkError, match=says):
        validate.float_array(value, name="rows", ndim=2, error=InvalidNetworkError)


def test_one_point_and_many():
    assert validate.points([1, 2], 2, what="`at`").shape == (1, 2)
    assert validate.points(np.zeros((0, 2)), 2, what="`at`").shape == (0, 2)
    assert validate.point([1, 2], 2, what="`at`").tolist() == [1, 2]
    for check, value in ((validate.points, [[1, 2, 3]]), (validate.point, [1, 2, 3])):
        with pytest.raises(DimensionError, match=r"`at` needs (points|one point) with 2 coordinates, the input dim"):
            check(value, 2, what="`at`")


@pytest.mark.parametrize(
    ("value", "is_one"),
    [([1, 2], True), ([[1, 2]], False), (np.zeros((0, 2)), False), (3, True), ([[1], [1, 2]], True), ([[[1]]], True)],
    ids=str,
)
def test_what_is_one_point(value, is_one):
    assert validate.is_one(value) == is_one


def test_counts_are_whole_numbers_in_range():
    assert validate.count(np.int32(3), name="n") == 3
    assert validate.count(0, name="n", least=0) == 0
    assert isinstance(validate.count(np.int64(3), name="n"), int)
    refuses(lambda n: validate.count(n, name="`n`"), "n", NO_COUNTS, "`n` should be a whole number of at least 1")
    with pytest.raises(OptionError, match="of at least 1 and at most 5, but received 6"):
        validate.count(6, name="n", most=5)
    with pytest.raises(OptionError, match="of at least 1 and at most 9223372036854775807, but received 1000"):
        validate.count(10**30, name="n")


def test_seeds_are_those_of_numpy_and_torch():
    torch = pytest.importorskip("torch")
    largest = validate.seed(2**63 - 1)
    np.random.default_rng(largest)
    torch.Generator().manual_seed(largest)
    refuses(lambda seed: validate.seed(seed), "seed", NO_COUNTS, "`seed` should be a whole number of at least 0")


def test_numbers_are_finite_and_positive_where_they_should_be():
    for value in (3, 2.5, np.float32(0.5), np.int8(2), 2**200, -1):
        assert validate.number(value, name="x") == value
    refuses(lambda x: validate.number(x, name="`x`"), "x", NO_NUMBERS, "`x` should be a finite number, but received")
    for value in (0, -1.0):
        with pytest.raises(OptionError, match="`x` should be a positive number"):
            validate.number(value, name="`x`", positive=True)


@pytest.mark.parametrize("norm", [3, 0, "2", None, True, float("nan"), [1]])
def test_other_norms_are_refused(norm):
    with pytest.raises(OptionError, match="`norm` should be 1, 2 or inf"):
        validate.norm(norm)


def test_norms_are_floats():
    assert [validate.norm(norm) for norm in (1, np.int64(2), np.float32(np.inf))] == [1.0, 2.0, np.inf]


def test_options_are_of_a_list():
    assert validate.option("a", name="x", allowed=("a", "b")) == "a"
    refuses(
        lambda x: validate.option(x, name="`x`", allowed={"a": 1, "b": 2}), "x", NO_NAMES,
        "`x` should be one of 'a', 'b', but received",
    )  # fmt: skip


def test_texts_paths_lists_and_functions():
    assert validate.text("", name="x") == ""
    assert validate.path("a/b", name="x") == validate.path(Path("a", "b"), name="x") == Path("a/b")
    assert validate.sequence(np.arange(2), name="x") == (0, 1)
    assert validate.sequence((v for v in "ab"), name="x") == ("a", "b")
    assert validate.function(None, name="x") is None
    assert validate.function(len, name="x") is len
    refuses(lambda x: validate.text(x, name="`x`"), "x", NO_TEXTS, "`x` should be a text, but received")
    refuses(lambda x: validate.path(x, name="`x`"), "x", NO_PATHS, "`x` should be a path, but received")
    refuses(lambda x: validate.sequence(x, name="`x`"), "x", (None, 3, "ab", b"ab"), "`x` should be a list or a tuple")
    refuses(lambda x: validate.function(x, name="`x`"), "x", (3, "ab", []), "`x` should be a function or None")


def test_instances_with_advice():
    assert validate.instance(3, int, name="x") == 3
    with pytest.raises(OptionError, match=r"^x should be a int, but received str\. Count\.$"):
        validate.instance("3", int, name="x", advice="Count.")


def test_places_count_from_either_end():
    told = {"told": "there are 3 regions", "part": "number"}
    assert [validate.picked(i, 3, **told) for i in (0, 2, -1, -3, np.int64(1))] == [0, 2, 2, 0, 1]
    picks = [slice(1, None), [-1, 0], np.array([True, False, True]), []]
    assert [validate.picked(i, 3, **told).tolist() for i in picks] == [[1, 2], [2, 0], [0, 2], []]
    for value in (3, -4, [0, 3]):
        with pytest.raises(IndexError, match=r"there are 3 regions, but number -?[34] was asked for"):
            validate.picked(value, 3, **told)
    for value in ("a", 1.0, None, True, (0, 1), [True, False], [[1, 2], [3]], [[0]], [0.5]):
        with pytest.raises(IndexError, match="there are 3 regions, picked by a number, a slice, or an array"):
            validate.picked(value, 3, **told)


def test_norms():
    assert [validate.norm(v) for v in (1, 2.0, np.inf, np.float32(2))] == [1.0, 2.0, np.inf, 2.0]
    for value in (3, True, "2", None, 10**400, np.nan):
        with pytest.raises(OptionError, match="`norm` should be 1, 2 or inf"):
            validate.norm(value)


LENS = Lens.from_arrays([np.eye(2), [[1, 1]]], [[0, 0], [0]])
MASKED = np.ma.masked_array([[1.0, 9.0], [0.0, 1.0]], [[False, True], [False, False]])
GIVEN = {
    "points": lambda a: LENS(a),
    "rows of points": lambda a: LENS([a[0], a[1]]),
    "one point": lambda a: LENS.at(a[0]),
    "weights": lambda a: Lens.from_arrays([a, [[1, 1]]], [[0, 0], [0]]),
    "biases": lambda a: Lens.from_arrays([np.eye(2), [[1, 1]]], [a[0], [0]]),
    "slopes": lambda a: Lens.from_arrays([np.eye(2), [[1, 1]]], [[0, 0], [0]], [a[0]]),
    "weights of a layer": lambda a: piecewise_layer(a, [0, 0]),
    "slopes of a layer": lambda a: piecewise_layer(np.eye(2), [0, 0], negative_slope=a[0]),
    "bias of a layer": lambda a: pass_through_layer(np.eye(2), a[0]),
    "a box": lambda a: Box(a[0], [9, 9]),
    "rows of a polytope": lambda a: Polytope(a, [1, 1]),
    "sides of a polytope": lambda a: Polytope([[1, 0], [0, 1]], a[0]),
    "an image": lambda a: check_image(a),
}


@pytest.mark.parametrize("name", GIVEN)
def test_masks_are_not_dropped(name):
    """What lies behind a mask was read as if there were none."""
    with pytest.raises(PolytopeLensError, match=r"masked.* Fill them first, with numpy\.ma\.filled"):
        GIVEN[name](MASKED)
    GIVEN[name](np.ma.masked_array(MASKED.data, False))
