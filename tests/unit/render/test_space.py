"""Partitions in space, drawn."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from polytope_lens import Box, Lens
from polytope_lens.errors import DimensionError, OptionError, UnboundedPolytopeError
from polytope_lens.render.solid_files import solids

mpl.use("Agg")
# Three planes through the middle of a cube, and the sum of the three ramps
LENS = Lens.from_arrays([np.eye(3), [[1, 1, 1]]], [np.zeros(3), [0]])
OCTANTS = LENS.partition(Box([-1, -1, -1], [1, 1, 1]))


def test_faces_of_shrunk_regions():
    faces = solids(OCTANTS, shrink=0.5)
    assert len(faces.regions) == 48 and len(faces.points) == 64
    assert np.bincount(faces.regions).tolist() == [6] * 8
    for region, ring in zip(faces.regions, faces.rings(), strict=True):
        middle = OCTANTS.witnesses[region]
        assert np.abs(ring - middle).max() == pytest.approx(0.25)
        outward = np.cross(ring[1] - ring[0], ring[2] - ring[1])
        assert outward @ (ring[0] - middle) > 0
    assert sorted(set(faces.layers.tolist())) == [-1, 0]
    assert (faces.layers == 0).sum() == 24
    middles = np.array([ring.mean(axis=0) for ring in solids(OCTANTS).rings()])
    np.testing.assert_allclose(faces.values, LENS(middles)[:, 0], atol=1e-15)


@pytest.mark.parametrize("color", ["value", "pattern", "slope", "layer"])
def test_every_colouring_draws_all_faces(color):
    ax = OCTANTS.plot(color=color, points=[[0.5, 0.5, 0.5]], boundaries=color != "value")
    drawn = next(artist for artist in ax.collections if isinstance(artist, Poly3DCollection))
    ax.figure.canvas.draw()
    assert len(drawn.get_facecolors()) == 48
    assert ax.get_xlabel() == "input 0" and ax.get_zlabel() == "input 2"
    pyplot.close(ax.figure)


def test_values_are_true_colours():
    ax = OCTANTS.plot(color="value")
    drawn = next(artist for artist in ax.collections if isinstance(artist, Poly3DCollection))
    ax.figure.canvas.draw()
    faces = solids(OCTANTS)
    shade = mpl.colormaps["cividis"](faces.values / faces.values.max())
    assert sorted(map(tuple, drawn.get_facecolors().round(6))) == sorted(map(tuple, shade.round(6)))
    pyplot.close(ax.figure)


def test_bad_questions():
    with pytest.raises(OptionError, match=r"axes in space: `figure.add_subplot\(projection=\"3d\"\)`"):
        OCTANTS.plot(Figure().add_subplot())
    with pytest.raises(OptionError, match="`shrink` should be more than 0"):
        OCTANTS.plot(shrink=0)
    with pytest.raises(OptionError, match="color should be one of"):
        OCTANTS.plot(color="red")
    with pytest.raises(DimensionError, match="points with 3 coordinates"):
        OCTANTS.plot(points=[[0, 0]])
    with pytest.raises(UnboundedPolytopeError, match="no polyhedra"):
        LENS.partition().plot()
