"""Points inside the cells of a walk, on which all proofs that a neuron cuts one are built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polytope_lens._compiled.jit import jit
from polytope_lens.engines._kernels.simplex import (
    CROSSED,
    descend_seldom,
    nearest_row,
    spread,
    start_walk,
    surely_inside,
    value_at,
)

if TYPE_CHECKING:
    from polytope_lens.engines._kernels.packed_network import PackedNetwork
    from polytope_lens.engines._kernels.split_state import SplitState

# As parts of how far from the origin things happen: a witness this far from all halfspaces will do, and a vertex this
# far from one is far enough. They steer, and decide nothing.
DEEP, FAR_OFF = 2.0**-12, 2.0**-6


@jit
def find_witness(
    net: PackedNetwork, s: SplitState, f: int, row: Any, j: int, sure: float, side: float, corner: Any, to: Any
) -> Any:  # pragma: no cover - compiled
    """A proved interior point of the half on one side, between the cell's witness and a corner on that side."""
    k = corner.shape[0]
    at_witness = side * value_at(row, j, s.frames.witness[f])
    at_corner = side * value_at(row, j, corner)
    if at_witness > sure * spread(net, s.frames.witness[f]) and at_witness > 0.25 * at_corner:
        for i in range(k):
            to[i] = s.frames.witness[f, i]
        return True
    t = 0.5
    if at_witness < 0.0:
        t *= at_corner / (at_corner - at_witness)
    for i in range(k):
        to[i] = corner[i] + t * (s.frames.witness[f, i] - corner[i])
    return side * value_at(row, j, to) > sure * spread(net, to) and surely_inside(net, s, s.frames.n_rows[f], to)


@jit
def step_aside(net: PackedNetwork, s: SplitState, f: int, row: Any, j: int, sure: float) -> None:  # pragma: no cover
    """Move a cell's witness half the way to where the walk at hand has crossed a hyperplane, if it may lie on that."""
    witness, to = s.frames.witness[f], s.walk.middle
    if not abs(value_at(row, j, witness)) > sure * spread(net, witness):
        for i in range(to.shape[0]):
            to[i] = 0.5 * (witness[i] + s.walk.after[i])
        _take(net, s, f, to)


@jit
def deepen(net: PackedNetwork, s: SplitState, f: int) -> None:  # pragma: no cover - compiled
    """Move a cell's witness away from its nearest halfspaces.

    A witness loses a part of its distance to a halfspace with each cut that moves it, until rounding is all there is.
    Its mean with p vertices, each far from one of the halfspaces, is at least a (p + 1)-th as far from these.
    """
    k, n_rows, middle = s.walk.vertex.shape[0], s.frames.n_rows[f], s.walk.middle
    for i in range(k):
        # Without a witness, the vertex will do: it is far from others than its own halfspaces.
        middle[i] = s.frames.witness[f, i] if s.frames.witness[f, i] == s.frames.witness[f, i] else s.walk.vertex[i]
    for count in range(s.walk.left.shape[0]):
        distance, row = nearest_row(s, n_rows, middle)
        if row < 0 or distance > DEEP * s.chart.unit:
            break
        for i in range(count):
            if s.walk.left[i] == row:
                row = -1
        if row < 0:
            break
        s.walk.left[count] = row
        for i in range(k):
            s.walk.gradient[i] = s.halfspaces.normal[i, row]
        start_walk(s, f)
        outcome = descend_seldom(s, n_rows, -s.halfspaces.offset[row], 1.0, True, FAR_OFF * s.chart.unit)
        for i in range(k):
            end = s.walk.after[i] if outcome == CROSSED else s.walk.vertex[i]
            middle[i] += (end - middle[i]) / (count + 2)
    _take(net, s, f, middle)


@jit
def _take(net: PackedNetwork, s: SplitState, f: int, point: Any) -> None:  # pragma: no cover - compiled
    """Make a point a cell's witness, if it is proved to be inside."""
    if surely_inside(net, s, s.frames.n_rows[f], point):
        for i in range(point.shape[0]):
            s.frames.witness[f, i] = point[i]
