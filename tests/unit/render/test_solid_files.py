"""Solids as files."""

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.errors import DimensionError, OptionError

trimesh = pytest.importorskip("trimesh")
LENS = Lens.from_arrays([[[1, 2, -1], [0.3, -1, 1], [1, 1, 1]], [[1, 1, 1]]], [[0.1, -0.2, 0.3], [0]])
PARTITION = LENS.partition(Box([-1, -1, -1], [1, 1, 1]))


def parts(kind, text, tmp_path):
    path = tmp_path / f"solids.{kind}"
    path.write_text(text)
    options = {"split_objects": True} if kind == "obj" else {}
    return trimesh.load_scene(path, **options)


def test_obj_holds_a_closed_solid_for_each_region(tmp_path):
    scene = parts("obj", PARTITION.export.obj(), tmp_path)
    assert len(scene.geometry) == len(PARTITION)
    volumes = sorted(solid.volume for solid in scene.geometry.values())
    assert all(solid.is_watertight for solid in scene.geometry.values())
    assert volumes == pytest.approx(sorted(PARTITION.volumes()))


def test_obj_keeps_every_float():
    lines = PARTITION.export.obj().splitlines()
    points = np.array([line.split()[1:] for line in lines if line.startswith("v ")], dtype=float)
    assert {tuple(p) for p in points.tolist()} == {tuple(p) for p in PARTITION.mesh.points.tolist()}
    assert sum(line.startswith("o region_") for line in lines) == len(PARTITION)


def test_ply_holds_all_faces_with_their_colours(tmp_path):
    text = PARTITION.export.ply(shrink=0.5)
    (solid,) = parts("ply", text, tmp_path).geometry.values()
    # All turn outwards, so the volumes add up: each is an eighth of what it was.
    assert solid.volume == pytest.approx(1)
    assert f"element face {len(PARTITION.mesh.faces)}" in text
    assert len(np.unique(solid.visual.face_colors, axis=0)) == len(PARTITION)


def test_bad_questions():
    with pytest.raises(OptionError, match="`shrink` should be"):
        PARTITION.export.obj(shrink=2)
    with pytest.raises(DimensionError, match="polyhedra exist for networks with 3 inputs"):
        Lens.from_arrays([[[1, 0]], [[1]]], [[0], [0]]).partition(Box([0, 0], [1, 1])).export.ply()
