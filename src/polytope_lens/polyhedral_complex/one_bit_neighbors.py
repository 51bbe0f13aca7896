"""The facets of a complete partition, most of those between two regions by patterns that differ in one bit.

Across a facet, the bits change of the neurons that own it, and of those that are zero on all of one of its two regions.
Where no two rows of a region say the same and no neuron is zero on it, that is one bit, and its neighbours are among
the regions that the partition lists for its pattern with one bit flipped. That they are neighbours has to be proved.

Let q be the neuron whose bit differs between two regions, and x the point where the segment between points inside them
meets the hyperplane of q. In the layers up to that of q, neurons have the same affine functions on both regions, so
that all of them but q keep their signs on the whole segment. If all neurons behind that layer are proved to have their
signs at x, x is a point of a facet that q alone owns. Behind the last layer there is none, and nothing to prove.

Where this fails, the rows of one of the regions are asked (`region_facets`); where rows may say the same, all.
So are sides of the domain, where these are wanted, too, unless they are sides of a box (`facets_on_sides`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._arrays.batches import batches
from polytope_lens._arrays.ragged import starts
from polytope_lens._compiled.jit import jit
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.cells.interior_proposals import are_constant
from polytope_lens.cells.region_facets import domain_sides, prove_rows, region_rows, seen_from, stacked_rows
from polytope_lens.domain import Box
from polytope_lens.errors import Status
from polytope_lens.exact.bounded_rows import slacks
from polytope_lens.exact.forward import affine, quiet, scaled
from polytope_lens.network.network import bit_starts, layer_of_bit, slopes
from polytope_lens.network.pattern import WORD, pack
from polytope_lens.polyhedral_complex import facets_on_sides
from polytope_lens.polyhedral_complex.one_sided_facets import RegionFacets, concatenated, on_walls, region_facets
from polytope_lens.polytope.batch.statuses import FACET, OPEN, REDUNDANT

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Ints, Statuses
    from polytope_lens.cells.region_facets import DomainSides
    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Layer, Network
    from polytope_lens.partition.partition import Partition


# Numbers in each array of one batch: they stay in the processor's cache.
AT_ONCE = 2**16
# Of partitions with more pre-activations at their witnesses, these are not kept.
MOST = 2**27


class Pairs(NamedTuple):
    """Regions whose patterns differ in one bit, which is set in the first: (n,) each."""

    first: Ints
    second: Ints
    bit: Ints

    def part(self, chosen: Bools | Ints) -> Pairs:
        """Some of them."""
        return Pairs(*(array[chosen] for array in self))


def pays(partition: Partition) -> bool:
    """Whether the neighbours of a partition can be had from its patterns."""
    return partition.status is Status.COMPLETE and len(partition) * max(1, sum(partition.network.widths)) <= MOST


class _Shared(NamedTuple):
    """What lies between regions.

    `single` are facets with one owner, the bit. `others` are all facets of the regions of which patterns say too
    little, each as seen from its region; which these are, `is_other` (n,) tells.
    """

    single: Pairs
    others: RegionFacets
    is_other: Bools

    def others_once(self) -> RegionFacets:
        """Without the second sight of facets between two of these regions."""
        full, across = self.others, self.others.across
        return full.part((across < 0) | ~self.is_other[across] | (full.region < across))


def pairs(partition: Partition) -> Ints:
    """All pairs of regions that share a facet, (n, 2), the smaller index first, ascending; exact.

    Notes
    -----
    Cost: about that of the partition for looking up patterns, and as much for a forward pass of the pairs; some ten
    microseconds for each pair that the segment does not prove, and those of `region_facets` for degenerate
    regions.
    """
    (first, second, _), full, _ = _Cells(partition).shared()
    inner = full.across >= 0
    both = np.concatenate([[first, second], [full.region[inner], full.across[inner]]], axis=1)
    n = len(partition)
    codes = np.sort(both.min(axis=0) * n + both.max(axis=0))
    codes = codes[np.append(True, codes[1:] != codes[:-1])[: len(codes)]]
    return np.column_stack(np.divmod(codes, n))


def facets(partition: Partition) -> tuple[Ints, Ints, Ints]:
    """All facets, each once, in no order: regions (n, 2), and owners as ragged arrays; exact.

    Owners are those of `RegionFacets`.

    Notes
    -----
    Cost: that of `pairs`; and for each facet on a side of a box about that of a region, in other domains some
    microseconds for each region and each side.
    """
    cells = _Cells(partition, with_walls=True)
    shared = cells.shared()
    outer = cells.outer(shared)
    (first, second, bit), full = shared.single, shared.others_once()
    low, high = np.minimum(full.region, full.across), np.maximum(full.region, full.across)
    inner = full.across >= 0
    sides = [
        np.column_stack([np.minimum(first, second), np.maximum(first, second)]),
        np.column_stack([np.where(inner, low, full.region), np.where(inner, high, -1)]),
        np.column_stack([outer.region, outer.across]),
    ]
    sizes = np.concatenate([np.ones(len(bit), dtype=np.int64), np.diff(full.indptr), np.diff(outer.indptr)])
    return np.concatenate(sides), starts(sizes), np.concatenate([bit, full.owner, outer.owner])


def owner_counts(partition: Partition) -> Ints:
    """How many facets each bit owns, (n_neurons,); exact."""
    shared = _Cells(partition, with_walls=True).shared()
    full = shared.others_once()
    return np.bincount(
        np.concatenate([shared.single.bit, full.owner[full.owner >= 0]]), minlength=partition.network.n_neurons
    )


class _Cells:
    """The regions of a partition, in whose rows facets are looked for.

    With `with_walls`, rows are told apart from sides of the domain, too.
    """

    def __init__(self, partition: Partition, *, with_walls: bool = False) -> None:
        self._partition, self._bits = partition, partition.patterns()
        self._network, self._points = seen_from(partition.network, partition.domain, partition.witnesses)
        self._around = domain_sides(partition.domain, self._network.input_dim)
        self._told_from = self._around.floats if with_walls else self._around.floats[:0]

    def shared(self) -> _Shared:
        """The facets between regions."""
        partition, network, bits = self._partition, self._network, self._bits
        values = _at_witnesses(partition.network, bits, partition.witnesses)
        sure = _are_sure(partition, bits, values)
        is_plain = sure & _tell_rows_apart(network, bits, self._told_from)
        found = one_bit_apart(bits)
        is_shown = sure[found.first] & sure[found.second]
        is_shown[is_shown] = _meet(partition.network, bits, values, found.part(is_shown))
        shown = found.part(is_shown)
        doubtful = found.part(~is_shown & (is_plain[found.first] | is_plain[found.second]))
        asked, left = _asked(network, self._around, bits, self._points, is_plain, shown, doubtful)
        is_other = ~is_plain
        is_other[left] = True
        single = Pairs(*(np.concatenate(both) for both in zip(shown, asked, strict=True)))
        single = single.part(~(is_other[single.first] | is_other[single.second]))
        return _Shared(single, region_facets(partition, np.flatnonzero(is_other)), is_other)

    def outer(self, shared: _Shared) -> RegionFacets:
        """The facets on sides of the domain, of regions of which patterns say enough."""
        around, n_bits = self._around, self._bits.shape[1]
        regions = np.flatnonzero(~shared.is_other)
        if not around.exact:
            return region_facets(self._partition, regions[:0])
        if (known := facets_on_sides.listed(self._partition, around.floats)) is not None:
            region, wall = (array[~shared.is_other[known[0]]] for array in known)
            return on_walls(region, wall, around)
        status: Statuses = np.full((len(self._bits), n_bits + len(around.exact)), REDUNDANT, dtype=np.int8)
        status[:, n_bits:] = OPEN
        for ends in (shared.single.first, shared.single.second):
            status[ends, shared.single.bit] = FACET
        # From the other side, a facet may have more owners.
        full, beyond = shared.others, np.repeat(shared.others.across, np.diff(shared.others.indptr))
        of_neurons = (beyond >= 0) & (full.owner >= 0)
        status[beyond[of_neurons], full.owner[of_neurons]] = OPEN
        for part in batches(len(regions), status.shape[1] * (self._network.input_dim + 1), AT_ONCE):
            some = regions[part]
            rows, error = region_rows(self._network, around, self._bits[some])
            seen = self._bits[some], self._points[some]
            status[some], _ = prove_rows(self._network, around, *seen, rows, error, given=status[some])
        walls = status[regions, n_bits:]
        is_left = (walls == OPEN).any(axis=1)
        at, wall = np.nonzero((walls == FACET) & ~is_left[:, None])
        full = region_facets(self._partition, regions[is_left])
        return concatenated([on_walls(regions[at], wall, around), full.part(full.across < 0)])


def one_bit_apart(bits: Bools) -> Pairs:
    """All pairs of patterns in canonical order, (n, n_bits), that differ in one bit.

    Patterns of one word are looked up as they are. Longer ones are told by the exclusive or of random numbers, one for
    each of their bits that is set, and compared where these agree.
    """
    n, n_bits = bits.shape
    if n_bits <= WORD:
        marks = pack(np.eye(n_bits, dtype=bool))[:, 0]
        codes, order = pack(bits)[:, 0], np.arange(n)
    else:
        marks = np.random.default_rng(0).integers(0, 2**63, size=(n_bits,), dtype=np.uint64)
        codes = np.bitwise_xor.reduce(np.where(bits, marks, np.uint64(0)), axis=1)
        order = np.argsort(codes)
    known = codes[order]
    none = np.zeros(0, dtype=np.int64)
    parts = [(none, none, none)]
    for q, mark in enumerate(marks):
        first = np.flatnonzero(bits[:, q])
        wanted = codes[first] ^ mark
        place = np.minimum(np.searchsorted(known, wanted), n - 1)
        alike = np.flatnonzero(known[place] == wanted)
        parts.append((first[alike], order[place[alike]], np.full(len(alike), q)))
    found = Pairs(*map(np.concatenate, zip(*parts, strict=True)))
    if n_bits <= WORD:
        return found
    return found.part((bits[found.first] != bits[found.second]).sum(axis=1) == 1)


def _at_witnesses(network: Network, bits: Bools, points: Floats) -> list[tuple[Floats, Floats]]:
    """Pre-activations of each layer at a point of each region, (n, width), and bounds on their errors."""
    layers, n = network.layers, len(points)
    found = [(np.empty((n, layer.width)), np.empty((n, layer.width))) for layer in layers]
    for some in batches(n, max(network.widths, default=1), AT_ONCE):
        value, error = points[some].T, np.zeros(points[some].T.shape)
        with quiet():
            for (values, errors), layer, slope in zip(found, layers, slopes(layers, bits[some]), strict=True):
                value, error = affine(layer.weight, layer.bias, value, error)
                values[some], errors[some] = value.T, error.T
                value, error = scaled(slope.T, value, error)
    return found


def _have_signs(value: Floats, error: Floats, cuts: Bools, bits: Bools) -> Bools:
    """At which points all neurons of a layer that cut are proved to have the signs of the bits, (n,)."""
    if not cuts.all():
        value, error = value[:, cuts], error[:, cuts]
    return np.asarray(((np.abs(value) > error) & ((value > 0) == bits)).all(axis=1))


def _are_sure(partition: Partition, bits: Bools, values: list[tuple[Floats, Floats]]) -> Bools:
    """Which witnesses are proved in floats to be strictly inside, (n,); not where a neuron is zero on the region."""
    starts = bit_starts(partition.network)
    sure = _are_within(partition.domain, partition.witnesses)
    for index, (layer, found) in enumerate(zip(partition.network.layers, values, strict=True)):
        sure &= _have_signs(*found, layer.cuts, bits[:, starts[index] : starts[index + 1]])
    return np.asarray(sure)


def _are_within(domain: Domain, points: Floats) -> Bools:
    """Which points are proved in floats to be strictly inside a domain, (n,)."""
    if isinstance(domain, Box):
        return np.asarray(((domain.lower < points) & (points < domain.upper)).all(axis=1))
    around = domain_sides(domain, points.shape[1]).floats
    rows = np.broadcast_to(around, (len(points), *around.shape))
    slack, slack_error = slacks(rows, np.zeros(rows.shape), points)
    return np.asarray((slack > slack_error).all(axis=1))


def _meet(network: Network, bits: Bools, values: list[tuple[Floats, Floats]], found: Pairs) -> Bools:
    """For which pairs it is proved that the segment between the witnesses, sure ones, crosses a facet of both."""
    layers, of_bit = network.layers, layer_of_bit(network)
    is_last = of_bit[found.bit] == (of_bit[-1] if len(of_bit) else 0)
    starts = bit_starts(network)
    shown = np.array(is_last)
    for index in range(len(layers) - 1):
        chosen = np.flatnonzero(~is_last & (of_bit[found.bit] == index))
        if not chosen.size:
            continue
        here, there = values[index : index + 2]
        for some in batches(len(chosen), max(network.widths), AT_ONCE):
            part = chosen[some]
            first, second, bit = found.part(part)
            neuron = np.flatnonzero(layers[index].cuts)[bit - starts[index]]
            value, error = _behind(layers[index], layers[index + 1], here, there, first, second, neuron)
            on, good = bits[first], np.ones(len(part), dtype=bool)
            of_layers = slopes(layers[:-1], on) if len(layers) > index + 2 else []
            for behind in range(index + 1, len(layers)):
                layer = layers[behind]
                if behind > index + 1:
                    with quiet():
                        value, error = scaled(of_layers[behind - 1], value, error)
                        value, error = (part.T for part in affine(layer.weight, layer.bias, value.T, error.T))
                good &= _have_signs(value, error, layer.cuts, on[:, starts[behind] : starts[behind + 1]])
            shown[part] = good
    return np.asarray(shown)


def _behind(
    layer: Layer,
    next_layer: Layer,
    at: tuple[Floats, Floats],
    behind: tuple[Floats, Floats],
    first: Ints,
    second: Ints,
    neuron: Ints,
) -> tuple[Floats, Floats]:
    """Pre-activations of the next layer where a neuron is zero on the segments between points, (n, width), and bounds.

    `at` are those of its own layer at all points, (points, width), `behind` those of the next layer, with bounds. The
    neuron is positive at the first point of a pair and negative at the second; its layer's other neurons have the same
    signs at both. In the region of the first point, the next layer is affine as far as the neuron's zero, and what that
    function is at the second point differs from what the network does there by the neuron alone: by its weights times
    its bend times its value.

    If s and s' are its sizes at the points, within e and e', the share ``s / (s + s')`` of the way is known to the
    greater of e and e', divided by the least that the exact sizes may add up to.
    """
    (value, error), (far, far_error) = at, behind
    before, size = value[first, neuron], -value[second, neuron]
    before_error, after_error = error[first, neuron], error[second, neuron]
    with quiet():
        total = before + size
        least = total * (1 - 4 * UNIT_ROUNDOFF) - (before_error + after_error) * BOUND_SLACK
        share = before / total
        doubt = np.maximum(before_error, after_error)
        doubt = np.where(least > 0, doubt / least * BOUND_SLACK + 12 * UNIT_ROUNDOFF, np.inf)
        bend = (layer.positive_slope - layer.negative_slope)[neuron]
        turn = bend * size
        turn_doubt = np.abs(bend) * (after_error + 6 * UNIT_ROUNDOFF * size) + UNDERFLOW_GUARD
    kinds, kind = np.unique(neuron, return_inverse=True)
    weights = next_layer.weight[:, kinds]
    columns = np.ascontiguousarray((weights if isinstance(weights, np.ndarray) else weights.toarray()).T)
    found, bound = np.empty((2, len(neuron), next_layer.width))
    _interpolate(far, far_error, columns, first, second, kind, share, doubt, turn, turn_doubt, found, bound)
    return found, bound


@jit
def _interpolate(
    far: Floats, far_error: Floats, columns: Floats, first: Ints, second: Ints, kind: Ints,
    share: Floats, doubt: Floats, turn: Floats, turn_doubt: Floats, found: Floats, bound: Floats,
) -> None:  # pragma: no cover - compiled  # fmt: skip
    """Fill in `found` and `bound` (n, width): ``share`` of the way from `far` to it less ``turn`` times a column.

    Each share is known to `doubt`, and each turn to `turn_doubt`.
    """
    for i in range(len(first)):
        for q in range(far.shape[1]):
            start, weight = far[first[i], q], columns[kind[i], q]
            end = far[second[i], q] - weight * turn[i]
            error = far_error[second[i], q] + abs(weight) * turn_doubt[i] + UNIT_ROUNDOFF * abs(end)
            # The greater of both ends' would do, but may lose what is not a number.
            error += far_error[first[i], q] + doubt[i] * abs(end - start) + 4 * UNIT_ROUNDOFF * abs(start)
            found[i, q] = start + share[i] * (end - start)
            bound[i, q] = error * BOUND_SLACK + UNDERFLOW_GUARD


def _tell_rows_apart(network: Network, bits: Bools, walls: Floats) -> Bools:
    """In which regions it is proved that no two neurons have the same hyperplane, nor that of a wall (k, d + 1); (n,).

    Rows are those of the cell that the region makes with all that differ from it in the last layer only. Two of them
    are multiples of each other only if the quotients of their scalar products with two vectors are the same.
    """
    n, starts = len(bits), bit_starts(network)
    last = max((index for index, layer in enumerate(network.layers) if layer.cuts.any()), default=0)
    before = bits[:, : starts[last]] if len(network.layers) else bits
    is_new = np.append(True, (before[1:] != before[:-1]).any(axis=1))
    cells, d = bits[is_new], network.input_dim
    vectors = np.random.default_rng(0).uniform(0.5, 1.0, (d + 1, 2))
    unit, told = summation_bound(d + 2), np.ones(len(cells), dtype=bool)
    for some in batches(len(cells), (bits.shape[1] + len(walls) + 1) * (d + 1), AT_ONCE):
        rows, error = stacked_rows(network, cells[some])
        shape = (len(rows), *walls.shape)
        rows = np.concatenate([rows, np.broadcast_to(walls, shape)], axis=1)
        error = np.concatenate([error, np.zeros(shape)], axis=1)
        constant = are_constant(rows, error)
        with quiet(), np.errstate(divide="ignore"):
            product = rows @ vectors
            doubt = ((error + unit * np.abs(rows)) @ vectors) * BOUND_SLACK + UNDERFLOW_GUARD
            above, below = product[:, :, 0], product[:, :, 1]
            room = np.abs(below) - doubt[:, :, 1]
            quotient = above / below
            spread = (doubt[:, :, 0] + np.abs(quotient) * doubt[:, :, 1]) / room + 4 * UNIT_ROUNDOFF * np.abs(quotient)
            spread = np.where(room > 0, spread * BOUND_SLACK, np.nan)
        low = np.where(constant, np.inf, quotient - spread)
        order = np.argsort(low, axis=1)
        high = np.take_along_axis(np.where(constant, -np.inf, quotient + spread), order, axis=1)
        low = np.take_along_axis(low, order, axis=1)
        highest = np.maximum.accumulate(high, axis=1)
        told[some] = ((low[:, 1:] > highest[:, :-1]) | (low[:, 1:] == np.inf)).all(axis=1) & ~np.isnan(low).any(axis=1)
    return np.asarray(told[np.cumsum(is_new) - 1]) if n else told


def _asked(
    network: Network,
    around: DomainSides,
    bits: Bools,
    points: Floats,
    is_plain: Bools,
    shown: Pairs,
    doubtful: Pairs,
) -> tuple[Pairs, Ints]:
    """Which doubtful pairs share a facet, as the rows of one of the regions say; and regions that have to be asked all.

    Rows of other bits than those in `shown` and `doubtful` are no facets of a region where rows are told apart.
    """
    n_bits, n_rows = bits.shape[1], bits.shape[1] + len(around.exact)
    # Where either may be asked, the one of more doubtful pairs, so that fewer are asked.
    count = np.where(is_plain, np.bincount(np.concatenate([doubtful.first, doubtful.second]), minlength=len(bits)), 0)
    region = np.where(count[doubtful.first] >= count[doubtful.second], doubtful.first, doubtful.second)
    asked, place = np.unique(region, return_inverse=True)
    status: Statuses = np.full((len(asked), n_rows), REDUNDANT, dtype=np.int8)
    # Whether they are facets or not, sides of the domain are in the way.
    status[:, n_bits:] = FACET
    where = np.full(len(bits), -1)
    where[asked] = np.arange(len(asked))
    for some, known in ((shown, FACET), (doubtful, OPEN)):
        for ends in (some.first, some.second):
            is_asked = where[ends] >= 0
            status[where[ends[is_asked]], some.bit[is_asked]] = known
    for part in batches(len(asked), (n_rows + 1) * (network.input_dim + 1), AT_ONCE):
        rows, error = region_rows(network, around, bits[asked[part]])
        seen = bits[asked[part]], points[asked[part]]
        status[part], _ = prove_rows(network, around, *seen, rows, error, given=status[part])
    answer = status[place, doubtful.bit]
    return doubtful.part(answer == FACET), np.unique(region[(answer == OPEN)])
