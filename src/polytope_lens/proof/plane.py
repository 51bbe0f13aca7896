"""The proof for two inputs: polygons with exact corners that tile a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.arithmetic.rational import integer_matrix
from polytope_lens.engines import subdivide
from polytope_lens.engines.chunks import Record
from polytope_lens.exact.owner_rows import OwnerRows, integer_sides
from polytope_lens.exact.rows import ExactRows
from polytope_lens.network.pattern import unpack
from polytope_lens.proof.log import hexadecimal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flint import fmpz
    from numpy.typing import NDArray

    from polytope_lens.engines.charts import Chart
    from polytope_lens.flat_domain import FlatDomain
    from polytope_lens.network.network import Network
    from polytope_lens.proof.log import LogFile, Tick


def prove_plane(log: LogFile, network: Network, chart: Chart, tick: Tick, flat: FlatDomain | None = None) -> None:
    """Write the corners and regions of a chart as they are found.

    A corner is where the lines of two known owners meet. It is written once, before the first region that has it. The
    chart is one of the inputs, or of a flat: its regions are then found by the network there, but the lines are those
    of the network itself, which the log has.
    """
    walked, matrix = (network, chart.matrix) if flat is None else (flat.network, flat.matrix)
    lines = OwnerRows(network, ExactRows(network, integer_matrix(matrix)), integer_sides(chart))
    known: dict[int, int] = {}
    for chunk in subdivide.walk(walked, chart, Record(), want_output=True):
        assert chunk.corners is not None  # this engine finds them
        corners = chunk.corners
        keys, owner, starts = (a.tolist() for a in (corners.key[corners.corner], corners.owner, corners.indptr))
        for bits, start, stop in zip(unpack(chunk.patterns, network.n_neurons), starts[:-1], starts[1:], strict=True):
            polygon = []
            for i in range(start, stop):
                if (key := keys[i]) not in known:
                    known[key] = len(known)
                    before = owner[i - 1 if i > start else stop - 1]
                    log.write("v", *map(hexadecimal, _crossing(*(lines.row(q, bits) for q in (before, owner[i])))))
                polygon.append(known[key])
            log.write("r", hexadecimal(pattern_number(bits)), *polygon)
        tick(chunk.n_regions)


def _crossing(first: Sequence[fmpz], second: Sequence[fmpz]) -> list[fmpz]:
    """Homogeneous integer coordinates [x, y, w], w > 0 and no common divisor, of the point where two lines meet."""
    a, b, c = first
    p, q, r = second
    x, y, w = b * r - c * q, c * p - a * r, a * q - b * p
    divisor = x.gcd(y).gcd(w)
    if w < 0:
        divisor = -divisor
    return [x // divisor, y // divisor, w // divisor]


def pattern_number(bits: NDArray[np.bool_]) -> int:
    """A pattern as an integer, first bit highest."""
    return int.from_bytes(np.packbits(bits).tobytes(), "big") >> (-len(bits) % 8)
