"""The fewest pieces of a path on which affine functions stay near the network."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens._arrays import validate
from polytope_lens.arithmetic.rational import integer_matrix
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNIT_ROUNDOFF
from polytope_lens.exact.forward import quiet
from polytope_lens.exact.rows import ExactRows
from polytope_lens.exact.values import bounded_values
from polytope_lens.function.affine_fits_kernels import KnownValues
from polytope_lens.function.fewest_intervals import exact_level, fewest_intervals
from polytope_lens.network.pattern import unpack
from polytope_lens.network.scalar import check_output, single_output
from polytope_lens.path.sweep import Trace, exact_breakpoints

if TYPE_CHECKING:
    from polytope_lens._types import Floats
    from polytope_lens.network.network import Network


@dataclass(frozen=True, slots=True, eq=False)
class PathPieces:
    """A path in the fewest pieces on each of which an affine function is near enough to the network.

    Parameters
    ----------
    eps : float
        How near.
    stops : (n_pieces + 1,) array
        Positions where the pieces end, as those of `Path`: breakpoints and corners.
    values : (n_pieces, 2, out) array
        What the affine functions are at the two ends of their pieces; rounded, and NaN where that is out of range.
    deviations : (n_pieces,) array
        Proved bounds on how far each is from the network, over the piece and the outputs.
    n_intervals : int
        How many pieces there would be with all breakpoints.
    """

    eps: float
    stops: Floats
    values: Floats
    deviations: Floats
    n_intervals: int

    def __len__(self) -> int:
        return len(self.deviations)

    def __repr__(self) -> str:
        return f"PathPieces({len(self)} of {self.n_intervals} pieces within {self.eps:.6g})"


def path_pieces(network: Network, points: Floats, found: Trace, eps: float, output: int | None = None) -> PathPieces:
    """The fewest pieces of a path on each of which an affine function deviates from the network by at most `eps`.

    A piece is made of whole regions and ends at a corner of the path at the latest. Pieces need not join continuously.

    Parameters
    ----------
    network : Network
    points : (n + 1, d) array
        Start, corners and end of the path.
    found : Trace
    eps : float
        The greatest deviation, over a piece and over the outputs.
    output : int, optional
        Of one output only; negative ones count from the last.

    Raises
    ------
    OptionError

    Notes
    -----
    Exact: there are no fewer. See `fewest_intervals`; with `eps` 0, pieces are those on which nothing bends.
    Cost: a forward pass with bounds for each breakpoint, and for each piece some passes over its breakpoints;
    milliseconds for each breakpoint of a piece where a deviation is `eps` up to rounding, as all are with `eps` 0.

    Examples
    --------
    Eight pieces of slopes 0, 1, ... 7, of which four suffice within 1/4, and two within 1:

    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1]] * 7, [[1] * 7]], [[-k for k in range(1, 8)], [0]])
    >>> path = lens.path([0], [8])
    >>> [len(path.pieces(eps)) for eps in (0, 0.25, 1)], path.pieces(0.25)
    ([8, 4, 2], PathPieces(4 of 8 pieces within 0.25))
    """
    eps = validate.tolerance(eps)
    if output is not None:
        network = single_output(network, check_output(network, output))
    ends, values, deviations, n = [np.zeros(1)], [], [], 0
    for leg, (start, stop) in enumerate(pairwise(points)):
        if (start == stop).all():
            continue
        knots = _Leg(network, points, found, leg)
        pieces = fewest_intervals(knots.known, eps, knots.level)
        t = knots.known.points[:, 0]
        first, last = pieces.stops[:-1], pieces.stops[1:]
        # Maps are about the first knot of each piece.
        beginning = pieces.maps[:, :, 1]
        with quiet():
            end = beginning + pieces.maps[:, :, 0] * (t[last] - t[first])[:, None]
        ends.append(knots.positions[last])
        values.append(np.stack([beginning, end], axis=1))
        deviations.append(pieces.deviations)
        n += len(t) - 1
    if not deviations:
        value, _ = bounded_values(network, points[:1], np.zeros(1))
        ends, values, deviations = [np.zeros(1), np.zeros(1)], [np.stack([value, value], axis=1)], [np.zeros(1)]
        n = 1
    return PathPieces(eps, np.concatenate(ends), np.concatenate(values), np.concatenate(deviations), n)


class _Leg:
    """The knots of one segment: its start, the breakpoints inside, and its end."""

    def __init__(self, network: Network, points: Floats, found: Trace, leg: int) -> None:
        self._network, self._points, self._found, self._leg = network, points, found, leg
        self._ends = points[leg : leg + 2]
        at = np.flatnonzero(found.segments == leg)
        if len(at) and found.breakpoints[at[0]] == leg and self._places(int(at[0]), 1) == [leg]:
            at = at[1:]
        # The first breakpoint inside is also the number of the region before it.
        self._first = int(at[0]) if len(at) else int(np.searchsorted(found.segments, leg, side="right"))
        self._exact: dict[int, tuple[fmpq, list[fmpq]]] = {}
        self.positions = np.concatenate([[float(leg)], found.breakpoints[at], [leg + 1.0]])
        t = self.positions - leg
        doubt = np.spacing(np.maximum(self.positions, 1.0))
        doubt[[0, -1]] = 0.0
        start, stop = self._ends
        X = (1 - t)[:, None] * start + t[:, None] * stop
        size, step = float(np.abs(self._ends).max()), float(np.abs(stop - start).max())
        values, errors = bounded_values(network, X, (doubt * step + 4 * UNIT_ROUNDOFF * size) * BOUND_SLACK)
        self.known = KnownValues(
            np.ascontiguousarray(t[:, None]), doubt, np.ascontiguousarray(values.T), np.ascontiguousarray(errors.T)
        )

    def level(self, a: int, b: int) -> fmpq:
        """The least deviation from knot a to knot b, exact."""
        missing = [i for i in range(a, b + 1) if i not in self._exact]
        if missing:
            self._find(missing[0], missing[-1])
        knots = [self._exact[i] for i in range(a, b + 1)]
        return exact_level([t for t, _ in knots], [values for _, values in knots])

    def _find(self, a: int, b: int) -> None:
        """Places and values of knots."""
        last = len(self.positions) - 1
        inside = range(max(a, 1), min(b, last - 1) + 1)
        places = {0: fmpq(0), last: fmpq(1)}
        places.update(
            zip(inside, (v - self._leg for v in self._places(self._first + inside.start - 1, len(inside))), strict=True)
        )
        source = ExactRows(self._network, integer_matrix(np.vstack([self._ends.T, [1.0, 1.0]])))
        for i in range(a, b + 1):
            region = self._first + max(i - 1, 0)
            bits = unpack(self._found.packed_patterns[region : region + 1], self._found.n_neurons)[0]
            rows, scale = source.scaled_rows(len(self._network.layers), bits)
            self._exact[i] = places[i], [(p + (q - p) * places[i]) / scale for p, q in rows]

    def _places(self, start: int, n: int) -> list[fmpq]:
        """Some breakpoints of the path, exact."""
        some, found = slice(start, start + n), self._found
        patterns = found.packed_patterns[start : start + n + 1]
        trace = Trace(found.breakpoints[some], found.segments[some], patterns, found.n_neurons)
        return exact_breakpoints(self._network, self._points, trace)
