"""The folded surface: as arrays, drawn with matplotlib, and as a plotly figure."""

from __future__ import annotations

import sys
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from polytope_lens.domain import Box
from polytope_lens.errors import MissingExtraError, OptionError, UnboundedPolytopeError
from polytope_lens.network import network as net
from polytope_lens.render import interactive, scene
from polytope_lens.render.sheet import back_to_front, sheet
from polytope_lens.render.surface import surface


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


@pytest.mark.parametrize("output", [0, 1])
def test_the_sheet_is_the_graph(lines, output):
    folded = sheet(lines, output)
    heights = net.evaluate(lines.network, folded.points[:, :2])[:, output]
    assert folded.points[:, 2] == pytest.approx(heights, abs=1e-12)
    for i, ring in enumerate(folded.rings()):
        a, b, c = lines.maps[i, output]
        assert ring[:, 2] == pytest.approx(a * ring[:, 0] + b * ring[:, 1] + c, abs=1e-12)  # flat, in its own plane
        assert ring[:, :2].tolist() == lines.vertices(i).tolist()


def test_creases_are_the_boundaries(deep):
    folded = sheet(deep)
    edges = scene.boundary_segments(deep)
    assert np.array_equal(folded.points[folded.creases][..., :2], edges.segments)
    assert np.array_equal(folded.crease_layers, edges.layers)
    assert np.array_equal(folded.points[folded.rim][..., :2], scene.domain_outline(deep.mesh))
    middles = deep.witnesses
    for (start, stop), (left, right) in zip(edges.segments, folded.crease_regions, strict=True):
        (ax, ay), (bx, by) = stop - start, middles[left] - start
        assert ax * by > ay * bx
        (bx, by) = middles[right] - start
        assert ax * by < ay * bx


def test_triangles_cover_the_polygons(deep):
    folded = sheet(deep)
    triangles, regions = folded.triangles()
    corners = folded.points[triangles][..., :2]
    (ax, ay), (bx, by) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    areas = np.bincount(regions, (ax * by - ay * bx) / 2)
    assert areas == pytest.approx(deep.volumes(), abs=1e-12)


@pytest.mark.parametrize("eye", [[3, 1, 2, 1], [-0.2, -4, 0.5, 1], [-1, 0.3, 1, 0], [0.01, 1, 5, 0], [1.2, 0.1, 40, 1]])
def test_what_is_in_front_is_drawn_later(deep, eye):
    """Second road: along rays over the plane, the regions come by in the opposite order."""
    eye = np.array(eye, dtype=float)
    order = back_to_front(sheet(deep), eye)
    assert sorted(order.tolist()) == list(range(len(deep)))
    rank = np.argsort(order)
    rng = np.random.default_rng(0)
    lower, upper = deep.domain.lower, deep.domain.upper
    for goal in rng.uniform(lower, upper, (60, 2)):
        towards = eye[:2] - eye[3] * goal
        steps = goal + np.linspace(0, 3, 400)[:, None] * towards / np.linalg.norm(towards)
        inside = ((steps > lower) & (steps < upper)).all(axis=1)
        assert (np.diff(rank[deep.locate(steps[inside])]) >= 0).all()


def test_seen_from_above_everything_still_comes_once(deep):
    order = back_to_front(sheet(deep), np.array([0.1, 0.1, 3.0, 1.0]))
    assert sorted(order.tolist()) == list(range(len(deep)))


def test_a_fold_hides_what_is_behind_it(cut):
    """A roof with a steep wall: seen from the wall's side, the slope behind it is hidden; from above nothing is."""
    network = net.from_arrays([[[1, 0], [1, 0]], [[20, -21]]], [[0, -0.05], [0]])
    partition = cut(network, Box([-1, -1], [1, 1]))
    (slope,) = np.flatnonzero(partition.witnesses[:, 0] > 0.05)
    colors = scene.pattern_colors(partition)
    for azimuth, elevation, hidden in ((180, 5, True), (0, 5, False), (180, 80, False)):
        ax = space(elev=elevation, azim=azimuth)
        surface(partition, ax, "pattern", boundaries=False, height=1.0, limits=(0, 1))
        ax.set_axis_off()
        found = np.abs(pixels(ax.figure) / 255 - shaded(partition, colors, rise=2.0)[slope]).max(axis=-1) < 0.012
        assert (found.sum() < 20) == hidden


def shaded(partition, colors, rise):
    """Colours under the lamp, each region's by its normal."""
    from polytope_lens.render.surface import LAMP

    a, b, _ = partition.maps[:, 0].T
    normals = np.stack([-rise * a, -rise * b, np.ones(len(a))], axis=1)
    cosines = normals @ LAMP / np.linalg.norm(normals, axis=1) / np.linalg.norm(LAMP)
    return colors * (0.72 + 0.28 * cosines)[:, None]


