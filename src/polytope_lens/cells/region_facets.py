"""Which rows of regions are facets, and what lies across: proved in floats first, decided in rationals where open.

The same for one region and for many. Rows of all neurons come with bounds on their error; what these leave open is
asked again of exact rows, rounded once, and at last in rational arithmetic. Each rung decides or answers "don't know".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._kept import kept
from polytope_lens.arithmetic.rational import integer_rows, sign
from polytope_lens.arithmetic.signs import BOUND_SLACK
from polytope_lens.cells.interior_proposals import (
    are_constant,
    pays_to_propose,
    propose_centers,
    step_in,
    surely_inside,
)
from polytope_lens.domain import Box
from polytope_lens.errors import IntractableError
from polytope_lens.exact.bounded_rows import bounded_rows
from polytope_lens.exact.dense_rows import dense_rows, pays_for_rows
from polytope_lens.exact.owner_rows import OwnerRows
from polytope_lens.exact.rows import cell_rows
from polytope_lens.exact.sparse import row_source
from polytope_lens.network.network import (
    bit_places,
    bit_starts,
    from_layer,
    slopes,
)
from polytope_lens.polytope.batch.large import WITHOUT_FACETS
from polytope_lens.polytope.batch.redundancy import LARGE, pays_to_walk, polar_form, prove_redundancy, prove_seen
from polytope_lens.polytope.batch.statuses import CONSTANT, FACET, OPEN, REDUNDANT
from polytope_lens.polytope.facets import (
    distinct,
    facets_of_distinct,
    homogeneous,
    is_tiny,
    proved_statuses,
    rows_are_independent,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flint import fmpz

    from polytope_lens._types import Bools, Floats, Statuses
    from polytope_lens.domain import Domain
    from polytope_lens.exact.rows import ExactRows
    from polytope_lens.exact.sparse import PulledBackRows
    from polytope_lens.network.network import Network
    from polytope_lens.polytope import Polytope


# Of a region with no more numbers than this in all its normals, rationals decide as fast as floats without a compiler.
SMALL = 2**11
# A region with more is refused: its rows alone take half a gigabyte, and what floats need beside them ten times that.
MOST_NUMBERS = 2**26


@dataclass(frozen=True, slots=True, eq=False)
class DomainSides:
    """The sides of a domain, each once.

    Parameters
    ----------
    exact : list of integer rows ``[a, c]`` of ``a . x + c <= 0``
    floats : (k, d + 1) array
        The same halfspaces as the domain states them.
    owners : list of k lists
        The domain's rows for each, as their numbers minus how many there are, so that they ascend before all bits.
    lower, upper : (d,) arrays
        A box around the domain, infinite where it is unbounded.
    """

    exact: list[list[fmpz]]
    floats: Floats
    owners: list[list[int]]
    lower: Floats
    upper: Floats


def domain_sides(domain: Domain, dim: int) -> DomainSides:
    """The sides of a domain, with rows that say the same put together; found once."""
    return _no_walls(dim) if domain is None else _walls(domain)


@cache
def _no_walls(dim: int) -> DomainSides:
    return DomainSides([], np.empty((0, dim + 1)), [], np.full(dim, -np.inf), np.full(dim, np.inf))


@kept
def _walls(domain: Box | Polytope) -> DomainSides:
    dim = domain.dim
    floats = np.column_stack([domain.A, -domain.b])
    exact = integer_rows(floats)
    groups = distinct(exact)
    first = [members[0] for members in groups.values()]
    owners = [[q - len(exact) for q in members] for members in groups.values()]
    if isinstance(domain, Box):
        lower, upper = domain.lower, domain.upper
    elif domain.is_bounded:
        lower, upper = domain.bounding_box()
    else:
        lower, upper = np.full(dim, -np.inf), np.full(dim, np.inf)
    return DomainSides([exact[q] for q in first], floats[first], owners, lower, upper)


def region_rows(network: Network, around: DomainSides, bits: Bools) -> tuple[Floats, Floats]:
    """Rows ``a . x + c <= 0`` of n regions, neurons first, then walls, (n, m, d + 1), and bounds on their error."""
    if (n_numbers := (network.n_neurons + len(around.exact)) * (network.input_dim + 1)) > MOST_NUMBERS:
        raise IntractableError(
            f"the facets of a region of {network.n_neurons} neurons and {network.input_dim} inputs are out of reach: "
            f"its rows are {n_numbers / 1e6:.0f} million numbers. {WITHOUT_FACETS}"
        )
    return stacked_rows(network, bits, walls=around.floats)


def rounded_rows(network: Network, around: DomainSides, bits: Bools) -> Floats:
    """The rows of `region_rows` without bounds, for what decides nothing: half of the time.

    To be asked for where those are not refused.
    """
    if pays_for_rows(network, len(bits)):
        return dense_rows(network, bits, around.floats, bounded=False)[0]
    return region_rows(network, around, bits)[0]


def prove_rows(
    network: Network,
    around: DomainSides,
    bits: Bools,
    points: Floats,
    rows: Floats,
    error: Floats,
    aims: Floats | None = None,
    *,
    given: Statuses | None = None,
    hasty: bool = False,
) -> tuple[Statuses, Bools]:
    """What floats can prove of each row of `region_rows`; and which rows may vanish on the whole region.

    `points` (n, d) should be inside the regions. `aims` (n, m, d), if given, gets for each facet the way from there to
    a point that violates no other row; see `prove_redundancy`, also for `hasty`. `given` is what is known so
    far.
    """
    constant = are_constant(rows, error)
    status = np.where(constant, CONSTANT, OPEN if given is None else given).astype(np.int8)
    with np.errstate(invalid="ignore"):
        extent = np.maximum(around.upper - points, points - around.lower) * BOUND_SLACK
    everywhere = np.ones(len(points), dtype=bool)
    _prove(rows, error, points, extent, status, everywhere, aims, hasty)
    again = np.flatnonzero((status == OPEN).any(axis=1))
    if again.size:
        known, before = status[again], None if aims is None else aims[again]
        _mark_implied_behind(network, bits[again], points[again], rows[again], error[again], known, hasty)
        # What is implied is out of the way of what is not.
        fresh = np.flatnonzero((known != status[again]).any(axis=1))
        if fresh.size:
            known, again = known[fresh], again[fresh]
            before = None if before is None else before[fresh]
            _prove(rows[again], error[again], points[again], extent[again], known, everywhere[again], before, hasty)
            status[again] = known
            if aims is not None:
                aims[again] = before
    return status, constant & ~(np.abs(rows[:, :, -1]) > error[:, :, -1])


def stacked_rows(
    network: Network, bits: Bools, first: Floats | None = None, walls: Floats | None = None
) -> tuple[Floats, Floats]:
    """Rows ``a . x + c <= 0`` of all neurons that cut, then walls, (n, m, d + 1), and bounds on their error."""
    d = network.input_dim if first is None else first.shape[2] - 1
    walls = np.empty((0, d + 1)) if walls is None else walls
    if first is None and pays_for_rows(network, len(bits)):
        return dense_rows(network, bits, walls)
    found = list(zip(network.layers, bounded_rows(network, bits, first), strict=True))
    nothing = np.empty((0, len(bits), d + 1))
    rows = np.concatenate([nothing, *(rows[layer.cuts] for layer, (rows, _) in found)]).transpose(1, 0, 2)
    error = np.concatenate([nothing, *(error[layer.cuts] for layer, (_, error) in found)]).transpose(1, 0, 2)
    around = np.broadcast_to(walls, (len(bits), *walls.shape))
    rows = np.concatenate([np.where(bits[:, :, None], -rows, rows), around], axis=1)
    return rows, np.concatenate([error, np.zeros(around.shape)], axis=1)


def _prove(
    rows: Floats,
    error: Floats,
    points: Floats,
    extent: Floats,
    status: Statuses,
    cones: Bools,
    aims: Floats | None,
    hasty: bool,
) -> None:
    """Decide open rows of n regions seen from points inside them, as far as floats can.

    `cones` (n,) says where rows that pass through the origin may be treated as such.
    """
    central = (rows[:, :, -1] == 0) & (error[:, :, -1] == 0) & cones[:, None]
    if hasty or rows.shape[1] * (rows.shape[2] - 1) >= LARGE:
        polar = polar_form(rows, error, points)
        prove_redundancy(*polar, extent, central, status, aims, hasty=hasty)
    else:
        prove_seen(rows, error, points, extent, central, status, aims)


def _mark_implied_behind(
    network: Network, bits: Bools, points: Floats, rows: Floats, error: Floats, status: Statuses, hasty: bool
) -> None:
    """Mark rows that are implied in fewer coordinates, given all rows in those of the inputs.

    Where fewer neurons of a layer are passed on than there are inputs, all rows behind it depend on these alone, and
    rows of an unbounded region are ties in the coordinates of the inputs, but none in those of the neurons passed on:
    `engines/_kernels/bottleneck.py` says why, and uses the same coordinates for "does a neuron cut a cell".

    Rows that are implied without touching are implied in both. One that touches does so where all neurons passed on
    are zero, which is too little for a facet unless their rows are all parallel.
    """
    hidden, d = points, points.shape[1]
    firsts, of_layers = bit_starts(network).tolist(), slopes(network.layers, bits)
    for index, layer in enumerate(network.layers[:-1]):
        with np.errstate(all="ignore"):
            value = hidden @ layer.factor().T + layer.bias
        slope, (start, stop) = of_layers[index], firsts[index : index + 2]
        passed = slope != 0
        count = passed.sum(axis=1)
        of_layer = slice(start, stop)
        spread = _are_spread(rows[:, of_layer, :-1], error[:, of_layer, :-1], passed[:, layer.cuts])
        for k in range(1, d):
            few = np.flatnonzero((count == k) & (status == OPEN).any(axis=1))
            if not few.size:
                continue
            at, neuron = np.nonzero(passed[few])
            first = np.zeros((layer.width, len(few), k + 1))
            first[neuron, at, np.tile(np.arange(k), len(few))] = 1.0
            behind = from_layer(network, index)
            inner_rows, inner_error = stacked_rows(behind, bits[few, start:], first)
            known = np.where(are_constant(inner_rows, inner_error), CONSTANT, OPEN).astype(np.int8)
            inner = value[few[at], neuron].reshape(-1, k)
            _prove(inner_rows, inner_error, inner, np.full(inner.shape, np.inf), known, spread[few], None, hasty)
            few_rows, implied = np.nonzero((known == REDUNDANT) & (status[few, start : start + known.shape[1]] == OPEN))
            status[few[few_rows], start + implied] = REDUNDANT
        with np.errstate(all="ignore"):
            hidden = slope * value


def _are_spread(normals: Floats, error: Floats, chosen: Bools) -> Bools:
    """Whether the chosen rows of each region, (n, m, d) and (n, m), are sure not to be all parallel, (n,).

    The cosine of parallel rows is 1 or -1, also within 2^-19 if each is known to 2^-20 of its length.
    """
    if not chosen.shape[1]:
        return np.zeros(len(chosen), dtype=bool)
    with np.errstate(all="ignore"):
        length = np.sqrt(np.einsum("nmk,nmk->nm", normals, normals))
        sharp = chosen & (np.sqrt(np.einsum("nmk,nmk->nm", error, error)) <= 2.0**-20 * length)
        # Squares of these neither overflow nor underflow.
        sharp &= (length > 2.0**-400) & (length < 2.0**400)
        unit = normals / length[:, :, None]
        reference = unit[np.arange(len(unit)), sharp.argmax(axis=1)]
        cosine = np.abs(np.einsum("nmk,nk->nm", unit, reference))
        return np.asarray((sharp & (cosine < 1 - 2.0**-16)).any(axis=1))


class Cells:
    """Regions of a network in a domain: what floats leave open about their facets, and what lies across these."""

    def __init__(self, network: Network, around: DomainSides) -> None:
        self._network, self._around = network, around
        self._place = bit_places(network)

    @cached_property
    def _here(self) -> ExactRows | PulledBackRows:
        return row_source(self._network)

    @cached_property
    def _owners(self) -> OwnerRows:
        return OwnerRows(self._network, self._here, self._around.exact)

    @cached_property
    def _beyond(self) -> ExactRows | PulledBackRows:
        return row_source(self._network, own=True)

    def row(self, bits: Bools, index: int) -> Sequence[fmpz]:
        """One of the rows of `region_rows` of a region, as integers; exact."""
        return self._owners.halfspace(index if index < len(bits) else len(bits) - 1 - index, bits)

    def rows(self, bits: Bools) -> list[list[fmpz]]:
        """All of the rows of `region_rows` of a region, as integers; exact."""
        return cell_rows(self._network, self._here, bits) + self._around.exact

    def groups(self, bits: Bools, point: Floats, status: Statuses, *, hasty: bool = False) -> list[list[int]]:
        """For each facet the rows that define it; exact.

        Those that floats have shown to be met alone are such. The others are compared and decided as integers.
        """
        left = np.flatnonzero((status == OPEN) | (status == FACET)).tolist()
        if (status[left] == FACET).all():
            return [[q] for q in left]
        rows = [self.row(bits, q) for q in left]
        groups = [[left[i] for i in members] for members in distinct(rows).values()]
        known = np.array([max(status[members]) for members in groups], dtype=np.int8)
        place = dict(zip(left, rows, strict=True))
        keep = self._facets([place[members[0]] for members in groups], point, known, hasty)
        return [members for i, members in enumerate(groups) if i in keep]

    def facets(
        self, bits: Bools, point: Floats, status: Statuses, vanishes: Bools
    ) -> Iterator[tuple[Bools | None, list[int]]]:
        """For each facet the pattern across, None for a side of the domain, and the owners; exact.

        `status` and `vanishes` are those of `prove_rows`.
        """
        n_bits, vanishing = len(bits), self.vanishing(bits, status, vanishes)
        for members in self.groups(bits, point, status):
            if members[-1] >= n_bits:
                yield None, [*self._around.owners[members[-1] - n_bits], *members[:-1]]
            else:
                yield self.across(bits, members, vanishing)

    def vanishing(self, bits: Bools, status: Statuses, vanishes: Bools) -> list[int]:
        """The neurons that are zero on all of a region, as bits; exact."""
        doubtful = np.flatnonzero((vanishes | (status == OPEN))[: len(bits)])
        return [q for q in doubtful.tolist() if not any(self.row(bits, q))]

    def across(self, bits: Bools, members: list[int], vanishing: list[int]) -> tuple[Bools, list[int]]:
        """The pattern across a facet that is no side of the domain, and its owners; exact.

        `members` are those of this side, `vanishing` the neurons that are zero on the whole region.
        """
        if len(members) > 1 or vanishing:
            return self._step(bits, self.row(bits, members[0]), members, vanishing)
        across = bits.copy()
        across[members] ^= True
        return across, members

    def _facets(self, rows: Sequence[Sequence[fmpz]], point: Floats, known: Statuses, hasty: bool) -> set[int]:
        """Which of a region's distinct rows are facets; some may be known."""
        if not rows:
            return set()
        inside = homogeneous(point)
        if inside is not None and not (hasty and len(rows) * len(point) <= SMALL):
            extent = np.maximum(self._around.upper - point, point - self._around.lower) * BOUND_SLACK
            known = proved_statuses(rows, inside, extent, known, hasty=hasty)
        left = np.flatnonzero(known != REDUNDANT).tolist()
        found = facets_of_distinct([rows[q] for q in left], inside, (known[left] == FACET).tolist())
        return {left[i] for i in found}

    def _step(
        self, bits: Bools, facet: Sequence[fmpz], members: list[int], vanishing: list[int]
    ) -> tuple[Bools, list[int]]:
        """The pattern across a facet and all its owners, given those on this side and the neurons that vanish here.

        All others keep their signs. Each of these is a multiple of the facet's row on the other side.
        """
        k = next(i for i, v in enumerate(facet) if v)
        across, owners = bits.copy(), set(members)
        for bit in sorted([*members, *vanishing]):
            layer, neuron = self._place[bit]
            turn = sign(self._beyond.rows(layer, across)[neuron][k] * facet[k])
            across[bit] = turn > 0
            if turn:
                owners.add(bit)
        return across, sorted(owners)


