"""Regions merged with an error budget: how few affine functions stay near the network on a domain.

Regions are merged two by two, always those whose union has the best affine function, until one is left. What a merger
costs is proved: an affine function is named, and its distance from the network bounded at all corners, where it is
greatest. No later merger costs less than an earlier one, so the first few of them are the pieces for any budget. That
is an upper bound on how few there can be. A lower one are regions of which no two can be in one piece, shown by d + 2
of their corners for each pair (`proved_levels`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.ragged import entries, starts
from polytope_lens._kept import answers
from polytope_lens.arithmetic.rational import nearest_float
from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.domain import is_bounded
from polytope_lens.errors import UnboundedPolytopeError
from polytope_lens.exact.forward import quiet
from polytope_lens.exact.rows import ExactRows
from polytope_lens.exact.values import bounded_values
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.function.affine_fits import fit, grouped, proved_levels
from polytope_lens.function.affine_fits_kernels import Enough, Groups, KnownValues
from polytope_lens.function.fewest_intervals import exact_level, fewest_intervals
from polytope_lens.network.scalar import check_output, single_output
from polytope_lens.polyhedral_complex.facet_table import neighbor_pairs
from polytope_lens.polyhedral_complex.linear_pieces import linear_pieces
from polytope_lens.polyhedral_complex.mesh_vertices import rational_vertices
from polytope_lens.polyhedral_complex.requirements import require_complete

if TYPE_CHECKING:
    from flint import fmpq

    from polytope_lens._types import Floats, Ints
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition

# Pairs of regions that are tried for the lower bound; more are not, which makes it lower than it need be.
MOST_PAIRS = 20_000_000
# Pairs tried at a time.
AT_ONCE = 2**16


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Regions put together to pieces on each of which an affine function is near enough to the network.

    Parameters
    ----------
    eps : float
        How near.
    labels : (n_regions,) int array
        Which piece each region belongs to; pieces are numbered by their first region. They are connected through
        facets, not always convex, and their affine functions need not agree where they meet.
    n_pieces : int
        An upper bound on the least number of pieces.
    at_least : int
        A lower bound, for connected pieces and for any others; proved.
    deviations : (n_pieces,) array
        Proved bounds on how far each affine function is from the network, over the piece and the outputs.
    maps : (n_pieces, out, d + 1) array
        The affine functions ``[A, b]``; rounded, and NaN where that is out of range. In a flat box, of the free inputs.
    n_boundaries, n_kept : int
        How many facets there are between two regions, and how many of them are between two pieces.
    """

    eps: float
    labels: Ints
    n_pieces: int
    at_least: int
    deviations: Floats
    maps: Floats
    n_boundaries: int
    n_kept: int

    def __len__(self) -> int:
        return self.n_pieces

    def __repr__(self) -> str:
        return (
            f"Pieces({self.n_pieces} pieces of {len(self.labels)} regions within {self.eps:.6g}, "
            f"at least {self.at_least})"
        )


def pieces(partition: Partition, eps: float, output: int | None = None) -> Pieces:
    """Few pieces on each of which an affine function deviates from the network by at most `eps`, and a lower bound.

    A piece is made of whole regions, each connected with the others through facets of the piece.

    Parameters
    ----------
    partition : Partition
        Of a bounded domain.
    eps : float
        The greatest deviation, over a piece and over the outputs.
    output : int, optional
        Of one output only; negative ones count from the last.

    Raises
    ------
    UnboundedPolytopeError, PartialPartitionError, OptionError

    Notes
    -----
    Proved: floats with bounds on their errors; both numbers are what they say, whatever was rounded. With one input
    they are equal, the exact number of pieces (`fewest_intervals`). Elsewhere regions are merged two by two,
    those that cost least first, which is not always best: in the plane the two numbers are mostly within some per cent
    for small deviations, within a factor of two to four for large ones. With `eps` 0, pieces are linear pieces,
    and there are no fewer connected ones.
    Merging is done once for all budgets and kept with the partition. Cost: a tenth of a millisecond for each region in
    the plane, some microseconds more for each region and piece; with four inputs and more the corners of the regions
    are listed, milliseconds for each.

    Examples
    --------
    A tent of height 1 with a ripple beside it. It is 0 on both sides, so these are one piece if pieces need not be
    connected, as the lower bound allows:

    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0]] * 4, [[1, -2, 1, 0.01]]], [[2, 1, 0, -1], [0]])
    >>> partition = lens.partition(Box([-3, 0], [2, 1]))
    >>> [partition.function.pieces(eps) for eps in (0, 0.01)]
    [Pieces(5 pieces of 5 regions within 0, at least 4), Pieces(4 pieces of 5 regions within 0.01, at least 3)]
    >>> partition.function.pieces(0.01).labels
    array([0, 1, 2, 3, 3])
    """
    eps = validate.tolerance(eps)
    if output is not None:
        output = check_output(partition.network, output)
    require_complete(partition, "`pieces`")
    if not is_bounded(partition.domain):
        raise UnboundedPolytopeError(
            "pieces within a greatest deviation were asked for on an unbounded domain, where two affine functions that "
            "differ are as far apart as one likes. Choose a bounded one, for example a `Box`."
        )
    return _pieces(partition, eps, output)


