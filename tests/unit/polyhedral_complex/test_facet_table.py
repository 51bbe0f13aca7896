"""Facets of a partition, each once."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from families import cross_polytope, flip_trap, generic, golden, max_of_four, max_of_two, sawtooth, seven_lines
from polytope_lens import Box, Lens
from polytope_lens.cells import region_facets
from polytope_lens.errors import ConsistencyError
from polytope_lens.network.network import pass_through_layer, piecewise_layer
from polytope_lens.polyhedral_complex import one_bit_neighbors

SQUARE = Box([-2, -2], [2, 2])


def pairs(partition):
    return [pair for pair in partition.complex.facets().regions.tolist() if pair[1] >= 0]


def owners(partition):
    """Owners of the facets between regions, and of those on the domain."""
    facets = partition.complex.facets()
    inner, outer = [], []
    for i, (_, second) in enumerate(facets.regions.tolist()):
        (outer if second < 0 else inner).append(facets.owners(i))
    return inner, outer


def without(partition, region):
    keep = np.arange(len(partition)) != region
    arrays = {name: getattr(partition, name)[keep] for name in ("packed_patterns", "maps", "witnesses")}
    return replace(partition, mesh=None, **arrays)


def test_the_flip_trap_has_four_adjacencies():
    partition = Lens(flip_trap()).partition()
    bits = partition.patterns()
    one_apart = [[i, j] for i in range(5) for j in range(i + 1, 5) if (bits[i] != bits[j]).sum() == 1]
    assert len(one_apart) == 5
    assert len(pairs(partition)) == 4
    assert all(pair in one_apart for pair in pairs(partition))


def test_a_cell_of_a_grid_knows_its_sides():
    lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    facets = lens.partition(SQUARE).complex.facets()
    assert facets.regions.tolist() == [[0, -1]] * 2 + [[0, 1], [0, 2]] + [[1, -1]] * 2 + [[1, 3]] + [[2, -1]] * 2 + [
        [2, 3],
        [3, -1],
        [3, -1],
    ]
    # Sides of a box: upper ones, then lower ones.
    assert [facets.owners(i) for i in (0, 1, 2, 3, 10, 11)] == [
        [(-1, 2)],
        [(-1, 3)],
        [(0, 1)],
        [(0, 0)],
        [(-1, 0)],
        [(-1, 1)],
    ]


@pytest.mark.parametrize("domain", [None, SQUARE])
def test_duplicates_scaled_and_negated_own_their_facet_together(domain):
    lens = Lens.from_arrays([[[1, 2], [2, 4], [-3, -6], [5, 0]], [[1, 1, 1, 1]]], [[1, 2, -3, 0], [0]])
    inner, _ = owners(lens.partition(domain))
    assert sorted(inner) == sorted([[(0, 0), (0, 1), (0, 2)]] * 2 + [[(0, 3)]] * 2)


@pytest.mark.parametrize("domain", [None, SQUARE])
def test_neurons_that_touch_a_facet_own_it_though_their_bit_stays(domain):
    # |x| is on at both sides of x = 0, -|x| off, and |x| + 1 does not vanish.
    first = piecewise_layer([[1, 0]], [0], negative_slope=-1.0)
    second = piecewise_layer([[1], [-1], [1]], [0, 0, 1])
    network = replace(generic(1, 2), layers=(first, second), output_weight=np.ones((1, 3)))
    inner, _ = owners(Lens(network).partition(domain))
    assert inner == [[(0, 0), (1, 0), (1, 1)]]


@pytest.mark.parametrize("domain", [None, SQUARE])
def test_neurons_that_vanish_on_one_side_own_the_facet_too(domain):
    # Behind relu(x), 2 relu(x) is zero where it is off, and so is its negative, on both sides of its bit.
    lens = Lens.from_arrays([[[1, 0]], [[2], [-1]], [[1, 1]]], [[0], [0, 0], [0]])
    inner, _ = owners(lens.partition(domain))
    assert inner == [[(0, 0), (1, 0), (1, 1)]]


def test_a_multiple_of_two_duplicates_owns_their_facet():
    """As a function of the two duplicates, their sum is implied; as one of the inputs, it is the same hyperplane."""
    lens = Lens.from_arrays([[[0, 0, 1], [0, 0, 1], [0, 0, 0]], [[1, 1, 0]], [[1]]], [[0, 0, 0], [0], [0]])
    inner, _ = owners(lens.partition())
    assert inner == [[(0, 0), (0, 1), (1, 0)]]


def test_pass_through_neurons_own_nothing():
    carried = pass_through_layer(np.eye(2), np.zeros(2))
    network = generic(4, 2)
    longer = replace(network, layers=(carried, *network.layers))
    for domain in (None, SQUARE):
        inner, _ = owners(Lens(longer).partition(domain))
        assert len(inner) == len(owners(Lens(network).partition(domain))[0])
        assert {layer for found in inner for layer, _ in found} == {1}


@pytest.mark.parametrize(("d", "n_sides"), [(1, 2), (2, 4), (3, 6)])
def test_an_affine_network_has_only_the_sides_of_its_domain(d, n_sides):
    lens = Lens.from_arrays([np.ones((1, d))], [[0]])
    partition = lens.partition(Box([0] * d, [1] * d))
    assert partition.complex.facets().regions.tolist() == [[0, -1]] * n_sides
    assert partition.complex.facets().layer.tolist() == [-1] * n_sides
    assert partition.complex.facets().neuron.tolist() == list(range(n_sides))
    assert len(lens.partition(None).complex.facets()) == 0
    assert partition.adjacency().nnz == 0


def test_a_neuron_along_a_side_of_the_domain_owns_it_too():
    lens = Lens.from_arrays([[[1, 0]], [[1]]], [[0], [0]])
    for partition in (lens.partition(Box([0, 0], [1, 1])), replace(lens.partition(Box([0, 0], [1, 1])), mesh=None)):
        assert owners(partition) == ([], [[(-1, 0)], [(-1, 1)], [(-1, 2), (0, 0)], [(-1, 3)]])


def test_adjacency_is_symmetric_and_says_what_the_facets_say():
    for partition in (Lens(golden((2, 4, 4), 1)).partition(), Lens(max_of_four()).partition()):
        matrix = partition.adjacency()
        assert matrix.dtype == bool and matrix.shape == (len(partition),) * 2
        assert (matrix != matrix.T).nnz == 0
        assert matrix.nnz == 2 * len(pairs(partition))
        assert all(matrix[i, j] for i, j in pairs(partition))


def test_facets_ascend_and_are_read_only():
    facets = Lens(golden((2, 8, 8), 2)).partition(SQUARE).complex.facets()
    rows = facets.regions.tolist()
    assert rows == sorted(rows)
    assert all(first < second or second == -1 for first, second in rows)
    for i in range(len(facets)):
        assert facets.owners(i) == sorted(set(facets.owners(i)))
    assert facets.owners(-1) == facets.owners(len(facets) - 1)
    with pytest.raises(IndexError):
        facets.owners(len(facets))
    with pytest.raises(ValueError, match="read-only"):
        facets.regions[0, 0] = 7
    inner = sum(second >= 0 for _, second in rows)
    assert repr(facets) == f"Facets({len(rows)} facets, {inner} of them between two regions)"


@pytest.mark.parametrize(
    ("network", "domain"),
    [(seven_lines(), None), (max_of_two(), SQUARE), (cross_polytope(3), None), (sawtooth(4), Box([0], [1]))],
    ids=["seven lines", "max of two", "cross-polytope", "sawtooth"],
)
def test_a_missing_region_is_noticed(monkeypatch, network, domain):
    """By a mesh, and by the rows of regions; patterns say nothing about regions that are not listed."""
    monkeypatch.setattr(one_bit_neighbors, "pays", lambda _: False)
    partition = Lens(network).partition(domain)
    for region in (0, len(partition) // 2, len(partition) - 1):
        with pytest.raises(ConsistencyError, match="does not list"):
            without(partition, region).complex.facets()


def test_a_partial_partition_ends_where_its_regions_end():
    partition = without(Lens(flip_trap()).partition(), 3)
    partial = replace(partition, status="stopped early")
    # The missing one lay between regions 0 and 3.
    assert partial.complex.facets().regions.tolist() == [[0, -1], [0, 1], [2, 3], [3, -1]]
    assert -1 not in partial.complex.facets().layer


def test_a_partial_partition_of_the_plane_ends_where_its_regions_end():
    partition = Lens(golden((2, 4, 4), 1)).partition(SQUARE)
    mesh, keep = partition.mesh, np.arange(len(partition)) != 2
    entries = np.repeat(keep, np.diff(mesh.indptr))
    indptr = np.concatenate([[0], np.cumsum(np.diff(mesh.indptr)[keep])])
    smaller = replace(
        mesh, indptr=indptr, **{name: getattr(mesh, name)[entries] for name in ("corners", "owners", "crowded")}
    )
    cut = replace(without(partition, 2), mesh=smaller)
    with pytest.raises(ConsistencyError, match="edge of the mesh"):
        cut.complex.facets()
    partial = replace(cut, status="stopped early")
    by_proofs = replace(partial, mesh=None)
    assert partial.complex.facets().regions.tolist() == by_proofs.complex.facets().regions.tolist()
    assert (partial.adjacency() != by_proofs.adjacency()).nnz == 0


@pytest.mark.parametrize("flaw", ["owner", "twin", "corner"])
def test_a_flawed_mesh_is_noticed(flaw):
    partition = Lens(generic(4, 2)).partition(SQUARE)
    mesh = partition.mesh
    owners, corners = mesh.owners.copy(), mesh.corners.copy()
    at = int(np.flatnonzero(owners >= 0)[0])
    if flaw == "owner":
        owners[at] = (owners[at] + 1) % 4
    elif flaw == "twin":
        owners[at] = -1
    else:
        corners[at] = corners[-1]
    flawed = replace(partition, mesh=replace(mesh, owners=owners, corners=corners))
    with pytest.raises(ConsistencyError, match="edge of the mesh"):
        flawed.complex.facets()


def test_facets_that_two_regions_see_differently_are_noticed(monkeypatch):
    monkeypatch.setattr(one_bit_neighbors, "pays", lambda _: False)
    partition = Lens(generic(4, 3)).partition()
    honest = region_facets.prove_seen

    def blind(rows, error, points, extent, central, status, *aims):
        honest(rows, error, points, extent, central, status, *aims)
        status[:1, 0] = np.where(status[:1, 0] == region_facets.FACET, region_facets.REDUNDANT, region_facets.FACET)

    monkeypatch.setattr(region_facets, "prove_seen", blind)
    with pytest.raises(ConsistencyError):
        partition.complex.facets()


def test_wide_inputs_are_reduced_to_the_first_layer():
    rng = np.random.default_rng(0)
    lens = Lens.from_arrays([rng.standard_normal((4, 6)), np.ones((1, 4))], [rng.standard_normal(4), [0]])
    adjacency = lens.partition().adjacency()
    # The dual graph of independent hyperplanes is a cube.
    assert adjacency.shape == (16, 16)
    assert adjacency.sum(axis=0).tolist() == [4] * 16


@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize(("sizes", "box"), [((3, 8, 8, 1), False), ((3, 8, 8, 1), True), ((4, 6, 4, 1), False)])
def test_floats_decide_ordinary_networks(monkeypatch, sizes, box, biases):
    left_open = []
    decide = region_facets.Cells._facets

    def noted(self, rows, point, known, hasty):
        left_open.append((known == region_facets.OPEN).any())
        return decide(self, rows, point, known, hasty)

    monkeypatch.setattr(region_facets.Cells, "_facets", noted)
    rng = np.random.default_rng(1)
    weights = [rng.standard_normal((n, m)) for m, n in pairwise(sizes)]
    offsets = [rng.standard_normal(n) * biases for n in sizes[1:]]
    d = sizes[0]
    partition = Lens.from_arrays(weights, offsets).partition(Box([-1] * d, [1] * d) if box else None)
    assert len(partition.complex.facets()) > len(partition) > 50
    # Without biases, rows of the second layer that see one neuron alone are multiples of its row: true ties.
    assert sum(left_open) <= (0 if biases else len(partition) / 8)
