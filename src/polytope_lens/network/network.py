"""The canonical form of a piecewise-affine network, as plain data.

A network is the product ``NN(x) = W_{L+1} A_L W_L ... A_1 W_1 [x; 1]`` of augmented matrices
``W_l = [[W_bar_l, b_l], [0 ... 0, 1]]`` and diagonal activation matrices ``A_l`` whose entries are the slopes that the
neurons of layer ``l`` have at ``x``, with a last entry of 1. Layers and neurons are counted from 0 in arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.ragged import starts
from polytope_lens._kept import Keeper, kept
from polytope_lens.displays.cards import network_card
from polytope_lens.errors import InvalidNetworkError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Bools, Floats, Ints, Matrix, Sparse

# Entries of the largest sparse matrix that is written out as a dense one: half a gigabyte.
MOST_DENSE_ENTRIES = 2**26
# Entries of a matrix that are put into a digest at a time.
DIGESTED = 2**20


def _dense(matrix: Matrix) -> Floats:
    """A weight as a dense array, or a refusal where that would need gigabytes."""
    if isinstance(matrix, np.ndarray):
        return matrix
    n, m = matrix.shape
    if _is_too_large(matrix):
        raise InvalidNetworkError(
            f"this question needs a sparse weight of shape {(n, m)} as a dense array, which would take "
            f"{n * m * 8 / 2**30:.0f} GB. Ask it of a smaller part of the network, or one that needs no dense "
            "weights: `lens(X)`, `patterns`, `path`, `slice` and its `partition`, or `lens.at(x)` and the region's "
            "`inequalities(facets=False)`, `nearest_boundary()` and `affine_map`."
        )
    dense: Floats = matrix.toarray()
    dense.flags.writeable = False
    return dense


def dense_rows(matrix: Matrix, rows: Sequence[int]) -> Floats:
    """Some rows of a weight, as a dense array."""
    return _dense(matrix[list(rows)])


def _is_too_large(matrix: Matrix) -> bool:
    return not isinstance(matrix, np.ndarray) and matrix.shape[0] * matrix.shape[1] > MOST_DENSE_ENTRIES


@dataclass(frozen=True, eq=False)
class Layer:
    """One hidden layer: an affine map, then two slopes for each neuron.

    Parameters
    ----------
    weight : (n, m) array, or sparse matrix
        One row per neuron; kept as it is, see `dense_weight`.
    bias : (n,) array
    negative_slope, positive_slope : (n,) arrays
        Slope of each neuron where its pre-activation is negative, and where it is positive: ReLU is ``(0, 1)``, leaky
        ReLU ``(0.01, 1)``, absolute value ``(-1, 1)``.
    cuts : (n,) bool array
        False for pass-through neurons, which have equal slopes, never cut the input space and have no bit in the
        activation pattern. A neuron with equal slopes may still cut (leaky ReLU of slope 1): its hyperplane is then
        counted although the map does not bend there.
    """

    weight: Matrix
    bias: Floats
    negative_slope: Floats
    positive_slope: Floats
    cuts: Bools

    def __post_init__(self) -> None:
        weight = validate.matrix(self.weight, name="a weight matrix", error=InvalidNetworkError)
        n = weight.shape[0]
        object.__setattr__(self, "weight", weight)
        for name in ("bias", "negative_slope", "positive_slope"):
            array = validate.float_array(
                getattr(self, name), name=f"a layer's {name}", ndim=1, error=InvalidNetworkError
            )
            if array.shape != (n,):
                raise InvalidNetworkError(
                    f"a layer's {name} should have one entry for each of the {n} rows of its weight matrix of shape "
                    f"{tuple(weight.shape)}, but has shape {array.shape}."
                )
            object.__setattr__(self, name, array)
        validate.refuse_masks(self.cuts, name="`cuts`", error=InvalidNetworkError)
        cuts = np.array(self.cuts, dtype=bool)
        if cuts.shape != (n,) or (~cuts & (self.negative_slope != self.positive_slope)).any():
            raise InvalidNetworkError(
                f"`cuts` should be ({n},) and False only for neurons whose two slopes are equal; "
                f"received shape {cuts.shape}."
            )
        cuts.flags.writeable = False
        object.__setattr__(self, "cuts", cuts)

    @property
    def width(self) -> int:
        """Number of neurons, pass-through ones included."""
        return int(self.weight.shape[0])

    def dense_weight(self) -> Floats:
        """The weight as a dense array, (n, m); a sparse one is written out anew each time.

        Raises
        ------
        InvalidNetworkError
            A sparse one that would take gigabytes.
        """
        return _dense(self.weight)

    def factor(self) -> Matrix:
        """The weight to multiply by: written out as a dense array unless that takes gigabytes."""
        return self.weight if _is_too_large(self.weight) else _dense(self.weight)

    def __repr__(self) -> str:
        return f"Layer({self.weight.shape[1]} -> {self.width}, {activation_name(self)})"


def activation_name(layer: Layer) -> str:
    """Short name of a layer's activation, for people: "ReLU", "leaky ReLU 0.01", "pass-through", "mixed"."""
    if not layer.cuts.any():
        return "pass-through"
    negative, positive = np.unique(layer.negative_slope), np.unique(layer.positive_slope)
    if len(negative) > 1 or len(positive) > 1 or not layer.cuts.all():
        return "mixed"
    pair = float(negative[0]), float(positive[0])
    if pair[1] != 1.0:
        return f"slopes {pair[0]:g}, {pair[1]:g}"
    return {0.0: "ReLU", -1.0: "absolute value"}.get(pair[0], f"leaky ReLU {pair[0]:g}")