@asked_on_flat
def _pieces(partition: Partition, eps: float, output: int | None) -> Pieces:
    mergers = _mergers(partition, output)
    if partition.network.input_dim == 1:
        labels, deviations, maps = _on_a_line(partition, mergers, eps)
        at_least = len(deviations)
    else:
        labels = _merged(len(partition), mergers, eps)
        deviations, maps = _fitted(mergers, labels)
        # Where floats cannot tell, what has been merged before may be known better.
        deviations = np.minimum(deviations, eps)
        at_least = _at_least(mergers, eps)
    sides = labels[mergers.pairs]
    kept = int((sides[:, 0] != sides[:, 1]).sum())
    return Pieces(eps, labels, len(deviations), at_least, deviations, maps, len(sides), kept)


class _Mergers(NamedTuple):
    """The regions of a partition by their corners, and what merging them costs.

    Parameters
    ----------
    samples : KnownValues
        All corners, and the outputs there.
    corners : Groups
        Those of each region.
    pairs : (n, 2) int array
        Regions that share a facet.
    labels : (n_regions,) int array
        The linear pieces, with which merging begins.
    steps : list of (int, int, float)
        Pieces that are merged, one after the other, and the deviation of the best affine function on all so far; the
        k-th merger makes piece ``n + k``, n being the number of linear pieces.
    network : Network
        With the output that is looked at alone, or all.
    """

    samples: KnownValues
    corners: Groups
    pairs: Ints
    labels: Ints
    steps: list[tuple[int, int, float]]
    network: Network


def _mergers(partition: Partition, output: int | None) -> _Mergers:
    """Found once for a partition and an output."""
    known = answers(partition).setdefault(_mergers, {})
    if output not in known:
        network = partition.network if output is None else single_output(partition.network, output)
        samples, corners = _samples(partition, network)
        pairs = neighbor_pairs(partition, np.arange(len(partition)))
        labels = linear_pieces(replace(partition, network=network)).labels
        steps = [] if partition.network.input_dim == 1 else _steps(samples, corners, pairs, labels)
        known[output] = _Mergers(samples, corners, pairs, labels, steps, network)
    found: _Mergers = known[output]
    return found


def _samples(partition: Partition, network: Network) -> tuple[KnownValues, Groups]:
    """Corners of all regions and the outputs there, each within a proved error."""
    mesh = partition.mesh
    if mesh is None:
        lists = [partition.vertices(i) for i in range(len(partition))]
        points = np.concatenate(lists)
        # Each number is the float nearest to the exact one.
        radius = 2 * UNIT_ROUNDOFF * np.abs(points).max(axis=1) + UNDERFLOW_GUARD
        corners = Groups(np.arange(len(points)), starts(np.array([len(one) for one in lists])))
    else:
        regions, numbers = mesh.incidences()
        each = np.unique(np.column_stack([regions, numbers]), axis=0)
        points, radius = mesh.points, mesh.error
        corners = Groups(np.ascontiguousarray(each[:, 1]), np.searchsorted(each[:, 0], np.arange(len(partition) + 1)))
    values, errors = bounded_values(network, points, radius)
    arrays = points, radius, values.T, errors.T
    return KnownValues(*(np.array(array, dtype=np.float64, order="C") for array in arrays)), corners


def _steps(samples: KnownValues, corners: Groups, pairs: Ints, labels: Ints) -> list[tuple[int, int, float]]:
    """Merge pieces that share a facet until there is one, those that cost least first."""
    n = int(labels.max()) + 1
    order = np.argsort(labels, kind="stable")
    members = dict(enumerate(_corners_of(corners, order, labels[order], n)))
    touching = np.unique(np.sort(labels[pairs], axis=1), axis=0)
    touching = touching[touching[:, 0] != touching[:, 1]]
    beside: dict[int, set[int]] = {piece: set() for piece in range(n)}
    for one, other in touching.tolist():
        beside[one].add(other)
        beside[other].add(one)
    lists = [np.concatenate([members[one], members[other]]) for one, other in touching.tolist()]
    costs = fit(samples, grouped(lists)).worst.tolist() if lists else []
    # Costs, and whether they are known: of a piece just made, its own is a bound from below.
    heap = [(cost, True, one, other) for cost, (one, other) in zip(costs, touching.tolist(), strict=True)]
    heapify(heap)
    steps: list[tuple[int, int, float]] = []
    so_far = 0.0
    while heap:
        cost, is_known, one, other = heappop(heap)
        if one not in members or other not in members:
            continue
        if not is_known:
            found = fit(samples, grouped([np.concatenate([members[one], members[other]])]))
            heappush(heap, (max(cost, float(found.worst[0])), True, one, other))
            continue
        so_far = max(so_far, cost)
        made = n + len(steps)
        steps.append((one, other, so_far))
        members[made] = np.unique(np.concatenate([members.pop(one), members.pop(other)]))
        beside[made] = (beside.pop(one) | beside.pop(other)) - {one, other}
        for piece in beside[made]:
            beside[piece] -= {one, other}
            beside[piece].add(made)
            heappush(heap, (so_far, False, piece, made))
    return steps


