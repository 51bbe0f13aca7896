"""Convolution and pooling over any number of axes: which inputs each output looks at, as sparse matrices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from polytope_lens._deferred import sparse
from polytope_lens.errors import InvalidNetworkError
from polytope_lens.importers.graph import (
    Tensor,
    affine,
    block_diagonal,
    checked_weights,
    linear,
)
from polytope_lens.importers.tournament import largest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Ints, Sparse

    Numbers: TypeAlias = Sequence[int]


@dataclass(frozen=True, slots=True)
class Windows:
    """How a kernel slides: one entry for each axis that it slides over.

    Parameters
    ----------
    kernel, stride, dilation : sequences of int
    before, after : sequences of int
        Padding at either end; negative numbers crop.
    ceil : bool
        Whether a last window that starts inside the input or its padding in front, but does not fit, counts.
    """

    kernel: Numbers
    stride: Numbers
    before: Numbers
    after: Numbers
    dilation: Numbers
    ceil: bool = False

    def outputs(self, sizes: Numbers) -> tuple[int, ...]:
        """Number of windows along each axis."""
        counts = []
        for n, k, s, b, a, d in zip(
            sizes, self.kernel, self.stride, self.before, self.after, self.dilation, strict=True
        ):
            if min(n, k, s, d) < 1:
                raise InvalidNetworkError(
                    f"a window of size {k}, stride {s} and dilation {d} on {n} values is no window."
                )
            room = n + b + a - d * (k - 1) - 1
            count = (-(-room // s) if self.ceil else room // s) + 1
            if self.ceil and (count - 1) * s >= n + b:
                count -= 1
            if count < 1:
                raise InvalidNetworkError(f"a window of size {k} does not fit on {n} values with padding {b} and {a}.")
            counts.append(count)
        return tuple(counts)

    def places(self, sizes: Numbers) -> Ints:
        """Flat place of each input of each window, (windows, kernel size); -1 in the padding."""
        outputs = self.outputs(sizes)
        checked_weights(math.prod(outputs) * math.prod(self.kernel), "a window")
        flat: NDArray[Any] = np.zeros((1, 1), dtype=np.int64)
        inside: NDArray[Any] = np.ones((1, 1), dtype=bool)
        for axis, n in enumerate(sizes):
            starts = np.arange(outputs[axis]) * self.stride[axis] - self.before[axis]
            along = starts[:, None] + np.arange(self.kernel[axis]) * self.dilation[axis]
            flat = _outer(flat * n, along, np.add)
            inside = _outer(inside, (along >= 0) & (along < n), np.logical_and)
        return np.where(inside, flat, -1)


def convolution(
    tensor: Tensor, weight: Floats, bias: Floats | None, windows: Windows, groups: int, label: str
) -> Tensor:
    """Convolution of a (N, C, ...) tensor with a weight of shape (out, C / groups, ...)."""
    batch, channels, *sizes = tensor.shape
    _check_channels(channels, weight.shape[1] * groups, label)
    outputs = windows.outputs(sizes)
    matrix = convolution_matrix(weight, windows, sizes, groups, label)
    return _with_bias(tensor, block_diagonal(matrix, batch), bias, (batch, weight.shape[0], *outputs), label)


def transposed_convolution(
    tensor: Tensor, weight: Floats, bias: Floats | None, windows: Windows, extra: Numbers, groups: int, label: str
) -> Tensor:
    """Transposed convolution of a (N, C, ...) tensor with a weight of shape (C, out / groups, ...).

    Its matrix is the transpose of that of the convolution with the same windows; `extra` rows are added at the end.
    """
    batch, channels, *sizes = tensor.shape
    _check_channels(channels, weight.shape[0], label)
    outputs = [
        (n - 1) * s - b - a + d * (k - 1) + 1 + e
        for n, s, b, a, d, k, e in zip(
            sizes, windows.stride, windows.before, windows.after, windows.dilation, windows.kernel, extra, strict=True
        )
    ]
    if min(outputs) < 1:
        raise InvalidNetworkError(f"{label} has an output of shape {tuple(outputs)}: nothing is left of it.")
    # Windows beyond the input's, where `extra` makes room for them, belong to no input.
    shorter = Windows(
        windows.kernel, windows.stride, windows.before,
        [(n - 1) * s + d * (k - 1) + 1 - o - b for n, s, d, k, o, b in zip(
            sizes, windows.stride, windows.dilation, windows.kernel, outputs, windows.before, strict=True)],
        windows.dilation,
    )  # fmt: skip
    matrix = sparse.csr_array(convolution_matrix(weight, shorter, outputs, groups, label).T)
    shape = (batch, weight.shape[1] * groups, *outputs)
    return _with_bias(tensor, block_diagonal(matrix, batch), bias, shape, label)


def convolution_matrix(weight: Floats, windows: Windows, sizes: Numbers, groups: int, label: str) -> Sparse:
    """The (out * windows, C * inputs) matrix of a convolution of one image."""
    out, per_group = weight.shape[:2]
    if out % groups:
        raise InvalidNetworkError(f"{label} has {out} output channels, which {groups} groups cannot share.")
    places = windows.places(sizes)
    n_windows, size = places.shape
    n_inputs = math.prod(sizes)
    checked_weights(out * n_windows * per_group * size, label)
    first = (np.arange(out) // (out // groups) * per_group)[:, None] + np.arange(per_group)
    inside = places >= 0
    window, tap = np.nonzero(inside)
    # (out, inputs of all windows, channels of the group)
    columns = first[:, None, :] * n_inputs + places[inside][None, :, None]
    data = weight.reshape(out, per_group, size)[:, :, tap].transpose(0, 2, 1)
    rows = np.arange(out)[:, None, None] * n_windows + window[None, :, None]
    shape = (out * n_windows, per_group * groups * n_inputs)
    entries = np.broadcast_arrays(data, rows, columns)
    matrix = sparse.csr_array((entries[0].ravel(), (entries[1].ravel(), entries[2].ravel())), shape=shape)
    matrix.eliminate_zeros()
    return matrix


def average_pool(tensor: Tensor, windows: Windows, *, count_padding: bool, divisor: int | None = None) -> Tensor:
    """Mean over windows of the last axes: the sum times 1/n, which is rounded unless n is a power of two."""
    lead, sizes = _split(tensor, windows)
    places = windows.places(sizes)
    if divisor is not None:
        counts = np.full(len(places), divisor)
    elif count_padding:
        # Windows may reach beyond the padding, where nothing is counted.
        padded = [n + b + a for n, b, a in zip(sizes, windows.before, windows.after, strict=True)]
        none = [0] * len(sizes)
        whole = Windows(windows.kernel, windows.stride, none, [2 * s for s in windows.stride], windows.dilation)
        counts = (whole.places(padded).reshape(*whole.outputs(padded), -1) >= 0).sum(axis=-1)
        counts = counts[tuple(slice(n) for n in windows.outputs(sizes))].ravel()
    else:
        counts = (places >= 0).sum(axis=1)
    return averages(tensor, lead, places, counts, windows.outputs(sizes))


def averages(tensor: Tensor, lead: tuple[int, ...], places: Ints, counts: Ints, outputs: tuple[int, ...]) -> Tensor:
    """Sums over windows of the axes behind `lead`, each divided by its count."""
    n = math.prod(lead)
    inputs = tensor.size // n
    window, tap = np.nonzero(places >= 0)
    data = (1.0 / counts)[window]
    matrix = sparse.csr_array((data, (window, places[window, tap])), shape=(len(places), inputs))
    checked_weights(n * matrix.nnz, "a mean")
    return linear(tensor, block_diagonal(matrix, n), (*lead, *outputs))


def max_pool(tensor: Tensor, windows: Windows, label: str) -> Tensor:
    """Largest value of windows of the last axes; padding never wins."""
    lead, sizes = _split(tensor, windows)
    return largest_of(tensor, lead, windows.places(sizes), windows.outputs(sizes), label)


def largest_of(tensor: Tensor, lead: tuple[int, ...], places: Ints, outputs: tuple[int, ...], label: str) -> Tensor:
    """Largest value of windows of the axes behind `lead`."""
    n = math.prod(lead)
    starts = np.arange(n)[:, None, None] * (tensor.size // n)
    checked_weights(n * places.size, label)
    windows = np.where(places >= 0, places + starts, -1).reshape(-1, places.shape[1])
    return largest(tensor, windows, (*lead, *outputs), label)


def adaptive_places(sizes: Numbers, outputs: Numbers) -> Ints:
    """Windows that share an input out among `outputs`, from floor(i n / m) to ceil((i + 1) n / m) along each axis."""
    flat: NDArray[Any] = np.zeros((1, 1), dtype=np.int64)
    inside: NDArray[Any] = np.ones((1, 1), dtype=bool)
    for n, m in zip(sizes, outputs, strict=True):
        i = np.arange(m)
        starts, stops = i * n // m, -(-(i + 1) * n // m)
        along = starts[:, None] + np.arange(int((stops - starts).max()))
        flat = _outer(flat * n, np.minimum(along, n - 1), np.add)
        inside = _outer(inside, along < stops[:, None], np.logical_and)
    return np.where(inside, flat, -1)


def _outer(a: NDArray[Any], b: NDArray[Any], combine: np.ufunc) -> NDArray[Any]:
    """Combine (p, q) and (r, s) to (p r, q s)."""
    (p, q), (r, s) = a.shape, b.shape
    return np.asarray(combine(a[:, None, :, None], b[None, :, None, :]).reshape(p * r, q * s))


def _split(tensor: Tensor, windows: Windows) -> tuple[tuple[int, ...], tuple[int, ...]]:
    axes = len(windows.kernel)
    return tensor.shape[:-axes], tensor.shape[-axes:]


def _check_channels(found: int, expected: int, label: str) -> None:
    if found != expected:
        raise InvalidNetworkError(f"{label} takes {expected} channels, but receives {found}.")


def _with_bias(tensor: Tensor, matrix: Sparse, bias: Floats | None, shape: tuple[int, ...], label: str) -> Tensor:
    spread = np.zeros(shape) if bias is None else np.broadcast_to(bias.reshape(-1, *[1] * (len(shape) - 2)), shape)
    return affine(tensor, matrix, spread.ravel(), shape, label)
