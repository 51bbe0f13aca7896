"""The point of a region's boundary that is nearest to a point inside, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens._arrays import validate
from polytope_lens._deferred import sparse
from polytope_lens._places import OWNERS, POINTS
from polytope_lens.arithmetic.rational import dot, nearest_float, rationals, sign
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, summation_bound
from polytope_lens.cells.inequalities import DOMAIN, row_lengths, system_of
from polytope_lens.errors import OptionError, OutsideDomainError
from polytope_lens.flat_domain import flat_of, within
from polytope_lens.polytope.facets import facets_of_distinct, primitive
from polytope_lens.polytope.halfspaces import holds, slacks
from polytope_lens.polytope.metric.projection import Nearest, nearest_point
from polytope_lens.polytope.polytope import of_integers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flint import fmpz
    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats, Sparse
    from polytope_lens.cells.inequalities import Inequalities
    from polytope_lens.polytope import Polytope
    from polytope_lens.region import Region


# Rows whose distances are bounded at a time.
CHUNK = 2**13
OUTSIDE = (
    "`nearest_boundary` needs a point of the closed region, but received one outside. Ask the region it lies in, "
    "`lens.at(x)`."
)


@dataclass(frozen=True, slots=True, eq=False)
class NearestBoundary:
    """Where a region's boundary is nearest to a point.

    Parameters
    ----------
    distance : float
        Computed exactly and rounded once; infinite where there is no such boundary.
    owners : list of pairs
        Layer and neuron of all whose boundary this facet is; layer -1 is the domain, and the second number its row.
        Exact; where several facets are at the same distance, one of them.
    point : (d,) array or None
        A nearest point, rounded once.
    norm : float
    """

    distance: float
    owners: list[tuple[int, int]] = field(metadata=OWNERS)
    point: Floats | None = field(metadata=POINTS)
    norm: float

    @property
    def owner(self) -> tuple[int, int] | None:
        """The first of the owners."""
        return self.owners[0] if self.owners else None


def nearest_boundary(
    region: Region, x: ArrayLike | None = None, *, layer: int | None = None, norm: float = 2
) -> NearestBoundary:
    """The nearest point on a facet of a region, of any owner or of one layer.

    Parameters
    ----------
    region : Region
    x : (d,) array, optional
        A point of the closed region; its own `point` if it is left out.
    layer : int, optional
        Only facets that a neuron of this layer owns; -1 for those of the domain.
    norm : 1, 2 or infinity

    Raises
    ------
    OutsideDomainError
        The point is not in the region.
    OptionError

    Notes
    -----
    Which facet is nearest is decided in rational arithmetic, after floats with bounds have ruled out most. The distance
    of a hyperplane ``a . x = b`` is the slack over the dual norm of a; the nearest of them all is met inside its facet,
    so no other facet has to be known, and large convolutional networks can be asked. Where several hyperplanes meet at
    the point itself, those are facets which the others through it do not imply. Where those of other layers are nearer,
    one may be met outside, and the nearest point of the facet is a projection (`projection.nearest_point`).
    Cost: that of the rows, without facets; of one layer, that of the facets, and a projection for each facet of the
    layer whose hyperplane is nearer than the nearest facet.
    Source: Boyd and Vandenberghe 2004, *Convex Optimization*, section 8.1.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]], [[1]]], [[0, 0], [-4], [0]])
    >>> region = lens.at([0.75, 2])
    >>> found = region.nearest_boundary()
    >>> found.distance, found.owner, found.point
    (0.75, (0, 0), array([0., 2.]))
    >>> region.nearest_boundary(layer=1, norm=1).distance
    1.25
    """
    norm = validate.norm(norm)
    layers = len(region.network.layers)
    if layer is not None and not (validate.is_whole(layer) and DOMAIN <= layer < layers):
        told = f"a number from 0 to {layers - 1}, or -1 for the domain" if layers else "-1, for the domain"
        raise OptionError(f"layer should be {told}, but received {validate.shown(layer)}.")
    x = region.point if x is None else validate.point(x, region.network.input_dim, what="`nearest_boundary`")
    if (flat := flat_of(region)) is not None:
        y, inner = flat.coordinates(x[None], what="`nearest_boundary`")[0], layer
        if layer is not None and layer != DOMAIN:
            inner = layer + 1
        on_flat: NearestBoundary = flat.embedded(nearest_boundary(within(region), y, layer=inner, norm=norm))
        return on_flat
    if layer is None:
        system, row_of = system_of(region)
        nearest = _nearest_hyperplanes(system, row_of, x, norm)
        if not nearest:
            return NearestBoundary(np.inf, [], None, norm)
        candidates = list(nearest.values())
        if len(candidates) > 1 and not candidates[0][1]:
            # The point is a corner, around which the region is the cone of these rows; not all need be its facets.
            candidates = [candidates[i] for i in sorted(facets_of_distinct([list(row) for row, _, _ in candidates]))]
        # Tangents of a Euclidean ball at one point are one; other balls have corners, too.
        if len(candidates) == 1 or norm == 2 or not candidates[0][1]:
            row, slack, owners = candidates[0]
            bound = _size(row, slack, norm)
            found = Nearest(_foot(row, rationals(x), slack, norm), bound, norm)
            return _told(found, [(int(system.layer[q]), int(system.neuron[q])) for q in owners], norm)
    return _nearest_facet(region, rationals(x), layer, norm)


def _nearest_hyperplanes(
    system: Inequalities, row_of: Callable[[int], Sequence[fmpz]], x: Floats, norm: float
) -> dict[tuple[int, ...], tuple[Sequence[fmpz], fmpq, list[int]]]:
    """The hyperplanes nearest to a point, all at one distance: their rows and slacks, and whose they are.

    Floats with bounds leave few, which are compared as fractions.
    """
    chunks = [_distance_bounds(system, x, norm, slice(k, k + CHUNK)) for k in range(0, len(system), CHUNK)]
    at_least, at_most = np.concatenate([np.zeros((2, 0)), *chunks], axis=1)
    # Quotients are rounded; NaN where numbers are beyond the range of floats.
    candidates = np.flatnonzero(~(at_least * (1 - 2.0**-50) > at_most.min(initial=np.inf)))
    at = rationals(x)
    best: fmpq | None = None
    nearest: dict[tuple[int, ...], tuple[Sequence[fmpz], fmpq, list[int]]] = {}
    for q in candidates.tolist():
        row = row_of(q)
        exact_slack = -dot(row[:-1], at) - row[-1]
        if exact_slack < 0:
            raise OutsideDomainError(OUTSIDE)
        if not any(row[:-1]):
            continue
        size = _size(row, exact_slack, norm)
        if best is None or size < best:
            best, nearest = size, {}
        if size == best:
            nearest.setdefault(primitive(row), (row, exact_slack, []))[2].append(q)
    return nearest


def _distance_bounds(system: Inequalities, x: Floats, norm: float, part: slice) -> Floats:
    """Bounds on the distance from a point to the hyperplanes of some rows, below and above, (2, n)."""
    A, b, rows_error = sparse.csr_array(system.A[part]), system.b[part], system.error[part]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        slack, size = b - A @ x, abs(A) @ np.abs(x) + np.abs(b)
        doubt = summation_bound(len(x) + 2) * size + rows_error * (np.abs(x).sum() + 1)
        doubt = doubt * BOUND_SLACK + UNDERFLOW_GUARD
        if (slack < -doubt).any():
            raise OutsideDomainError(OUTSIDE)
        length = _dual_norms(A, norm)
        error = (summation_bound(len(x) + 4) * length + len(x) * rows_error) * BOUND_SLACK + UNDERFLOW_GUARD
        at_least = np.maximum(slack - doubt, 0.0) / (length + error)
        at_most = np.where(length > error, (slack + doubt) / (length - error), np.inf)
    return np.stack([at_least, np.where(at_most >= 0, at_most, np.inf)])


def _dual_norms(A: Sparse, norm: float) -> Floats:
    """Dual norms of rows, (m,)."""
    if norm == 2:
        return row_lengths(A)
    return np.asarray(abs(A).sum(axis=1) if norm == np.inf else abs(A).max(axis=1).toarray())


def _nearest_facet(region: Region, at: list[fmpq], layer: int | None, norm: float) -> NearestBoundary:
    """The nearest point on a facet that a neuron of a layer owns, or on any."""
    cell = region.polytope
    if not holds(cell, at):
        raise OutsideDomainError(OUTSIDE)
    candidates = []
    for row, its, slack in zip(cell.rows, cell.owners, slacks(cell, at), strict=True):
        if layer is None or layer in (owner for owner, _ in its):
            candidates.append((_size(row, slack, norm), row, sorted(its)))
    best: tuple[Nearest, list[tuple[int, int]]] | None = None
    for bound, row, owners in sorted(candidates, key=lambda candidate: candidate[0]):
        if best is not None and best[0].size <= bound:
            break
        found = _nearest_of_facet(cell, row, at, bound, norm)
        if best is None or found.size < best[0].size:
            best = found, owners
    return NearestBoundary(np.inf, [], None, norm) if best is None else _told(*best, norm)


def _told(found: Nearest, owners: list[tuple[int, int]], norm: float) -> NearestBoundary:
    return NearestBoundary(found.distance, sorted(owners), np.array([nearest_float(v) for v in found.point]), norm)


def _size(row: Sequence[fmpz], slack: fmpq, norm: float) -> fmpq:
    """Distance of a hyperplane, squared if it is the Euclidean one."""
    normal = [fmpq(v) for v in row[:-1]]
    if norm == 2:
        return slack * slack / dot(normal, normal)
    sizes = [abs(v) for v in normal]
    return slack / (max(sizes) if norm == 1 else sum(sizes, fmpq(0)))


def _nearest_of_facet(cell: Polytope, row: Sequence[fmpz], x: list[fmpq], bound: fmpq, norm: float) -> Nearest:
    """The nearest point of a facet, whose hyperplane is at a known distance."""
    foot = _foot(row, x, -dot(row[:-1], x) - row[-1], norm)
    if holds(cell, foot):
        return Nearest(foot, bound, norm)
    return nearest_point(of_integers([*cell.rows, [-v for v in row]], cell.dim), x, norm)


def _foot(row: Sequence[fmpz], x: list[fmpq], slack: fmpq, norm: float) -> list[fmpq]:
    """The point of a hyperplane that is nearest to x, which has this slack."""
    normal = [fmpq(v) for v in row[:-1]]
    if norm == 2:
        step = slack / dot(normal, normal)
        return [u + v * step for u, v in zip(x, normal, strict=True)]
    if norm == 1:
        k = max(range(len(normal)), key=lambda i: abs(normal[i]))
        return [u + slack / normal[k] if i == k else u for i, u in enumerate(x)]
    step = slack / sum((abs(v) for v in normal), fmpq(0))
    return [u + step * sign(v) for u, v in zip(x, normal, strict=True)]
