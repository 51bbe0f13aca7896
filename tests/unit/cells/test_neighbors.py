"""The regions across facets."""

from __future__ import annotations

import numpy as np
import pytest

from families import braid, cross_polytope, flip_trap, generic, max_of_two, seven_lines, zaslavsky
from polytope_lens import Box, Lens
from polytope_lens.network.pattern import ActivationPattern


def adjacent_pairs(partition):
    index = {region.pattern: i for i, region in enumerate(partition)}
    return {frozenset((i, index[other.pattern])) for i, region in enumerate(partition) for other in region.neighbors()}


def pairs_one_bit_apart(partition):
    patterns = [region.pattern for region in partition]
    return {frozenset((i, j)) for i in range(len(patterns)) for j in range(i) if patterns[i].hamming(patterns[j]) == 1}


def test_the_flip_trap():
    partition = Lens(flip_trap()).partition(None)
    assert len(partition) == 5
    assert len(adjacent_pairs(partition)) == 4
    assert len(pairs_one_bit_apart(partition)) == 5
    (trap,) = pairs_one_bit_apart(partition) - adjacent_pairs(partition)
    intervals = {interval(partition[i]) for i in trap}
    assert intervals == {(-np.inf, -1.0), (0.5, 10.0)}


def interval(region):
    poly = region.polytope
    ends = poly.b / poly.A[:, 0]
    upper, lower = ends[poly.A[:, 0] > 0], ends[poly.A[:, 0] < 0]
    return lower.max(initial=-np.inf), upper.min(initial=np.inf)


def test_duplicated_neurons_flip_together():
    lens = Lens.from_arrays([[[1, 2], [2, 4], [-3, -6]], [[1, 1, 1]]], [[1, 2, -3], [0]])
    (other,) = lens.at([0, 0]).neighbors()
    assert lens.at([0, 0]).pattern.hamming(other.pattern) == 3


def test_a_dead_neuron_behind_a_fold_flips_along():
    # Beyond x = 0 the second layer sees a constant: crossing changes both bits.
    lens = Lens.from_arrays([[[1]], [[1]], [[1]]], [[0], [0], [0]])
    (other,) = lens.at([1]).neighbors()
    assert str(other.pattern) == "0 0"


@pytest.mark.parametrize(("n", "d"), [(5, 2), (8, 2), (5, 3)])
def test_mean_number_of_facets_of_a_generic_arrangement(n, d):
    """2 f_{d-1} / f_d, where each hyperplane is cut by the others into Z(n - 1, d - 1) facets."""
    partition = Lens(generic(n, d)).partition(None)
    facets = sum(len(region.neighbors()) for region in partition)
    assert facets == 2 * n * zaslavsky(n - 1, d - 1)


def test_the_dual_graph_of_n_hyperplanes_has_diameter_n():
    import scipy.sparse.csgraph as graphs

    partition = Lens(generic(5, 2)).partition(None)
    matrix = np.zeros((len(partition), len(partition)))
    for i, j in map(tuple, adjacent_pairs(partition)):
        matrix[i, j] = matrix[j, i] = 1
    assert graphs.shortest_path(matrix).max() == 5


def test_neighbors_of_degenerate_arrangements():
    # Every chamber of the braid arrangement is cut out by n - 1 walls.
    assert {len(region.neighbors()) for region in Lens(braid(4)).partition(None)} == {3}
    # Each line is cut into as many pieces as it has distinct crossings, plus one: of 21 crossings, 6 are one point on 4
    # lines, so there are 4 + 15 * 2 incidences.
    assert len(adjacent_pairs(Lens(seven_lines()).partition(None))) == 7 + 4 + 15 * 2


def test_the_inner_region_of_a_cross_polytope_has_its_facets_from_layer_two():
    lens = Lens(cross_polytope(2))
    region = lens.at([0.25, 0.25])
    patterns = {str(other.pattern) for other in region.neighbors()}
    assert patterns == {"0110 1", "1001 1", "1100 0"}


def test_neighbors_lie_across_points_of_the_facets():
    lens = Lens(max_of_two())
    for other in lens.at([3, 1]).neighbors():
        assert (lens.at([3, 1]).polytope.A @ other.point <= lens.at([3, 1]).polytope.b + 1e-12).all()
        assert isinstance(other.pattern, ActivationPattern)


def test_sides_of_the_domain_have_nobody_across():
    lens = Lens(generic(1, 2))
    assert len(lens.at([0, 0]).neighbors()) == 1
    far = Box([50, 50], [51, 51])
    assert [len(region.neighbors()) for region in lens.partition(far)] in ([0], [1, 1])
    affine = Lens.from_arrays([[[1, 2]]], [[0]])
    assert affine.partition(Box([0, 0], [1, 1]))[0].neighbors() == []
    assert affine.at([0, 0]).neighbors() == []


def test_a_boundary_that_is_also_a_side_of_the_domain_has_nobody_across():
    partition = Lens.from_arrays([[[1, 0]], [[1]]], [[0], [0]]).partition(Box([0, 0], [1, 1]))
    assert len(partition) == 1
    assert partition[0].neighbors() == []