class FacetsOfOne(NamedTuple):
    """The facets of one region.

    For each the rows of `region_rows` that define it, and where a way from a point inside goes out through it,
    (d,), NaN where none is known; then the neurons that are zero on all of the region, as bits.
    """

    groups: list[list[int]]
    exits: Floats
    inside: Floats
    vanishing: list[int]


def facets_of_one(network: Network, around: DomainSides, bits: Bools, point: Floats) -> FacetsOfOne:
    """The facets of one region; exact.

    The same ladder as for many: floats, exact rows rounded once, rationals. It does not wait for a compiler where
    rationals are soon done. `point` should be inside or on the boundary.
    """
    m, d = network.n_neurons + len(around.exact), network.input_dim
    if is_tiny(m, d):
        exact = Cells(network, around).rows(bits)
        groups = list(distinct(exact).values())
        keep = sorted(facets_of_distinct([exact[members[0]] for members in groups], homogeneous(point)))
        groups = [groups[i] for i in keep]
        vanishing = [q for q in range(len(bits)) if not any(exact[q])]
        return FacetsOfOne(groups, np.full((len(keep), d), np.nan), point, vanishing)
    hasty = not pays_to_walk(m, d)
    rows, error = region_rows(network, around, bits[None])
    points = point[None]
    if not surely_inside(rows, error, points)[0]:
        # A corner is left along no row's normal: an image with black and white pixels is one of the cube of all images.
        proposed = [step_in(rows, points, np.zeros_like(points))]
        further = (center[None] for center in propose_centers(rows[0], point)) if pays_to_propose(m, d) else ()
        points = next((moved for moved in chain(proposed, further) if surely_inside(rows, error, moved)[0]), points)
    aims = np.full((1, m, d), np.nan)
    status, vanishes = prove_rows(network, around, bits[None], points, rows, error, aims, hasty=hasty)
    cells = Cells(network, around)
    groups = cells.groups(bits, points[0], status[0], hasty=hasty)
    first = [members[0] for members in groups]
    alone = np.array([len(members) == 1 for members in groups], dtype=bool)
    ways = np.where(alone[:, None], aims[0, first], np.nan)
    exits = exit_points(rows[0, first], points[0], ways)
    return FacetsOfOne(groups, exits, points[0], cells.vanishing(bits, status[0], vanishes[0]))


