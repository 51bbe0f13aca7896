"""Level sets that draw themselves."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from polytope_lens import Box, Lens
from polytope_lens.errors import OptionError

ABS = Lens.from_arrays([np.eye(2), [[1, 1]]], [[0, 0], [0]], negative_slope=-1.0)
SQUARE = ABS.partition(Box([-1, -1], [1, 1]))


@pytest.fixture(autouse=True)
def _close():
    yield
    pyplot.close("all")


@pytest.mark.parametrize("exact", [False, True])
def test_curves_are_drawn_where_they_are(exact):
    ax = SQUARE.level_set(value=0.5, exact=exact).plot(color="teal", linewidth=3, label="a level")
    (curve,) = ax.collections
    assert np.abs(curve.get_paths()[0].vertices).sum(axis=1) == pytest.approx(0.5)
    assert tuple(curve.get_edgecolor()[0]) == to_rgba("teal") and curve.get_linewidths()[0] == 3
    assert curve.get_label() == "a level" and ax.get_ylabel() == "input 1"


def test_an_isolated_point_is_drawn_and_given_axes_are_used():
    ax = Figure().add_subplot()
    assert SQUARE.level_set(value=0.0).plot(ax) is ax
    (curve,) = ax.collections
    assert curve.get_paths()[0].vertices.tolist() == [[0, 0], [0, 0]]
    assert not ax.get_xlabel()


def test_on_a_flat_box_the_free_inputs_are_drawn():
    lens = Lens.from_arrays([np.eye(3), [[1, 1, 1]]], [[0, 0, 0], [0]], negative_slope=-1.0)
    ax = lens.partition(Box([-1, 0.25, -1], [1, 0.25, 1])).level_set(value=0.75).plot()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("input 0", "input 2")
    assert np.abs(ax.collections[0].get_paths()[0].vertices).sum(axis=1) == pytest.approx(0.5)


def test_surfaces_are_drawn_in_space():
    lens = Lens.from_arrays([np.eye(3), [[1, 1, 1]]], [[0, 0, 0], [0]], negative_slope=-1.0)
    found = lens.partition(Box([-1] * 3, [1] * 3)).level_set(value=0.5)
    ax = found.plot(color="teal", alpha=0.5)
    ax.figure.canvas.draw()
    assert len(ax.collections[0].get_facecolors()) == 8
    empty = lens.partition(Box([-1] * 3, [1] * 3)).level_set(value=9.0).plot()
    assert not empty.collections
    with pytest.raises(OptionError, match="axes in space"):
        found.plot(Figure().add_subplot())
