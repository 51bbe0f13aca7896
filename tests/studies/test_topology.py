"""The study's shapes have the topology that its page says, and trimesh agrees about the mesh."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("trimesh")

from topology import CUBE, RIGHT, boundary_row, critical_row, faces_row, interval_rows, saved, shape_row


@pytest.mark.parametrize(("name", "tubes"), [("torus", 1), ("linked tori", 2)])
def test_trained_shapes_have_the_topology_of_their_targets(name, tubes):
    row = shape_row(name, saved(name), 0)
    assert row["right"] and tuple(row[f"level_b{k}"] for k in range(3)) == RIGHT[name] == (tubes, 2 * tubes, tubes)
    assert tuple(row[f"sub_b{k}"] for k in range(3)) == (tubes, tubes, 0)
    assert tuple(row[f"super_b{k}"] for k in range(3)) == (1, tubes, tubes)
    assert (row["mesh_parts"], row["mesh_euler"], row["mesh_genus"]) == (tubes, 0, tubes)
    assert row["mesh_closed"] and row["euler"] == 1


def test_one_loop_of_the_torus_outlives_all_others():
    partition = saved("torus").partition(CUBE)
    loops = [row for row in interval_rows("torus", partition) if row["dimension"] == 1]
    lives = [row["death"] - row["birth"] for row in loops]
    assert loops[0]["birth"] < 0 < loops[0]["death"] and lives[0] > 5 * lives[1]
    critical = critical_row("torus", partition)
    assert sum((-1) ** k * critical[f"index_{k}"] for k in range(4)) == 1


def test_faces_of_a_random_network_obey_eulers_law():
    row = faces_row((2, 5, 5, 1), 0)
    assert row["euler"] == 1 == row["faces_0"] - row["faces_1"] + row["faces_2"]
    assert np.isnan(row["printed_edges"])


def test_decision_boundaries_at_initialisation():
    rows = [boundary_row(8, 2, seed) for seed in range(6)]
    # In the plane the bounded components of a generic zero set are its closed curves.
    assert all(row["components"] >= row["bounded_components"] == row["loops"] for row in rows)
    assert any(row["loops"] for row in rows) or any(row["components"] > 1 for row in rows)
