"""Engine for two inputs: cells are polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.engines._kernels import codes, refine
from polytope_lens.engines._kernels import subdivide as kernel
from polytope_lens.engines._kernels.corners import ANSWERED, N_WORDS, OPEN, POINT, write_sign
from polytope_lens.engines._kernels.flat import FlatNetwork, flatten, hash_table
from polytope_lens.engines.chunks import (
    Chunk,
    Record,
    counted,
    first_rows,
    input_maps,
    input_points,
    trimmed,
)
from polytope_lens.engines.driver import Problem, batches
from polytope_lens.exact.rational import integer_matrix, integer_rows, nearest_float, sign
from polytope_lens.exact.rows import ExactRows
from polytope_lens.exact.signs import UNIT_ROUNDOFF
from polytope_lens.mesh import Corners
from polytope_lens.network import bit_places, cutting_first
from polytope_lens.pattern import n_words, unpack
from polytope_lens.polytope import Polytope
from polytope_lens.polytope.planar import exact_vertices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flint import fmpz
    from numpy.typing import NDArray

    from polytope_lens.engines.charts import Chart
    from polytope_lens.network import Network

CORNERS_PER_REGION = 6
# Rounding [x; t] / t moves each coordinate of a point with t = 1 by a share of 2^-53, and so each coordinate, which is
# at most 1, of the point of the chart that it stands for by at most 2^-51.
PROJECTED = 2.0**-50


def walk(network: Network, chart: Chart, record: Record, *, want_output: bool, workers: int = 1) -> Iterator[Chunk]:
    """Regions of a network with two inputs in one chart, in canonical order, batch by batch.

    Exact: signs at corners that floats leave open are decided in integer arithmetic. The loops are compiled; memory is
    that of one batch and of the stack, whose depth is at most the number of neurons.
    """
    edges, xy = _polygon(chart)
    reach = np.abs(xy).max(axis=0) * (1 + 2 * UNIT_ROUNDOFF)
    ordered = cutting_first(network)
    net = flatten(ordered, chart.matrix, reach, want_maps=want_output)
    state = _start(ordered, chart, net, edges, xy, reach)

    def oracle() -> Callable[[kernel.State], None]:
        return _CornerSigns(network, chart).answer

    def room(n_regions: int) -> kernel.Output:
        n_corners = max(n_regions * CORNERS_PER_REGION, len(state.sign))
        return kernel.Output(
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

    record.of = "area"
    problem = Problem(kernel, "subdivide", net, oracle, room if want_output else None, _area)
    for n, n_corners, out in batches(problem, state, record, workers=workers):
        yield counted(n) if out is None else _chunk(chart, n, n_corners, out)


def _polygon(chart: Chart) -> tuple[list[int], NDArray[np.float64]]:
    """The chart's edges counter-clockwise, and the corner at which each starts, rounded."""
    if np.array_equal(chart.A, chart.box.A) and np.array_equal(chart.b, chart.box.b):
        (left, bottom), (right, top) = chart.box.lower, chart.box.upper
        return [0, 1, 2, 3], np.array([[right, bottom], [right, top], [left, top], [left, bottom]])
    edges, corners = exact_vertices(Polytope(chart.A, chart.b))
    return edges, np.array([[nearest_float(x), nearest_float(y)] for x, y in corners])


