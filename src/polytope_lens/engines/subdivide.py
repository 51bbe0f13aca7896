"""Engine for two inputs: cells are polygons."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays.key_table import joined
from polytope_lens.arithmetic.rational import nearest_float, sign
from polytope_lens.arithmetic.signs import UNIT_ROUNDOFF
from polytope_lens.domain import Box
from polytope_lens.engines._kernels import outcomes
from polytope_lens.engines._kernels import subdivide as kernel
from polytope_lens.engines._kernels.cell_corners import POINT
from polytope_lens.engines._kernels.corner_ties import LINE
from polytope_lens.engines.cell_corners import (
    CornerDecisions,
    CornerSizes,
    lowest,
    next_width,
    shared_parts,
    write_network,
)
from polytope_lens.engines.chunks import (
    Chunk,
    Outline,
    input_maps,
    input_points,
    trimmed,
)
from polytope_lens.engines.driver import Problem, Storage, walk_of
from polytope_lens.engines.kept_networks import kept_packed
from polytope_lens.engines.kept_rooms import taken
from polytope_lens.engines.kernel import doubled, with_larger_stack
from polytope_lens.engines.whole_rows import side_scales
from polytope_lens.exact.owner_rows import float_sides, integer_sides
from polytope_lens.mesh.planar_mesh import Corners
from polytope_lens.network.network import cutting_first
from polytope_lens.polytope import Polytope
from polytope_lens.polytope.polygon import exact_vertices

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from polytope_lens.engines._kernels.packed_network import PackedNetwork
    from polytope_lens.engines.charts import Chart
    from polytope_lens.engines.kept_rooms import Room
    from polytope_lens.exact.owner_rows import Row
    from polytope_lens.network.network import Network

CORNERS_PER_REGION = 6
# Floats in the rows of all cells on the stack at first: 256 MB; an eighth of it for the signs at all points.
MOST_NUMBERS = 2**25
# Rounding [x; t] / t moves each coordinate of a point with t = 1 by a share of 2^-53, and so each coordinate, which is
# at most 1, of the point of the chart that it stands for by at most 2^-51.
PROJECTED = 2.0**-50
# Normals of the sides of a box.
OF_BOX = Box([0, 0], [1, 1]).A


def set_up(
    network: Network, chart: Chart, *, want_output: bool, want_mesh: bool = False
) -> tuple[Problem[kernel.SubdivideState, kernel.SubdivideOutput], kernel.SubdivideState]:
    """What there is to walk in a chart, and a state whose only cell is all of it.

    Exact: signs at corners that floats leave open are decided in integer arithmetic. The loops are compiled; memory is
    that of one batch and of the stack, whose depth is at most the number of neurons.
    """
    edges, xy = _polygon(chart)
    reach = np.abs(xy).max(axis=0) * (1 + 2 * UNIT_ROUNDOFF)
    ordered = cutting_first(network)
    net = kept_packed(ordered, chart.matrix, reach, want_maps=want_output, blockwise=True)
    room, state = _start(ordered, chart, net, edges, xy, reach)

    def oracle() -> Callable[[kernel.SubdivideState], None]:
        return _CrossingDecisions(network, chart, integer_sides(chart)).answer

    def output(n_regions: int) -> kernel.SubdivideOutput:
        n_corners = max(n_regions * CORNERS_PER_REGION, len(state.cut.sign))
        return kernel.SubdivideOutput(
            np.empty((n_regions, len(state.bits)), np.uint64),
            np.empty((n_regions, network.output_dim, 3)),
            np.empty((n_regions, 2)),
            np.empty(n_regions, np.bool_),
            0.0 if chart.is_input_space else PROJECTED,
            np.zeros(n_regions + 1, np.int64),
            np.empty((n_corners, 3)),
            np.empty(n_corners, np.uint64),
            np.empty(n_corners, np.int64),
            np.empty(n_corners, np.bool_),
        )

    storage = Storage(output, partial(_chunk, chart)) if want_output else None
    return Problem(kernel, "subdivide", net, oracle, storage, "area", _area, lowest, enlarged, room), state


walk = walk_of(set_up)


def _polygon(chart: Chart) -> tuple[list[int], NDArray[np.float64]]:
    """The chart's edges counter-clockwise, and the corner at which each starts, rounded."""
    if len(chart.b) == 4 and (chart.A == OF_BOX).all() and (chart.b == chart.box.b).all():
        (left, bottom), (right, top) = chart.box.lower, chart.box.upper
        return [0, 1, 2, 3], np.array([[right, bottom], [right, top], [left, top], [left, bottom]])
    edges, corners = exact_vertices(Polytope(chart.A, chart.b))
    return edges, np.array([[nearest_float(x), nearest_float(y)] for x, y in corners])


