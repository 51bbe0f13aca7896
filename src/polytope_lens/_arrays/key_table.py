"""Telling equal things by keys of 64 bits: points of a complex, and faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._compiled.jit import jit
from polytope_lens.errors import REPORT, ConsistencyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Ints, Words


class KeyTable:
    """Numbers keys in the order in which they first come: 0, 1, ...; a hash table."""

    def __init__(self) -> None:
        self.count = 0
        self._table = np.full(64, -1, dtype=np.int32)
        self._keys = np.empty(16, dtype=np.uint64)

    def number(self, keys: Words) -> Ints:
        """The number of each key, (n,)."""
        most = self.count + len(keys)
        if 2 * most > len(self._table):
            self._table = np.full(1 << (2 * most).bit_length(), -1, dtype=np.int32)
            _rehash(self._keys[: self.count], self._table)
        if most > len(self._keys):
            self._keys.resize(most + most // 4, refcheck=False)
        numbers = np.empty(len(keys), dtype=np.int64)
        self.count = int(_number(keys, self.count, self._table, self._keys, numbers))
        return numbers

    def keys(self) -> Words:
        """All keys, in the order of their numbers."""
        return self._keys[: self.count].copy()


class PointTable:
    """Points that are known by a key, each with the coordinates that have the least error bound.

    A point of the complex is known by the signs of all neurons at it, which is how regions that meet there agree on
    it without comparing coordinates. Two floats for one point must agree within their bounds; if not,
    `ConsistencyError` is raised (this would take a hash collision, or a wrong sign).
    """

    def __init__(self, dim: int) -> None:
        self._table = KeyTable()
        self._points = np.empty((16, dim + 1))

    def number(self, keys: Words, points: Floats) -> Ints:
        """Numbers of points, (n,), given as coordinates and a bound on their error, (n, d + 1)."""
        before = self._table.count
        numbers = self._table.number(keys)
        if self._table.count > len(self._points):
            n = self._table.count
            self._points.resize((n + n // 4, self._points.shape[1]), refcheck=False)
        if not _merge(points, numbers, before, self._points):
            raise ConsistencyError(
                f"two regions disagree about a corner that they share by more than the error bounds allow. {REPORT}"
            )
        return numbers

    def points(self) -> Floats:
        """All points, (n_points, d + 1)."""
        return self._points[: self._table.count]

    def keys(self) -> Words:
        """Their keys."""
        return self._table.keys()


def joined(keys: Words, points: Floats) -> tuple[Floats, Words, Ints]:
    """The same points each once, their keys, and which of these each one is: (m, d + 1), (m,), (n,)."""
    table = PointTable(points.shape[1] - 1)
    numbers = table.number(keys, points)
    return table.points().copy(), table.keys(), numbers


@jit
def _rehash(keys: Words, table: NDArray[np.int32]) -> None:  # pragma: no cover - compiled
    mask = np.uint64(table.shape[0] - 1)
    for i in range(keys.shape[0]):
        slot = keys[i] & mask
        while table[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        table[slot] = i


@jit
def _number(
    keys: Words, count: int, table: NDArray[np.int32], known: Words, numbers: Ints
) -> int:  # pragma: no cover - compiled
    mask = np.uint64(table.shape[0] - 1)
    for i in range(keys.shape[0]):
        slot = keys[i] & mask
        while table[slot] >= 0 and known[table[slot]] != keys[i]:
            slot = (slot + np.uint64(1)) & mask
        if table[slot] < 0:
            table[slot] = count
            known[count] = keys[i]
            count += 1
        numbers[i] = table[slot]
    return count


@jit
def _merge(points: Floats, numbers: Ints, count: int, known: Floats) -> bool:  # pragma: no cover - compiled
    """Write points that are new, or better than before; False if two for one are too far apart."""
    d = points.shape[1] - 1
    for i in range(points.shape[0]):
        p = numbers[i]
        if p == count:
            count += 1
        else:
            # The two bounds, and a thousandth for rounding; distances in parts of that have squares in any units.
            room, square = (points[i, d] + known[p, d]) * 1.001, 0.0
            for k in range(d):
                apart = abs(points[i, k] - known[p, k])
                if apart > 0.0:
                    part = apart / room if room > 0.0 else np.inf
                    square += part * part
            if square > 1.0:
                return False
            if not points[i, d] < known[p, d]:
                continue
        for k in range(d + 1):
            known[p, k] = points[i, k]
    return True
