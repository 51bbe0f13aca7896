"""What is found along a path, and about neurons, drawn."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from polytope_lens import Box, Lens
from polytope_lens.drawing.palettes import layer_colors
from polytope_lens.errors import OptionError

LENS = Lens.from_arrays(
    [[[1, 0], [0, 1], [1, 1]], [[1, 1, 1], [-1, 0, 1]], [[1, 1], [1, -1]]], [[0, 0, -1], [-0.5, -1], [0, 1]]
)


@pytest.fixture
def ax():
    return Figure().add_subplot()


def test_a_path_is_drawn_through_its_outputs_with_a_mark_at_each_boundary(ax):
    path = LENS.path([-1, 0.1], [3, 2])
    assert path.plot(ax) is ax
    first, second = ax.lines
    np.testing.assert_allclose(first.get_xdata(), [0, *path.breakpoints, 1])
    np.testing.assert_allclose(
        np.stack([first.get_ydata(), second.get_ydata()], axis=1), LENS(path.embed(first.get_xdata()))
    )
    marks = {tuple(to_rgb(c.get_color()[0])): sorted(s[0, 0] for s in c.get_segments()) for c in ax.collections}
    for layer, color in enumerate(layer_colors(2)):
        own = [t for t, flipped in zip(path.breakpoints, path.flips, strict=True) if flipped[0][0] == layer]
        assert marks.get(tuple(color), []) == own
    assert ax.get_ylabel() == "outputs" and len(ax.get_legend().get_texts()) == 4


def test_one_output_of_a_path(ax):
    LENS.path([-1, 0], [3, 2]).plot(ax, 1, color="black", linewidth=3)
    (line,) = ax.lines
    assert line.get_color() == "black" and line.get_linewidth() == 3 and ax.get_ylabel() == "output 1"
    with pytest.raises(OptionError, match="2 outputs"):
        LENS.path([-1, 0], [3, 2]).plot(ax, 2)


def test_neurons_are_dots_by_layer(ax):
    neurons = LENS.partition(Box([-1, -1], [1, 1])).neurons()
    assert neurons.plot(ax) is ax
    dots = np.concatenate([found.get_offsets() for found in ax.collections])
    np.testing.assert_allclose(dots, np.stack([neurons.on_volume, neurons.size], axis=1))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["layer 0", "layer 1"]


def test_neurons_of_all_of_the_plane_own_facets(ax):
    neurons = LENS.partition().neurons()
    neurons.plot(ax)
    assert ax.get_ylabel() == "its facets"
    assert sorted(np.concatenate([found.get_offsets() for found in ax.collections])[:, 1]) == sorted(neurons.n_facets)
