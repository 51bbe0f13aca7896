"""Two networks side by side, as one."""

from __future__ import annotations

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
    the second network that is the same function as one of the first, since it has the same weights on the same neurons,
    is shared, so that equal layers at the beginning are there once.

    Raises
    ------
    DimensionError
        Different numbers of inputs.

    Notes
    -----
    Exact: weights are copied, none is added to another.

    Examples
    --------
    >>> from polytope_lens.network.network import from_arrays
    >>> one = from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> other = from_arrays([[[1, 0], [1, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> stack_outputs(one, other)
    Network(2 -> 3 -> 2, 3 neurons that cut, ReLU)
    """
    return side_by_side(first, second).network


def side_by_side(first: Network, second: Network) -> NetworkPair:
    """The same network, and which of its bits are those of the two.

    A neuron is the same function in the joint network as in its own, so a region of the refinement has the bits of the
    regions of both that hold it; exact.

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
    here = there = np.arange(first.input_dim)
    width = first.input_dim
    layers: list[Layer] = []
    first_bits, second_bits, n_bits = [], [], 0
    for one, other in zip(ours, theirs, strict=True):
        upper, lower = _widened(one, here, width), _widened(other, there, width)
        known: dict[bytes, list[int]] = {}
        for j in reversed(range(upper.width)):
            known.setdefault(_key(upper, j), []).append(j)
        shared = [known[key].pop() if known.get(key := _key(lower, j)) else -1 for j in range(lower.width)]
        new = np.flatnonzero(np.array(shared) < 0)
        here, there = np.arange(upper.width), np.array(shared)
        there[new] = upper.width + np.arange(len(new))
        width = upper.width + len(new)
        arrays = ("weight", "bias", "negative_slope", "positive_slope", "cuts")
        layer = Layer(*(np.concatenate([getattr(upper, a), getattr(lower, a)[new]]) for a in arrays))
        layers.append(layer)
        bit = n_bits - 1 + np.cumsum(layer.cuts)
        first_bits.append(bit[here[one.cuts]])
        second_bits.append(bit[there[other.cuts]])
        n_bits += int(layer.cuts.sum())
    weight = [_spread(first.dense_output_weight(), here, width), _spread(second.dense_output_weight(), there, width)]
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


def _widened(layer: Layer, place: Ints, width: int) -> Layer:
    """A layer on `width` values, of which those in these places are its own."""
    weight = _spread(layer.dense_weight(), place, width)
    return Layer(weight, layer.bias, layer.negative_slope, layer.positive_slope, layer.cuts)


def _spread(weight: Floats, place: Ints, width: int) -> Floats:
    spread = np.zeros((len(weight), width))
    spread[:, place] = weight
    return spread


def _key(layer: Layer, neuron: int) -> bytes:
    # Adding zero makes -0.0 equal to 0.0.
    slopes = layer.negative_slope[neuron], layer.positive_slope[neuron]
    numbers = [*dense_rows(layer.weight, [neuron])[0], layer.bias[neuron], *slopes]
    return (np.array([*numbers, layer.cuts[neuron]], dtype=np.float64) + 0.0).tobytes()
