"""The folded surface as a plotly figure."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from polytope_lens.errors import MissingExtraError
from polytope_lens.render import interactive, scene
from polytope_lens.render.sheet import sheet


def test_the_interactive_surface_is_the_mesh(deep, tmp_path):
    pytest.importorskip("plotly")
    figure = deep.plot.interactive()
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
    slope = deep.plot.interactive("slope", boundaries=False)
    assert len(slope.data) == 2
    assert np.array_equal(slope.data[0].intensity, scene.slopes(deep)[regions])
    faces = deep.plot.interactive("pattern").data[0].facecolor
    assert [to_rgb(face) for face in faces] == [
        pytest.approx(color, abs=1 / 255) for color in scene.pattern_colors(deep)[regions]
    ]


def test_without_plotly_the_extra_is_named(deep, monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(MissingExtraError, match=r"polytope-lens\[interactive\]"):
        interactive.surface(deep)
