"""The nearest point of a decision boundary among few inputs: the regions of boxes around x, as an engine lists them.

The margins become one more layer, whose neurons are on where a margin is not negative. An engine lists regions in
microseconds where the search by signs takes milliseconds for each set of them, so as long as they are not too many, all
those of the box around the ball are listed, and of these the ones looked at that the boundary may meet. The engine sees
each margin twice, a little higher and a little lower than it is. A closed region in which a margin is only touched has
a part with interior where the higher one is positive. And one where the lower one is positive throughout is behind a
boundary that is nearer: the way to it from x, where the margin is negative, comes to 0 in a region where it was not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens.domain import Box, part_in_box
from polytope_lens.engines import enumerate as engines
from polytope_lens.errors import Status
from polytope_lens.exact.forward import quiet
from polytope_lens.local.sign_search import Outcome
from polytope_lens.network.network import Layer, Network
from polytope_lens.network.pattern import pack, select_bits, unpack

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.domain import Domain
    from polytope_lens.local.boundary_search import BoundarySearch

# Inputs, and regions of a box where nobody set a limit.
MOST_INPUTS, MOST_REGIONS = 3, 1_000_000
# To list so many regions takes about as long as the search by signs takes for one set of them, or less.
LISTED = 100
# By how much margins are higher, as a share of the size of their numbers: a choice of whom to look at.
HIGHER = 2.0**-30
# Points from which descents to the boundary start, and regions looked at together.
DESCENTS, TOGETHER = 8, 256
# A ball that has shrunk to this share is worth another list, where many regions had to be looked at.
NEARER = 0.75
# Boxes around x, as shares of its size: the first, by how much each is larger than the last, and the largest.
FIRST, LARGER, LAST = 2.0**-24, 64.0, 2.0**40


class Listed(NamedTuple):
    """How many regions were listed, and those that the boundary may meet: a pattern, a margin, a point inside."""

    n_regions: int
    bits: Bools
    margin: Ints
    points: Floats
    status: Status


def search_boxes(boundary: BoundarySearch, most: int | None) -> Outcome | None:
    """Find the nearest boundary around x by listing regions; None where those of the ball's box are too many.

    Where no point across is known, and the domain has too many regions, it ends with the largest box that has not.
    """
    if boundary.asked.network.input_dim > MOST_INPUTS:
        return None
    most = MOST_REGIONS if most is None else LISTED * most
    network, x, domain = _with_margins(boundary.asked.network), boundary.space.x, boundary.domain
    clear, n = 0.0, 0
    if boundary.upper == np.inf:
        found = _list(network, domain, most)
        n = found.n_regions
        if found.status is Status.BUDGET_REACHED:
            clear, found = _outward(network, x, domain, most)
            n += found.n_regions
        _descend(boundary, found)
        if boundary.upper == np.inf:
            if found.status is Status.COMPLETE:
                _look(boundary, found)
                clear = np.inf
            return Outcome(clear, n, found.status)
    while True:
        before = boundary.upper
        found = _list(network, _part(domain, x, before), most)
        if len(found.margin) <= TOGETHER or found.status is not Status.COMPLETE:
            break
        _descend(boundary, found)
        if not boundary.upper < before * NEARER:
            break
    if found.status is Status.BUDGET_REACHED or len(found.margin) > max(most // LISTED, TOGETHER):
        return None
    if found.status is Status.COMPLETE:
        _look(boundary, found)
        clear = np.inf
    return Outcome(clear, n + found.n_regions, found.status)


def _with_margins(network: Network) -> Network:
    """A margin network whose margins are neurons that cut where they are zero: a little higher, then a little lower."""
    *layers, last = network.layers
    size = (abs(last.dense_weight()).sum(axis=1) + np.abs(last.bias)) * HIGHER
    bias = np.concatenate([np.nextafter(last.bias + size, np.inf), np.nextafter(last.bias - size, -np.inf)])
    twice, ones = np.vstack([last.dense_weight()] * 2), np.ones(len(bias))
    margins = Layer(twice, bias, ones, ones, np.ones(len(bias), bool))
    return Network((*layers, margins), np.zeros((1, len(bias))), np.zeros(1))


def _list(network: Network, domain: Domain, most: int) -> Listed:
    """The regions of a domain that the boundary may meet."""
    found = engines.partition(network, domain, mesh=False, progress=False, max_regions=most)
    packed, n, n_margins = found.packed_patterns, network.n_neurons, network.layers[-1].width // 2
    higher, lower = np.split(unpack(select_bits(packed, np.arange(n - 2 * n_margins, n)), 2 * n_margins), 2, axis=1)
    # Parts of one region come one after the other.
    hidden = packed & pack(np.arange(n)[None] < n - 2 * n_margins)
    starts = np.flatnonzero(np.append(True, (hidden[1:] != hidden[:-1]).any(axis=1))[: len(packed)])
    part_of = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(packed))))
    is_met = ~np.logical_and.reduceat(lower, starts, axis=0)[part_of] & higher
    # Each of them once, with the part that comes first
    at, margin = np.nonzero(is_met)
    _, first = np.unique(part_of[at] * n_margins + margin, return_index=True)
    at, margin = at[first], margin[first]
    bits = unpack(packed[at], n)[:, : -2 * n_margins]
    return Listed(len(starts), bits, margin, found.witnesses[at], found.status)


def _outward(network: Network, x: Floats, domain: Domain, most: int) -> tuple[float, Listed]:
    """List larger and larger boxes, until the boundary may meet one, or one has too many regions.

    Returns a distance up to which there is no boundary, and what was listed last, which is not the whole domain.
    """
    clear, size = 0.0, 1.0 + float(np.abs(x).max())
    half = size * FIRST
    while True:
        found = _list(network, _part(domain, x, half), most)
        if found.status is not Status.COMPLETE:
            return clear, found
        if len(found.margin) or half > size * LAST:
            return clear, found._replace(status=Status.BUDGET_REACHED)
        clear, half = half, half * LARGER


def _part(domain: Domain, x: Floats, half: float) -> Domain:
    """The part of a domain in a box around x that holds the ball; all of it, where floats have no such box."""
    with np.errstate(over="ignore"):
        lower, upper = np.nextafter(x - half, -np.inf), np.nextafter(x + half, np.inf)
    if isinstance(domain, Box):
        return Box(np.maximum(lower, domain.lower), np.minimum(upper, domain.upper))
    if not np.isfinite([lower, upper]).all():
        return domain
    if domain is None:
        return Box(lower, upper)
    part = part_in_box(domain, Box(lower, upper))
    return domain if part is None else part


def _descend(boundary: BoundarySearch, found: Listed) -> None:
    """Go to the boundary from the points nearest to x."""
    with quiet():
        distance = np.linalg.norm(found.points - boundary.space.x, boundary.space.norm, axis=1)
    for i in np.argsort(distance, kind="stable")[:DESCENTS]:
        boundary.descend(found.points[i])


def _look(boundary: BoundarySearch, found: Listed) -> None:
    """Note the pieces of the boundary in these regions, those with the nearest points first."""
    with quiet():
        order = np.argsort(np.linalg.norm(found.points - boundary.space.x, axis=1), kind="stable")
    for k in range(0, len(order), TOGETHER):
        some = order[k : k + TOGETHER]
        boundary.look(found.bits[some], found.margin[some])
