"""The folded surface drawn with matplotlib."""

from __future__ import annotations

from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from polytope_lens.domain import Box
from polytope_lens.errors import OptionError, UnboundedPolytopeError
from polytope_lens.network import network as net
from polytope_lens.render import scene


@pytest.fixture(autouse=True)
def _agg():
    with mpl.rc_context({"backend": "agg"}):
        yield
    pyplot.close("all")


def space(**view):
    figure = Figure(figsize=(3, 3), dpi=100)
    ax = figure.add_axes((0, 0, 1, 1), projection="3d")
    ax.view_init(**view)
    return ax


def pixels(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(int)


@pytest.mark.parametrize("color", ["value", "pattern", "slope"])
@pytest.mark.parametrize("boundaries", [True, False])
def test_surfaces_are_drawn(deep, color, boundaries):
    ax = space()
    assert deep.plot.surface(ax, color, boundaries=boundaries) is ax
    drawn = pixels(ax.figure)
    inks = {tuple((255 * c).round().astype(int)) for c in scene.layer_colors(3)}
    near = [(np.abs(drawn - ink).max(axis=-1) < 60).sum() for ink in inks]
    assert (min(near) > 30) == boundaries or color == "pattern"
    assert ax.get_zlim() == pytest.approx(scene.value_range(deep))
    assert ax.get_xlabel() == "input 0" and ax.get_zlabel() == "output 0"
    assert (ax.get_legend() is not None) == boundaries
    assert (len(ax.figure.axes) == 2) == (color == "slope")  # the scale; that of values is the axis


def test_surfaces_make_a_figure_and_take_limits(lines):
    ax = lines.plot.surface(output=1, limits=(-3, 5))
    assert pyplot.get_fignums() == [ax.figure.number]
    assert ax.get_zlim() == (-3, 5)


def test_parallel_rays(lines):
    ax = space()
    ax.set_proj_type("ortho")
    lines.plot.surface(ax)
    assert len(np.unique(pixels(ax.figure).reshape(-1, 3), axis=0)) > 10


def test_surfaces_refuse_in_one_sentence(lines, deep):
    for made in (lines.plot.surface, lines.plot.interactive):
        with pytest.raises(OptionError, match="color"):
            made(color="layer")
        with pytest.raises(OptionError, match="but the network has 2 outputs, counted from 0"):
            made(output=2)
        with pytest.raises(OptionError, match=r"`height` should be a positive number, but received 0"):
            made(height=0)
        with pytest.raises(OptionError, match=r"`limits` should be \(low, high\)"):
            made(limits=(1, 1))
    with pytest.raises(OptionError, match="axes in space"):
        lines.plot.surface(Figure().add_subplot())
    with pytest.raises(UnboundedPolytopeError):
        replace(lines, domain=None, mesh=None).plot.surface()


def test_a_constant_network_has_a_surface(cut):
    partition = cut(net.from_arrays([np.eye(2), np.zeros((1, 2))], [[0, 0], [3]]), Box([-1, -1], [1, 1]))
    ax = partition.plot.surface(space())
    assert ax.get_zlim() == (2.5, 3.5)
    assert len(pixels(ax.figure))