def _corners_of(corners: Groups, order: Ints, labels: Ints, n: int) -> list[Ints]:
    """Corners of each piece, whose regions are listed one piece after the other."""
    at = entries(corners.indptr, order)
    piece = np.repeat(labels, np.diff(corners.indptr)[order])
    each = np.unique(np.column_stack([piece, corners.members[at]]), axis=0)
    return np.split(each[:, 1], np.searchsorted(each[:, 0], np.arange(1, n)))


def _merged(n_regions: int, mergers: _Mergers, eps: float) -> Ints:
    """The piece of each region after all mergers that cost at most `eps`."""
    n = int(mergers.labels.max()) + 1
    into = np.arange(n + len(mergers.steps))
    for k, (one, other, cost) in enumerate(mergers.steps):
        if cost > eps:
            break
        into[[one, other]] = n + k
    for piece in reversed(range(len(into))):
        into[piece] = into[into[piece]]
    _, first, labels = np.unique(into[mergers.labels], return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[labels.reshape(n_regions)]


def _fitted(mergers: _Mergers, labels: Ints) -> tuple[Floats, Floats]:
    """Deviations and maps of the best affine functions on pieces."""
    order = np.argsort(labels, kind="stable")
    lists = _corners_of(mergers.corners, order, labels[order], int(labels.max()) + 1)
    found = fit(mergers.samples, grouped(lists))
    first = mergers.samples.points[[one[0] for one in lists]]
    return found.worst, _about_zero(found.maps, first)


def _about_zero(maps: Floats, first: Floats) -> Floats:
    """Maps ``A (x - first) + b`` as ``[A, b]``."""
    found = maps.copy()
    with quiet():
        found[:, :, -1] -= np.einsum("nok,nk->no", maps[:, :, :-1], first)
    return found


def _at_least(mergers: _Mergers, eps: float) -> int:
    """A number of regions of which no two can be in one piece, proved; large regions are tried first."""
    samples, corners = mergers.samples, mergers.corners
    extent = np.maximum.reduceat(samples.points[corners.members], corners.indptr[:-1])
    extent -= np.minimum.reduceat(samples.points[corners.members], corners.indptr[:-1])
    with np.errstate(divide="ignore"):
        left = np.argsort(-np.log(extent).sum(axis=1), kind="stable")
    chosen, n_tried = 0, 0
    while left.size and n_tried <= MOST_PAIRS:
        one, left = left[0], left[1:]
        chosen += 1
        n_tried += len(left)
        left = left[_apart(samples, corners, one, left, eps)]
    return max(chosen, 1)


def _apart(samples: KnownValues, corners: Groups, one: int, others: Ints, eps: float) -> Ints:
    """The places of regions that are proved not to be in one piece with another one."""
    found = []
    for start in range(0, len(others), AT_ONCE):
        some = others[start : start + AT_ONCE]
        order = np.column_stack([np.full(len(some), one), some]).ravel()
        sizes = np.diff(corners.indptr)[order].reshape(-1, 2).sum(axis=1)
        groups = Groups(corners.members[entries(corners.indptr, order)], starts(sizes))
        fits = fit(samples, groups, Enough(eps, eps))
        likely = np.flatnonzero(fits.level > eps)
        levels = proved_levels(samples, fits.reference[likely], fits.output[likely])
        found.append(start + likely[levels > eps])
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _on_a_line(partition: Partition, mergers: _Mergers, eps: float) -> tuple[Ints, Floats, Floats]:
    """Labels, deviations and maps of the fewest intervals."""
    order = np.argsort(partition.witnesses[:, 0], kind="stable")
    ends = [rational_vertices(partition, i) for i in order.tolist()]
    places = [ends[0][0][0], *(upper[0] for _, upper in ends)]
    source, bits = ExactRows(mergers.network), partition.patterns()
    values = []
    for k, x in enumerate(places):
        rows, scale = source.scaled_rows(len(mergers.network.layers), bits[order[max(k - 1, 0)]])
        values.append([(a * x + b) / scale for a, b in rows])

    def level(a: int, b: int) -> fmpq:
        return exact_level(places[a : b + 1], values[a : b + 1])

    points = np.array([[nearest_float(x)] for x in places])
    radius = 2 * UNIT_ROUNDOFF * np.abs(points[:, 0]) + UNDERFLOW_GUARD
    known = np.array([[nearest_float(v) for v in row] for row in values]).T
    samples = KnownValues(
        points, radius, np.ascontiguousarray(known), 2 * UNIT_ROUNDOFF * np.abs(known) + UNDERFLOW_GUARD
    )
    found = fewest_intervals(samples, eps, level)
    labels = np.empty(len(order), dtype=np.int64)
    labels[order] = np.repeat(np.arange(len(found.deviations)), np.diff(found.stops))
    maps = _about_zero(found.maps, points[found.stops[:-1]])
    _, first = np.unique(labels, return_index=True)
    rank = np.argsort(np.argsort(first))
    back = np.argsort(first)
    return rank[labels], found.deviations[back], maps[back]
