"""Engine for three inputs: cells are polyhedra known by their vertices."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from flint import fmpq, fmpz_mat

from polytope_lens._deferred import spatial
from polytope_lens.arithmetic.rational import integer_matrix, integer_rows, nearest_float, sign
from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.engines._kernels import outcomes
from polytope_lens.engines._kernels import polyhedra as kernel
from polytope_lens.engines._kernels.cell_corners import POINT
from polytope_lens.engines._kernels.planes import RADIUS
from polytope_lens.engines.cell_corners import CornerDecisions, CornerSizes, lowest, shared_parts, write_network
from polytope_lens.engines.chunks import Chunk, Outline, input_maps, input_points, others, trimmed, unit_rows
from polytope_lens.engines.driver import Problem, Storage, walk_of
from polytope_lens.engines.kept_networks import kept_packed
from polytope_lens.engines.kept_rooms import taken
from polytope_lens.engines.kernel import doubled
from polytope_lens.engines.whole_rows import side_scales
from polytope_lens.exact.owner_rows import OwnerRows, float_sides
from polytope_lens.exact.sparse import rows_on
from polytope_lens.mesh.polyhedral_mesh import polyhedra
from polytope_lens.network.network import cutting_first
from polytope_lens.network.pattern import n_words, unpack
from polytope_lens.polytope.double_description import bounded_vertices, meeting_point, value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Floats
    from polytope_lens.engines._kernels.packed_network import PackedNetwork
    from polytope_lens.engines.charts import Chart
    from polytope_lens.engines.kept_rooms import Room
    from polytope_lens.exact.owner_rows import Row
    from polytope_lens.network.network import Network

# Vertices on the stack, and of one cell, that there is room for in the beginning: at most, and for each plane.
STACK, CELL = 4096, 512
STACK_PER_PLANE, CELL_PER_PLANE = 64, 8


def set_up(
    network: Network, chart: Chart, *, want_output: bool, want_mesh: bool = False
) -> tuple[Problem[kernel.PolyhedraState, kernel.PolyhedraOutput], kernel.PolyhedraState]:
    """What there is to walk in a chart, and a state whose only cell is all of it.

    Exact: signs at vertices that floats leave open are decided in integer arithmetic. The loops are compiled; memory is
    that of one batch and of the stack, whose depth is at most the number of neurons.
    """
    reach = np.maximum(np.abs(chart.box.lower), np.abs(chart.box.upper))
    ordered = cutting_first(network)
    net = kept_packed(ordered, chart.matrix, reach, want_maps=want_output, blockwise=True)

    def oracle() -> Callable[[kernel.PolyhedraState], None]:
        return _VertexDecisions(network, chart, integer_rows(chart_sides(chart))).answer

    storage = _storage(network, chart, want_mesh=want_mesh) if want_output else None
    room, state = _start(ordered, chart, net, want_mesh=want_mesh)
    return Problem(kernel, "polyhedra", net, oracle, storage, "volume", _volume, lowest, enlarged, room), state


walk = walk_of(set_up)


def _storage(network: Network, chart: Chart, *, want_mesh: bool) -> Storage[kernel.PolyhedraOutput]:
    side_row = _rows_of_sides(chart)
    n_planes = len(side_row) + network.n_neurons if want_mesh else 0

    def room(n_regions: int) -> kernel.PolyhedraOutput:
        return kernel.room(n_regions, n_words(network.n_neurons), network.output_dim, side_row, n_planes)

    return Storage(room, partial(_chunk, network, chart))


def _corners(chart: Chart, sides: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """Which sides meet in each corner of a chart, (corners, sides), exact, and where that is, rounded."""
    box, d = chart.box, chart.box.dim
    if len(sides) == 2 * d:
        is_upper = np.indices((2,) * d).reshape(d, -1).T == 0
        return np.hstack([is_upper, ~is_upper]), np.where(is_upper, box.upper, box.lower)
    corners = bounded_vertices(integer_rows(sides))
    tight = np.zeros((len(corners), len(sides)), dtype=bool)
    for of_corner, corner in zip(tight, corners, strict=True):
        of_corner[list(corner.tight)] = True
    return tight, np.array([[nearest_float(fmpq(x, t)) for x in of] for *of, t in (c.coordinates for c in corners)])


class PolyhedraSizes(NamedTuple):
    """What says how much room a state needs: see `PolyhedraState`."""

    shared: CornerSizes
    stack: int
    cell: int
    want_mesh: bool


def _empty(sizes: PolyhedraSizes) -> kernel.PolyhedraState:
    """A state without cells, in which nothing is there of a network and a chart."""
    shared, stack, cell, want_mesh = sizes
    ints, word, n_lines = np.int64, np.uint64, shared.n_lines
    line_words = -(-n_lines // 64)
    return kernel.PolyhedraState(
        **shared_parts(shared),
        corners=kernel.Vertices(np.zeros((stack, 1), ints), np.zeros((line_words, stack), word)),
        cut=kernel.PolyhedronCut(
            point=np.zeros(cell, ints),
            tight=np.zeros((line_words, cell), word),
            value=np.zeros(cell),
            common=np.zeros(line_words, word),
        ),
        faces=kernel.FaceRoom(
            ring=np.zeros(cell, ints),
            on=np.zeros((n_lines if want_mesh else 0, cell), ints),
            n_on=np.zeros(n_lines, ints),
            sums=np.zeros(n_lines, word),
            on_planes=np.zeros((line_words, cell), word),
            plane=np.zeros(n_lines, ints),
            number=np.zeros(n_lines, ints),
        ),
    )


def _start(
    network: Network, chart: Chart, net: PackedNetwork, *, want_mesh: bool
) -> tuple[Room[kernel.PolyhedraState], kernel.PolyhedraState]:
    """A state whose only cell is the chart's polytope, before the first layer, and the room that it has."""
    d, n_bits = network.input_dim, network.n_neurons
    sides = chart_sides(chart)
    meeting, rounded = _corners(chart, sides)
    n_lines, n = len(sides) + n_bits + 1, len(meeting)
    stack, cell = min(STACK, STACK_PER_PLANE * n_lines), min(CELL, CELL_PER_PLANE * n_lines)
    shared = CornerSizes.of(network, net, frames=n_bits + 2, n_points=stack, n_lines=n_lines, n_sides=len(sides))
    sizes = PolyhedraSizes(shared, stack, cell, want_mesh)
    room = taken(("polyhedra", sizes), partial(_empty, sizes))
    state = write_network(room.state, network, chart, net)
    while 2 * n > len(state.cut.point):
        state = enlarged(state)
    state.scalars[outcomes.TOP] = 1
    state.frames.n_corners[0] = state.frames.n_points[0] = n
    state.frames.n_lines[0] = len(sides)
    state.lines.row[: len(sides), : d + 1], state.lines.row[: len(sides), d + 1] = unit_rows(sides, net.reach[:d])
    state.lines.owner[: len(sides)] = -1 - np.arange(len(sides))
    state.lines.exact[: len(sides)], state.lines.scale[: len(sides)] = sides, side_scales(sides)
    position = np.clip(rounded, chart.box.lower, chart.box.upper)
    state.points.position[:n, :d] = position
    state.points.position[:n, d] = 2 * UNIT_ROUNDOFF * np.abs(position).sum(axis=1) + UNDERFLOW_GUARD
    state.corners.place[:n, POINT] = np.arange(n)
    state.corners.tight[:, :n] = pack_low(meeting, len(state.corners.tight)).T
    state.frames.simple[0] = (meeting.sum(axis=1) == d).all()
    return room, state


