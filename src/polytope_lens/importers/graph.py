"""Piecewise-affine programs as graphs of vectors: what importers write, and `layering` turns into layers.

There are three kinds of nodes: the input, affine maps of other nodes, and vectors whose entries are bent at zero.
Tensors are nodes with a shape, in C order. Nothing is multiplied here: each operation keeps its own matrix, so a
program is the exact function that its numbers describe.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from polytope_lens._deferred import sparse
from polytope_lens.errors import InvalidNetworkError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Floats, Ints, Sparse


# Tensors and matrices beyond these sizes are refused before memory is asked for: some 1 GB and 6 GB.
MOST_VALUES = 2**24
MOST_WEIGHTS = 2**29
# All tensors and all matrices of a model from a file, together: so many, and so many more for each of its bytes.
FREE_VALUES, VALUES_PER_BYTE = 2**25, 8
FREE_WEIGHTS, WEIGHTS_PER_BYTE = 2**26, 32


TRUSTED = "If you trust the file, load it with the library that wrote it, and pass the model."


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """The input of the program, a vector of `size` numbers."""

    size: int


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """Sum of matrices times nodes, plus a constant vector.

    Parameters
    ----------
    terms : tuple of pairs of a node and a (n, m) CSR array
        No terms: a constant.
    bias : (n,) array
    learned : bool
        Whether the matrices hold weights. Two such maps in a row are never multiplied; others, which pick, add up and
        scale values, are, where that is exact.
    label : str
        What the program calls this step, for people.
    """

    terms: tuple[tuple[Node, Sparse], ...]
    bias: Floats
    learned: bool = False
    label: str = ""

    @property
    def size(self) -> int:
        """Number of values."""
        return len(self.bias)


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """Values of a node, each multiplied by one of two slopes according to its sign."""

    node: Node
    negative: Floats
    positive: Floats
    label: str = ""

    @property
    def size(self) -> int:
        """Number of values."""
        return len(self.negative)


Node: TypeAlias = Source | Affine | Bend


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A node's values in the given shape, in C order."""

    node: Node
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of values."""
        return self.node.size

    @property
    def constant(self) -> Floats | None:
        """The values, if they do not depend on the input."""
        node = self.node
        return node.bias.reshape(self.shape) if isinstance(node, Affine) and not node.terms else None


def source(shape: Sequence[int]) -> Tensor:
    """The input of a program."""
    return Tensor(Source(checked_size(shape)), tuple(shape))


def constant(values: ArrayLike) -> Tensor:
    """Numbers that do not depend on the input."""
    array = np.asarray(values, dtype=np.float64)
    return Tensor(Affine((), array.ravel()), array.shape)


@dataclass(slots=True)
class Allowance:
    """How many values and weights a model may still make."""

    values: float = math.inf
    weights: float = math.inf


_ALLOWANCE: ContextVar[Allowance] = ContextVar("allowance", default=Allowance())  # noqa: B039 - never changed


@contextmanager
def granted(n_bytes: int) -> Iterator[None]:
    """Limit what a model of so many bytes may grow to: small files should not take all memory."""
    values, weights = FREE_VALUES + VALUES_PER_BYTE * n_bytes, FREE_WEIGHTS + WEIGHTS_PER_BYTE * n_bytes
    token = _ALLOWANCE.set(Allowance(values, weights))
    try:
        yield
    finally:
        _ALLOWANCE.reset(token)


def grant_more(n_bytes: int) -> None:
    """Count bytes that are in other files of the model."""
    left = _ALLOWANCE.get()
    left.values += VALUES_PER_BYTE * n_bytes
    left.weights += WEIGHTS_PER_BYTE * n_bytes


def checked_size(shape: Sequence[int]) -> int:
    """Number of values of a tensor; refused if no memory could hold them."""
    size, left = math.prod(shape), _ALLOWANCE.get()
    if size > MOST_VALUES:
        raise InvalidNetworkError(f"a tensor of shape {tuple(shape)} has {size:.2g} values, far too many to work with.")
    left.values -= size
    if left.values < 0:
        raise InvalidNetworkError(
            f"the tensors of the model have far more values than its file makes likely; the last one has shape "
            f"{tuple(shape)}. {TRUSTED}"
        )
    return size


def checked_weights(count: int, what: str) -> None:
    """Refuse matrices that no memory could hold."""
    left = _ALLOWANCE.get()
    if count > MOST_WEIGHTS:
        raise InvalidNetworkError(f"{what} would need a matrix with {count:.2g} entries, far too many to work with.")
    left.weights -= count
    if left.weights < 0:
        raise InvalidNetworkError(
            f"the matrices of the model have far more entries than its file makes likely; the last ones are {what}, "
            f"with {count:.2g}. {TRUSTED}"
        )


def affine(tensor: Tensor, matrix: Sparse, bias: Floats, shape: Sequence[int], label: str) -> Tensor:
    """Weights times the values, plus a bias."""
    return Tensor(Affine(((tensor.node, matrix),), bias, learned=True, label=label), tuple(shape))


def gather(tensors: Sequence[Tensor], index: NDArray[np.int64], fill: float = 0.0) -> Tensor:
    """Values picked from several tensors laid end to end; index -1 stands for `fill`.

    Cost: nothing where all values of one tensor are taken in order.
    """
    flat = np.asarray(index, dtype=np.int64).ravel()
    checked_size(index.shape)
    if len(tensors) == 1 and flat.size == tensors[0].size and (flat == np.arange(flat.size)).all():
        return Tensor(tensors[0].node, index.shape)
    bias = np.where(flat < 0, float(fill), 0.0)
    terms: list[tuple[Node, Sparse]] = []
    start = 0
    for tensor in tensors:
        rows = np.flatnonzero((flat >= start) & (flat < start + tensor.size))
        values = tensor.constant
        if values is not None:
            bias[rows] = values.ravel()[flat[rows] - start]
        elif rows.size:
            terms.append((tensor.node, selection(rows, flat[rows] - start, (flat.size, tensor.size))))
        start += tensor.size
    return Tensor(Affine(tuple(terms), bias), index.shape)


def selection(rows: Ints, columns: Ints, shape: tuple[int, int]) -> Sparse:
    """The matrix with ones in the given places."""
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)


def positions(shape: Sequence[int], start: int = 0) -> NDArray[np.int64]:
    """The place of each value of a tensor, counted from `start`."""
    return np.arange(start, start + checked_size(shape)).reshape(tuple(shape))


def broadcast(tensor: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Values repeated so as to fill a larger shape."""
    checked_size(shape)
    return tensor if tensor.shape == shape else gather([tensor], np.broadcast_to(positions(tensor.shape), shape))


