"""The regions that a search has met: a hash set of patterns, and what is known of each in arrays that grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.engines._kernels.patterns import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Ints, Words


# What is known of a region: where it was entered; its distance; facets; that it is too far away.
MET, PLACED, DONE, BEYOND = 0, 1, 2, 3


class RegionSet:
    """Regions in the order in which they were met.

    Parameters
    ----------
    n_words, k : int
        Words of a pattern, coordinates of a point.

    Attributes
    ----------
    count : int
        Number of regions, n.
    words : (n, n_words) uint64 array
        Their patterns.
    point : (n, k) array
        Where a region was entered, and then a point inside.
    entered : (n,) bool array
        Whether the point is one inside.
    inside : (n,) bool array
        Whether that is proved.
    parent : (n,) int array
        The region it was entered from first, or -1.
    crossings : (n,) int array
        How many facets were crossed on the way.
    key : (n,) array
        About a lower bound on its distance, and then about the distance: what the search goes by.
    via : (n,) array
        The least key of the regions it was met from.
    bound : (n,) array
        A lower bound on its distance that is proved.
    near : (n,) array
        About an upper bound on its distance, that of some point of it.
    asked : (n, n_words) uint64 array
        The neurons whose rows were asked whether they are facets.
    rest, rest_bound : (n,) arrays
        About the least distance at which one of the others may lead to another region, and a bound on it that is
        proved; infinite if there is none.
    state : (n,) int8 array
        MET, PLACED, DONE or BEYOND.
    """

    words: Words
    point: Floats
    entered: NDArray[np.bool_]
    inside: NDArray[np.bool_]
    parent: Ints
    crossings: Ints
    key: Floats
    via: Floats
    bound: Floats
    near: Floats
    asked: Words
    rest: Floats
    rest_bound: Floats
    state: NDArray[np.int8]

    def __init__(self, n_words: int, k: int) -> None:
        self.count = 0
        self._table = np.full(2, -1, dtype=np.int64)
        self._room = {
            "words": np.zeros((0, n_words), dtype=np.uint64),
            "point": np.zeros((0, k)),
            "entered": np.zeros(0, dtype=bool),
            "inside": np.zeros(0, dtype=bool),
            "parent": np.zeros(0, dtype=np.int64),
            "crossings": np.zeros(0, dtype=np.int64),
            "key": np.zeros(0),
            "via": np.zeros(0),
            "bound": np.zeros(0),
            "near": np.zeros(0),
            "asked": np.zeros((0, n_words), dtype=np.uint64),
            "rest": np.zeros(0),
            "rest_bound": np.zeros(0),
            "state": np.zeros(0, dtype=np.int8),
        }
        self._show()

    def add(self, words: Words, point: Floats, parent: Ints, key: Floats, bound: Floats) -> tuple[Ints, Ints]:
        """Numbers of n regions, and which of these are new; a region that is listed twice is entered the first time."""
        self._reserve(self.count + len(words))
        before, index = self.count, np.zeros(len(words), dtype=np.int64)
        self.count = int(number(np.ascontiguousarray(words), self._room["words"], self._table, before, index))
        self._show()
        # Numbers ascend, so a region is new where none so far is as great.
        fresh = np.arange(before, self.count)
        first = np.searchsorted(np.maximum.accumulate(index), fresh)
        self.point[fresh] = point[first]
        self.parent[fresh] = parent[first]
        self.crossings[fresh] = np.where(parent[first] < 0, 0, self.crossings[parent[first]] + 1)
        self.key[fresh] = key[first]
        self.via[fresh] = np.inf
        self.bound[fresh] = 0.0
        self.near[fresh] = self.rest[fresh] = self.rest_bound[fresh] = np.inf
        np.maximum.at(self.bound, index, bound)
        np.minimum.at(self.via, index, np.where(parent < 0, 0.0, self.key[parent]))
        again = self.state[index] == MET
        np.maximum.at(self.key, index[again], key[again])
        return index, fresh

    def _show(self) -> None:
        """Let the attributes be the parts of the arrays that are in use."""
        for name, array in self._room.items():
            setattr(self, name, array[: self.count])

    def _reserve(self, n: int) -> None:
        """Make room for n regions, at least for twice as many as before if there is too little."""
        if n <= len(self._room["state"]):
            return
        n = max(n, 2 * len(self._room["state"]), 64)
        for name, old in self._room.items():
            new = np.zeros((n, *old.shape[1:]), dtype=old.dtype)
            new[: self.count] = old[: self.count]
            self._room[name] = new
        self._table = np.full(1 << (2 * n - 1).bit_length(), -1, dtype=np.int64)
        number(self.words, self._room["words"], self._table, 0, np.zeros(self.count, dtype=np.int64))
        self._show()
