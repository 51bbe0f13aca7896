"""The decision boundary as a search meets it: which pieces are still the nearest, and what is proved about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from flint import fmpq

from polytope_lens.arithmetic.rational import dot, fraction, rational, rationals
from polytope_lens.arithmetic.roots import enclose, enclose_root
from polytope_lens.cells.region_facets import domain_sides, region_rows
from polytope_lens.cells.search_space import nearest
from polytope_lens.exact.bounded_rows import bounded_rows
from polytope_lens.exact.point_signs import point_signs
from polytope_lens.exact.rows import ExactRows, cell_rows
from polytope_lens.local.margins import margins_at
from polytope_lens.lp.rational_nearest import exact_nearest, power_of
from polytope_lens.lp.rational_simplex import Halfspace
from polytope_lens.network.pattern import unpack

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.cells.search_space import SearchSpace
    from polytope_lens.domain import Domain
    from polytope_lens.local.margins import Margins
    from polytope_lens.search.facet_crossing import SearchState

    Pair = tuple[int, int | None]

# Points are moved on by these shares of their distance until they are proved to be across.
FARTHER = (0.0, 2.0**-50, 2.0**-46, 2.0**-42, 2.0**-36, 2.0**-30)
# Regions that a descent goes through at most.
MOST_DESCENTS = 16
# A piece that is nearer than the best point by less than this share is left to the end.
TIE = 2.0**-40


class Piece(NamedTuple):
    """A part of the boundary in one region: about how far it is, and at least how far."""

    distance: float
    shown: float
    bits: Bools
    margin: int
    multipliers: Floats
    point: Floats


class Best(NamedTuple):
    """A nearest point in fractions; `power` is its distance, or with norm 2 the square of that."""

    power: fmpq
    point: list[fmpq]
    pair: Pair


@dataclass(slots=True, eq=False)
class BoundarySearch:
    """What is known of the boundary around a place's point.

    `upper` is the distance, rounded up, of `point`, which is proved to be on the boundary or across. `pieces` are those
    in regions looked at that may be nearer. `seen` are the regions that descents have led to.
    """

    asked: Margins
    space: SearchSpace
    domain: Domain
    upper: float = np.inf
    point: Floats | None = None
    pair: Pair | None = None
    pieces: list[Piece] = field(default_factory=list)
    seen: set[bytes] = field(default_factory=set)

    def lower(self) -> float:
        """A bound on the distance of all pieces in the regions looked at; proved."""
        return min((piece.shown for piece in self.pieces), default=np.inf)

    def radius(self) -> float:
        """The distance of the nearest piece; rounded, and between the bounds."""
        distance = min((piece.distance for piece in self.pieces), default=self.upper)
        return min(max(distance, self.lower()), self.upper)

    def look(self, bits: Bools, margin: Ints) -> None:
        """Note the pieces of the boundary in regions with patterns (n, n_neurons), of one margin each."""
        distance, shown, multipliers, points = self._nearest(bits, margin)
        for i in np.argsort(distance, kind="stable"):
            if shown[i] >= self.upper:
                continue
            piece = Piece(
                float(distance[i]), float(shown[i]), bits[i], int(margin[i]), multipliers[i].copy(), points[i]
            )
            self.pieces.append(piece)
            if distance[i] < self.upper * (1 - TIE):
                self.reach(points[i])
        self.pieces = [piece for piece in self.pieces if piece.shown < self.upper]

    def look_around(self, state: SearchState, index: Ints) -> float:
        """Look at some regions of a search from facet to facet, which is to go on until a point across is found."""
        n_margins = len(self.asked.pairs)
        bits = unpack(state.found.words[index], self.space.network.n_neurons)
        self.look(np.repeat(bits, n_margins, axis=0), np.tile(np.arange(n_margins), len(bits)))
        return np.inf if self.upper == np.inf else 0.0

    def descend(self, point: Floats) -> None:
        """Go to the nearest boundary in the region of a point, and on from there while it comes nearer."""
        network, n_margins = self.space.network, len(self.asked.pairs)
        for _ in range(MOST_DESCENTS):
            bits = point_signs(self.asked.network, point[None])[0] > 0
            if bits.tobytes() in self.seen:
                return
            self.seen.add(bits.tobytes())
            distance, shown, _, points = self._nearest(
                np.broadcast_to(bits, (n_margins, network.n_neurons)), np.arange(n_margins), hasty=True
            )
            i = int(np.where(shown < self.upper, distance, np.inf).argmin())
            before, point = self.upper, points[i]
            if not shown[i] < before or not self.reach(point) or not self.upper < before:
                return

    def _nearest(self, bits: Bools, margin: Ints, *, hasty: bool = False) -> tuple[Floats, Floats, Floats, Floats]:
        """What `nearest` says of the other side of the boundary in regions, the margin's row being the last."""
        space = self.space
        *_, (margins, doubt) = bounded_rows(space.network, bits)
        at = np.arange(len(bits))
        rows, error = region_rows(space.network, space.around, bits)
        rows = np.concatenate([rows, -margins[margin, at][:, None]], axis=1)
        error = np.concatenate([error, doubt[margin, at][:, None]], axis=1)
        return nearest(space, rows, error, self.upper, hasty=hasty)

    def reach(self, near: Floats) -> bool:
        """Take a point, or one just behind it, as the best one, if it is proved to be across and nearer."""
        x = self.space.x
        for share in FARTHER:
            point = near + share * (near - x)
            if not np.isfinite(point).all() or (self.domain is not None and not self.domain.contains(point[None])[0]):
                continue
            margins = margins_at(self.asked, point)
            across = [k for k, margin in enumerate(margins) if margin >= 0]
            if across:
                distance = self._distance_above(point)
                if distance < self.upper:
                    self.upper, self.point, self.pair = distance, point, self.asked.pairs[across[0]]
                return True
        return False

    def nearest_exactly(self) -> Best | None:
        """The nearest point of all pieces in fractions; None if there is none."""
        network, space = self.asked.network, self.space
        d, norm = network.input_dim, space.norm
        source = ExactRows(network)
        start = rationals(space.x)
        sides = domain_sides(self.domain, d).exact
        best: Best | None = None
        for piece in sorted(self.pieces, key=lambda piece: piece.shown):
            shown = rational(piece.shown)
            if best is not None and (shown * shown if norm == 2 else shown) >= best.power:
                break
            margin = source.rows(len(network.layers) - 1, piece.bits)[piece.margin]
            rows = [*cell_rows(network, source, piece.bits), *sides, [-v for v in margin]]
            around = [Halfspace([fmpq(v) for v in row[:-1]], -dot(row[:-1], start) - row[-1]) for row in rows]
            found = exact_nearest(around, d, norm, piece.multipliers, piece.point - space.x)
            if found is not None and (best is None or found.power < best.power):
                point = [v + w for v, w in zip(start, found.point, strict=True)]
                best = Best(found.power, point, self.asked.pairs[piece.margin])
        return best

    def _distance_above(self, point: Floats) -> float:
        step = [v - w for v, w in zip(rationals(point), rationals(self.space.x), strict=True)]
        power = fraction(power_of(step, self.space.norm))
        return (enclose_root(power) if self.space.norm == 2 else enclose(power, power))[1]
