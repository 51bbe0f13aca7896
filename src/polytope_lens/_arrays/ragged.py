"""Ragged arrays: all lists one after the other, and where each begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Ints


def starts(sizes: Ints) -> Ints:
    """Where lists of the given sizes begin and the last one ends, (n + 1,)."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes, dtype=np.int64)])


def from_lists(lists: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    """Lists of numbers as a ragged array: starts and values."""
    sizes = np.array([len(one) for one in lists], dtype=np.int64)
    return starts(sizes), np.array([v for one in lists for v in one], dtype=np.int64)


def entries(indptr: Ints, order: Ints) -> Ints:
    """Indices of the entries of some lists, one list after the other."""
    first, sizes = indptr[:-1][order], np.diff(indptr)[order]
    if (sizes == 1).all():
        return np.asarray(first)
    return np.asarray(np.repeat(first, sizes) + places(sizes))


def places(sizes: Ints) -> Ints:
    """``0 ... n - 1`` for each n of `sizes`, one after the other: the place of each entry in its list."""
    return np.asarray(np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes))


def list_of(indptr: Ints) -> Ints:
    """For each entry, the list it is in."""
    return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))


def following(indptr: Ints) -> Ints:
    """For each entry of a ragged array of cycles, the index of the next entry of its cycle."""
    index = np.arange(1, indptr[-1] + 1)
    index[indptr[1:] - 1] = indptr[:-1]
    return index


def fan(indptr: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Rings cut into triangles from their first entries: which ring, and the entries of the three corners."""
    sizes = np.diff(indptr) - 2
    ring = np.repeat(np.arange(len(sizes)), sizes)
    first = indptr[ring]
    second = first + 1 + places(sizes)
    return ring, first, second, second + 1
