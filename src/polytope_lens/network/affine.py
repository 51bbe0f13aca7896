"""Affine maps, and those that a network is on its regions.

On a region each neuron has one slope, so the network is the product ``W_{L+1} A_L W_L ... A_1 W_1``. It is computed
from the outputs backwards, where it has as many rows as there are outputs, which are mostly fewer than the inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.batches import batches
from polytope_lens.displays.formulas import affine_formula
from polytope_lens.errors import DimensionError
from polytope_lens.network.network import augment, has_sparse_layers, slopes
from polytope_lens.network.pattern import unpack

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from polytope_lens._types import Bools, Floats, Words
    from polytope_lens.network.network import Network


@dataclass(init=False, frozen=True, slots=True, eq=False)
class AffineMap:
    """``x -> A @ x + b``.

    Parameters
    ----------
    A : (out, d) array
    b : (out,) array

    Examples
    --------
    >>> f = AffineMap([[2.0, 0.0]], [1.0])
    >>> f([3.0, 4.0]), f.augmented.tolist()
    (array([7.]), [[2.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    """

    A: Floats
    b: Floats

    def __init__(self, A: ArrayLike, b: ArrayLike) -> None:
        A = validate.float_array(A, name="the matrix of an affine map", ndim=2)
        b = validate.float_array(b, name="the offset of an affine map", ndim=1)
        if A.shape[0] != b.shape[0]:
            raise DimensionError(
                f"an affine map with A of shape {A.shape} needs b of shape ({A.shape[0]},), but received {b.shape}."
            )
        object.__setattr__(self, "A", A)
        object.__setattr__(self, "b", b)

    @property
    def augmented(self) -> Floats:
        """``[[A, b], [0 ... 0, 1]]``, shape (out + 1, d + 1)."""
        last = np.zeros((1, self.A.shape[1] + 1))
        last[0, -1] = 1.0
        return np.vstack([np.column_stack([self.A, self.b]), last])

    def __call__(self, X: ArrayLike) -> Floats:
        """Value at one point, (d,) -> (out,), or at rows, (n, d) -> (n, out); rounded."""
        rows = validate.points(X, self.A.shape[1], what="this affine map")
        values = rows @ self.A.T + self.b
        return values[0] if validate.n_axes(X) == 1 else values

    def _repr_latex_(self) -> str:
        return affine_formula(self.A, self.b)

    def __repr__(self) -> str:
        return f"AffineMap(R^{self.A.shape[1]} -> R^{self.A.shape[0]})"


def affine_maps(network: Network, patterns: Words) -> Floats:
    """Affine maps of n packed patterns, (n, out, d + 1): a matrix and an offset each; rounded.

    Where numbers overflow they are infinite or NaN. Cost: for each pattern and layer, a product of the layer's weight
    and a matrix with as many rows as there are outputs, or as many columns as there are inputs, whichever are fewer.
    """
    n, out, d = len(patterns), network.output_dim, network.input_dim
    maps = np.empty((n, out, d + 1))
    for some in batches(n, min(out, d + 1) * max(d + 1, out, *network.widths, 1)):
        maps[some] = _maps(network, unpack(patterns[some], network.n_neurons))
    return maps


def _maps(network: Network, bits: Bools) -> Floats:
    if has_sparse_layers(network) and network.output_dim > network.input_dim + 1:
        return _maps_of_many_outputs(network, bits)
    n, out, matrix = len(bits), network.output_dim, network.output_weight
    written_out = matrix if isinstance(matrix, np.ndarray) else matrix.toarray()
    product: Floats = np.broadcast_to(written_out, (n, *written_out.shape))
    offset = np.broadcast_to(network.output_bias, (n, out))
    with np.errstate(over="ignore", invalid="ignore"):
        for layer, slope in zip(reversed(network.layers), reversed(slopes(network.layers, bits)), strict=True):
            scaled = product * slope[:, None, :]
            offset = offset + scaled @ layer.bias
            product = np.asarray(scaled.reshape(-1, layer.width) @ layer.weight).reshape(n, out, -1)
    return np.concatenate([product, offset[:, :, None]], axis=2)


def _maps_of_many_outputs(network: Network, bits: Bools) -> Floats:
    """The same from the inputs on: columns of all patterns side by side."""
    n, d = len(bits), network.input_dim
    columns: Floats = np.tile(np.eye(d, d + 1), (1, n))
    constant = np.tile(np.arange(d + 1) == d, n)
    with np.errstate(over="ignore", invalid="ignore"):
        for layer, slope in zip(network.layers, slopes(network.layers, bits), strict=True):
            columns = np.asarray(layer.weight @ columns) + np.outer(layer.bias, constant)
            columns *= np.repeat(slope.T, d + 1, axis=1)
        columns = np.asarray(network.output_weight @ columns) + np.outer(network.output_bias, constant)
    return columns.reshape(-1, n, d + 1).transpose(1, 0, 2)


def augmented_map(network: Network, bits: Bools) -> Floats:
    """``W_{L+1} A_L W_L ... A_1 W_1`` under one pattern (n_neurons,), of shape (out + 1, d + 1); rounded."""
    found = _maps(network, bits[None])[0]
    return augment(found[:, :-1], found[:, -1])


def preactivation_maps(network: Network, bits: Bools) -> list[Floats]:
    """Affine maps of the pre-activations of each hidden layer on a region: L arrays of shape (n_l, d + 1); rounded."""
    product = np.eye(network.input_dim + 1)
    rows = []
    for weight, slope in zip(network.augmented_weights(), slopes(network.layers, bits), strict=False):
        product = weight @ product
        rows.append(product[:-1].copy())
        product[:-1] *= slope[:, None]
    return rows
