"""The decision boundary of a classifier in the plane, for pictures. Needs no drawing library."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.flat_domain import within
from polytope_lens.function.level_set import LevelSet
from polytope_lens.polyhedral_complex.requirements import require_planar_mesh
from polytope_lens.render.scene import class_planes

if TYPE_CHECKING:
    from polytope_lens._types import Floats
    from polytope_lens.partition.partition import Partition


def class_boundary(partition: Partition) -> Floats:
    """Where two outputs are equal and no other is greater, as segments (n, 2, 2).

    Where outputs are equal is exact (`level_set.boundary`); the parts where another is greater are cut off in
    floating point, which is enough for a picture.

    Raises
    ------
    OptionError
        A network with one output.
    """
    class_planes(partition)
    found, parts = within(partition), [np.zeros((0, 2, 2))]
    for i, j in _rivals(found):
        equal = found.boundary(i, j)
        assert isinstance(equal, LevelSet)
        ends = equal.segments()
        maps = found.maps[equal.regions]
        values = np.einsum("nok,nek->neo", maps[:, :, :-1], ends) + maps[:, None, :, -1]
        # Affine along the segment: how far the two are above each of the others, at its ends.
        above = np.delete(values[:, :, i, None] - values, (i, j), axis=2)
        start, change = above[:, 0], above[:, 1] - above[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            zero = -start / change
        first = np.where(change > 0, zero, 0.0).max(axis=1, initial=0.0)
        last = np.where(change < 0, zero, 1.0).min(axis=1, initial=1.0)
        kept = (first < last) & ((change != 0) | (start >= 0)).all(axis=1)
        at = np.stack([first, last], axis=1)[kept, :, None]
        ends = ends[kept]
        parts.append(ends[:, :1] + at * (ends[:, 1:] - ends[:, :1]))
    return np.concatenate(parts)


def _rivals(found: Partition) -> list[tuple[int, int]]:
    """Pairs of outputs that may both be the greatest on one region: the others meet nowhere on top."""
    mesh = require_planar_mesh(found)
    maps = np.repeat(found.maps, np.diff(mesh.indptr), axis=0)
    values = np.einsum("nok,nk->no", maps[:, :, :-1], mesh.points[mesh.corners]) + maps[:, :, -1]
    highest, lowest = (f.reduceat(values, mesh.indptr[:-1]) for f in (np.maximum, np.minimum))
    # The greatest output is nowhere on a region below what one of them is everywhere.
    slack = 1e-9 * np.abs(values).max(initial=0.0)  # of a picture
    may = (highest >= lowest.max(axis=1, keepdims=True) - slack).astype(np.int64)
    together = may.T @ may
    return [(i, j) for i, j in combinations(range(may.shape[1]), 2) if together[i, j]]
