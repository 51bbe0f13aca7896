"""What users say about inputs and outputs, and about shapes."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.errors import DimensionError, OptionError, PolytopeLensError
from polytope_lens.importers.wanted import told, wanted


def test_what_is_said_is_kept():
    assert wanted(3).shape == wanted([np.int64(3)]).shape == (3,)
    found = wanted({"x": (2, 3), "y": 4}, {"x": None, "y": None, "gain": 2.0}, [1, "scores"])
    assert found.shapes == {"x": (2, 3), "y": (4,)}
    assert found.free == ("x", "y")
    assert found.fixed == {"gain": 2.0}
    assert found.outputs == ("1", "scores")
    assert wanted(inputs="x").free == ("x",)
    assert wanted(inputs={"gain": 2}).free is None
    assert found.shape_of("x", alone=False) == (2, 3)
    assert wanted(7).shape_of("x", alone=True) == (7,)
    assert wanted(7).shape_of("x", alone=False) is None


@pytest.mark.parametrize("shape", [(), (0,), (2.5,), "ab", 1.5, (True,), {"x": (0,)}, object(), [[1]], -1, b""])
def test_what_is_no_shape_is_refused(shape):
    with pytest.raises(DimensionError, match="should be the shape of one sample"):
        wanted(shape)


@pytest.mark.parametrize("names", [(), "", 1.5, {1, 2}, [1.5], ["x", "x"], [None], {1: None}, [True], object(), b"x"])
@pytest.mark.parametrize("option", ["inputs", "outputs"])
def test_what_names_nothing_is_refused(option, names):
    if option == "outputs" and isinstance(names, dict):
        names = {}
    with pytest.raises(PolytopeLensError, match=f"`{option}` should name {option}"):
        wanted(**{option: names})


def test_unknown_names_are_refused_with_those_that_there_are():
    with pytest.raises(OptionError, match="`inputs` names 'z', but the model's inputs are 'x', 'y'"):
        wanted(inputs=["x", "z"]).check_names(["x", "y"])
    with pytest.raises(OptionError, match="`input_shape` names 'z'"):
        wanted({"z": 3}).check_names(["x"])


def test_what_is_told_about_a_choice():
    assert told(["b"], ["a", "b"]) == "b"
    assert told(["a"], ["a"]) == ""
