"""The regions across the facets of a region."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq, fmpz

from polytope_lens.arithmetic.rational import integers, nearest_float
from polytope_lens.cells.inequalities import DOMAIN
from polytope_lens.errors import ConsistencyError
from polytope_lens.exact.point_signs import pattern_beside
from polytope_lens.flat_domain import flat_of, within
from polytope_lens.lp.rational_simplex import Halfspace, maximize
from polytope_lens.network.pattern import ActivationPattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens.flat_domain import FlatDomain
    from polytope_lens.region import Region

ZERO, ONE = fmpq(0), fmpq(1)


def neighbors(region: Region) -> list[Region]:
    """The region across each facet, one for each, nearest facet first; sides of the domain have none. Exact.

    In a flat box, across each facet within the flat.

    Notes
    -----
    Never found by flipping a bit: a point in the relative interior of the facet is computed in rational arithmetic, and
    the network is asked for its pattern just beyond it. Cost: one exact linear program with d + 2 variables per facet.
    """
    if (flat := flat_of(region)) is not None:
        return [_embedded(flat, region, found) for found in neighbors(within(region))]
    cell, found = region.polytope, []
    for row, owners in zip(cell.rows, cell.owners, strict=True):
        if any(layer == DOMAIN for layer, _ in owners):
            continue
        point = _inside_facet(row, [other for other in cell.rows if other is not row])
        d = len(row) - 1
        axes = [[fmpz(int(i == k)) for i in range(d)] for k in range(d)]
        bits = pattern_beside(region.network, integers([*point, ONE]), [row[:-1], *axes])
        pattern = ActivationPattern(tuple(bits.tolist()), region.pattern.bits_per_layer)
        found.append(replace(region, pattern=pattern, point=np.array([nearest_float(v) for v in point])))
    return found


def _embedded(flat: FlatDomain, region: Region, found: Region) -> Region:
    """A neighbour on a flat as one of a region of the whole network."""
    pattern = replace(region.pattern, bits=found.pattern.bits)
    return replace(region, pattern=pattern, point=flat.embed(found.point))


def _inside_facet(row: Sequence[fmpz], others: Sequence[Sequence[fmpz]]) -> list[fmpq]:
    """A rational point on the hyperplane of one facet and strictly inside all the others."""
    d = len(row) - 1
    on = [fmpq(v) for v in row]
    rows = [Halfspace([*on, ZERO], ZERO), Halfspace([*(-v for v in on), ZERO], ZERO)]
    rows += [Halfspace([*(fmpq(v) for v in other), ONE], ZERO) for other in others]
    rows.append(Halfspace([ZERO] * d + [-ONE, ONE], ZERO))
    best = maximize([ZERO] * (d + 1) + [ONE], rows, [-ONE] * d + [ZERO, ZERO], [ONE] * (d + 2))
    if best is None or best.value <= 0:
        raise ConsistencyError("a facet has no relative interior. This is a defect of polytope_lens: please report it.")
    return [y / best.point[d] for y in best.point[:d]]