def chart_sides(chart: Chart) -> NDArray[np.float64]:
    """Rows ``[a, c]`` of the sides ``a . u + c <= 0`` of a chart: its box, upper ones first, then what is not of it."""
    box, rows = (float_sides(sided, chart.box.dim) for sided in (chart.box, chart))
    return np.vstack([box, rows[others(rows, box)]])


def _rows_of_sides(chart: Chart) -> NDArray[np.int64]:
    """The row of the domain that each side of a chart is, -1 for sides of the box that are none."""
    rows = [tuple(row) for row in float_sides(chart, chart.box.dim).tolist()]
    place = {row: index for index, row in reversed(list(enumerate(rows)))}
    return np.array([place.get(tuple(side), -1) for side in chart_sides(chart).tolist()], dtype=np.int64)


def _chunk(network: Network, chart: Chart, out: kernel.PolyhedraOutput, n: int, _: int) -> Chunk:
    witnesses = input_points(chart, trimmed(out.witnesses, n))
    # Proved in the chart's coordinates; elsewhere they are rounded once more.
    proved = trimmed(out.proved, n) & chart.is_input_space
    solids = outline = None
    if chart.is_input_space and len(out.key):
        n_vertices, n_faces = out.vertex_indptr[n], out.face_indptr[n]
        _turn_doubtful(network, chart, out, n)
        solids = polyhedra(
            out.vertex[:n_vertices],
            out.key[:n_vertices],
            out.face_key[:n_faces],
            out.owner[:n_faces],
            out.crowded[:n_faces],
            out.corner_indptr[: n_faces + 1],
            out.corner,
            trimmed(out.face_indptr, n + 1),
        )
        outline = Outline(trimmed(out.vertex_indptr, n + 1), out.vertex[:n_vertices])
    maps = input_maps(chart, trimmed(out.maps, n))
    return Chunk(n, trimmed(out.patterns, n), maps, witnesses, proved, None, solids, outline=outline)


