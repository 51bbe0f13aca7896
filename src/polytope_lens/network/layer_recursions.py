"""Bounds on numbers of regions that go through the layers: into how many regions the rest can cut a set.

A region of some dimension is cut by a layer's hyperplanes. Neurons that are off pass nothing on, so the more of them
are off, the fewer dimensions are left for the layers behind. With bounds F_k on the number of regions with at most k
neurons off, and numbers g_k that fall with k, the sum over all regions of g at their number of neurons off is at most
sum_k (F_k - F_(k - 1)) g_k: the framework of Hinz and van de Geer 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from flint import nmod_mat

from polytope_lens.arithmetic.linear_systems import PRIME
from polytope_lens.arithmetic.rational import integer_matrix
from polytope_lens.network.activation_histograms import binomials, most_with_few_off

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.network.network import Layer, Network

# Matrices with more entries are not looked at, and taken to have full rank, which is no less than they have.
LARGEST_RANKED = 2**16
# Layers before of so many neurons are asked which sets of them can be on, wider ones how many at most.
MOST_SUBSETS = 12


@dataclass(frozen=True, slots=True)
class LayerShape:
    """What a layer does to dimensions.

    Parameters
    ----------
    n_cuts : int
        How many neurons cut.
    n_alike : int
        How many of these pass values on with both signs, or with none: they take no dimension away.
    n_passing : int
        How many neurons may pass values on at all.
    rank : int
        Of the weights, or more.
    """

    n_cuts: int
    n_alike: int
    n_passing: int
    rank: int


@dataclass(frozen=True, slots=True)
class Reach:
    """What the signs of a layer's weights allow, if at most p of the ReLU neurons before it are on.

    Parameters
    ----------
    cuts : tuple of int
        For p = 0, 1, ...: how many neurons can change sign.
    on : tuple of int
        How many ReLU neurons can be on.
    n_others : int
        How many neurons pass values on and are no ReLU neurons.
    n_others_cut : int
        How many neurons cut and are no ReLU neurons.
    """

    cuts: tuple[int, ...]
    on: tuple[int, ...]
    n_others: int
    n_others_cut: int


def serra(network: Network, shapes: Sequence[LayerShape]) -> int:
    """The bound of Serra et al. 2018: of n hyperplanes' regions in R^d, at most C(n, j) have exactly j neurons off.

    There are at most sum_(j <= d) C(n, j) in all; the worst case is C(n, j) of them for each j <= d.
    """
    return _by_dimensions(network, shapes, binomials)


def hinz(network: Network, shapes: Sequence[LayerShape]) -> int:
    """The bound of Hinz 2021, with the numbers of `most_with_few_off`."""
    return _by_dimensions(network, shapes, _increments(network))


def signs_of_weights(network: Network, shapes: Sequence[LayerShape]) -> int:
    """The same, and what `reaches` knows about the signs of weights (after Serra and Ramalingam 2020).

    Of the neurons that can change sign where p neurons are on before, if k are off, as many fewer are on than can be.
    """
    reach, numbers = reaches(network), _increments(network)

    @cache
    def most(index: int, dim: int, on: int) -> int:
        if index == len(shapes):
            return 1
        shape, reached = shapes[index], reach[index]
        dim = min(dim, shape.rank)
        most_on = reached.on[on]
        return sum(
            number
            * most(
                index + 1,
                max(0, min(dim, reached.n_others + most_on - max(0, k - shape.n_alike))),
                max(0, most_on - max(0, k - reached.n_others_cut)),
            )
            for k, number in enumerate(numbers(reached.cuts[on], dim))
        )

    return most(0, network.input_dim, 0)


def has_small_weights(network: Network) -> bool:
    """Whether weights are written out and looked at entry by entry."""
    return all(_is_small(layer) for layer in network.layers)


def _is_small(layer: Layer) -> bool:
    n, m = layer.weight.shape
    return bool(n * m <= LARGEST_RANKED)


def n_terms(network: Network) -> tuple[int, int, int]:
    """How many sums of large integers the three bounds take, roughly."""
    d, widths = network.input_dim, network.bits_per_layer
    dims = [min(n, d) for n in widths]
    table = max(widths, default=0) ** 2 * max(dims, default=0)
    before = [1, *(layer.width for layer in network.layers)]
    by_pairs = sum(n * k * p for n, k, p in zip(widths, dims, before, strict=False))
    return sum(k**2 for k in dims), table + sum(n * k for n, k in zip(widths, dims, strict=True)), table + by_pairs


def _by_dimensions(network: Network, shapes: Sequence[LayerShape], numbers: Callable[[int, int], Iterable[int]]) -> int:
    """Into how many regions a network can cut its inputs, by the dimensions that layers leave.

    `numbers(n, dim)` bounds how many regions of n hyperplanes have k = 0, 1, ... neurons off. A layer passes on no more
    dimensions than it takes, than its weights' rank, and than it has neurons on. Each of those off may be one whose two
    slopes are both zero or both not, as long as there are some.
    """

    @cache
    def most(index: int, dim: int) -> int:
        if index == len(shapes):
            return 1
        shape = shapes[index]
        dim = min(dim, shape.rank)
        return sum(
            number * most(index + 1, max(0, min(dim, shape.n_passing - max(0, k - shape.n_alike))))
            for k, number in enumerate(numbers(shape.n_cuts, dim))
        )

    return most(0, network.input_dim)


def _increments(network: Network) -> Callable[[int, int], list[int]]:
    """Numbers of regions with exactly k neurons off, at worst, of n hyperplanes in no more dimensions than inputs."""
    most = max(network.bits_per_layer, default=0)
    dims = min(most, network.input_dim)
    tables = most_with_few_off(most, dims)

    def numbers(n: int, dim: int) -> list[int]:
        few = tables[n][min(dim, dims)]
        return [few[0], *(k - j for j, k in pairwise(few))]

    return numbers


def layer_shape(layer: Layer) -> LayerShape:
    """What a layer does to dimensions."""
    negative, positive = layer.negative_slope != 0, layer.positive_slope != 0
    rank = _rank(layer.dense_weight()) if _is_small(layer) else min(layer.weight.shape)
    n_alike = int((layer.cuts & (negative == positive)).sum())
    return LayerShape(int(layer.cuts.sum()), n_alike, int((negative | positive).sum()), rank)


def _rank(weight: Floats) -> int:
    """The rank; modulo a prime it is no greater, so what is full there is full."""
    exact = integer_matrix(weight)
    return min(weight.shape) if nmod_mat(exact, PRIME).rank() == min(weight.shape) else int(exact.rank())


def reaches(network: Network) -> list[Reach]:
    """What the signs of weights and biases allow in each layer.

    A ReLU neuron that is off passes zero on, else something positive. So behind neurons of which a set P is on, a
    neuron is positive somewhere only if its bias is, or a weight from P; it is negative somewhere only if its bias is,
    or a weight from P; and it changes sign only if both are possible.
    """
    found, before = [], None
    for layer in network.layers:
        found.append(_reach(layer, before))
        before = layer
    return found


def _is_relu(layer: Layer) -> Bools:
    found: Bools = layer.cuts & (layer.negative_slope == 0) & (layer.positive_slope > 0)
    return found


def _reach(layer: Layer, before: Layer | None) -> Reach:
    weight, relu = layer.dense_weight(), _is_relu(layer)
    if before is None:
        free, kept = weight, weight[:, :0]
        gives_positive = gives_negative = np.ones(weight.shape[1], dtype=bool)
    else:
        switched = _is_relu(before)
        kept, free = weight[:, switched], weight[:, ~switched]
        up, down = before.positive_slope[~switched], before.negative_slope[~switched]
        gives_positive, gives_negative = (up > 0) | (down < 0), (up < 0) | (down > 0)
    positive, negative = free > 0, free < 0
    rises = (layer.bias > 0) | (positive & gives_positive | negative & gives_negative).any(axis=1)
    falls = (layer.bias < 0) | (negative & gives_positive | positive & gives_negative).any(axis=1)
    count = _counts_of_sets if kept.shape[1] <= MOST_SUBSETS else _counts_of_sizes
    always = np.ones(len(weight), dtype=bool)
    cuts = count(kept > 0, kept < 0, rises, falls, layer.cuts)
    on = count(kept > 0, kept < 0, rises, always, relu)
    passing = (layer.negative_slope != 0) | (layer.positive_slope != 0)
    return Reach(cuts, on, int((passing & ~relu).sum()), int((layer.cuts & ~relu).sum()))


def _counts_of_sets(positive: Bools, negative: Bools, rises: Bools, falls: Bools, counted: Bools) -> tuple[int, ...]:
    """The most neurons with both signs possible, over all sets of 0, 1, ... neurons that are on before: exact."""
    n = positive.shape[1]
    sets = np.arange(2**n)[:, None] >> np.arange(n) & 1
    both = (rises | (sets @ positive.T > 0)) & (falls | (sets @ negative.T > 0))
    numbers = (both & counted).sum(axis=1)
    sizes: Ints = sets.sum(axis=1)
    return _at_most(int(numbers[sizes == p].max()) for p in range(n + 1))


def _counts_of_sizes(positive: Bools, negative: Bools, rises: Bools, falls: Bools, counted: Bools) -> tuple[int, ...]:
    """No fewer than that: a neuron that needs one before is given to each that could be it, halves if it needs two."""
    rises, falls, positive, negative = rises[counted], falls[counted], positive[counted], negative[counted]
    can = (rises | positive.any(axis=1)) & (falls | negative.any(axis=1))
    needs_two = can & ~rises & ~falls
    helps = (positive & ~rises[:, None]) | (negative & ~falls[:, None])
    halves = np.where(needs_two, 1, 2)[:, None] * (helps & can[:, None])
    greatest = np.concatenate([[0], np.cumsum(np.sort(halves.sum(axis=0))[::-1])]) // 2
    free = int((rises & falls).sum())
    return _at_most(min(free + more, int(can.sum())) for more in greatest.tolist())


def _at_most(numbers: Iterable[int]) -> tuple[int, ...]:
    """The greatest so far."""
    return tuple(np.maximum.accumulate(list(numbers)).tolist())