def add(tensors: Sequence[Tensor], signs: Sequence[int] | None = None) -> Tensor:
    """Sum of tensors, each with a sign, with broadcasting; constants are added up in floats only among themselves."""
    shape = np.broadcast_shapes(*(tensor.shape for tensor in tensors))
    checked_size(shape)
    signs = signs or [1] * len(tensors)
    values = [tensor.constant for tensor in tensors]
    known = [s * np.broadcast_to(v, shape) for s, v in zip(signs, values, strict=True) if v is not None]
    if len(known) == len(tensors):
        return constant(sum(known[1:], known[0]))
    wide = [broadcast(tensor, shape) for tensor in tensors]
    diagonals = [sparse.diags_array(np.full(w.size, float(s)), format="csr") for w, s in zip(wide, signs, strict=True)]
    terms = zip((tensor.node for tensor in wide), diagonals, strict=True)
    return Tensor(Affine(tuple(terms), np.zeros(wide[0].size)), shape)


def add_bias(product: Tensor, bias: Tensor) -> Tensor:
    """Sum of two tensors; a constant behind a product becomes its bias, as it is meant."""
    values, node = bias.constant, product.node
    shape = np.broadcast_shapes(product.shape, bias.shape)
    if values is None or shape != product.shape or not isinstance(node, Affine) or node.bias.any():
        return add([product, bias])
    return Tensor(replace(node, bias=np.broadcast_to(values, shape).ravel()), shape)


