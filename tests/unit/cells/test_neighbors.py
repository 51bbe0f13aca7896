"""The regions across facets."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from flint import fmpz

from families import braid, cross_polytope, flip_trap, generic, max_of_two, seven_lines, stack, zaslavsky
from polytope_lens import Box, Lens
from polytope_lens._compiled import jit
from polytope_lens.arithmetic.rational import integers
from polytope_lens.cells.inequalities import exact_system
from polytope_lens.exact.point_signs import pattern_beside
from polytope_lens.importers.npz import load_npz
from polytope_lens.lp.interior_point import inside, is_inside
from polytope_lens.network.pattern import ActivationPattern

NETS = Path(__file__).parents[3] / "benchmarks" / "nets"
NAMES = ["d2_14x6_box1", "d3_16x2_box1", "d4_12x2_unb", "ng_duplicate", "ng_zero_bias", "sliver_27", "triangle_33"]


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


def test_neighbors_have_points_inside_them():
    lens = Lens(max_of_two())
    for other in lens.at([3, 1]).neighbors():
        assert not lens.at([3, 1]).contains([other.point])[0]
        assert lens.at(other.point).pattern == other.pattern
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


def by_rationals(region):
    """Patterns just beyond a rational point of each facet, nearest facet first: an exact linear program for each."""
    cell, found = region.polytope, []
    rows = cell.rows
    for row, owners in zip(rows, cell.owners, strict=True):
        if all(layer >= 0 for layer, _ in owners):
            point = inside([other for other in rows if other is not row], cell.dim, [row])
            axes = [[fmpz(int(i == k)) for i in range(cell.dim)] for k in range(cell.dim)]
            found.append(pattern_beside(region.network, integers(point), [row[:-1], *axes]).tolist())
    return found


@pytest.mark.parametrize("has_compiler", [True, False])
@pytest.mark.parametrize(
    "name", ["d2_14x6_box1", "d3_16x2_box1", "d4_12x2_unb", "ng_duplicate", "ng_zero_bias", "sliver_27", "triangle_33"]
)
def test_patterns_are_those_beyond_rational_points_of_the_facets(monkeypatch, name, has_compiler):
    if not has_compiler:
        monkeypatch.setattr(jit, "is_at_hand", lambda _: False)
        monkeypatch.setattr(jit, "spent", [-1e9])
    network, domain = load_npz(NETS / f"{name}.npz")
    lens = Lens(network)
    partition = lens.partition(domain)
    chosen = np.unique(np.linspace(0, len(partition) - 1, 6).astype(int)).tolist()
    corner = lens.at(np.zeros(network.input_dim), domain)
    for region in [*(partition[i] for i in chosen), corner]:
        near = region.neighbors()
        assert [other.pattern.array.tolist() for other in near] == by_rationals(region)
        for other in near:
            system = exact_system(other)
            assert is_inside(system.rows, other.point.tolist())


def test_as_many_as_a_search_by_one_flip_finds_where_the_first_layer_is_narrow():
    # In the coordinates of the first pre-activations: 12 of them for 30 inputs.
    rng = np.random.default_rng(1)
    lens = Lens(stack(*((rng.standard_normal((n, m)), rng.standard_normal(n)) for m, n in pairwise((30, 12, 9)))))
    x = np.random.default_rng(9).standard_normal(30)
    near = lens.at(x).neighbors()
    found = lens.explore(x, max_flips=1)
    assert {region.pattern for region in found} == {lens.at(x).pattern, *(region.pattern for region in near)}
    assert all(lens.at(region.point).pattern == region.pattern for region in near)
