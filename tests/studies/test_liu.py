"""Bit vectors, one-bit pairs, bisections and balls of the study of Liu and others, on small networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import liu
from digits import perceptron
from liu import active_bits, ball_rows, by_bisection, by_flipping_bits, counts, gradient_sign, path_rows, small_network
from polytope_lens import Lens

TRAP = Lens.from_arrays([[[1], [-1]], [[3, 1]], [[1]]], [[0, 10], [-11], [0]])
TENT = Lens.from_arrays([[[1], [1]], [[1, -2]], [[1]]], [[0, -1], [-0.5], [0]])


def test_one_bit_is_no_proof_of_a_common_facet():
    found = counts(TRAP)
    assert (found["polyhedra"], found["neighbours"], found["one_bit_pairs"]) == (5, 4, 5)
    assert found["that_do_not_touch"] == 1


@pytest.mark.parametrize("seed", range(3))
def test_generic_networks_are_found_by_flipping_single_bits(seed):
    lens = small_network((2, 4, 4, 1), seed, "as PyTorch draws it")
    found = counts(lens)
    assert found["by_flips"] == found["polyhedra"] and found["by_flips_empty"] == 0
    assert found["in_one_bit"] == found["neighbours"]
    partition = lens.partition()
    # Active bits are the facets.
    region = partition[len(partition) // 2]
    bits = active_bits(lens, region.pattern.array)
    assert {(bit // 4, bit % 4) for bit in bits} == {owner[0] for owner in region.polytope.owners}


def test_neighbours_across_a_neuron_that_is_there_twice_differ_in_two_bits():
    lens = small_network((2, 4, 4, 1), 0, "a neuron twice")
    found = counts(lens)
    assert found["in_one_bit"] < found["neighbours"]
    generic = small_network((2, 4, 4, 1), 0, "as PyTorch draws it")
    assert found["polyhedra"] < len(by_flipping_bits(generic, np.zeros(2)))


def test_networks_in_files_are_counted(tmp_path, monkeypatch):
    model = perceptron((2, 4, 4, 1), 0, init="default")
    tensors = iter(model.state_dict().values())
    named = {f"l{k}.{kind}": next(tensors) for k in (1, 2, 3) for kind in ("weight", "bias")}
    torch.save(named, tmp_path / "demo_8_nodes.pth")
    monkeypatch.setattr(liu, "THEIRS", tmp_path)
    assert liu.theirs() == {"2-4-4-1": int(Lens(model).count())}


def test_a_bisection_may_miss_what_flips_and_flips_back():
    (row,) = path_rows("tent", TENT, {"": (np.array([[0.25]]), np.array([[2.0]]))})
    assert (row["hamming"], row["flips"], row["regions"]) == (1, 3, 4)
    assert row["bisection"] == 2 == by_bisection(TENT, np.array([0.25]), np.array([2.0]))


def test_largest_balls_and_gradient_signs():
    lens = small_network((3, 4, 4, 2), 1, "as PyTorch draws it")
    X = np.random.default_rng(0).random((4, 3))
    y = lens(X).argmax(axis=1)
    moved = gradient_sign(lens, X, y)
    inside = (moved > 0).all(axis=1) & (moved < 1).all(axis=1)
    assert np.allclose(np.abs(moved - X)[inside], 0.1)
    rows = ball_rows("", lens, {"other digit": (X, X[::-1]), "gradient sign": (X, moved)}, 4)
    for row in rows[:4]:
        region = lens.at(X[row["point"]])
        assert row["active_bits"] <= 8
        assert row["nearest_boundary"] == region.nearest_boundary().distance
        # A ball that lies inside and holds the point reaches no farther than the cube does.
        assert 0 < row["radius"] <= 0.5
