from __future__ import annotations

import numpy as np
import pytest

from families import generic, stack
from polytope_lens import Box, Lens
from polytope_lens.cells.region_facets import region_rows
from polytope_lens.cells.search_space import dual_norms, lift, nearest, shown_distances, space_of

WIDE = stack(
    (np.random.default_rng(0).standard_normal((3, 7)), [0.5, -1.0, 0.2]),
    (np.random.default_rng(1).standard_normal((4, 3)), [0.1, -0.3, 0.4, 1.0]),
)
X = np.linspace(-1, 1, 7)


def test_wide_inputs_are_reduced_and_lifted_again():
    space = space_of(WIDE, X, None)
    assert space.network.input_dim == 3
    assert np.allclose(lift(space, space.start[None]), X)
    points = np.random.default_rng(2).standard_normal((5, 3))
    inputs = lift(space, points)
    assert np.allclose(inputs @ WIDE.layers[0].weight.T + WIDE.layers[0].bias, points)


def test_a_domain_or_few_inputs_keep_the_inputs():
    for network, domain in ((WIDE, Box([-2] * 7, [2] * 7)), (generic(5, 3), None)):
        x = X[: network.input_dim]
        space = space_of(network, x, domain)
        assert space.network is network
        assert lift(space, x[None]).tolist() == [x.tolist()]


NORMS = [1, 2, np.inf]


@pytest.mark.parametrize("norm", NORMS)
def test_lengths_are_those_among_the_inputs(norm):
    space = space_of(WIDE, X, None, norm)
    normals = np.random.default_rng(3).standard_normal((4, 3))
    dual = {1: np.inf, 2: 2, np.inf: 1}[norm]
    assert np.allclose(dual_norms(space, normals), np.linalg.norm(normals @ WIDE.layers[0].weight, dual, axis=1))


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("network", [WIDE, generic(6, 3)], ids=["wide", "low"])
def test_distances_are_shown_up_to_rounding(network, norm):
    x = X[: network.input_dim]
    space = space_of(network, x, None, norm)
    bits = Lens(network).partition().patterns()
    rows, error = region_rows(space.network, space.around, bits)
    distance, shown, multipliers, points = nearest(space, rows, error)
    assert np.allclose(np.linalg.norm(points - x, norm, axis=1), distance)
    assert (shown <= distance * (1 + 1e-15)).all()
    assert (shown >= distance * (1 - 1e-9)).all()
    assert np.allclose(shown, shown_distances(space, rows, error, multipliers), rtol=1e-12)
    assert not shown_distances(space, rows, error, np.zeros_like(multipliers)).any()
    # The points lie in their closed regions, up to rounding.
    whole, _ = region_rows(network, space_of(network, x, Box([-9] * len(x), [9] * len(x))).around, bits)
    n_bits = network.n_neurons
    assert (np.einsum("nmk,nk->nm", whole[:, :n_bits, :-1], points) + whole[:, :n_bits, -1]).max() < 1e-12
