"""The loops of `sparse_sweep`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._compiled.bits import NOTHING, ONE, count_bits, lowest_bit
from polytope_lens._compiled.jit import inlined, jit
from polytope_lens._compiled.simd import LANES, add, load, store
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.exact.blocks import sloped, times_block, times_sizes

if TYPE_CHECKING:
    from polytope_lens.exact.blocks import Blocks

# Columns of values: at t = 0 and t = 1, the high parts, the low parts and the errors
HIGH, LOW, ERROR = 0, 2, 4
N_VALUES = 6


@jit
def mark(b: Blocks, start: Any, begin: Any, marks: Any, count: Any) -> None:  # pragma: no cover - compiled
    """For each block, mark and count the pieces at whose beginning a value that goes into it changes, and piece 0."""
    for block in range(len(b.row_start) - 1):
        for word in range(marks.shape[1]):
            marks[block, word] = NOTHING
        marks[block, 0] = ONE
        for i in range(b.column_start[block], b.column_start[block + 1]):
            j = b.columns[i]
            for r in range(start[j] + 1, start[j + 1]):
                marks[block, begin[r] >> 6] |= ONE << np.uint64(begin[r] & 63)
        count[block] = 0
        for word in range(marks.shape[1]):
            count[block] += count_bits(marks[block, word])


@inlined
def _next_mark(marks: Any, block: int, after: int, n: int) -> Any:  # pragma: no cover - compiled
    """The next piece that is marked after one; n if there is none."""
    word = (after + 1) >> 6
    if word >= marks.shape[1]:
        return n
    rest = (marks[block, word] >> np.uint64((after + 1) & 63)) << np.uint64((after + 1) & 63)
    while rest == NOTHING:
        word += 1
        if word == marks.shape[1]:
            return n
        rest = marks[block, word]
    return 64 * word + lowest_bit(rest)


@inlined
def is_dead(values: Any, at: int) -> Any:  # pragma: no cover - compiled
    """Whether a value is zero without error at both ends: then it is so whatever the input is."""
    return (
        values[at, HIGH] == 0.0
        and values[at, ERROR] == 0.0
        and values[at, HIGH + 1] == 0.0
        and values[at, ERROR + 1] == 0.0
    )


@jit
def evaluate(
    b: Blocks, first: int, last: int, start: Any, begin: Any, value: Any, marks: Any, run_start: Any, value_start: Any,
    knot: Any, knot_error: Any, cuts: Any, to_begin: Any, to_value: Any, left: Any, right: Any,
    live: Any, at_run: Any, vector: Any, octet: Any,
) -> None:  # pragma: no cover - compiled  # fmt: skip
    """Pre-activations of some blocks on each of their runs, and their signs beside the ends of it, or 0 if unproved.

    The last four arguments are working memory.
    """
    n, low_of = len(knot) - 1, vector[LOW:]
    for block in range(first, last):
        row_start, height = b.row_start[block], b.row_start[block + 1] - b.row_start[block]
        columns, width = b.column_start[block], b.column_start[block + 1] - b.column_start[block]
        for i in range(width):
            at_run[i] = start[b.columns[columns + i]]
        piece = 0
        for run in range(run_start[block], run_start[block + 1]):
            n_live = 0
            for i in range(width):
                stop, r = start[b.columns[columns + i] + 1], at_run[i]
                while r + 1 < stop and begin[r + 1] <= piece:
                    r += 1
                at_run[i] = r
                if not is_dead(value, r):
                    for k in range(N_VALUES):
                        vector[k, n_live] = value[r, k]
                    live[n_live] = i
                    n_live += 1
            to_begin[run] = piece
            following = _next_mark(marks, block, piece, n)
            place = value_start[block] + (run - run_start[block]) * height
            for row in range(0, height, LANES):
                weight, bias = b.weight_start[block] + row, load(b.bias, (row_start + row,))
                for v in range(2):
                    found, rest, doubt = times_block(b.weights, weight, height, live, n_live, vector, low_of, v, bias)
                    inherited = times_sizes(b.weights, weight, height, live, n_live, vector, ERROR + v)
                    store(octet, (HIGH + v, 0), found)
                    store(octet, (LOW + v, 0), rest)
                    store(octet, (ERROR + v, 0), add(doubt, inherited))
                for lane in range(min(LANES, height - row)):
                    q, at = row_start + row + lane, place + row + lane
                    dead = n_live == 0 and b.bias[q] == 0.0
                    for k in range(N_VALUES):
                        to_value[at, k] = octet[k, lane]
                    for k in range(ERROR, N_VALUES):
                        to_value[at, k] = 0.0 if dead else octet[k, lane] * BOUND_SLACK
                    if not cuts[b.rows[q]]:
                        left[at] = right[at] = 1
                    elif dead:
                        left[at] = right[at] = -1
                    else:
                        left[at] = _sure_sign(to_value, at, knot[piece], knot_error[piece])
                        right[at] = _sure_sign(to_value, at, knot[following], knot_error[following])
            piece = following


@inlined
def _sure_sign(value: Any, at: int, t: float, error: float) -> int:  # pragma: no cover - compiled
    """Sign of an affine function at a place t between 0 and 1 that is known within an error; 0 if it is not proved."""
    p, r = value[at, HIGH], value[at, HIGH + 1]
    inherited = value[at, ERROR] + value[at, ERROR + 1] + 2 * UNIT_ROUNDOFF * (abs(p) + abs(r))
    bound = inherited + (error + 6 * UNIT_ROUNDOFF) * (abs(p) + abs(r) + inherited)
    bound = bound * BOUND_SLACK + UNDERFLOW_GUARD
    here = (1.0 - t) * p + t * r
    if here > bound:
        return 1
    return -1 if here < -bound else 0


@jit
def activate(
    b: Blocks, run_start: Any, value_start: Any, begin: Any, value: Any, left: Any, right: Any, turn: Any,
    negative: Any, positive: Any, on: Any, n_runs: Any, n_flips: Any,
    filled: bool, to_begin: Any, to_value: Any, flip_piece: Any, flip_neuron: Any,
) -> None:  # pragma: no cover - compiled  # fmt: skip
    """What goes into the next layer, neuron by neuron, and where neurons flip.

    At first, unless `filled`, numbers of runs and flips of each neuron are counted; then they are given as the places
    where these begin. A value turns its sign at the beginning of piece ``turn``, if that is not -1.
    """
    for block in range(len(b.row_start) - 1):
        height = b.row_start[block + 1] - b.row_start[block]
        for row in range(height):
            q = b.rows[b.row_start[block] + row]
            runs, flips = (n_runs[q], n_flips[q]) if filled else (0, 0)
            was_on, was_dead = False, False
            for run in range(run_start[block], run_start[block + 1]):
                at = value_start[block] + (run - run_start[block]) * height + row
                for part in range(1 if turn[at] < 0 else 2):
                    piece = begin[run] if part == 0 else turn[at]
                    is_on = (left[at] if part == 0 else right[at]) > 0
                    is_first = part == 0 and run == run_start[block]
                    if is_first:
                        on[q] = is_on
                    elif is_on != was_on:
                        if filled:
                            flip_piece[flips], flip_neuron[flips] = piece, q
                        flips += 1
                    slope = positive[q] if is_on else negative[q]
                    dead = slope == 0.0 or is_dead(value, at)
                    if is_first or not (dead and was_dead):
                        if filled:
                            to_begin[runs] = piece
                            _put(value, at, 0.0 if dead else slope, to_value, runs)
                        runs += 1
                    was_on, was_dead = is_on, dead
            if not filled:
                n_runs[q], n_flips[q] = runs, flips


@inlined
def _put(value: Any, at: int, slope: float, to_value: Any, to: int) -> None:  # pragma: no cover - compiled
    """A value times a slope; dead if this is 0."""
    for v in range(2):
        high, low, error = 0.0, 0.0, 0.0
        if slope != 0.0:
            high, low, error = sloped(value[at, HIGH + v], value[at, LOW + v], value[at, ERROR + v], slope)
        to_value[to, HIGH + v] = high
        to_value[to, LOW + v] = low
        to_value[to, ERROR + v] = error