def told_layers(network: Network) -> tuple[list[Matrix], list[str], tuple[int, ...]]:
    """Weights, the output's last; activations and numbers of bits."""
    weights = [*(layer.weight for layer in network.layers), network.output_weight]
    return weights, list(map(activation_name, network.layers)), network.bits_per_layer


@dataclass(frozen=True, eq=False)
class Network(Keeper):
    """A piecewise-affine network in canonical form.

    Two networks are equal if they have the same layers: weights, sparse or not, biases, slopes, and which neurons cut.

    Parameters
    ----------
    layers : tuple of Layer
        The hidden layers, L of them (none for an affine map).
    output_weight : (out, n_L) array, or sparse matrix
    output_bias : (out,) array
        The last affine map, ``W_{L+1}``.
    """

    layers: tuple[Layer, ...]
    output_weight: Matrix
    output_bias: Floats

    def __post_init__(self) -> None:
        weight = validate.matrix(self.output_weight, name="the output weight", error=InvalidNetworkError)
        bias = validate.float_array(self.output_bias, name="the output bias", ndim=1, error=InvalidNetworkError)
        object.__setattr__(self, "layers", tuple(self.layers))
        object.__setattr__(self, "output_weight", weight)
        object.__setattr__(self, "output_bias", bias)
        if bias.shape != weight.shape[:1]:
            raise InvalidNetworkError(
                f"the output bias should have {weight.shape[0]} entries, one per row of the output weight, "
                f"but has shape {bias.shape}."
            )
        matrices = [layer.weight for layer in self.layers] + [weight]
        for index, matrix in enumerate(matrices):
            if 0 in matrix.shape:
                raise InvalidNetworkError(f"layer {index} has a weight of shape {matrix.shape}: nothing is left of it.")
            if index and matrix.shape[1] != matrices[index - 1].shape[0]:
                raise InvalidNetworkError(
                    f"layer {index} should take the {matrices[index - 1].shape[0]} values of the layer before it, "
                    f"but its weight has shape {matrix.shape}."
                )

    @property
    def input_dim(self) -> int:
        """Number of inputs, d."""
        return int((self.layers[0].weight if self.layers else self.output_weight).shape[1])

    @property
    def output_dim(self) -> int:
        """Number of outputs."""
        return int(self.output_weight.shape[0])

    @property
    def widths(self) -> tuple[int, ...]:
        """Number of neurons of each hidden layer, pass-through ones included."""
        return tuple(layer.width for layer in self.layers)

    @property
    @kept
    def bits_per_layer(self) -> tuple[int, ...]:
        """Number of neurons of each hidden layer that have a bit in the activation pattern."""
        return tuple(int(layer.cuts.sum()) for layer in self.layers)

    @property
    def n_neurons(self) -> int:
        """Length of an activation pattern: all hidden neurons but the pass-through ones."""
        return sum(self.bits_per_layer)

    def augmented_weights(self) -> list[Floats]:
        """``[W_1 ... W_{L+1}]``, each of shape (n_l + 1, n_{l-1} + 1) with last row ``0 ... 0 1``.

        Exact: a copy of the weights.

        Examples
        --------
        >>> from_arrays([[[1.0, -2.0]], [[3.0]]], [[0.5], [0.0]]).augmented_weights()[0]
        array([[ 1. , -2. ,  0.5],
               [ 0. ,  0. ,  1. ]])
        """
        weights = [layer.dense_weight() for layer in self.layers] + [self.dense_output_weight()]
        biases = [layer.bias for layer in self.layers] + [self.output_bias]
        return [augment(weight, bias) for weight, bias in zip(weights, biases, strict=True)]

    def dense_output_weight(self) -> Floats:
        """The output weight as a dense array, (out, n_L); see `Layer.dense_weight`."""
        return _dense(self.output_weight)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return NotImplemented
        return self is other or digest(self) == digest(other)

    def __hash__(self) -> int:
        return hash(digest(self))

    def _repr_html_(self) -> str:
        return network_card(repr(self), *told_layers(self))

    def __repr__(self) -> str:
        chain = " -> ".join(map(str, (self.input_dim, *self.widths, self.output_dim)))
        kinds = list(dict.fromkeys(activation_name(layer) for layer in self.layers))
        return f"Network({chain}, {self.n_neurons} neurons that cut, {', '.join(kinds) or 'affine'})"


