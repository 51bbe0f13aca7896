from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from polytope_lens import Box, Lens, Polytope
from polytope_lens._arrays.ragged import following, list_of
from polytope_lens.errors import DimensionError, DomainError, OptionError, UnboundedPolytopeError
from polytope_lens.flat_domain import within
from polytope_lens.network.network import evaluate
from polytope_lens.render.explorer.planar_arrays import edge_twins, planar_arrays

SQUARE = Box([-1, -1], [1, 1])
TRIANGLE = Polytope([[-1, 0], [0, -1], [1, 1]], [0.25, 0.25, 1])
RNG = np.random.default_rng(5)
WIDTHS = (6, 5, 4, 2)
DEEP = [RNG.normal(size=(n, m)) for m, n in pairwise((2, *WIDTHS))], [RNG.normal(size=n) * 0.3 for n in WIDTHS]
FLAT = [RNG.normal(size=(7, 4)), RNG.normal(size=(5, 7)), np.ones((1, 5))], [RNG.normal(size=n) for n in (7, 5, 1)]
# Several neurons on one line, neurons that are zero on whole regions, absolute values, a flat, another domain.
PARTITIONS = {
    "deep": Lens.from_arrays(*DEEP).partition(SQUARE),
    "leaky": Lens.from_arrays(*DEEP, negative_slope=0.1).partition(SQUARE),
    "folded": Lens.from_arrays(*DEEP, negative_slope=-1.0).partition(SQUARE),
    "no biases": Lens.from_arrays(DEEP[0], [np.zeros(n) for n in WIDTHS]).partition(SQUARE),
    "twice": Lens.from_arrays([[[1, 2], [1, 2], [-2, -4], [1, 0]], np.ones((1, 4))], [[0] * 4, [0]]).partition(SQUARE),
    "triangle": Lens.from_arrays(*DEEP).partition(TRIANGLE),
    "flat": Lens.from_arrays(*FLAT).partition(Box([-1, 0.25, -1, 0.5], [1, 0.25, 1, 0.5])),
    "whole": Lens.from_arrays([np.eye(2)], [[1, 2]]).partition(SQUARE),
}  # fmt: skip


def spread_owners(arrays, twins):
    """The owner of each entry, as the page reads them."""
    once, found = iter(arrays["owners"].tolist()), []
    for entry, twin in enumerate(twins.tolist()):
        found.append(found[twin] if 0 <= twin < entry else next(once))
    for entry, owner in arrays["other_owners"].tolist():
        found[entry] = owner
    return np.array(found)


def patterns_from(arrays, mesh, twins, owners, n_bits):
    """All patterns from those of the roots, as the page finds them."""
    region, crossings = list_of(mesh.indptr), set(arrays["crossings"].tolist())
    known = {
        root: np.unpackbits(bits, count=n_bits).astype(bool)
        for root, bits in zip(arrays["roots"].tolist(), arrays["root_bits"], strict=True)
    }
    todo = list(known)
    for here in todo:
        for entry in range(mesh.indptr[here], mesh.indptr[here + 1]):
            beside = region[twins[entry]]
            if twins[entry] >= 0 and entry not in crossings and beside not in known:
                known[beside] = known[here].copy()
                known[beside][owners[entry]] ^= True
                todo.append(beside)
    return np.array([known[i] for i in range(len(mesh.indptr) - 1)])


@pytest.mark.parametrize("name", PARTITIONS)
def test_patterns_are_found_from_edge_to_edge(name):
    partition = PARTITIONS[name]
    arrays, mesh = planar_arrays(partition), partition.mesh
    twins = edge_twins(mesh)
    owners = spread_owners(arrays, twins)
    np.testing.assert_array_equal(owners, mesh.owners)
    n_bits = partition.network.n_neurons
    np.testing.assert_array_equal(patterns_from(arrays, mesh, twins, owners, n_bits), partition.patterns())


@pytest.mark.parametrize("name", PARTITIONS)
def test_twins_are_one_edge_seen_from_two_sides(name):
    mesh = PARTITIONS[name].mesh
    twins, after = edge_twins(mesh), following(mesh.indptr)
    inner = np.flatnonzero(twins >= 0)
    np.testing.assert_array_equal(twins[twins[inner]], inner)
    np.testing.assert_array_equal(mesh.corners[twins[inner]], mesh.corners[after[inner]])
    np.testing.assert_array_equal(twins < 0, mesh.owners < 0)


@pytest.mark.parametrize("name", PARTITIONS)
def test_values_and_slopes_are_those_of_the_network(name):
    partition = within(PARTITIONS[name])
    arrays = planar_arrays(PARTITIONS[name])
    wanted = evaluate(partition.network, partition.mesh.points).T
    np.testing.assert_allclose(arrays["values"], wanted, rtol=1e-6, atol=1e-6)
    gradients = np.array([[np.linalg.norm(row) for row in region.affine_map.A] for region in partition])
    np.testing.assert_allclose(arrays["slopes"], gradients.T, rtol=1e-6)


def test_generic_networks_need_one_pattern():
    arrays = planar_arrays(PARTITIONS["deep"])
    assert (arrays["roots"].tolist(), len(arrays["crossings"])) == ([0], 0)


def test_what_has_no_polygons_is_refused():
    lens = Lens.from_arrays(*DEEP)
    with pytest.raises(UnboundedPolytopeError, match="Choose a bounded domain"):
        planar_arrays(lens.partition())
    with pytest.raises(OptionError, match="mesh=True"):
        planar_arrays(lens.partition(SQUARE, mesh=False))
    with pytest.raises(DimensionError, match="exist for networks with 2 inputs"):
        planar_arrays(Lens.from_arrays([np.ones((1, 4))], [[0]]).partition(Box([0] * 4, [1] * 4)))


def test_coordinates_beyond_what_is_drawn_are_refused():
    partition = PARTITIONS["deep"]
    far = replace(partition, mesh=replace(partition.mesh, points=partition.mesh.points * 1e301))
    with pytest.raises(DomainError, match=r"below 1e\+300 in size\. Choose a smaller one"):
        planar_arrays(far)
