"""Two networks side by side, as one."""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens.errors import DimensionError
from polytope_lens.network.network import Layer, Network, dense_rows, pass_through_layer

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints


class NetworkPair(NamedTuple):
    """Two networks as one, and where their bits went.

    Parameters
    ----------
    network : Network
        ``x -> (first(x), second(x))``.
    first_bits, second_bits : (n_neurons,) int arrays
        For each bit of a pattern of either network, which bit it is of a pattern of the joint one. A neuron that both
        share is named twice.
    """

    network: Network
    first_bits: Ints
    second_bits: Ints


def stack_outputs(first: Network, second: Network) -> Network:
    """The network ``x -> (first(x), second(x))``, whose regions are the common refinement of both networks' regions.

    Layers are stacked block by block; the shallower network is preceded by layers that pass its inputs on. A neuron of
    the second network that is a positive multiple of one of the first, since its weights and its bias are that multiple
    of those on the same neurons, is shared, so that equal layers at the beginning are there once.

    Raises
    ------
    DimensionError
        Different numbers of inputs.

    Notes
    -----
    Exact: weights are copied, none is added to another. Those on a multiple of a shared neuron are multiplied by it;
    where that would round one, the neuron is not shared.

    Examples
    --------
    >>> from polytope_lens.network.network import from_arrays
    >>> one = from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> other = from_arrays([[[2, 0], [1, 1]], [[0.5, 1]]], [[0, 0], [0]])
    >>> stack_outputs(one, other)
    Network(2 -> 3 -> 2, 3 neurons that cut, ReLU)
    """
    return side_by_side(first, second).network


def side_by_side(first: Network, second: Network) -> NetworkPair:
    """The same network, and which of its bits are those of the two.

    A neuron is the same function in the joint network as in its own, or a positive multiple, so a region of the
    refinement has the bits of the regions of both that hold it; exact.

    Raises
    ------
    DimensionError
        Different numbers of inputs.

    Examples
    --------
    >>> from polytope_lens.network.network import from_arrays
    >>> one = from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> other = from_arrays([[[1, 1], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> _, first_bits, second_bits = side_by_side(one, other)
    >>> first_bits, second_bits
    (array([0, 1]), array([2, 1]))
    """
    if first.input_dim != second.input_dim:
        raise DimensionError(
            f"two networks are compared on the same inputs, but one takes {first.input_dim} of them and the other "
            f"{second.input_dim}."
        )
    depth = max(len(first.layers), len(second.layers))
    ours, theirs = _deepened(first, depth), _deepened(second, depth)
    seen_by = [*(layer.dense_weight() for layer in theirs), second.dense_output_weight()]
    here = there = np.arange(first.input_dim)
    width = first.input_dim
    layers: list[Layer] = []
    first_bits, second_bits, n_bits = [], [], 0
    for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        upper, lower = _widened(one, one.dense_weight(), here, width), _widened(other, seen_by[index], there, width)
        shared = _shared(upper, lower, seen_by[index + 1])
        new = np.flatnonzero([place < 0 for place, _ in shared])
        here, there = np.arange(upper.width), np.array([place for place, _ in shared])
        there[new] = upper.width + np.arange(len(new))
        seen_by[index + 1] = _times(seen_by[index + 1], [factor for _, factor in shared])
        width = upper.width + len(new)
        arrays = ("weight", "bias", "negative_slope", "positive_slope", "cuts")
        layer = Layer(*(np.concatenate([getattr(upper, a), getattr(lower, a)[new]]) for a in arrays))
        layers.append(layer)
        bit = n_bits - 1 + np.cumsum(layer.cuts)
        first_bits.append(bit[here[one.cuts]])
        second_bits.append(bit[there[other.cuts]])
        n_bits += int(layer.cuts.sum())
    weight = [_spread(first.dense_output_weight(), here, width), _spread(seen_by[-1], there, width)]
    bias = np.concatenate([first.output_bias, second.output_bias])
    nothing = [np.zeros(0, dtype=np.int64)]
    return NetworkPair(
        Network(tuple(layers), np.concatenate(weight), bias),
        np.concatenate(nothing + first_bits),
        np.concatenate(nothing + second_bits),
    )


