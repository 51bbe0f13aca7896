"""The folded surface as arrays."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from polytope_lens.domain import Box
from polytope_lens.drawing.picture_style import PictureStyle
from polytope_lens.network import network as net
from polytope_lens.render import scene
from polytope_lens.render.sheet import back_to_front, sheet
from polytope_lens.render.surface import surface


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
        surface(partition, ax, "pattern", boundaries=False, height=1.0, style=PictureStyle(limits=(0, 1)))
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
