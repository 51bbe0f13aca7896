from __future__ import annotations

import numpy as np
import pytest

from families import generic, stack
from polytope_lens import Box, Lens
from polytope_lens.engines.place import are_beyond, lift, metric_normals, place_of, start_slacks
from polytope_lens.polytope.nearest import nearest_points
from polytope_lens.query.sides import region_rows

WIDE = stack(
    (np.random.default_rng(0).standard_normal((3, 7)), [0.5, -1.0, 0.2]),
    (np.random.default_rng(1).standard_normal((4, 3)), [0.1, -0.3, 0.4, 1.0]),
)
X = np.linspace(-1, 1, 7)


def test_wide_inputs_are_reduced_and_lifted_again():
    place = place_of(WIDE, X, None)
    assert place.network.input_dim == 3
    assert np.allclose(lift(place, place.start[None]), X)
    points = np.random.default_rng(2).standard_normal((5, 3))
    inputs = lift(place, points)
    assert np.allclose(inputs @ WIDE.layers[0].weight.T + WIDE.layers[0].bias, points)


def test_a_domain_or_few_inputs_keep_the_inputs():
    for network, domain in ((WIDE, Box([-2] * 7, [2] * 7)), (generic(5, 3), None)):
        x = X[: network.input_dim]
        place = place_of(network, x, domain)
        assert place.network is network
        assert lift(place, x[None]).tolist() == [x.tolist()]


def test_lengths_are_those_among_the_inputs():
    place = place_of(WIDE, X, None)
    normals = np.random.default_rng(3).standard_normal((2, 4, 3))
    assert np.allclose(
        np.linalg.norm(metric_normals(place, normals), axis=2), np.linalg.norm(normals @ WIDE.layers[0].weight, axis=2)
    )


@pytest.mark.parametrize("network", [WIDE, generic(6, 3)], ids=["wide", "low"])
def test_what_is_beyond_is_proved_up_to_rounding(network):
    place = place_of(network, X[: network.input_dim], None)
    bits = Lens(network).partition().bits()
    rows, error = region_rows(place.network, place.around, bits)
    distance, multipliers = nearest_points(metric_normals(place, rows[:, :, :-1]), start_slacks(place, rows, error)[0])
    for i in np.flatnonzero(distance > 0):
        one = rows[i : i + 1], error[i : i + 1], multipliers[i : i + 1]
        assert are_beyond(place, distance[i] * (1 - 1e-8), *one)[0]
        assert not are_beyond(place, distance[i] * (1 + 1e-12), *one)[0]
    assert not are_beyond(place, 1e-6, rows, error, np.zeros_like(multipliers)).any()