def scale(tensor: Tensor, factor: ArrayLike) -> Tensor:
    """Values times constants, with broadcasting."""
    factors = np.asarray(factor, dtype=np.float64)
    shape = np.broadcast_shapes(tensor.shape, factors.shape)
    wide = broadcast(tensor, shape)
    diagonal = np.broadcast_to(factors, shape).ravel()
    return linear(wide, sparse.diags_array(diagonal, format="csr"), shape)


def sums(tensor: Tensor, groups: NDArray[np.int64], shape: tuple[int, ...], factor: ArrayLike = 1.0) -> Tensor:
    """Value i of the result is `factor` times the sum of the values whose entry in `groups` is i."""
    weights = np.broadcast_to(np.asarray(factor, dtype=np.float64), shape).ravel()[groups.ravel()]
    matrix = sparse.csr_array(
        (weights, (groups.ravel(), np.arange(groups.size))), shape=(math.prod(shape), tensor.size)
    )
    return linear(tensor, matrix, shape)


def reduce_sum(tensor: Tensor, axes: Sequence[int], *, keep: bool, mean: bool) -> Tensor:
    """Sum or mean over axes. A mean is the sum of the values times 1/n, which is rounded unless n is a power of two."""
    kept = tuple(1 if axis in axes else n for axis, n in enumerate(tensor.shape))
    groups = np.broadcast_to(positions(kept), tensor.shape)
    shape = kept if keep else tuple(n for axis, n in enumerate(tensor.shape) if axis not in axes)
    count = max(math.prod(tensor.shape[axis] for axis in axes), 1)
    return sums(tensor, groups, shape, 1.0 / count if mean else 1.0)


def cumulative(tensor: Tensor, axis: int, *, exclusive: bool = False, backwards: bool = False) -> Tensor:
    """Sums of all values up to each along an axis; without that value itself, or from the other end, if wanted."""
    axis %= len(tensor.shape)
    n = tensor.shape[axis]
    ahead, behind = math.prod(tensor.shape[:axis]), math.prod(tensor.shape[axis + 1 :])
    checked_weights(tensor.size * n, "a cumulative sum")
    triangle = np.tril(np.ones((n, n)), -1 if exclusive else 0)
    matrix = sparse.csr_array(triangle.T if backwards else triangle)
    spread = sparse.kron(sparse.eye_array(ahead), sparse.kron(matrix, sparse.eye_array(behind)), format="csr")
    return linear(tensor, sparse.csr_array(spread), tensor.shape)


def channelwise(tensor: Tensor, factor: Floats, shift: ArrayLike, label: str) -> Tensor:
    """``x * factor + shift`` with one pair of numbers for each place on the second axis (or on the only one)."""
    along = (-1, *[1] * (len(tensor.shape) - 2))
    diagonal, offset = (np.broadcast_to(np.reshape(v, along), tensor.shape).ravel() for v in (factor, shift))
    return affine(tensor, sparse.diags_array(diagonal, format="csr"), offset, tensor.shape, label)


def deviation(variance: Floats, eps: float, what: str) -> Floats:
    """``sqrt(variance + eps)``, by which a normalisation divides; rounded.

    Raises
    ------
    InvalidNetworkError
        Where it is no positive number.
    """
    with np.errstate(invalid="ignore"):
        found = np.sqrt(variance + eps)
    if not (found > 0).all():
        raise InvalidNetworkError(f"{what} divides by a variance that is not positive.")
    return np.asarray(found)


def bend(tensor: Tensor, negative: ArrayLike, positive: ArrayLike, label: str) -> Tensor:
    """Multiply each value by the slope of its sign; slopes broadcast to the tensor's shape."""
    below, above = (
        np.broadcast_to(np.asarray(s, dtype=np.float64), tensor.shape).ravel() for s in (negative, positive)
    )
    return Tensor(Bend(tensor.node, below, above, label), tensor.shape)


def relu(tensor: Tensor, label: str) -> Tensor:
    """Positive parts."""
    return bend(tensor, 0.0, 1.0, label)