def difference(first: Network, second: Network) -> Network:
    """The network ``x -> first(x) - second(x)``, with the regions of `stack_outputs`; exact.

    Raises
    ------
    DimensionError
        Different numbers of inputs or outputs.
    """
    if first.output_dim != second.output_dim:
        raise DimensionError(
            f"networks can be subtracted if they have equally many outputs, but one has {first.output_dim} and the "
            f"other {second.output_dim}."
        )
    both = stack_outputs(first, second)
    outputs = pass_through_layer(both.dense_output_weight(), both.output_bias)
    identity = np.eye(first.output_dim)
    return Network((*both.layers, outputs), np.hstack([identity, -identity]), np.zeros(first.output_dim))


def has_equal_halves(both: Network) -> bool:
    """Whether a difference is nothing at all: whether both networks make their outputs of the same neurons alike.

    Examples
    --------
    >>> from polytope_lens.network.network import from_arrays
    >>> one, turned = (from_arrays([w, [[1, 1]]], [[0, 0], [0]]) for w in ([[1, 0], [0, 1]], [[0, 1], [1, 0]]))
    >>> has_equal_halves(difference(one, turned))  # neurons exchanged
    True
    """
    outputs, m = both.layers[-1], both.output_dim
    weight, bias = outputs.dense_weight(), outputs.bias
    return bool(np.array_equal(weight[:m], weight[m:]) and np.array_equal(bias[:m], bias[m:]))


def _deepened(network: Network, depth: int) -> list[Layer]:
    d = network.input_dim
    identity = pass_through_layer(np.eye(d), np.zeros(d))
    return [*[identity] * (depth - len(network.layers)), *network.layers]


def _widened(layer: Layer, weight: Floats, place: Ints, width: int) -> Layer:
    """A layer with these weights on those in these places of `width` values."""
    return Layer(_spread(weight, place, width), layer.bias, layer.negative_slope, layer.positive_slope, layer.cuts)


def _spread(weight: Floats, place: Ints, width: int) -> Floats:
    spread = np.zeros((len(weight), width))
    spread[:, place] = weight
    return spread


def _shared(upper: Layer, lower: Layer, seen_by: Floats) -> list[tuple[int, Fraction]]:
    """Which neuron of a layer each one of another is how many times, each only once; -1 where there is none.

    Weights (n, width) that what follows has on those of the second layer have to stay floats when they are multiplied.
    """
    known: dict[tuple[float, ...], list[tuple[int, Fraction]]] = {}
    for j in reversed(range(upper.width)):
        direction, size = _direction(upper, j)
        known.setdefault(direction, []).append((j, size))
    found = []
    for j in range(lower.width):
        direction, size = _direction(lower, j)
        place, own = (known.get(direction) or [(-1, size)])[-1]
        factor = size / own
        if place >= 0 and all(_is_float(Fraction(v) * factor) for v in seen_by[:, j].tolist() if factor != 1):
            known[direction].pop()
            found.append((place, factor))
        else:
            found.append((-1, Fraction(1)))
    return found


def _direction(layer: Layer, neuron: int) -> tuple[tuple[float, ...], Fraction]:
    """The slopes and numbers of a neuron as integers without a common factor, and that factor."""
    numbers = [*dense_rows(layer.weight, [neuron])[0].tolist(), float(layer.bias[neuron])]
    pairs = [v.as_integer_ratio() for v in numbers]
    under = max(q for _, q in pairs)  # a power of two, as all of them are
    whole = [p * (under // q) for p, q in pairs]
    common = gcd(*whole) or 1
    slopes = float(layer.negative_slope[neuron]), float(layer.positive_slope[neuron]), float(layer.cuts[neuron])
    return (*slopes, *(v // common for v in whole)), Fraction(common, under)


def _is_float(value: Fraction) -> bool:
    return abs(value) < 2**1023 and float(value) == value


def _times(weight: Floats, factors: list[Fraction]) -> Floats:
    """Weights whose columns are multiplied, so that they stay floats."""
    made = np.array(weight)
    for k, factor in enumerate(factors):
        if factor != 1:
            made[:, k] = [float(Fraction(v) * factor) for v in weight[:, k].tolist()]
    return made
