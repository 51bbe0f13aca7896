"""Pieces of partitions: what is claimed of them in fractions, and what is between both bounds by trying all."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csgraph

from families import golden, max_of_two, wave
from polytope_lens import Box, Lens
from polytope_lens.errors import OptionError, PartialPartitionError, UnboundedPolytopeError


def written(widths, seed, *, whole=False):
    rng = np.random.default_rng([seed, *widths])
    draw = (lambda size: rng.integers(-2, 3, size)) if whole else rng.standard_normal
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    return Lens.from_arrays([draw(s) for s in shapes], [draw(s[0]) for s in shapes])


def around(d):
    return Box([-1] * d, [1] * d)


CASES = {
    "plane": (written((2, 8, 8, 2), 0), around(2)),
    "integers": (written((2, 6, 6, 1), 1, whole=True), around(2)),
    "space": (written((3, 6, 5, 1), 2), around(3)),
    "four inputs": (written((4, 4, 3, 2), 3), around(4)),
    "a flat": (written((3, 6, 6, 1), 4), Box([-1, 0.25, -1], [1, 0.25, 1])),
    "a line": (written((1, 8, 8, 2), 5), around(1)),
    "no layers": (written((2, 2), 6), around(2)),
}
EPS = [0.0, 0.05, 0.3, 1.0, 100.0]


@pytest.mark.parametrize("eps", EPS)
@pytest.mark.parametrize("name", CASES)
def test_pieces_are_connected_unions_near_the_network(name, eps):
    lens, box = CASES[name]
    partition = lens.partition(box)
    found = partition.function.pieces(eps)
    assert 1 <= found.at_least <= found.n_pieces <= len(partition)
    assert found.labels.tolist() == np.unique(found.labels, return_inverse=True)[1].tolist()
    assert (np.diff(np.unique(found.labels, return_index=True)[1]) > 0).all()
    adjacency = partition.adjacency()
    first, second = adjacency.nonzero()
    assert found.n_boundaries == len(first) / 2
    assert found.n_kept == (found.labels[first] != found.labels[second]).sum() / 2
    on_flat = partition if partition.on_flat is None else partition.on_flat
    for piece in range(found.n_pieces):
        regions = np.flatnonzero(found.labels == piece)
        assert csgraph.connected_components(adjacency[regions][:, regions], directed=False)[0] == 1
        A, b = found.maps[piece, :, :-1], found.maps[piece, :, -1]
        for region in regions.tolist():
            corners = on_flat.vertices(region)
            outputs = corners @ on_flat.maps[region, :, :-1].T + on_flat.maps[region, :, -1]
            assert np.abs(outputs - corners @ A.T - b).max() <= found.deviations[piece] + 1e-9
    assert (found.deviations <= eps).all()


@pytest.mark.parametrize("name", CASES)
def test_without_a_budget_pieces_are_linear_pieces(name):
    lens, box = CASES[name]
    partition = lens.partition(box)
    found = partition.function.pieces(0)
    assert found.labels.tolist() == partition.linear_pieces().labels.tolist()
    assert (found.deviations == 0).all()


def test_one_output_of_several():
    lens = written((2, 8, 8, 2), 0)
    partition = lens.partition(around(2))
    alone = Lens.from_arrays(
        [layer.weight for layer in lens.network.layers] + [lens.network.output_weight[1:]],
        [layer.bias for layer in lens.network.layers] + [lens.network.output_bias[1:]],
    ).partition(around(2))
    for eps in (0, 0.1, 0.5):
        one, other = partition.function.pieces(eps, -1), alone.function.pieces(eps)
        assert (one.labels.tolist(), one.at_least) == (other.labels.tolist(), other.at_least)
        assert one.at_least <= partition.function.pieces(eps).n_pieces


def test_neurons_of_the_other_output_cost_nothing():
    lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 0], [0, 1]]], [[0, 0], [0, 0]])
    partition = lens.partition(around(2))
    assert [len(partition.function.pieces(0, k)) for k in (None, 0, 1)] == [4, 2, 2]


def least(partition, eps):
    """The least number of connected pieces by trying all, with a general solver; regions must be few."""
    n = len(partition)
    corners = [partition.vertices(i) for i in range(n)]
    values = [c @ partition.maps[i, 0, :-1] + partition.maps[i, 0, -1] for i, c in enumerate(corners)]
    beside = partition.adjacency().toarray()
    good = []
    for size in range(1, n + 1):
        for some in combinations(range(n), size):
            chosen = list(some)
            if csgraph.connected_components(beside[np.ix_(chosen, chosen)], directed=False)[0] == 1:
                points, heights = np.concatenate([corners[i] for i in some]), np.concatenate([values[i] for i in some])
                if deviation(points, heights) <= eps:
                    good.append(sum(1 << i for i in some))
    best = {0: 0}
    for mask in range(1, 1 << n):
        lowest = mask & -mask
        best[mask] = min(best[mask ^ one] + 1 for one in good if one & lowest and one & mask == one)
    return best[(1 << n) - 1]


def deviation(points, heights):
    n, d = points.shape
    lifted = np.column_stack([points, np.ones(n)])
    matrix = np.block([[lifted, -np.ones((n, 1))], [-lifted, -np.ones((n, 1))]])
    cost = np.eye(d + 2)[-1]
    return linprog(cost, A_ub=matrix, b_ub=np.r_[heights, -heights], bounds=[(None, None)] * (d + 2)).fun


@pytest.mark.parametrize("seed", range(4))
def test_the_least_number_is_between_the_bounds(seed):
    partition = written((2, 3, 2, 1), seed).partition(around(2))
    assert 3 < len(partition) < 11
    for eps in (0.0371, 0.171, 0.371):
        found = partition.function.pieces(eps)
        assert found.at_least <= least(partition, eps) <= found.n_pieces


def test_a_pyramid_of_four_sides():
    """|x| + |y|: opposite sides deviate from any plane by half of what they rise; two neighbours by half as much."""
    lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]], negative_slope=-1.0)
    partition = lens.partition(around(2))
    assert [len(partition.function.pieces(eps)) for eps in (0.49, 0.51, 0.99, 1.01)] == [4, 2, 2, 1]
    assert [partition.function.pieces(eps).at_least for eps in (0.49, 0.51, 0.99, 1.01)] == [4, 2, 2, 1]


def test_on_a_line_the_number_is_exact_at_ties():
    partition = Lens(wave(4)).partition(Box([0], [1]))
    for eps, n in ((0, 16), (0.4999, 16), (0.5, 1)):
        found = partition.function.pieces(eps)
        assert (found.n_pieces, found.at_least) == (n, n)


def test_a_line_and_a_path_along_it_agree():
    lens = written((1, 10, 10, 2), 7)
    partition, path = lens.partition(around(1)), lens.path([-1], [1])
    for eps in (0, 0.01, 0.1, 1):
        assert partition.function.pieces(eps).n_pieces == len(path.pieces(eps))


def test_more_budget_needs_no_more_pieces():
    partition = written((2, 12, 12, 1), 8).partition(around(2))
    found = [partition.function.pieces(eps) for eps in np.geomspace(1e-6, 10, 30)]
    assert (np.diff([one.n_pieces for one in found]) <= 0).all()
    assert found[0].n_pieces == len(partition) and found[-1].n_pieces == 1


def test_without_a_mesh_corners_are_listed():
    lens, box = CASES["plane"]
    with_mesh, without = lens.partition(box), lens.partition(box, mesh=False)
    for eps in (0.05, 0.5):
        one, other = with_mesh.function.pieces(eps), without.function.pieces(eps)
        assert (one.labels.tolist(), one.at_least) == (other.labels.tolist(), other.at_least)


def test_of_lower_bounds_no_two_regions_fit_one_function():
    """Pairs that are told apart differ by more, in fractions."""
    from polytope_lens.function.pieces import _apart, _mergers

    partition = Lens(golden((2, 4, 4), 1)).partition(around(2))
    known = _mergers(partition, None)
    n, eps = len(partition), 0.25
    for one in range(n - 1):
        others = np.arange(one + 1, n)
        for other in others[_apart(known.samples, known.corners, one, others, eps)].tolist():
            corners = [list(map(list, partition.vertices(i, exact=True))) for i in (one, other)]
            points = corners[0] + corners[1]
            heights = [exact_output(partition.network, x) for x in points]
            assert any(misses(points, heights, some) > Fraction(eps) for some in combinations(range(len(points)), 4))


def exact_output(network, x):
    for layer in network.layers:
        x = [
            max(sum(Fraction(w) * v for w, v in zip(row, x, strict=True)) + Fraction(b), Fraction(0))
            for row, b in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
        ]
    (row,), (b,) = network.output_weight.tolist(), network.output_bias.tolist()
    return sum(Fraction(w) * v for w, v in zip(row, x, strict=True)) + Fraction(b)


def misses(points, heights, some):
    """How much an affine function deviates from four points of the plane at least."""
    rows = [[*points[i], Fraction(1)] for i in some]

    def minor(k):
        a, b, c = (row for j, row in enumerate(rows) if j != k)
        return (
            a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])
        )

    weights = [(-1) ** k * minor(k) for k in range(4)]
    size = sum(map(abs, weights))
    return abs(sum(w * heights[i] for w, i in zip(weights, some, strict=True))) / size if size else Fraction(0)


def test_refusals():
    lens = Lens(max_of_two())
    with pytest.raises(UnboundedPolytopeError, match="Box"):
        lens.partition().function.pieces(1)
    with pytest.raises(PartialPartitionError, match="pieces"):
        Lens(golden((2, 8, 8), 2)).explore([0.1, 0.2], around(2), max_regions=5).function.pieces(1)
    for eps, output, told in ((-0.5, None, "at least 0"), (float("nan"), None, "finite"), (1, 3, "output")):
        with pytest.raises(OptionError, match=told):
            lens.partition(around(2)).function.pieces(eps, output)


@pytest.mark.parametrize("scale", [2.0**500, 2.0**-500])
def test_numbers_out_of_range_are_not_guessed(scale):
    """Nothing is merged, and nothing told apart, that floats do not know; on paths fractions decide."""
    network = written((2, 5, 5, 1), 9).network
    lens = Lens.from_arrays(
        [scale * layer.weight for layer in network.layers] + [scale * network.output_weight],
        [scale * layer.bias for layer in network.layers] + [scale * network.output_bias],
    )
    partition, path = lens.partition(around(2)), lens.path([-1, -0.5], [1, 0.75])
    jumps = partition.function.jumps()
    exact = partition.function.jumps(1, exact=True)
    assert (exact.sizes > 0).all() and not (jumps.sizes + jumps.errors == 0).any()
    found = partition.function.pieces(0.0)
    assert 1 <= found.at_least <= found.n_pieces == len(partition)
    assert len(path.pieces(0.0)) == len(path) == len(path.jumps()) + 1
    assert len(path.pieces(1.0)) == (len(path) if scale > 1 else 1)