@pytest.mark.parametrize("color", ["value", "pattern", "slope"])
@pytest.mark.parametrize("boundaries", [True, False])
def test_surfaces_are_drawn(deep, color, boundaries):
    ax = space()
    assert deep.plot_surface(ax, color, boundaries=boundaries) is ax
    drawn = pixels(ax.figure)
    inks = {tuple((255 * c).round().astype(int)) for c in scene.layer_colors(3)}
    near = [(np.abs(drawn - ink).max(axis=-1) < 60).sum() for ink in inks]
    assert (min(near) > 30) == boundaries or color == "pattern"
    assert ax.get_zlim() == pytest.approx(scene.value_range(deep))
    assert ax.get_xlabel() == "input 0" and ax.get_zlabel() == "output 0"
    assert (ax.get_legend() is not None) == boundaries
    assert (len(ax.figure.axes) == 2) == (color != "pattern")  # the scale


def test_surfaces_make_a_figure_and_take_limits(lines):
    ax = lines.plot_surface(output=1, limits=(-3, 5))
    assert pyplot.get_fignums() == [ax.figure.number]
    assert ax.get_zlim() == (-3, 5)


def test_parallel_rays(lines):
    ax = space()
    ax.set_proj_type("ortho")
    lines.plot_surface(ax)
    assert len(np.unique(pixels(ax.figure).reshape(-1, 3), axis=0)) > 10


def test_surfaces_refuse_in_one_sentence(lines, deep):
    for made in (lines.plot_surface, lines.interactive_surface):
        with pytest.raises(OptionError, match="color"):
            made(color="layer")
        with pytest.raises(OptionError, match="output should be from 0 to 1"):
            made(output=2)
        with pytest.raises(OptionError, match=r"`height` should be positive, but received 0"):
            made(height=0)
        with pytest.raises(OptionError, match=r"`limits` should be \(low, high\)"):
            made(limits=(1, 1))
    with pytest.raises(OptionError, match="axes in space"):
        lines.plot_surface(Figure().add_subplot())
    with pytest.raises(UnboundedPolytopeError):
        replace(lines, domain=None, mesh=None).plot_surface()


def test_a_constant_network_has_a_surface(cut):
    partition = cut(net.from_arrays([np.eye(2), np.zeros((1, 2))], [[0, 0], [3]]), Box([-1, -1], [1, 1]))
    ax = partition.plot_surface(space())
    assert ax.get_zlim() == (2.5, 3.5)
    assert len(pixels(ax.figure))


def test_the_interactive_surface_is_the_mesh(deep, tmp_path):
    pytest.importorskip("plotly")
    figure = deep.interactive_surface()
    mesh, rim, *creases = figure.data
    folded = sheet(deep)
    assert np.array_equal(np.stack([mesh.x, mesh.y, mesh.z], axis=1), folded.points)
    assert np.array_equal(mesh.intensity, mesh.z)
    assert np.array_equal(np.stack([mesh.i, mesh.j, mesh.k], axis=1), folded.triangles()[0])
    assert [trace.name for trace in creases] == ["layer 0", "layer 1", "layer 2"]
    for layer, trace in enumerate(creases):
        ends = np.stack([trace.x, trace.y, trace.z], axis=1).reshape(-1, 3, 3)
        assert np.isnan(ends[:, 2]).all()  # a gap after each segment
        assert np.array_equal(ends[:, :2], folded.points[folded.creases[folded.crease_layers == layer]])
        assert to_rgb(trace.line.color) == pytest.approx(scene.layer_colors(3)[layer], abs=1 / 255)
    assert len(rim.x) == 3 * len(folded.rim)
    figure.write_html(tmp_path / "surface.html", include_plotlyjs=True)
    page = (tmp_path / "surface.html").read_text()
    assert "input 0" in page and "<script src=" not in page


def test_interactive_colors(deep):
    pytest.importorskip("plotly")
    _, regions = sheet(deep).triangles()
    slope = deep.interactive_surface("slope", boundaries=False)
    assert len(slope.data) == 2
    assert np.array_equal(slope.data[0].intensity, scene.slopes(deep)[regions])
    faces = deep.interactive_surface("pattern").data[0].facecolor
    assert [to_rgb(face) for face in faces] == [
        pytest.approx(color, abs=1 / 255) for color in scene.pattern_colors(deep)[regions]
    ]


def test_without_plotly_the_extra_is_named(deep, monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(MissingExtraError, match=r"polytope-lens\[interactive\]"):
        interactive.surface(deep)
