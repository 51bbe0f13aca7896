"""PLY files read back by their own header, and by trimesh."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.io.ply import to_ply

# A square and a triangle, with floats that need all their digits.
POINTS = np.array([[0, 0, 0], [0.1, 0, 0], [0.1, 1 / 3, 0], [0, 1 / 3, 0], [0, 0, 1e-30]])
INDPTR, CORNERS = np.array([0, 4, 7]), np.array([0, 1, 2, 3, 1, 0, 4])
NUMBERS = {"region": np.array([3, 0]), "layer": np.array([-1, 2])}
COLORS = np.array([[0, 0.5, 1], [1, 1 / 3, 0.999]])


def test_every_number_comes_back_as_the_header_says():
    header, _, body = to_ply(POINTS, INDPTR, CORNERS, NUMBERS, COLORS).partition("end_header\n")
    assert "element vertex 5\n" in header and "element face 2\n" in header
    properties = [line.split()[-1] for line in header.splitlines() if line.startswith("property")]
    assert properties == ["x", "y", "z", "vertex_indices", "region", "layer", "red", "green", "blue"]
    rows = [line.split() for line in body.splitlines()]
    assert [[float(v) for v in row] for row in rows[:5]] == POINTS.tolist()
    assert [[int(v) for v in row] for row in rows[5:]] == [
        [4, 0, 1, 2, 3, 3, -1, 0, 128, 255],
        [3, 1, 0, 4, 0, 2, 255, 85, 255],
    ]


def test_another_program_reads_the_same(tmp_path):
    trimesh = pytest.importorskip("trimesh")
    path = tmp_path / "faces.ply"
    path.write_text(to_ply(POINTS, INDPTR, CORNERS, NUMBERS, COLORS))
    (found,) = trimesh.load_scene(path, process=False).geometry.values()
    assert found.vertices.tolist() == POINTS.tolist()
    assert found.area == pytest.approx(0.1 / 3 + 0.05e-30)
