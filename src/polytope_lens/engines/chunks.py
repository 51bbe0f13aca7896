"""What engines hand over: finished regions in batches, and a record of how they were found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Corners:
    """Corners of a batch of polygons: position and radius (n, 3), identity (n,), owners (n,), and where regions start."""

    corner: Floats
    key: NDArray[np.uint64]
    owner: Ints
    indptr: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Regions in canonical order: packed patterns, maps and witnesses in input coordinates; corners in the plane.

    In a batch that only counts, `patterns` is empty and `n_regions` says how many there were.
    """

    n_regions: int
    patterns: NDArray[np.uint64]
    maps: Floats
    witnesses: Floats
    corners: Corners | None


@dataclass(slots=True)
class Record:
    """Grows during a walk: regions after each layer, and decisions by rung."""

    layer_counts: list[int] = field(default_factory=list)
    float64: int = 0
    rational: int = 0
