"""Signs at corners against fractions, on every rung."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import golden, random_deep, stack
from polytope_lens import Box, Lens
from polytope_lens.function import corner_signs
from polytope_lens.network import scalar
from polytope_lens.testing import networks

SQUARE = Box([-1, -1], [1, 1])


def test_every_rung_finds_the_same_signs(monkeypatch):
    network = random_deep((2, 6, 6, 6), 4, 0.0)
    partition = Lens(network).partition(SQUARE)
    function = scalar.output_minus(network, 0, 0.25)
    plain = corner_signs.corner_signs(partition, function)
    signs = [reference.sign(reference.evaluate(network, p)[1][0] - Fraction(1, 4)) for p in partition.mesh.points]
    assert plain.signs.tolist() == signs

    nothing = np.full(len(partition.mesh.points), np.nan)
    blind = {
        "roughly_bounded_values": lambda network, X, *_, **__: (np.zeros((len(X), 1)), nothing[: len(X), None]),
        "bounded_values": lambda network, X, *_, **__: (np.zeros((len(X), 1)), nothing[: len(X), None]),
        "affine_values": lambda rows, error, X, radius: (np.zeros(len(X)), nothing[: len(X)]),
    }
    for name, rung in blind.items():
        monkeypatch.setattr(corner_signs, name, rung)
        assert (corner_signs.corner_signs(partition, function).signs == plain.signs).all()


def test_a_deep_network_needs_no_integers(monkeypatch):
    """Bounds of a float pass grow by some factor per layer; the second rung's do not."""
    rng = np.random.default_rng(2)
    layers = [(rng.normal(0, 0.4, (12, m)), rng.normal(0, 0.1, 12)) for m in (2, *[12] * 13)]
    lens = Lens(stack(*layers))
    partition = lens.partition(Box([0, 0], [0.5, 0.5]))
    value = float(np.median(lens(partition.witnesses)))
    monkeypatch.setattr(corner_signs, "_exact_signs", None)
    assert len(partition.level_set(0, value))


@settings(max_examples=40)
@given(network=networks(2, max_depth=2, max_width=3), value=st.sampled_from([0.0, 1.0, 0.125]))
def test_signs_are_those_at_the_exact_corners(network, value):
    partition = Lens(network).partition(SQUARE)
    found = corner_signs.corner_signs(partition, scalar.output_minus(network, 0, value))
    corner_of = corner_signs.exact_corners(partition)
    for point, sign in enumerate(found.signs.tolist()):
        x = [Fraction(int(v.p), int(v.q)) for v in corner_of(point)]
        assert sign == reference.sign(exact_output(network, x) - Fraction(value))


def exact_output(network, x):
    """The output at a point of fractions."""
    hidden = x
    for layer in network.layers:
        z = [
            reference.dot(reference.fractions(w), hidden) + Fraction(float(b))
            for w, b in zip(layer.weight, layer.bias, strict=True)
        ]
        slopes = zip(layer.negative_slope.tolist(), layer.positive_slope.tolist(), strict=True)
        hidden = [Fraction(high if v > 0 else low) * v for v, (low, high) in zip(z, slopes, strict=True)]
    return reference.dot(reference.fractions(network.output_weight[0]), hidden) + Fraction(
        float(network.output_bias[0])
    )


def test_corners_that_are_known_to_be_zero_are_not_asked():
    partition = Lens(golden((2, 4, 4), 1)).partition(SQUARE)
    function = scalar.output_minus(partition.network, 0, 0.25)
    plain = corner_signs.corner_signs(partition, function)
    zero = np.zeros(len(plain.signs), dtype=bool)
    zero[np.flatnonzero(plain.signs)[:3]] = True
    told = corner_signs.corner_signs(partition, function, zero)
    assert not told.signs[zero].any()
    assert (told.signs == plain.signs)[~zero].all()


def test_zeros_on_edges_divide_them_by_the_values_at_their_ends():
    points = np.array([[0.0, 0], [4, 0], [0, 8]])
    found = corner_signs.zeros_between(points, np.array([-1.0, 3, 0.0]), np.array([0, 1, 2]), np.array([1, 0, 0]))
    assert found.tolist() == [[1, 0], [1, 0], [0, 8]]
    # Values that are both rounded to zero leave the middle.
    assert corner_signs.zeros_between(points, np.zeros(3), np.array([0]), np.array([1])).tolist() == [[2, 0]]


@pytest.mark.parametrize("dim", [2, 3])
def test_a_region_that_stands_for_a_point_has_it_as_a_corner(dim):
    partition = Lens(golden((dim, 4, 3), 1)).partition(Box([-1] * dim, [1] * dim))
    mesh = partition.mesh
    wanted = np.arange(len(mesh.points)) % 3 != 1
    region_of = corner_signs.few_regions(mesh, wanted)
    assert (region_of[~wanted] == -1).all()
    pairs = set(zip(*(a.tolist() for a in mesh.incidences()), strict=True))
    assert all((region_of[point], point) in pairs for point in np.flatnonzero(wanted).tolist())
    # Fewer than if each point chose one for itself
    assert len(set(region_of[wanted].tolist())) < wanted.sum() / 2
