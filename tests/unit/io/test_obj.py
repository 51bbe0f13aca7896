"""OBJ files read back line by line, and by trimesh."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.io.obj import to_obj

# Two tetrahedra that share three points, with floats that need all their digits.
POINTS = np.array([[0, 0, 0], [0.1, 0, 0], [0, 1 / 3, 0], [0, 0, 1e-30], [0, 0, -1e22]])
FACES = [[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3], [0, 1, 2], [1, 0, 4], [2, 1, 4], [0, 2, 4]]
INDPTR, CORNERS = np.arange(0, 25, 3), np.array(FACES).ravel()
GROUPS = np.array([2] * 4 + [5] * 4)


def test_every_number_comes_back():
    lines = [line.split() for line in to_obj(POINTS, INDPTR, CORNERS, GROUPS).splitlines()]
    assert lines[0] == ["#", "5", "points,", "8", "polygons"]
    assert [[float(v) for v in words[1:]] for words in lines if words[0] == "v"] == POINTS.tolist()
    assert [[int(v) - 1 for v in words[1:]] for words in lines if words[0] == "f"] == FACES
    assert [words[1] for words in lines if words[0] == "o"] == ["region_2", "region_5"]
    assert lines.index(["o", "region_5"]) == lines.index(["o", "region_2"]) + 5


def test_another_program_reads_closed_solids(tmp_path):
    trimesh = pytest.importorskip("trimesh")
    path = tmp_path / "solids.obj"
    points = np.vstack([np.zeros(3), np.eye(3), [0, 0, -1]])
    path.write_text(to_obj(points, INDPTR, CORNERS, GROUPS))
    scene = trimesh.load_scene(path, split_objects=True)
    assert sorted(scene.geometry) == ["region_2", "region_5"]
    for solid in scene.geometry.values():
        assert solid.is_watertight
        assert solid.volume == pytest.approx(1 / 6)


def test_no_polygons():
    text = to_obj(np.zeros((0, 3)), np.zeros(1, dtype=int), np.zeros(0, dtype=int), np.zeros(0, dtype=int))
    assert text == "# 0 points, 0 polygons\n"
