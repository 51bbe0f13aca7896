"""The regions across the facets of a region, and points inside regions that are entered through a facet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays.batches import batches
from polytope_lens.cells.inequalities import facet_table, facets_seen, nearest_first
from polytope_lens.cells.interior_proposals import pays_to_propose, propose_centers, step_in
from polytope_lens.cells.region_facets import Cells, region_rows
from polytope_lens.cells.search_space import are_inside, lift, space_of
from polytope_lens.flat_domain import flat_of, within
from polytope_lens.lp.interior_point import float_inside
from polytope_lens.network.pattern import ActivationPattern

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats
    from polytope_lens.cells.search_space import SearchSpace
    from polytope_lens.flat_domain import FlatDomain
    from polytope_lens.region import Region

# Of a region with no more numbers than this in all its normals, rationals find a point inside sooner than floats.
FEW = 12


def neighbors(region: Region) -> list[Region]:
    """The region across each facet, one for each, nearest facet first; sides of the domain have none. Exact.

    The `point` of each is a float strictly inside it; where a region is too thin for the floats tried, its middle,
    rounded. In a flat box they are those across each facet within the flat.

    Notes
    -----
    Never found by flipping a bit on trust: a facet is proved, and if it is met at a point where no other row is zero,
    and no neuron is zero on the whole region, its owner's bit is the one that changes there. Elsewhere the pattern
    across is computed layer by layer in integer arithmetic. Cost: that of the facets, and of the rows of all neighbours
    for the points inside them: milliseconds with 10 inputs and 64 neurons.
    """
    if (flat := flat_of(region)) is not None:
        return [_embedded(flat, region, found) for found in neighbors(within(region))]
    bits, found = region.pattern.array, facets_seen(region)
    chosen = [i for i in nearest_first(region) if found.groups[i][-1] < len(bits)]
    if not chosen:
        return []
    space = space_of(region.network, region.point, region.domain)
    cells = Cells(space.network, space.around)
    across = np.array([cells.across(bits, found.groups[i], found.vanishing)[0] for i in chosen])
    exits = found.exits
    if space.weight is None and np.isnan(exits).any():
        exits = np.where(np.isnan(exits), _feet(facet_table(region), found.inside), exits)
    points = np.empty((len(chosen), space.network.input_dim))
    for some in batches(len(chosen), numbers_each(space)):
        entries = exits[chosen[some]]
        rows, error = region_rows(space.network, space.around, across[some])
        points[some], _ = enter(space, cells, across[some], rows, error, entries, entries - found.inside)
    per_layer = region.pattern.bits_per_layer
    return [
        replace(region, pattern=ActivationPattern(tuple(pattern), per_layer), point=point)
        for pattern, point in zip(across.tolist(), lift(space, points), strict=True)
    ]


def _feet(facets: Floats, point: Floats) -> Floats:
    """Where the shortest ways from a point to the hyperplanes of facets go out, (n, d); NaN where others come first."""
    with np.errstate(all="ignore"):
        rows = facets / np.abs(facets[:, :-1]).max(axis=1, keepdims=True)
        normals = rows[:, :-1]
        slack = -(normals @ point + rows[:, -1])
        product = normals @ normals.T
        time = slack / product.diagonal()
        meets = product * time[:, None] < slack
        np.fill_diagonal(meets, slack > 0)
        return np.where(meets.all(axis=1)[:, None], point + time[:, None] * normals, np.nan)


def _embedded(flat: FlatDomain, region: Region, found: Region) -> Region:
    """A neighbour on a flat as one of a region of the whole network."""
    pattern = replace(region.pattern, bits=found.pattern.bits)
    return replace(region, pattern=pattern, point=flat.embed(found.point))


def numbers_each(space: SearchSpace) -> int:
    """How many numbers the rows of a region are."""
    m = space.network.n_neurons + len(space.around.exact)
    return (m + 1) * (space.network.input_dim + 1)


def enter(
    space: SearchSpace, cells: Cells, bits: Bools, rows: Floats, error: Floats, entries: Floats, ways: Floats
) -> tuple[Floats, Bools]:
    """A point inside each of n regions, (n, k), and which of them floats prove to be inside.

    `rows` and `error` are those of the regions, `entries` (n, k) where they are entered, in the direction of `ways`.
    """
    points = step_in(rows, entries, ways)
    inside = are_inside(space, rows, error, points)
    for i in np.flatnonzero(~inside):
        points[i], inside[i] = _center(space, cells, bits[i], rows[i : i + 1], error[i : i + 1], points[i])
    return points, inside


def _center(
    space: SearchSpace, cells: Cells, bits: Bools, rows: Floats, error: Floats, point: Floats
) -> tuple[Floats, bool]:
    """A point of a region where those on the way in are not proved to be inside, and whether this one is."""
    m, d = rows.shape[1], rows.shape[2] - 1
    if m * d > FEW and pays_to_propose(m, d):
        for center in propose_centers(rows[0], point):
            if are_inside(space, rows, error, center[None])[0]:
                return center, True
    exact = float_inside(cells.rows(bits), space.network.input_dim)
    assert exact is not None  # regions have interior
    inside = np.array(exact)
    return inside, bool(are_inside(space, rows, error, inside[None])[0])
