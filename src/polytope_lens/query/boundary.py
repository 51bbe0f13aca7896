"""The point of a region's boundary that is nearest to a point inside, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens import _validate
from polytope_lens.errors import OptionError, OutsideDomainError
from polytope_lens.exact.rational import dot, nearest_float, rationals, sign
from polytope_lens.polytope.body import Body, of_integers
from polytope_lens.polytope.projection import Nearest, check_norm, nearest_point
from polytope_lens.query.inequalities import DOMAIN, facet_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flint import fmpz
    from numpy.typing import ArrayLike, NDArray

    from polytope_lens.region import Region

    Floats = NDArray[np.float64]


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
    owners: list[tuple[int, int]]
    point: Floats | None
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
    Which facet is nearest is decided in rational arithmetic. The distance of a hyperplane ``a . x = b`` is the slack
    over the dual norm of a; the nearest of them all is met inside its facet. Where those of other layers are nearer, it
    may be met outside, and the nearest point of the facet is a projection (:func:`.projection.nearest_point`). Cost:
    that of the facets, and a few products of their rows with a vector; a projection for each facet of the layer whose
    hyperplane is nearer than the nearest facet. Source: Boyd and Vandenberghe 2004, *Convex Optimization*, section 8.1.

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
    check_norm(norm)
    layers = len(region.network.layers)
    if layer is not None and not DOMAIN <= layer < layers:
        raise OptionError(
            f"layer should be a number from 0 to {layers - 1}, or -1 for the domain, but received {layer!r}."
        )
    d = region.network.input_dim
    at = rationals(region.point if x is None else _validate.point(x, d, what="`nearest_boundary`"))
    marked, groups = facet_groups(region)
    body = of_integers(groups, d)
    if not body.contain(at):
        raise OutsideDomainError(
            "`nearest_boundary` needs a point of the closed region, but received one outside. Ask the region it lies "
            "in, `lens.at(x)`."
        )
    candidates = []
    for row, members, slack in zip(body.rows, groups.values(), body.slacks(at), strict=True):
        owners = sorted((int(marked.layer[q]), int(marked.neuron[q])) for q in members)
        if layer is None or layer in (owner for owner, _ in owners):
            candidates.append((_size(row, slack, norm), row, owners))
    best: tuple[Nearest, list[tuple[int, int]]] | None = None
    for bound, row, owners in sorted(candidates, key=lambda candidate: candidate[0]):
        if best is not None and best[0].size <= bound:
            break
        found = _nearest_of_facet(body, row, at, bound, norm)
        if best is None or found.size < best[0].size:
            best = found, owners
    if best is None:
        return NearestBoundary(np.inf, [], None, norm)
    return NearestBoundary(best[0].distance, best[1], np.array([nearest_float(v) for v in best[0].point]), norm)


def _size(row: Sequence[fmpz], slack: fmpq, norm: float) -> fmpq:
    """Distance of a hyperplane, squared if it is the Euclidean one."""
    normal = [fmpq(v) for v in row[:-1]]
    if norm == 2:
        return slack * slack / dot(normal, normal)
    sizes = [abs(v) for v in normal]
    return slack / (max(sizes) if norm == 1 else sum(sizes, fmpq(0)))


def _nearest_of_facet(body: Body, row: Sequence[fmpz], x: list[fmpq], bound: fmpq, norm: float) -> Nearest:
    """The nearest point of a facet, whose hyperplane is at a known distance."""
    normal = [fmpq(v) for v in row[:-1]]
    slack = -dot(normal, x) - row[-1]
    if norm == 2:
        way = [v * slack / dot(normal, normal) for v in normal]
    elif norm == 1:
        k = max(range(len(normal)), key=lambda i: abs(normal[i]))
        way = [slack / normal[k] if i == k else fmpq(0) for i in range(len(normal))]
    else:
        way = [bound * sign(v) for v in normal]
    foot = [u + v for u, v in zip(x, way, strict=True)]
    if body.contain(foot):
        return Nearest(foot, bound, norm)
    return nearest_point(Body([*body.rows, [-v for v in row]], body.dim), x, norm)