def _turn_doubtful(network: Network, chart: Chart, out: kernel.PolyhedraOutput, n: int) -> None:
    """Turn the faces counter-clockwise, as seen from outside, of which floats left that open; exact.

    At the face's first corner, on the way along its plane and a second one, away from a third one, that is how its
    corners come iff the outward normals of the three have a negative determinant.
    """
    doubtful = np.flatnonzero(out.doubtful[: out.face_indptr[n]])
    if not doubtful.size:
        return
    rows = OwnerRows(network, rows_on(network, integer_matrix(chart.matrix)), integer_rows(chart_sides(chart)))
    regions = np.searchsorted(out.face_indptr[: n + 1], doubtful, side="right") - 1
    for face, bits in zip(doubtful.tolist(), unpack(out.patterns[regions], network.n_neurons), strict=True):
        normals = [list(rows.halfspace(owner, bits)[:-1]) for owner in out.turn[face].tolist()]
        if fmpz_mat(normals).det() > 0:
            ring = slice(out.corner_indptr[face], out.corner_indptr[face + 1])
            out.corner[ring] = out.corner[ring][::-1].copy()


def _volume(state: kernel.PolyhedraState, f: int) -> float:
    """Volume of a cell on the stack, in the chart; rounded, and 0 where qhull finds it too thin."""
    start, n = int(state.frames.start[f]), int(state.frames.n_corners[f])
    vertices = state.points.position[state.corners.place[start : start + n, POINT], :RADIUS]
    try:
        return float(spatial.ConvexHull(vertices).volume)
    except spatial.QhullError:
        return 0.0


def enlarged(state: kernel.PolyhedraState) -> kernel.PolyhedraState:
    """The same state with twice the room for vertices, on the stack and in one cell."""
    corners, cut, faces = state.corners, state.cut, state.faces
    return state._replace(
        points=doubled(state.points),
        corners=kernel.Vertices(doubled(corners.place), doubled(corners.tight, axis=1)),
        cut=cut._replace(point=doubled(cut.point), value=doubled(cut.value), tight=doubled(cut.tight, axis=1)),
        faces=faces._replace(
            ring=doubled(faces.ring),
            on=doubled(faces.on, axis=1),
            on_planes=doubled(faces.on_planes, axis=1),
        ),
    )


class _VertexDecisions(CornerDecisions):
    def _meeting(self, state: kernel.PolyhedraState, f: int, i: int) -> list[int]:
        tight = unpack_low(state.corners.tight[:, int(state.frames.start[f]) + i], int(state.frames.n_lines[f]))
        planes: list[int] = np.flatnonzero(tight).tolist()
        return planes

    def _sign_at(self, row: Row, meeting: Sequence[Row]) -> int:
        return sign(value_at(row, meeting_point(meeting)))


def pack_low(bits: NDArray[np.bool_], n_words: int) -> NDArray[np.uint64]:
    """(n, n_bits) to words, lowest bit first, (n, n_words)."""
    octets = np.zeros((len(bits), 8 * n_words), dtype=np.uint8)
    packed = np.packbits(bits, axis=1, bitorder="little")
    octets[:, : packed.shape[1]] = packed
    return octets.view("<u8").astype(np.uint64)


def unpack_low(words: NDArray[np.uint64], n: int) -> NDArray[np.bool_]:
    """The first n bits of words, lowest first."""
    octets = np.ascontiguousarray(words.astype("<u8")).view(np.uint8)
    return np.unpackbits(octets, count=n, bitorder="little").astype(bool)