def clamp(tensor: Tensor, low: float | None, high: float | None, label: str) -> Tensor:
    """``min(max(x, low), high)``, as ``low + relu(x - low) - relu(x - high)``: one neuron for each end.

    As in NumPy and torch the upper bound wins where the bounds are in the wrong order.
    """
    if low is not None and high is not None and low >= high:
        return constant(np.full(tensor.shape, float(high)))
    bounds = [float(bound) for bound in (low, high) if bound is not None and abs(bound) != math.inf]
    if not bounds:
        return tensor
    # One vector for both, so that they become neurons of one layer.
    repeated = gather([tensor], np.stack([positions(tensor.shape)] * len(bounds)))
    above = relu(_shifted(repeated, np.reshape(bounds, (-1, *[1] * len(tensor.shape))), -1), label)
    parts = [gather([above], positions(tensor.shape, i * tensor.size)) for i in range(len(bounds))]
    if low is None or low == -math.inf:
        return add([tensor, parts[0]], [1, -1])
    return _shifted(add(parts, [1, -1]) if len(parts) == 2 else parts[0], np.array(low, dtype=np.float64), 1)


def maximum(a: Tensor, b: Tensor, label: str) -> Tensor:
    """``max(a, b) = b + relu(a - b)``, with broadcasting."""
    return add([b, relu(add([a, b], [1, -1]), label)])


def minimum(a: Tensor, b: Tensor, label: str) -> Tensor:
    """``min(a, b) = b - relu(b - a)``, with broadcasting."""
    return add([b, relu(add([b, a], [1, -1]), label)], [1, -1])


def concatenate(tensors: Sequence[Tensor], axis: int) -> Tensor:
    """Tensors joined along an axis."""
    starts = np.cumsum([0, *(tensor.size for tensor in tensors)])
    index = np.concatenate([positions(t.shape, int(s)) for t, s in zip(tensors, starts, strict=False)], axis=axis)
    return gather(tensors, index)


def matmul(tensor: Tensor, weight: Floats, bias: ArrayLike, label: str) -> Tensor:
    """``x @ weight + bias`` over the last axis, weight (m, n)."""
    rows = tensor.size // weight.shape[0]
    checked_weights(rows * weight.size, label)
    matrix = block_diagonal(sparse.csr_array(weight.T), rows)
    shape = (*tensor.shape[:-1], weight.shape[1])
    return affine(tensor, matrix, np.broadcast_to(bias, shape).ravel(), shape, label)


def block_diagonal(matrix: Sparse, n: int) -> Sparse:
    """The same matrix n times along the diagonal."""
    return matrix if n == 1 else sparse.csr_array(sparse.kron(sparse.eye_array(n), matrix, format="csr"))


def _shifted(tensor: Tensor, offset: Floats, sign: int) -> Tensor:
    return add([tensor, constant(offset)], [1, sign]) if offset.any() else tensor


def linear(tensor: Tensor, matrix: Sparse, shape: tuple[int, ...]) -> Tensor:
    """A matrix of other numbers than weights times the values."""
    values = tensor.constant
    if values is not None:
        return constant((matrix @ values.ravel()).reshape(shape))
    return Tensor(Affine(((tensor.node, matrix),), np.zeros(matrix.shape[0])), shape)


def batched_matmul(tensor: Tensor, weights: Floats, label: str) -> Tensor:
    """``x[b] @ weights[b]`` for each b: (B, n, m) times (B, m, p)."""
    batch, n, m = tensor.shape
    p = weights.shape[2]
    checked_weights(batch * n * m * p, label)
    blocks = [block_diagonal(sparse.csr_array(weight.T), n) for weight in weights]
    matrix = blocks[0] if batch == 1 else sparse.csr_array(sparse.block_diag(blocks, format="csr"))
    return affine(tensor, matrix, np.zeros(batch * n * p), (batch, n, p), label)


def transposed(tensor: Tensor, axes: Sequence[int]) -> Tensor:
    """The tensor with its axes in another order."""
    return gather([tensor], positions(tensor.shape).transpose(axes))


def flipped(tensor: Tensor) -> Tensor:
    """The tensor with its last two axes exchanged, if it has two."""
    axes = list(range(len(tensor.shape)))
    return transposed(tensor, [*axes[:-2], *axes[:-3:-1]]) if len(axes) > 1 else tensor


def reshaped(tensor: Tensor, shape: Sequence[int]) -> Tensor:
    """The same values in another shape."""
    return Tensor(tensor.node, tuple(shape))
