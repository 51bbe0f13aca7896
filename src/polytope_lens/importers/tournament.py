"""Largest and least values of many, as knockout tournaments: half of the values are left after each layer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.errors import InvalidNetworkError
from polytope_lens.importers.graph import Tensor, gather, maximum, minimum, positions
from polytope_lens.importers.sums import first_equals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def largest(
    tensor: Tensor, windows: NDArray[np.int64], shape: tuple[int, ...], label: str, *, least: bool = False
) -> Tensor:
    """Largest (or least) value of each window, a row of `windows` with the places of its values; -1: no value.

    A knockout tournament: half of the values are left after each layer.
    """
    if (windows < 0).all(axis=1).any():
        raise InvalidNetworkError(f"{label} takes the largest of no values: its window lies in the padding.")
    windows = _without_repetitions(tensor, windows)
    values = Tensor(tensor.node, (tensor.size,))
    while windows.shape[1] > 1:
        half = windows.shape[1] // 2
        a, b, rest = windows[:, :half], windows[:, half : 2 * half], windows[:, 2 * half :]
        both = (a >= 0) & (b >= 0) & (a != b)
        pairs = np.unique(np.stack([a[both], b[both]], axis=1), axis=0)
        first, second = (gather([values], pairs[:, k]) for k in (0, 1))
        winners = (minimum if least else maximum)(first, second, label) if len(pairs) else first
        merged = np.where(a >= 0, a, b)
        keys = pairs[:, 0] * values.size + pairs[:, 1]
        merged[both] = values.size + np.searchsorted(keys, a[both] * values.size + b[both])
        windows = np.concatenate([merged, rest], axis=1)
        # Only what later rounds still ask for is carried on.
        used, places = np.unique(windows[windows >= 0], return_inverse=True)
        values = gather([values, winners], used)
        windows[windows >= 0] = places.ravel()
    return gather([values], windows.reshape(shape))


def reduce_extreme(tensor: Tensor, axes: Sequence[int], *, keep: bool, label: str, least: bool) -> Tensor:
    """Largest (or least) value over axes."""
    places = np.moveaxis(positions(tensor.shape), axes, range(-len(axes), 0))
    shape = tuple(1 if i in axes else n for i, n in enumerate(tensor.shape) if keep or i not in axes)
    return largest(tensor, places.reshape(math.prod(shape), -1), shape, label, least=least)


def _without_repetitions(tensor: Tensor, windows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Windows in which no value stands twice: a game of two that are the same has a neuron that is always zero.

    Windows that hold such values are sorted, so that those of the same values play the same games.
    """
    equals = first_equals(tensor)
    if (equals == np.arange(len(equals))).all():
        return windows.copy()
    # Places without a value come last.
    last = len(equals)
    found = np.sort(np.where(windows >= 0, equals[windows], last), axis=1)
    found[:, 1:][found[:, 1:] == found[:, :-1]] = last
    found = np.sort(found, axis=1)
    most = int((found < last).sum(axis=1).max())
    return np.where(found < last, found, -1)[:, :most]