def exit_points(rows: Floats, points: Floats, ways: Floats) -> Floats:
    """Where the ways from points meet the hyperplane of a row each, (n, d + 1) and (n, d) twice -> (n, d); rounded."""
    with np.errstate(all="ignore"):
        slack = -(np.einsum("nk,nk->n", rows[:, :-1], np.broadcast_to(points, ways.shape)) + rows[:, -1])
        return np.asarray(points + (slack / np.einsum("nk,nk->n", rows[:, :-1], ways))[:, None] * ways)


def seen_from(network: Network, domain: Domain, points: Floats) -> tuple[Network, Floats]:
    """The network in whose coordinates facets are looked for, and points (n, d) there, rounded.

    All rows depend on x through the first layer's pre-activations alone. Where nothing clips the regions, and these are
    fewer than the inputs and independent, they take every value, and the question is one about a network that takes
    them as its inputs: `in_first_layer_coordinates`.
    """
    inner = in_first_layer_coordinates(network) if domain is None else None
    if inner is None:
        return network, points
    with np.errstate(all="ignore"):
        return inner, points @ network.layers[0].dense_weight().T + network.layers[0].bias


@kept
def in_first_layer_coordinates(network: Network) -> Network | None:
    """The network as a function of its first pre-activations, if these are fewer than the inputs and independent.

    They then take every value, so that both networks have the same regions, and each facet of one is one of the other.
    """
    first = network.layers[0] if network.layers else None
    if first is None or first.width >= network.input_dim or not rows_are_independent(first.dense_weight()):
        return None
    unchanged = replace(first, weight=np.eye(first.width), bias=np.zeros(first.width))
    return replace(network, layers=(unchanged, *network.layers[1:]))
