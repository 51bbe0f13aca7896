"""What engines hand over: finished regions in batches, and a record of how they were found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from polytope_lens.arithmetic.signs import UNIT_ROUNDOFF

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Ints, Words
    from polytope_lens.engines.charts import Chart
    from polytope_lens.mesh.planar_mesh import Corners
    from polytope_lens.mesh.polyhedral_mesh import Polyhedra
    from polytope_lens.network.network import Network
    from polytope_lens.partition.provenance import Tally


Scalar = TypeVar("Scalar", bound=np.generic)


class Outline(NamedTuple):
    """Corners of each region, as it found them itself: not yet joined with those of its neighbours.

    So they are the same however a run is cut into batches.
    """

    indptr: Ints  # (n_regions + 1,): where each region's begin
    points: Floats  # (m, d + 1): in input coordinates, and how far each may be from the exact one


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Regions in canonical order: packed patterns, maps and witnesses in input coordinates.

    With them come the corners of polygons or the faces of polyhedra, where the engine knows them, and `outline` has the
    corners in bounded domains.
    `proved` (n,) says which witnesses are known to lie strictly inside. In a batch that only counts `patterns` is empty
    and `n_regions` says how many there were; `last` (n_words,) is the pattern of the last one even so, if there was
    any, and `tally` what was counted on the way.
    """

    n_regions: int
    patterns: NDArray[np.uint64]
    maps: Floats
    witnesses: Floats
    proved: NDArray[np.bool_]
    corners: Corners | None
    solids: Polyhedra | None = None
    last: Words | None = None
    outline: Outline | None = None
    tally: Tally | None = None


@dataclass(slots=True)
class Record:
    """Grows during a walk: regions after each layer, decisions by rung, and what has been done of the whole.

    Where somebody watches, ``closed()`` is the share of the whole that is behind the walk, by the measure `of`: area,
    volume, or the search tree, in which each cut halves its cell's share. It grows to 1, but not evenly: regions are
    not spread evenly either. Then, after each batch of a walk on one thread, ``waiting()`` tells of the cells that
    wait, in order, where they begin (a pattern as a number, see `Span`) and what share they have.
    """

    layer_counts: list[int] = field(default_factory=list)
    float64: int = 0
    double_double: int = 0
    rational: int = 0
    is_watched: bool = False
    closed: Callable[[], float] = lambda: 0.0
    of: str = "domain"
    waiting: Callable[[], list[tuple[int, float]]] = list

    def fill(self, tally: Tally) -> None:
        """Take over what a walk has counted."""
        per_layer, self.float64, self.double_double, self.rational = tally
        self.layer_counts = per_layer.tolist()


def first_rows(network: Network, chart: Chart) -> Floats:
    """Rows of the first layer (of the outputs, if there is no hidden one) in chart coordinates; exact."""
    weight, bias = (
        (network.layers[0].dense_weight(), network.layers[0].bias)
        if network.layers
        else (network.dense_output_weight(), network.output_bias)
    )
    return np.asarray(np.concatenate([weight, bias[:, None]], axis=1) @ chart.matrix)


def others(rows: Floats, known: Floats) -> list[int]:
    """Which of some rows are not among those known.

    Examples
    --------
    >>> others(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[3.0, 4.0]]))
    [0]
    """
    if np.array_equal(rows, known):
        return []
    return [i for i, row in enumerate(rows) if not (row == known).all(axis=1).any()]


def unit_rows(sides: Floats, reach: Floats) -> tuple[Floats, Floats]:
    """Rows ``[a, c]`` with a of length 1, and bounds on the error of their values where ``|u_k| <= reach[k]``.

    Rows of length 1, and those that do not depend on u, are as they were, without any.
    """
    norms = np.linalg.norm(sides[:, :-1], axis=1)
    exact = (norms == 1.0) | (norms == 0.0)
    if exact.all():
        return sides, np.zeros(len(sides))
    scaled = sides / np.where(norms > 0, norms, 1.0)[:, None]
    size = np.abs(scaled) @ np.append(reach, 1.0)
    return scaled, np.where(exact, 0.0, (sides.shape[1] + 7) * UNIT_ROUNDOFF * size)


def input_points(chart: Chart, points: Floats) -> Floats:
    """Points of a chart, (n, k), in input coordinates; rounded, and not finite where they are out of range."""
    if chart.is_input_space and chart.has_all_coordinates:
        return points
    homogeneous = np.column_stack([points, np.ones(len(points))]) @ chart.matrix.T
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return np.asarray(homogeneous[:, :-1] / homogeneous[:, -1:])


def input_maps(chart: Chart, maps: Floats) -> Floats:
    """Maps in chart coordinates, (n, out, d + 1), in input coordinates; exact, and infinite where they overflowed."""
    if chart.is_input_space:
        return maps
    with np.errstate(invalid="ignore"):
        return np.asarray(maps @ chart.matrix.T)


def trimmed(array: NDArray[Scalar], n: int) -> NDArray[Scalar]:
    """The first n entries, without holding on to much more than these."""
    return array[:n] if 8 * n >= 7 * len(array) else array[:n].copy()


NOTHING = (np.empty((0, 0), np.uint64), np.empty((0, 0, 0)), np.empty((0, 0)), np.empty(0, bool))


def counted(n_regions: int) -> Chunk:
    """A batch that was only counted."""
    return Chunk(n_regions, *NOTHING, None)
