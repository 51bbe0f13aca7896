"""Partitions in space, drawn."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from polytope_lens import Box, Lens
from polytope_lens.errors import DimensionError, OptionError, UnboundedPolytopeError
from polytope_lens.render import scene, space
from polytope_lens.render.solid_files import solids

mpl.use("Agg")
# Three planes through the middle of a cube, and the sum of the three ramps
LENS = Lens.from_arrays([np.eye(3), [[1, 1, 1], [-1, 0, 0.5]]], [np.zeros(3), [0, 0.25]])
OCTANTS = LENS.partition(Box([-1, -1, -1], [1, 1, 1]))


@pytest.fixture(autouse=True)
def _close():
    yield
    pyplot.close("all")


def drawn(ax):
    ax.figure.canvas.draw()
    return next(artist for artist in ax.collections if isinstance(artist, space._Solids))


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


@pytest.mark.parametrize("color", ["value", "pattern", "slope", "layer", "class"])
@pytest.mark.parametrize("cut", [None, "corner"])
def test_every_colouring_draws_the_faces_in_front(color, cut):
    ax = OCTANTS.plot(color=color, points=[[0.5, 0.5, 0.5]], boundaries=color != "value", cut=cut)
    # Three sides of each cube are seen; one octant is the corner that is cut away.
    assert len(drawn(ax).get_facecolors()) == (24 if cut is None else 21)
    assert ax.get_xlabel() == "input 0" and ax.get_zlabel() == "input 2"
    assert (ax.get_legend() is not None) == (color in ("layer", "class"))


def test_values_are_colours_of_the_scale_a_little_shaded():
    found = drawn(OCTANTS.plot(color="value", cut=None, alpha=0.5))
    faces = solids(OCTANTS)
    places = faces.values / faces.values.max()
    pure = mpl.colormaps[space.CMAP](np.concatenate([places - 1e-9, places + 1e-9]))[:, :3]
    shades = found.get_facecolors()
    assert len(shades) == 48 and set(shades[:, 3].tolist()) == {0.5}
    for shade in shades[:, :3]:
        ratio = shade / pure
        assert ((np.ptp(ratio, axis=1) < 1e-6) & (ratio[:, 0] > 0.75) & (ratio[:, 0] <= 1.0 + 1e-9)).any()


@pytest.mark.parametrize("azim", [-60, 45, 170])
@pytest.mark.parametrize("elev", [30, -20])
def test_the_corner_in_front_is_cut_away(azim, elev):
    ax = Figure().add_subplot(projection="3d")
    ax.view_init(elev=elev, azim=azim)
    OCTANTS.plot(ax, "pattern", shrink=1)
    towards = space._towards(ax)
    rings = drawn(ax).rings
    assert not (np.array([ring.mean(axis=0) for ring in rings]) * np.sign(towards) > 1e-9).all(axis=1).any()


def test_nearer_solids_cover_farther_ones_and_a_level_is_inside():
    ax = OCTANTS.plot(level=0.5)
    found = drawn(ax)
    assert found.is_level.sum() == len(OCTANTS.level_set(0, 0.5)) > 3
    colors = found.get_facecolors()
    opaque = np.flatnonzero(colors[:, 3] == 1)
    assert len(opaque) == found.is_level.sum() and opaque[0] > 0 and opaque[-1] < len(colors) - 1


def test_faces_with_seams_draw_their_own_edges_one_by_one():
    thick = drawn(OCTANTS.plot(cut=(np.array([[1.0, 0, 0], [0, 1, 0]]), [0.3, 0.3]), shrink=1, linewidth=2.5))
    assert thick.get_linewidths()[0] == 2.5
    assert len(thick.edges) and all(edge.shape == (2, 3) for edge in thick.edges)
    bare = drawn(OCTANTS.plot(cut=(np.array([[1.0, 0, 0], [0, 1, 0]]), [0.3, 0.3]), shrink=1, boundaries=False))
    assert not bare.edges
    assert (bare.get_edgecolors() == bare.get_facecolors()).all()


def test_points_are_on_top_in_the_colours_of_their_classes():
    ax = OCTANTS.plot(points=[[0.5, 0.5, 0.5], [-0.5, 0.5, 0.5]], labels=[0, 1], points_size=6)
    ax.figure.canvas.draw()
    assert {line.get_color()[:3] for line in ax.lines} == {tuple(hue) for hue in scene.class_hues(2)}
    assert min(line.get_zorder() for line in ax.lines) > drawn(ax).get_zorder()
    plain = OCTANTS.plot(points=[[0.5, 0.5, 0.5]], points_color="red")
    assert plain.lines[0].get_color() == to_rgba("red")


@pytest.mark.parametrize("side", [1e-9, 1e100])
def test_boxes_of_any_size_are_drawn(side):
    box = Box([-side, 0, -side], [side, side, side])
    for options in ({}, {"level": side / 2}, {"shrink": 1, "boundaries": False}):
        found = drawn(LENS.partition(box).plot(**options))
        assert len(found.get_facecolors()) > 4
        assert np.linalg.norm(found.faced[:, :3], axis=1) == pytest.approx(1)


def test_on_a_flat_box_the_free_inputs_are_drawn():
    lens = Lens.from_arrays([np.eye(4), [[1, 1, 1, 1]]], [np.zeros(4), [0]])
    ax = lens.partition(Box([-1, 0.5, -1, -1], [1, 0.5, 1, 1])).plot(points=[[0.5, 0.5, 0.5, 0.5]])
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_zlabel()) == ("input 0", "input 2", "input 3")
    assert len(drawn(ax).get_facecolors()) == 21


def test_a_level_surface_draws_itself():
    ax = OCTANTS.level_set(0, 0.5).plot(facecolor="teal")
    (surface,) = (artist for artist in ax.collections if isinstance(artist, Poly3DCollection))
    ax.figure.canvas.draw()
    assert len(surface.get_facecolors()) == len(OCTANTS.level_set(0, 0.5))
    assert ax.get_zlabel() == "input 2"


def test_bad_questions():
    with pytest.raises(OptionError, match=r"axes in space: `figure.add_subplot\(projection=\"3d\"\)`"):
        OCTANTS.plot(Figure().add_subplot())
    with pytest.raises(OptionError, match="`shrink` should be more than 0"):
        OCTANTS.plot(shrink=0)
    with pytest.raises(OptionError, match="`alpha` should be more than 0 and at most 1"):
        OCTANTS.plot(alpha=1.5)
    with pytest.raises(OptionError, match="color should be one of"):
        OCTANTS.plot(color="red")
    with pytest.raises(OptionError, match="an option of a picture should be one of 'cmap', 'limits'"):
        OCTANTS.plot(colour="red")
    with pytest.raises(DimensionError, match="points with 3 coordinates"):
        OCTANTS.plot(points=[[0, 0]])
    with pytest.raises(UnboundedPolytopeError, match="no polyhedra"):
        LENS.partition().plot()
    planar = Lens.example().partition(Box([0, 0], [0.1, 0.1]))
    for name, value in (("shrink", 0.5), ("alpha", 0.5), ("cut", None)):
        with pytest.raises(OptionError, match=f"`{name}` is about solids in space"):
            planar.plot(**{name: value})