def _start(
    network: Network,
    chart: Chart,
    net: FlatNetwork,
    edges: list[int],
    xy: NDArray[np.float64],
    reach: NDArray[np.float64],
) -> kernel.State:
    """A state whose only cell is the chart's polygon, before the first layer."""
    n_bits, n_hidden, n = network.n_neurons, len(network.layers), len(edges)
    # Corners of one cell at most, cells on the stack, layers with the outputs
    most, frames, layers = n_bits + n, n_bits + 2, n_hidden + 1
    words = max(1, -(-int(net.n_cut.max()) // 64))
    widest, next_widest = int(net.stride.max()), int(net.stride[1 if network.layers else 0 :].max())
    points = most * layers + 2 * n_bits + n
    hashes = hash_table(2 * n_bits + len(chart.b), seed=1)
    ints, floats, word = np.int64, np.float64, np.uint64
    first = first_rows(network, chart)[: net.width[0]].T
    state = kernel.State(
        scalars=np.zeros(codes.N_SCALARS, ints),
        layer_counts=np.zeros(layers, ints),
        layer=np.full(frames, -1, ints),
        asked=np.full(frames, -1, ints),
        start=np.zeros(frames, ints),
        n_corners=np.zeros(frames, ints),
        n_points=np.zeros(frames, ints),
        n_lines=np.zeros(frames, ints),
        digest=np.zeros(frames, word),
        undecided=np.zeros((frames, words), word),
        on=np.zeros((frames, words), word),
        rows=np.zeros((frames, 4, next_widest), floats),
        corner=np.zeros((4 * frames + n, 2), ints),
        corner_hash=np.zeros((4 * frames + n, 2), word),
        point=np.zeros((points, 3), floats),
        signs=np.zeros((points, N_WORDS, words), word),
        line=np.zeros((most, 4), floats),
        owner=np.zeros(most, ints),
        layer_rows=np.zeros((layers, 3, widest), floats),
        layer_sure=np.zeros((layers, widest), floats),
        layer_spread=np.zeros((layers, widest), floats),
        layer_carry=np.zeros((layers, widest), floats),
        bits=np.zeros(n_words(n_bits), word),
        sign=np.zeros(most, ints),
        old_corner=np.zeros((most, 2), ints),
        old_hash=np.zeros((most, 2), word),
        on_hash=hashes[:n_bits],
        zero_hash=hashes[n_bits:],
        refined=refine.start(first, layers, widest),
    )
    state.layer_rows[0, :, : net.width[0]] = first
    if not network.layers:
        state.rows[0, :3, : net.width[0]] = first
    state.scalars[codes.TOP] = 1
    state.n_corners[0] = state.n_points[0] = state.n_lines[0] = n
    state.corner[:n] = np.arange(n)[:, None]
    state.point[:n, : kernel.RADIUS] = xy
    state.point[:n, kernel.RADIUS] = 2 * UNIT_ROUNDOFF * np.abs(xy).sum(axis=1)
    lines = np.column_stack([chart.A, -chart.b])[edges]
    lines /= np.hypot(lines[:, 0], lines[:, 1])[:, None]
    state.line[:n, : kernel.LINE_ERROR] = lines
    state.line[:n, kernel.LINE_ERROR] = 8 * UNIT_ROUNDOFF * (reach.sum() + np.abs(lines[:, 2]))
    state.owner[:n] = [-1 - side for side in edges]
    sides = state.zero_hash[n_bits + np.array(edges)]
    state.corner_hash[:n, 1] = sides
    state.corner_hash[:n, 0] = sides ^ np.roll(sides, 1)
    return state


def _area(state: kernel.State, f: int) -> float:
    """Area of a cell on the stack, in the chart; rounded."""
    start, n = int(state.start[f]), int(state.n_corners[f])
    x, y = state.point[state.corner[start : start + n, POINT], : kernel.RADIUS].T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


class _CornerSigns:
    """Signs of neurons at corners in integer arithmetic: a corner is where the lines of two known owners meet."""

    def __init__(self, network: Network, chart: Chart) -> None:
        self._rows = ExactRows(network, integer_matrix(chart.matrix))
        self._sides = integer_rows(np.column_stack([chart.A, -chart.b]))
        self._n_bits = network.n_neurons
        self._place = bit_places(network)
        self._first_bit = np.cumsum((0, *network.bits_per_layer)).tolist()

    def answer(self, state: kernel.State) -> None:
        """Fill in the signs that the kernel left open at the corners of a cell, for the neuron that it asked about."""
        f = int(state.scalars[codes.TOP]) - 1
        bit = self._first_bit[int(state.layer[f])] + int(state.asked[f])
        word, place = divmod(int(state.asked[f]), 64)
        mask = np.uint64(1 << place)
        bits = unpack(state.bits[None], self._n_bits)[0]
        row = self._line(bit, bits)
        start, n = int(state.start[f]), int(state.n_corners[f])
        points, lines = state.corner[start : start + n].T.tolist()
        for i, (point, line) in enumerate(zip(points, lines, strict=True)):
            signs = state.signs[point, :, word]
            if signs[OPEN] & ~signs[ANSWERED] & mask:
                before = self._line(int(state.owner[lines[i - 1]]), bits)
                after = self._line(int(state.owner[line]), bits)
                write_sign(signs, mask, _sign_at_crossing(row, before, after))

    def _line(self, owner: int, bits: NDArray[np.bool_]) -> list[fmpz]:
        if owner < 0:
            return self._sides[-1 - owner]
        layer, neuron = self._place[owner]
        return self._rows.rows(layer, bits)[neuron]


def _sign_at_crossing(row: list[fmpz], first: list[fmpz], second: list[fmpz]) -> int:
    """Sign of ``a x + b y + c`` where two lines meet: a determinant over a determinant."""
    a, b, c = first
    p, q, r = second
    bottom = a * q - b * p
    top = row[0] * (b * r - c * q) + row[1] * (c * p - a * r) + row[2] * bottom
    return sign(top) * sign(bottom)


def _chunk(chart: Chart, n: int, n_corners: int, out: kernel.Output) -> Chunk:
    corners = Corners(
        trimmed(out.corner, n_corners),
        trimmed(out.key, n_corners),
        trimmed(out.owner, n_corners),
        trimmed(out.crowded, n_corners),
        trimmed(out.indptr, n + 1),
    )
    witnesses, proved = input_points(chart, trimmed(out.witnesses, n)), trimmed(out.proved, n)
    if not chart.is_input_space:
        proved = proved & np.isfinite(witnesses).all(axis=1)
    return Chunk(n, trimmed(out.patterns, n), input_maps(chart, trimmed(out.maps, n)), witnesses, proved, corners)