def _empty(sizes: CornerSizes) -> kernel.SubdivideState:
    """A state without cells, in which nothing is there of a network and a chart."""
    ints, word, most = np.int64, np.uint64, sizes.n_lines
    n_corners = 3 * sizes.n_bits + 8 + most
    return kernel.SubdivideState(
        **shared_parts(sizes),
        corners=kernel.PolygonCorners(np.zeros((n_corners, 2), ints), np.zeros((n_corners, 2), word)),
        cut=kernel.PolygonCut(np.zeros(most, ints), np.zeros((most, 2), ints), np.zeros((most, 2), word)),
    )


def _start(
    network: Network,
    chart: Chart,
    net: PackedNetwork,
    edges: list[int],
    xy: NDArray[np.float64],
    reach: NDArray[np.float64],
) -> tuple[Room[kernel.SubdivideState], kernel.SubdivideState]:
    """A state whose only cell is the chart's polygon, before the first layer, and the room that it has."""
    n_bits, n, most_cut = network.n_neurons, len(edges), max(net.n_cut.tolist())
    # Corners of one cell at most, cells on the stack, and layers with the outputs
    most, layers = n_bits + n, len(network.layers) + 1
    # Of cells and points a large network is given fewer than there may be, and more when it needs them.
    frames = min(n_bits + 2, max(n + 2, MOST_NUMBERS // (4 * next_width(net) + most_cut // 32 + 1)))
    n_points = min(most * layers + 2 * n_bits + n, max(8 * n, MOST_NUMBERS // max(32, most_cut // 2)))
    sizes = CornerSizes.of(network, net, frames=frames, n_points=n_points, n_lines=most, n_sides=len(chart.b))
    room = taken(("subdivide", sizes), partial(_empty, sizes))
    state = write_network(room.state, network, chart, net)
    state.scalars[outcomes.TOP] = 1
    state.frames.n_corners[0] = state.frames.n_points[0] = state.frames.n_lines[0] = n
    state.corners.place[:n] = np.arange(n)[:, None]
    state.points.position[:n, : kernel.RADIUS] = xy
    state.points.position[:n, kernel.RADIUS] = 2 * UNIT_ROUNDOFF * np.abs(xy).sum(axis=1)
    sides = float_sides(chart, 2)[edges]
    state.lines.exact[:n], state.lines.scale[:n] = sides, side_scales(sides)
    lines = sides / np.hypot(sides[:, 0], sides[:, 1])[:, None]
    state.lines.row[:n, : kernel.LINE_ERROR] = lines
    state.lines.row[:n, kernel.LINE_ERROR] = 8 * UNIT_ROUNDOFF * (reach.sum() + np.abs(lines[:, 2]))
    state.lines.owner[:n] = [-1 - side for side in edges]
    marks = state.hashes.zero[n_bits + np.array(edges)]
    state.corners.hash[:n, 1] = marks
    state.corners.hash[:n, 0] = marks ^ marks[np.arange(n) - 1]
    return room, state


def enlarged(state: kernel.SubdivideState) -> kernel.SubdivideState:
    """The same state with twice the room for cells and for points."""
    return with_larger_stack(state)._replace(points=doubled(state.points))


def _area(state: kernel.SubdivideState, f: int) -> float:
    """Area of a cell on the stack, in the chart; rounded."""
    start, n = int(state.frames.start[f]), int(state.frames.n_corners[f])
    x, y = state.points.position[state.corners.place[start : start + n, POINT], : kernel.RADIUS].T
    with np.errstate(all="ignore"):
        return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


class _CrossingDecisions(CornerDecisions):
    def _meeting(self, state: kernel.SubdivideState, f: int, i: int) -> list[int]:
        start, n = int(state.frames.start[f]), int(state.frames.n_corners[f])
        return [int(state.corners.place[start + k % n, LINE]) for k in (i - 1, i)]

    def _sign_at(self, row: Row, meeting: Sequence[Row]) -> int:
        return _sign_at_crossing(row, *meeting)


def _sign_at_crossing(row: Row, first: Row, second: Row) -> int:
    """Sign of ``a x + b y + c`` where two lines meet: a determinant over a determinant."""
    a, b, c = first
    p, q, r = second
    bottom = a * q - b * p
    top = row[0] * (b * r - c * q) + row[1] * (c * p - a * r) + row[2] * bottom
    return sign(top) * sign(bottom)


def _chunk(chart: Chart, out: kernel.SubdivideOutput, n: int, n_corners: int) -> Chunk:
    corners = Corners(
        *joined(out.key[:n_corners], out.corner[:n_corners]),
        trimmed(out.owner, n_corners),
        trimmed(out.crowded, n_corners),
        trimmed(out.indptr, n + 1),
    )
    witnesses, proved = input_points(chart, trimmed(out.witnesses, n)), trimmed(out.proved, n)
    if not chart.is_input_space:
        proved = proved & np.isfinite(witnesses).all(axis=1)
    outline = Outline(corners.indptr, out.corner[:n_corners]) if chart.is_input_space else None
    return Chunk(
        n, trimmed(out.patterns, n), input_maps(chart, trimmed(out.maps, n)), witnesses, proved, corners,
        outline=outline,
    )  # fmt: skip
