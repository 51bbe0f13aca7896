"""Ragged arrays: all lists one after the other, and where each begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


def starts(sizes: Ints) -> Ints:
    """Where lists of the given sizes begin and the last one ends, (n + 1,)."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes, dtype=np.int64)])


def entries(indptr: Ints, order: Ints) -> Ints:
    """Indices of the entries of some lists, one list after the other."""
    sizes = np.diff(indptr)[order]
    before = np.cumsum(sizes) - sizes
    return np.asarray(np.repeat(indptr[:-1][order] - before, sizes) + np.arange(int(sizes.sum())))


def list_of(indptr: Ints) -> Ints:
    """For each entry, the list it is in."""
    return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