@kept
def digest(network: Network) -> bytes:
    """A digest of all that a network is, 32 bytes: different for different networks (BLAKE2b).

    Cost: a pass over the weights, once for each network; about a second for a gigabyte.
    """
    state = blake2b(digest_size=32)
    for layer in network.layers:
        _take(state, layer.weight)
        for values in (layer.bias, layer.negative_slope, layer.positive_slope):
            state.update((values + 0.0).tobytes())  # zero has two signs
        state.update(layer.cuts.tobytes())
    _take(state, network.output_weight)
    state.update((network.output_bias + 0.0).tobytes())
    return state.digest()


def _take(state: Any, matrix: Matrix) -> None:
    """Let a digest take the shape of a matrix, and the entries that are not zero with their places, row by row."""
    rows, columns = matrix.shape
    state.update(np.array([rows, columns], dtype=np.int64).tobytes())
    step = max(1, DIGESTED // max(1, columns))
    for start in range(0, rows, step):
        part = matrix[start : start + step]
        if isinstance(part, np.ndarray):
            place = np.flatnonzero(part)
            values = part.ravel()[place]
        else:
            entries = part.tocoo()
            place, values = entries.row.astype(np.int64) * columns + entries.col, entries.data
        state.update((place + start * columns).astype(np.int64).tobytes())
        state.update(values.tobytes())


def augment(weight: Floats, bias: Floats) -> Floats:
    """``[[weight, bias], [0 ... 0, 1]]``."""
    matrix = np.zeros((weight.shape[0] + 1, weight.shape[1] + 1))
    matrix[:-1, :-1] = weight
    matrix[:-1, -1] = bias
    matrix[-1, -1] = 1.0
    return matrix


def has_sparse_layers(network: Network) -> bool:
    """Whether any layer keeps its weight as a sparse matrix."""
    return any(not isinstance(layer.weight, np.ndarray) for layer in network.layers)


def fits_written_out(network: Network) -> bool:
    """Whether all weights can be had as dense arrays, which some questions need."""
    return not any(map(_is_too_large, [*(layer.weight for layer in network.layers), network.output_weight]))


def most_terms(matrix: Matrix) -> int:
    """Largest number of terms that a product with any row of a weight adds up."""
    return int(matrix.shape[1] if isinstance(matrix, np.ndarray) else np.diff(matrix.indptr).max(initial=0))


def piecewise_layer(
    weight: ArrayLike, bias: ArrayLike, *, negative_slope: ArrayLike = 0.0, positive_slope: ArrayLike = 1.0
) -> Layer:
    """Build a hidden layer whose neurons all cut; slopes are numbers or one per neuron."""
    given = [weight, bias, negative_slope, positive_slope]
    validate.refuse_masks(given, name="a layer", error=InvalidNetworkError)
    rows = len(np.asarray(bias))
    return Layer(
        np.asarray(weight),
        np.asarray(bias),
        np.array(np.broadcast_to(negative_slope, rows), dtype=np.float64),
        np.array(np.broadcast_to(positive_slope, rows), dtype=np.float64),
        np.ones(rows, dtype=bool),
    )


def pass_through_layer(weight: ArrayLike | Sparse, bias: ArrayLike) -> Layer:
    """Build a hidden layer that only carries values: an affine map without activation."""
    validate.refuse_masks(bias, name="a layer's bias", error=InvalidNetworkError)
    offsets = np.asarray(bias)
    rows = len(offsets)
    return Layer(cast("Matrix", weight), offsets, np.ones(rows), np.ones(rows), np.zeros(rows, dtype=bool))


def from_arrays(
    weights: Sequence[ArrayLike], biases: Sequence[ArrayLike], *, negative_slope: float | Sequence[ArrayLike] = 0.0
) -> Network:
    """Network from its weight matrices and biases, the output layer last.

    Parameters
    ----------
    weights : sequence of (n_l, n_{l-1}) arrays
        One row per neuron; the last matrix is the output layer, which has no activation.
    biases : sequence of (n_l,) arrays
    negative_slope : float, or one entry per hidden layer
        0 for ReLU, 0.01 for leaky ReLU; an entry may be an array with one slope per neuron.

    Raises
    ------
    InvalidNetworkError
        Zero layers, mismatched shapes, NaN or infinite entries.

    Examples
    --------
    >>> from_arrays([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0]]], [[0.0, 0.0], [0.0]])
    Network(2 -> 2 -> 1, 2 neurons that cut, ReLU)
    """
    weights = validate.sequence(weights, name="`weights`")
    biases = validate.sequence(biases, name="`biases`")
    if not weights:
        raise InvalidNetworkError("a network needs at least one weight matrix, its output layer, but received none.")
    if len(weights) != len(biases):
        raise InvalidNetworkError(
            f"every layer needs one weight matrix and one bias, but received {len(weights)} weights and "
            f"{len(biases)} biases."
        )
    hidden = len(weights) - 1
    slopes: Sequence[ArrayLike]
    if isinstance(negative_slope, int | float | np.floating | np.integer):
        slopes = [negative_slope] * hidden
    else:
        slopes = validate.sequence(negative_slope, name="`negative_slope`, if it is no number,")
        if len(slopes) != hidden:
            raise InvalidNetworkError(
                f"`negative_slope` should be a number or have one entry for each of the {hidden} hidden layers, "
                f"but has {len(slopes)}."
            )
    rows, offsets = [], []
    for index in range(len(weights)):
        weight = validate.float_array(weights[index], name=f"weight {index}", ndim=2, error=InvalidNetworkError)
        bias = validate.float_array(biases[index], name=f"bias {index}", ndim=1, error=InvalidNetworkError)
        if bias.shape[0] != weight.shape[0]:
            raise InvalidNetworkError(
                f"bias {index} should have {weight.shape[0]} entries, one per row of weight {index} of shape "
                f"{weight.shape}, but has {bias.shape[0]}."
            )
        rows.append(weight)
        offsets.append(bias)
    layers = []
    for index, slope in enumerate(slopes):
        axes = min(1, validate.n_axes(slope))
        given = validate.float_array(
            slope, name=f"the negative slopes of layer {index}", ndim=axes, error=InvalidNetworkError
        )
        if given.shape not in ((), offsets[index].shape):
            raise InvalidNetworkError(
                f"the negative slopes of layer {index} should be one number or one for each of its "
                f"{len(offsets[index])} neurons, but have shape {given.shape}."
            )
        layers.append(piecewise_layer(rows[index], offsets[index], negative_slope=given))
    return Network(tuple(layers), rows[-1], offsets[-1])


def evaluate(network: Network, X: Floats) -> Floats:
    """Output at each row of `X`, shape (n, d) -> (n, out), in float64 arithmetic (rounded)."""
    hidden = X
    for layer in network.layers:
        hidden = activate(layer, hidden @ layer.weight.T + layer.bias)
    return np.asarray(hidden @ network.output_weight.T + network.output_bias)


def activate(layer: Layer, preactivation: Floats) -> Floats:
    """Apply the two slopes of each neuron; the last axis runs over neurons."""
    return np.where(preactivation > 0, layer.positive_slope, layer.negative_slope) * preactivation


def neurons_on(layers: Sequence[Layer], bits: Bools) -> list[Bools]:
    """Which neurons of some first layers are on, given their bits: (n_neurons,) -> an array of shape (n_l,) for each.

    Or under n patterns: (n, n_neurons) -> arrays of shape (n, n_l). Pass-through neurons, which have no bit, count as
    on. There may be more bits than these layers have.
    """
    result, start = [], 0
    for layer in layers:
        on = np.ones((*bits.shape[:-1], layer.width), dtype=bool)
        stop = start + int(layer.cuts.sum())
        on[..., layer.cuts] = bits[..., start:stop]
        start = stop
        result.append(on)
    return result


def slopes(layers: Sequence[Layer], bits: Bools) -> list[Floats]:
    """Slope of each neuron of some first layers under a pattern, or n of them; shapes are those of `neurons_on`.

    Examples
    --------
    >>> network = from_arrays([[[1.0], [2.0]], [[1.0, 1.0]]], [[0.0, -1.0], [0.0]], negative_slope=0.1)
    >>> slopes(network.layers, np.array([True, False]))
    [array([1. , 0.1])]
    """
    pairs = zip(layers, neurons_on(layers, bits), strict=True)
    return [np.where(on, layer.positive_slope, layer.negative_slope) for layer, on in pairs]


def steeper_slopes(layer: Layer) -> Floats:
    """The size of the steeper one of the two slopes of each neuron, (n,)."""
    return np.asarray(np.maximum(np.abs(layer.negative_slope), np.abs(layer.positive_slope)))


def bit_starts(network: Network) -> Ints:
    """Where the bits of each layer begin in a pattern, and where the last ones end, (L + 1,)."""
    return starts(np.array(network.bits_per_layer, dtype=np.int64))


def layer_of_bit(network: Network) -> NDArray[np.int64]:
    """Layer of each bit of an activation pattern, (n_neurons,)."""
    return np.repeat(np.arange(len(network.layers)), network.bits_per_layer)


@kept
def bit_places(network: Network) -> list[tuple[int, int]]:
    """For each bit of a pattern, the layer and the neuron that it belongs to."""
    return [(index, int(j)) for index, layer in enumerate(network.layers) for j in np.flatnonzero(layer.cuts)]


def from_layer(network: Network, index: int) -> Network:
    """The layers from one on and the outputs, as a network of what goes into that layer. Exact."""
    return Network(network.layers[index:], network.output_weight, network.output_bias)


def cutting_first(network: Network) -> Network:
    """The same network with each layer's pass-through neurons moved behind the others; bits keep their order. Exact."""
    if all(layer.cuts.all() for layer in network.layers):
        return network
    order = np.arange(network.input_dim)
    layers = []
    for layer in network.layers:
        before, order = order, np.argsort(~layer.cuts, kind="stable")
        if all((places == np.arange(len(places))).all() for places in (before, order)):
            layers.append(layer)
            continue
        matrix = layer.weight[:, before]
        slopes = layer.negative_slope[order], layer.positive_slope[order]
        layers.append(Layer(matrix[order], layer.bias[order], *slopes, layer.cuts[order]))
    return Network(tuple(layers), network.output_weight[:, order], network.output_bias)


def activation_matrices(network: Network, bits: Bools) -> list[Floats]:
    """``[A_1 ... A_L]``: diagonal, (n_l + 1, n_l + 1), last entry 1. Exact.

    Raises
    ------
    InvalidNetworkError
        Layers so wide that these would take gigabytes.
    """
    widest = max(network.widths, default=0)
    if widest**2 > MOST_DENSE_ENTRIES:
        raise InvalidNetworkError(
            f"the activation matrix of a layer of {widest} neurons would take {widest**2 * 8 / 2**30:.0f} GB. Its "
            "diagonal is in `polytope_lens.network.network.slopes(lens.network.layers, region.pattern.array)`."
        )
    return [np.diag(np.append(slope, 1.0)) for slope in slopes(network.layers, bits)]
