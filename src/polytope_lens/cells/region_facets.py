"""The facets of many regions, each seen from one side: what lies across, and whose they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._arrays.batches import batches
from polytope_lens._arrays.ragged import starts
from polytope_lens.arithmetic.rational import integer_rows, sign
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.cells.inequalities import beneath, homogeneous
from polytope_lens.domain import Box
from polytope_lens.errors import REPORT, ConsistencyError, Status
from polytope_lens.exact.bounded_rows import bounded_rows
from polytope_lens.exact.forward import product_bound
from polytope_lens.exact.rows import ExactRows, cell_rows
from polytope_lens.network.network import bit_places, bit_starts, from_layer, slopes
from polytope_lens.network.pattern import find_keys, pack, sort_key, unpack
from polytope_lens.polytope.batch.redundancy import prove_facets
from polytope_lens.polytope.batch.statuses import FACET, FLAT, IMPLIED, OPEN
from polytope_lens.polytope.facets import exact_facet_mask, primitive, proved_statuses

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flint import fmpz
    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats, Ints, Statuses, Words
    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition


class Sides(NamedTuple):
    """Facets as seen from one of their regions.

    An owner is a bit of the pattern, or the number of a row of the domain minus the number of these, so that owners
    ascend in the order of layers, the domain first. ``across`` is -1 where nothing is.
    """

    region: Ints
    across: Ints
    indptr: Ints
    owner: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Walls:
    """The sides of a domain, each once.

    Parameters
    ----------
    exact : list of integer rows ``[a, c]`` of ``a . x + c <= 0``
    floats : (k, d + 1) array
        The same halfspaces as the domain states them.
    owners : list of k lists
        The domain's rows for each, numbered as in :class:`Sides`.
    lower, upper : (d,) arrays
        A box around the domain, infinite where it is unbounded.
    """

    exact: list[list[fmpz]]
    floats: Floats
    owners: list[list[int]]
    lower: Floats
    upper: Floats


def walls(domain: Domain, dim: int) -> Walls:
    """The sides of a domain, with rows that say the same put together."""
    if domain is None:
        return Walls([], np.empty((0, dim + 1)), [], np.full(dim, -np.inf), np.full(dim, np.inf))
    floats = np.column_stack([domain.A, -domain.b])
    exact = integer_rows(floats)
    groups: dict[tuple[int, ...], list[int]] = {}
    for q, row in enumerate(exact):
        if any(row[:-1]):
            groups.setdefault(primitive(row), []).append(q)
    first = [members[0] for members in groups.values()]
    owners = [[q - len(exact) for q in members] for members in groups.values()]
    if isinstance(domain, Box):
        lower, upper = domain.lower, domain.upper
    elif domain.is_bounded:
        lower, upper = domain.bounding_box()
    else:
        lower, upper = np.full(dim, -np.inf), np.full(dim, np.inf)
    return Walls([exact[q] for q in first], floats[first], owners, lower, upper)


def sides(partition: Partition, wanted: Ints) -> Sides:
    """All facets of some regions, each as seen from its region; exact.

    Raises
    ------
    ConsistencyError
        A complete partition does not list a neighbour.

    Notes
    -----
    Each row of each region is proved to be a facet or to be implied in floats (:mod:`.redundancy`), from rows with
    error bounds; in regions with open rows again from exact ones, rounded once; what is still open by linear programs
    in rational arithmetic. Where a facet has one owner and no pre-activation vanishes on the region, that owner's bit
    is the one that changes: all other neurons have a sign at a point of the facet's relative interior, hence the same
    on both sides of it. Elsewhere the pattern across is computed in integer arithmetic.
    """
    network, points = partition.network, partition.witnesses
    inner = beneath(network) if partition.domain is None else None
    if inner is not None:
        points = points @ network.layers[0].weight.T + network.layers[0].bias
        network = inner
    d, n_bits = network.input_dim, network.n_neurons
    around = walls(partition.domain, d)
    keys = sort_key(partition.packed_patterns)
    cells = ExactCells(network, around)
    parts = [Sides(*(np.zeros(n, dtype=np.int64) for n in (0, 0, 1, 0)))]
    for some in batches(len(wanted), (n_bits + len(around.exact) + 1) * (d + 1)):
        region = wanted[some]
        bits = unpack(partition.packed_patterns[region], n_bits)
        status, vanishes = prove_rows(network, around, bits, points[region], *region_rows(network, around, bits))
        sure = (status != OPEN).all(axis=1) & ~vanishes.any(axis=1)
        at, owner = np.nonzero((status == FACET) & sure[:, None])
        parts.append(_flipped(partition, keys, region[at], owner, around))
        for i in np.flatnonzero(~sure):
            found = list(cells.facets(bits[i], points[region[i]], status[i]))
            parts.append(_crossed(partition, keys, int(region[i]), found))
    return _concatenated(parts)


def region_rows(network: Network, around: Walls, bits: Bools) -> tuple[Floats, Floats]:
    """Rows ``a . x + c <= 0`` of n regions, neurons first, then walls, (n, m, d + 1), and bounds on their error."""
    rows, error = stacked_rows(network, bits)
    shape = (len(bits), *around.floats.shape)
    rows = np.concatenate([rows, np.broadcast_to(around.floats, shape)], axis=1)
    return rows, np.concatenate([error, np.zeros(shape)], axis=1)


def prove_rows(
    network: Network,
    around: Walls,
    bits: Bools,
    points: Floats,
    rows: Floats,
    error: Floats,
    aims: Floats | None = None,
) -> tuple[Statuses, Bools]:
    """What floats can prove of each row of :func:`region_rows`; and which rows may vanish on the whole region.

    `points` (n, d) should be inside the regions. `aims` (n, m, d), if given, gets for each facet the way from there to
    a point that violates no other row; see :func:`.prove_facets`.
    """
    flat = _is_flat(rows, error)
    status = np.where(flat, FLAT, OPEN).astype(np.int8)
    extent = np.maximum(around.upper - points, points - around.lower) * BOUND_SLACK
    everywhere = np.ones(len(points), dtype=bool)
    _prove(rows, error, points, extent, status, everywhere, aims)
    again = np.flatnonzero((status == OPEN).any(axis=1))
    if again.size:
        known, before = status[again], None if aims is None else aims[again]
        _mark_implied_behind(network, bits[again], points[again], rows[again], error[again], known)
        _prove(rows[again], error[again], points[again], extent[again], known, everywhere[again], before)
        status[again] = known
        if aims is not None:
            aims[again] = before
    return status, flat & ~(np.abs(rows[:, :, -1]) > error[:, :, -1])


def stacked_rows(network: Network, bits: Bools, first: Floats | None = None) -> tuple[Floats, Floats]:
    """Rows ``a . x + c <= 0`` of all neurons that cut, (n, n_neurons, d + 1), and bounds on their error."""
    found = list(zip(network.layers, bounded_rows(network, bits, first), strict=True))
    d = network.input_dim if first is None else first.shape[2] - 1
    nothing = np.empty((0, len(bits), d + 1))
    rows = np.concatenate([nothing, *(rows[layer.cuts] for layer, (rows, _) in found)]).transpose(1, 0, 2)
    error = np.concatenate([nothing, *(error[layer.cuts] for layer, (_, error) in found)]).transpose(1, 0, 2)
    return np.where(bits[:, :, None], -rows, rows), error


def _is_flat(rows: Floats, error: Floats) -> Bools:
    """Which rows are known not to depend on x."""
    return np.asarray(~((rows[:, :, :-1] != 0) | (error[:, :, :-1] != 0)).any(axis=2))


def _prove(
    rows: Floats,
    error: Floats,
    points: Floats,
    extent: Floats,
    status: Statuses,
    cones: Bools,
    aims: Floats | None = None,
) -> None:
    """Decide open rows of n regions seen from points inside them, as far as floats can.

    `cones` (n,) says where rows that pass through the origin may be treated as such.
    """
    normal, normal_error = rows[:, :, :-1], error[:, :, :-1]
    slack, slack_error = slacks(rows, error, points)
    with np.errstate(all="ignore"):
        inside = slack > slack_error
        polar = np.where(inside[:, :, None], normal / slack[:, :, None], np.nan)
        polar_error = normal_error / slack[:, :, None] * BOUND_SLACK + UNIT_ROUNDOFF * np.abs(polar)
        polar_error += np.where((normal != 0) | (normal_error != 0), UNDERFLOW_GUARD, 0.0)
        slack_error = slack_error / slack * BOUND_SLACK
    central = (rows[:, :, -1] == 0) & (error[:, :, -1] == 0) & cones[:, None]
    prove_facets(polar, polar_error, slack_error, extent, central, status, aims=aims)


def slacks(rows: Floats, error: Floats, points: Floats) -> tuple[Floats, Floats]:
    """``-(a . x + c)`` of the rows of n regions at a point each, (n, m), and bounds on their error."""
    away = np.abs(points)
    with np.errstate(all="ignore"):
        slack = -(np.einsum("nmk,nk->nm", rows[:, :, :-1], points) + rows[:, :, -1])
        size = np.einsum("nmk,nk->nm", np.abs(rows[:, :, :-1]), away) + np.abs(rows[:, :, -1])
        inherited = np.einsum("nmk,nk->nm", error[:, :, :-1], away) + error[:, :, -1]
        return slack, product_bound(inherited, size, rows.shape[2] - 1)


def _mark_implied_behind(
    network: Network, bits: Bools, points: Floats, rows: Floats, error: Floats, status: Statuses
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
            value = hidden @ layer.weight.T + layer.bias
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
            known = np.where(_is_flat(inner_rows, inner_error), FLAT, OPEN).astype(np.int8)
            inner = value[few[at], neuron].reshape(-1, k)
            _prove(inner_rows, inner_error, inner, np.full(inner.shape, np.inf), known, spread[few])
            few_rows, implied = np.nonzero((known == IMPLIED) & (status[few, start : start + known.shape[1]] == OPEN))
            status[few[few_rows], start + implied] = IMPLIED
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


class ExactCells:
    """Facets of regions that floats leave open, and the regions across them."""

    def __init__(self, network: Network, around: Walls) -> None:
        self._here, self._beyond = ExactRows(network), ExactRows(network)
        self._around = around
        self._network = network
        self._place = bit_places(network)

    def facets(self, bits: Bools, point: Floats, status: Statuses) -> Iterator[tuple[Bools | None, list[int]]]:
        """For each facet the pattern across, None for a side of the domain, and the owners."""
        n_bits = len(bits)
        rows = cell_rows(self._network, self._here, bits)
        vanishing = [q for q, row in enumerate(rows) if not any(row)]
        rows += self._around.exact
        groups: dict[tuple[int, ...], list[int]] = {}
        for q, row in enumerate(rows):
            if any(row[:-1]):
                groups.setdefault(primitive(row), []).append(q)
        known = np.array([max(status[q] for q in members) for members in groups.values()], dtype=np.int8)
        is_facet = self._are_facets([rows[members[0]] for members in groups.values()], point, known)
        for (key, members), keep in zip(groups.items(), is_facet, strict=True):
            if not keep:
                continue
            if members[-1] >= n_bits:
                yield None, [*self._around.owners[members[-1] - n_bits], *members[:-1]]
            elif len(members) == 1 and not vanishing:
                across = bits.copy()
                across[members] ^= True
                yield across, members
            else:
                yield self._step(bits, key, members, vanishing)

    def _are_facets(self, rows: list[list[fmpz]], point: Floats, known: Statuses) -> Bools:
        """Which of a region's distinct rows are facets; some may be known."""
        if (known == OPEN).any():
            inside = homogeneous(point)
            if inside is not None:
                extent = np.maximum(self._around.upper - point, point - self._around.lower) * BOUND_SLACK
                known = proved_statuses(rows, inside, extent, known)
            if (known == OPEN).any():
                return exact_facet_mask(rows, inside, known.tolist())
        return np.asarray(known == FACET)

    def _step(
        self, bits: Bools, facet: Sequence[int], members: list[int], vanishing: list[int]
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


def _flipped(partition: Partition, keys: NDArray[np.void], region: Ints, owner: Ints, around: Walls) -> Sides:
    """Facets with one owner, a bit or a wall: the regions across differ in that bit."""
    n_bits = partition.network.n_neurons
    inner = owner < n_bits
    words = partition.packed_patterns[region[inner]]
    bit = owner[inner]
    words[np.arange(len(bit)), bit >> 6] ^= np.uint64(1) << (63 - (bit & 63)).astype(np.uint64)
    across = np.full(len(region), -1)
    across[inner] = _found(partition, keys, words, region[inner])
    lists = [around.owners[q - n_bits] if q >= n_bits else [q] for q in owner.tolist()]
    return Sides(region, across, *ragged(lists))


def _crossed(
    partition: Partition, keys: NDArray[np.void], region: int, found: list[tuple[Bools | None, list[int]]]
) -> Sides:
    """Facets of one region with whatever lies across."""
    across = np.full(len(found), -1)
    inner = [i for i, (bits, _) in enumerate(found) if bits is not None]
    if inner:
        words = pack(np.array([bits for bits, _ in found if bits is not None]))
        across[inner] = _found(partition, keys, words, np.full(len(inner), region))
    return Sides(np.full(len(found), region), across, *ragged([owners for _, owners in found]))


def _found(partition: Partition, keys: NDArray[np.void], words: Words, region: Ints) -> Ints:
    """Indices of patterns, which lie across facets of the regions; -1 for those that a partial partition lacks."""
    index = find_keys(keys, words)
    missing = index < 0
    if missing.any() and partition.status is Status.COMPLETE:
        i = int(np.flatnonzero(missing)[0])
        raise ConsistencyError(
            f"across a facet of region {region[i]} lies a region that this partition ({partition.status.name}) does "
            f"not list. {REPORT}"
        )
    return index


def ragged(lists: list[list[int]]) -> tuple[Ints, Ints]:
    """Lists of numbers as starts and values."""
    sizes = np.array([len(entries) for entries in lists], dtype=np.int64)
    return starts(sizes), np.array([q for entries in lists for q in entries], dtype=np.int64)


def _concatenated(parts: list[Sides]) -> Sides:
    sizes = np.concatenate([np.diff(part.indptr) for part in parts])
    return Sides(
        np.concatenate([part.region for part in parts]),
        np.concatenate([part.across for part in parts]),
        starts(sizes),
        np.concatenate([part.owner for part in parts]),
    )
