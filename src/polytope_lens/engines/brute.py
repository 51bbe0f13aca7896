"""Engine for tests: every neuron of every cell decided by two linear programs in rational arithmetic, and nothing else.

It shares no code with the compiled engines but the exact linear programs, and takes milliseconds for each region.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens.arithmetic.rational import dot, integer_matrix, nearest_float, rational, rationals
from polytope_lens.engines.chunks import Chunk, Record, counted
from polytope_lens.exact.rows import ExactRows
from polytope_lens.lp.interior_point import inside_box
from polytope_lens.lp.rational_simplex import Halfspace, maximize
from polytope_lens.network.affine import affine_maps
from polytope_lens.network.pattern import pack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from polytope_lens.engines.charts import Chart
    from polytope_lens.network.network import Network
    from polytope_lens.network.span import Span


def walk(
    network: Network,
    chart: Chart,
    record: Record,
    *,
    want_output: bool,
    want_mesh: bool = False,
    workers: int = 1,
    span: Span | None = None,
) -> Iterator[Chunk]:
    """Regions of a network in one chart, in canonical order, one batch; exact. It works alone whatever `workers` is."""
    rows = ExactRows(network, integer_matrix(chart.matrix))
    lower, upper = rationals(chart.box.lower), rationals(chart.box.upper)
    sides = [Halfspace(rationals(a), rational(b)) for a, b in zip(chart.A, chart.b, strict=True)]
    cells: list[tuple[list[bool], list[Halfspace]]] = [([], sides)]
    layers = []
    for index, layer in enumerate(network.layers):
        decided = []
        for bits, cell in cells:
            known = np.zeros(network.n_neurons, dtype=bool)
            known[: len(bits)] = bits
            halves = [(bits, cell)]
            for neuron in np.flatnonzero(layer.cuts):
                row = [fmpq(v) for v in rows.rows(index, known)[neuron]]
                halves = [half for before in halves for half in _halves(*before, row, lower, upper)]
                record.rational += len(halves)
            decided.extend(halves)
        cells = decided
        layers.append(cells)
    numbers = {tuple(bits): int("0" + "".join("01"[bit] for bit in bits), 2) for bits, _ in cells}
    if span is not None:
        cells = [cell for cell in cells if span.first <= numbers[tuple(cell[0])] < span.end]
    found = {tuple(bits) for bits, _ in cells}
    # A cell belongs where the first region in it does.
    firsts = [
        {bits[:n]: bits for bits in sorted(numbers, reverse=True)} for n in (len(decided[0][0]) for decided in layers)
    ]
    record.layer_counts = [sum(bits in found for bits in first.values()) for first in firsts]
    if not want_output:
        yield counted(len(cells))
        return
    patterns = pack(np.array([bits for bits, _ in cells], dtype=bool).reshape(len(cells), network.n_neurons))
    yield Chunk(
        len(cells),
        patterns,
        affine_maps(network, patterns),
        np.array([_witness(cell, chart) for _, cell in cells]).reshape(len(cells), network.input_dim),
        np.zeros(len(cells), dtype=bool),
        None,
    )


def _halves(
    bits: list[bool], cell: list[Halfspace], row: list[fmpq], lower: list[fmpq], upper: list[fmpq]
) -> list[tuple[list[bool], list[Halfspace]]]:
    normal, offset = row[:-1], row[-1]
    negated = [-v for v in normal]
    highest, lowest = maximize(normal, cell, lower, upper), maximize(negated, cell, lower, upper)
    assert highest is not None and lowest is not None  # cells have interior
    off = ([*bits, False], [*cell, Halfspace(normal, -offset)])
    on = ([*bits, True], [*cell, Halfspace(negated, offset)])
    if highest.value + offset <= 0:
        return [(off[0], cell)]
    if -lowest.value + offset >= 0:
        return [(on[0], cell)]
    return [off, on]


def _witness(cell: list[Halfspace], chart: Chart) -> NDArray[np.float64]:
    inside = inside_box(cell, rationals(chart.box.lower), rationals(chart.box.upper))
    assert inside is not None  # cells have interior
    *point, t = [dot(rationals(row), [*inside, fmpq(1)]) for row in chart.matrix]
    return np.array([nearest_float(v / t) for v in point])
