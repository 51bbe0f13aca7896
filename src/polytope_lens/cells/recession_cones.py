"""Where regions go on forever."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, overload

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.batches import batches
from polytope_lens._arrays.ragged import entries, starts
from polytope_lens._kept import kept
from polytope_lens.cells.interior_proposals import surely_inside
from polytope_lens.cells.region_facets import stacked_rows
from polytope_lens.domain import is_bounded as is_bounded_domain
from polytope_lens.exact.owner_rows import integer_sides
from polytope_lens.exact.rows import ExactRows, cell_rows
from polytope_lens.lp.highs import propose_maximum
from polytope_lens.network.network import bit_starts, from_layer, slopes
from polytope_lens.network.pattern import unpack
from polytope_lens.polytope.batch.boundedness import BOUNDED, OPEN, UNBOUNDED, pays_to_ask, prove_bounded
from polytope_lens.polytope.recession import ConeGenerators, RecessionCone, cone_of_rows, is_trivial_cone, kept_cone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flint import fmpz
    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition
    from polytope_lens.region import Region


# Numbers in the rows that are made at once.
ENTRIES_AT_ONCE = 2**22
# Of a region with no more numbers than this in its normals, rationals decide as fast as floats.
TINY = 64
# In more coordinates than this, directions that floats leave open are looked for by HiGHS before rationals are asked.
MANY = 16


@dataclass(frozen=True, slots=True, eq=False)
class RecessionCones:
    """The recession cones of all regions of a partition; ``cones[i]`` is that of region i.

    Parameters
    ----------
    rays : (n_rays, d) array
        Those of region i are ``rays[ray_indptr[i]:ray_indptr[i + 1]]``, as in `RecessionCone`.
    ray_indptr : (n_regions + 1,) array
    lines : (n_lines, d) array
    line_indptr : (n_regions + 1,) array
    """

    rays: Floats
    ray_indptr: Ints
    lines: Floats
    line_indptr: Ints

    def __len__(self) -> int:
        return len(self.ray_indptr) - 1

    @overload
    def __getitem__(self, index: int) -> RecessionCone: ...
    @overload
    def __getitem__(self, index: slice | Ints | Bools) -> RecessionCones: ...
    def __getitem__(self, index: int | slice | Ints | Bools) -> RecessionCone | RecessionCones:
        """The cone of a region; of several, those of these."""
        told = f"there are cones of {len(self)} regions"
        chosen = validate.picked(index, len(self), told=told, part="region")
        if isinstance(chosen, int):
            rays = slice(*self.ray_indptr[chosen : chosen + 2].tolist())
            return RecessionCone(self.rays[rays], self.lines[slice(*self.line_indptr[chosen : chosen + 2].tolist())])
        n_rays, n_lines = np.diff(self.ray_indptr)[chosen], np.diff(self.line_indptr)[chosen]
        return RecessionCones(
            self.rays[entries(self.ray_indptr, chosen)], starts(n_rays),
            self.lines[entries(self.line_indptr, chosen)], starts(n_lines),
        )  # fmt: skip

    def __iter__(self) -> Iterator[RecessionCone]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"RecessionCones({len(self.rays)} rays, {len(self.lines)} lines of {len(self)} regions)"


@kept
def is_bounded(region: Region) -> bool:
    """Whether a region is bounded; exact, as for many regions; see `bounded_mask`."""
    network, domain, bits = region.network, region.domain, region.pattern.array
    if is_bounded_domain(domain):
        return True
    if _holds_lines(network, domain):
        return False
    m, d = len(bits) + len(integer_sides(domain)), network.input_dim
    if m * d > TINY and pays_to_ask(m, d):
        return bool(_are_bounded(network, domain, bits[None])[0])
    return is_trivial_cone(_normals(network, domain)(bits), d)


def recession_cone(region: Region, most: int | None = None) -> ConeGenerators:
    """Extreme rays and lines of a region; exact.

    Raises
    ------
    IntractableError
        More than `most` rays, also on the way to them, if that is given; or coordinates with too many digits.

    Notes
    -----
    They are those of the exact inequalities: the two sides of a strip may be parallel before rounding and not after.
    Cost: the rows of all neurons under one pattern, then `cone_of_rows`; found once and kept.
    """
    if is_bounded_domain(region.domain):
        return ConeGenerators([], [])
    network, bits = region.network, region.pattern.array
    return kept_cone(region, lambda: _normals(network, region.domain)(bits), network.input_dim, most)


def bounded_mask(partition: Partition) -> Bools:
    """Which regions of a partition are bounded, (n_regions,) bool; exact.

    Parameters
    ----------
    partition : Partition

    Notes
    -----
    What the first layer bounds is decided for all that is behind it at once. Cost of the rest: the rows of all neurons
    and some microseconds for each region, where floats with error bounds can tell. They cannot where a region is
    unbounded in fewer directions than there are coordinates, as strips are; then linear programs in rational arithmetic
    look for directions in which nothing changes behind some layer, one for all regions that agree up to there, and only
    then for any, one for each region.
    """
    if is_bounded_domain(partition.domain):
        return np.ones(len(partition), dtype=bool)
    if _holds_lines(partition.network, partition.domain):
        return np.zeros(len(partition), dtype=bool)
    return _are_bounded(partition.network, partition.domain, partition.patterns())


def _holds_lines(network: Network, domain: Domain) -> bool:
    """Whether all regions hold lines because the first layer and the domain's sides are fewer than the inputs.

    Along what is at right angles to all their normals, nothing changes.
    """
    width = network.layers[0].width if network.layers else 0
    return width + (0 if domain is None else len(domain.b)) < network.input_dim


def _are_bounded(network: Network, domain: Domain, bits: Bools) -> Bools:
    """Which of n regions, given by their patterns, are bounded, in a domain that is not."""
    sides = np.zeros((0, network.input_dim)) if domain is None else domain.A
    head = network
    if len(network.layers) > 1:
        width = network.layers[0].width
        head = replace(network, layers=network.layers[:1], output_weight=np.ones((1, width)), output_bias=np.zeros(1))
    first = bits[:, : head.n_neurons]
    is_new = np.append(True, (first[1:] != first[:-1]).any(axis=1))
    status = _proved(head, sides, first[is_new])[np.cumsum(is_new) - 1]
    if head is not network:
        rest = np.flatnonzero(status != BOUNDED)
        status[rest] = _proved(network, sides, bits[rest])
    if network.input_dim > MANY:
        for i in np.flatnonzero(status == OPEN):
            status[i] = UNBOUNDED if _is_left(network, sides, bits[i]) else OPEN
    bounded = status == BOUNDED
    doubtful = np.flatnonzero(status == OPEN)
    if doubtful.size:
        bounded[doubtful] = _settle(network, domain, bits[doubtful])
    return np.asarray(bounded)


def _is_left(network: Network, sides: Floats, bits: Bools) -> bool:
    """Whether a direction that HiGHS proposes is proved to go away from all rows of a region."""
    rows, error = stacked_rows(network, bits[None])
    given = np.column_stack([sides, np.zeros(len(sides))])[None]
    rows = np.concatenate([rows, given], axis=1)
    error = np.concatenate([error, np.zeros_like(given)], axis=1)
    rows[:, :, -1] = error[:, :, -1] = 0.0
    with np.errstate(all="ignore"):
        normals = rows[0, :, :-1] / np.abs(rows[0, :, :-1]).max(axis=1, keepdims=True)
    normals = normals[np.isfinite(normals).all(axis=1)]
    d = network.input_dim
    A = np.vstack([np.column_stack([normals, np.ones(len(normals))]), np.eye(d + 1), -np.eye(d + 1)])
    found = propose_maximum(np.eye(d + 1)[-1], A, np.append(np.zeros(len(normals)), np.ones(2 * d + 2)))
    return found is not None and bool(surely_inside(rows, error, found[0][None, :-1])[0])


def _proved(network: Network, sides: Floats, bits: Bools, first: Floats | None = None) -> NDArray[np.int8]:
    """What floats can prove of each pattern: BOUNDED, UNBOUNDED or OPEN; `first` as for `bounded_rows`."""
    status = np.zeros(len(bits), dtype=np.int8)
    for some in batches(len(bits), (network.n_neurons + len(sides)) * network.input_dim, ENTRIES_AT_ONCE):
        rows, error = (
            array[:, :, :-1] for array in stacked_rows(network, bits[some], first if first is None else first[:, some])
        )
        given = np.broadcast_to(sides, (len(rows), *sides.shape))
        status[some] = prove_bounded(
            np.concatenate([rows, given], axis=1), np.concatenate([error, np.zeros(given.shape)], axis=1)
        )
    return status


def _settle(network: Network, domain: Domain, bits: Bools) -> Bools:
    """Whether regions are bounded of which floats cannot tell in all coordinates at once; exact.

    Behind a layer that passes on few values, nothing changes along directions in which none of these does. If the cone
    holds such a direction, the region is unbounded. If it holds none, the region is bounded if these values are.
    """
    source = ExactRows(network)
    status = np.zeros(len(bits), dtype=np.int8)
    firsts, of_layers = bit_starts(network).tolist(), slopes(network.layers, bits)
    for index, layer in enumerate(network.layers):
        (start, stop), passed = firsts[index : index + 2], of_layers[index] != 0
        count = passed.sum(axis=1)
        still: dict[bytes, bool] = {}
        for i in np.flatnonzero((status == OPEN) & ((count < network.input_dim) | (index == 0))):
            key = bits[i, :stop].tobytes()
            if key not in still:
                still[key] = _is_still(network, domain, source, bits[i], index, np.flatnonzero(passed[i]))
            if still[key]:
                status[i] = UNBOUNDED
            elif not count[i]:
                status[i] = BOUNDED
        behind = from_layer(network, index)
        for k in range(1, network.input_dim):
            few = np.flatnonzero((status == OPEN) & (count == k))
            if few.size and index + 1 < len(network.layers):
                at, neuron = np.nonzero(passed[few])
                first = np.zeros((layer.width, len(few), k + 1))
                first[neuron, at, np.tile(np.arange(k), len(few))] = 1.0
                proved = _proved(behind, np.zeros((0, k)), bits[few, start:], first)
                status[few[proved == BOUNDED]] = BOUNDED
    normals = _normals(network, domain)
    for i in np.flatnonzero(status == OPEN):
        status[i] = BOUNDED if is_trivial_cone(normals(bits[i]), network.input_dim) else UNBOUNDED
    return np.asarray(status == BOUNDED)


def _is_still(network: Network, domain: Domain, source: ExactRows, bits: Bools, index: int, passed: Ints) -> bool:
    """Whether there is a direction along which a region goes on forever and nothing that a layer passes on changes."""
    exact = source.rows(index, bits)
    rows = [*integer_sides(domain), *cell_rows(network, source, bits, index + 1)]
    rows += [row for j in passed for row in (exact[j], [-v for v in exact[j]])]
    return not is_trivial_cone([row[:-1] for row in rows], network.input_dim)


def recession_cones(partition: Partition) -> RecessionCones:
    """Extreme rays and lines of all regions; which there are is exact, their directions are rounded.

    Parameters
    ----------
    partition : Partition

    Notes
    -----
    Cost: that of `bounded_mask`, and some 0.1 milliseconds for each unbounded region in the plane, more with the
    number of rays.
    """
    d = partition.network.input_dim
    normals = _normals(partition.network, partition.domain)
    rays, lines = [np.zeros((0, d))], [np.zeros((0, d))]
    n_rays, n_lines = np.zeros(len(partition), np.int64), np.zeros(len(partition), np.int64)
    for i in np.flatnonzero(~bounded_mask(partition)):
        bits = unpack(partition.packed_patterns[i : i + 1], partition.network.n_neurons)[0]
        cone = cone_of_rows(normals(bits), d).cone(d)
        n_rays[i], n_lines[i] = len(cone.rays), len(cone.lines)
        rays.append(cone.rays)
        lines.append(cone.lines)
    return RecessionCones(np.concatenate(rays), starts(n_rays), np.concatenate(lines), starts(n_lines))


def _normals(network: Network, domain: Domain) -> Callable[[Bools], list[list[fmpz]]]:
    """A function that gives the normals of all inequalities under a pattern, as integers."""
    source = ExactRows(network)
    sides = integer_sides(domain)
    return lambda bits: [row[:-1] for row in cell_rows(network, source, bits) + sides]
