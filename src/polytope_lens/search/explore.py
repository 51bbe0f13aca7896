"""From a network and a point to the regions around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._progress import bar
from polytope_lens.cells.search_space import lift, space_of
from polytope_lens.domain import check_domain
from polytope_lens.engines.enumerate import mesh_of
from polytope_lens.engines.witnesses import certify_witnesses
from polytope_lens.errors import OptionError, Status
from polytope_lens.flat_domain import flat_domain
from polytope_lens.network.affine import affine_maps
from polytope_lens.network.network import bit_starts
from polytope_lens.network.pattern import distinct_beginnings, sort_key
from polytope_lens.partition.partition import Partition, embedded
from polytope_lens.partition.provenance import Certificate, Search
from polytope_lens.polyhedral_complex.locate import check_inside, region_patterns
from polytope_lens.polyhedral_complex.mesh_vertices import with_known_corners
from polytope_lens.search.facet_crossing import Limits, search

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network


SearchOrder = Literal["distance", "breadth"]
ORDERS = get_args(SearchOrder)


def explore(
    network: Network,
    x: ArrayLike,
    domain: Domain = None,
    *,
    max_regions: int | None = 10_000,
    max_flips: int | None = None,
    radius: float | None = None,
    order: SearchOrder | None = None,
    norm: float = 2,
    progress: bool | None = None,
) -> Partition:
    """Regions around a point, found by crossing facets.

    Parameters
    ----------
    network : Network
    x : (d,) array
        Where to start. On a boundary, the first region is the one that ``lens.at`` returns.
    domain : Box, Polytope or None
        What to stay in; None is all of R^d.
    max_regions : int or None
        List no more regions than that; None for as many as there are.
    max_flips : int, optional
        Cross no more facets than that on the way to a region.
    radius : float, optional
        List every region that meets the open ball of this radius around x, and as few others as floats allow.
    order : "distance" or "breadth", optional
        "distance" finds the regions nearest to x first. The distance of a region is that of its nearest point, among
        the inputs and inside the domain. "breadth" finds those first to which the fewest facets have to be crossed.
        By default "breadth" with `max_flips`, and else "distance".
    norm : 1, 2 or inf
        What distances, and the ball of `radius`, are measured in.
    progress : bool, optional
        A bar on standard error; by default on terminals and in notebooks, for runs of more than a second.

    Returns
    -------
    Partition
        With the regions in canonical order; ``partition.search`` has the order in which they were found, distances or
        numbers of crossings, and what was left. Complete if the search came to its end, which it does without limits.

    Raises
    ------
    OptionError, DimensionError, DomainError, OutsideDomainError

    Notes
    -----
    Exactness: each region has interior; each facet is proved, and what lies across it is found by stepping across,
    never by flipping a bit on trust. Without limits all regions of the domain are found. `max_flips` and `radius` miss
    none of what they promise: a region is left out only if a bound proves that its distance is at least `radius`. The
    order among regions whose distances differ by rounding only is not promised.
    Ctrl-C ends the search with what was found so far; pressed again, it raises KeyboardInterrupt.
    Cost: about 0.1 milliseconds for each region with 10 inputs and 64 neurons. It grows with the number of neurons
    times the square of the number of inputs, or of neurons in the first layer if they are fewer and there is no domain.
    Rows behind which no region is near enough are not asked whether they are facets; nor are, in "breadth" order, those
    of the regions listed last. Memory is that of the result and of the regions that wait, some 5 to 20 for each.
    Source: the order is that of Jordan, Lewis and Dimakis 2019, *Provable certificates for adversarial examples:
    fitting a ball in the union of polytopes*.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]], [[0, 0, -1], [0]])
    >>> lens.explore([0.2, 0.1])
    Partition(7 regions of all of R^2, per layer [7], flip, COMPLETE)
    >>> print(lens.explore([0.2, 0.1], max_regions=3).explain())  # doctest: +NORMALIZE_WHITESPACE
    Status.BUDGET_REACHED: stopped at max_regions=3 with 1 facets uncrossed and 2 regions at some of whose facets it did
    not look. The regions found are correct but not all of them. Raise `max_regions` or choose a smaller `domain`.
    """
    domain = check_domain(domain, network.input_dim)
    point = validate.point(x, network.input_dim, what="`explore`")
    limits = _limits(max_regions, max_flips, radius)
    by_distance = _is_by_distance(order, limits)
    if (flat := flat_domain(network, domain)) is not None:
        check_inside(domain, point[None])
        options: dict[str, Any] = {
            "max_regions": max_regions, "max_flips": max_flips, "radius": radius, "order": order, "norm": norm,
            "progress": progress,
        }  # fmt: skip
        return embedded(network, domain, explore(flat.network, point[flat.free], flat.domain, **options))
    bits = region_patterns(network, point[None], domain)[0]
    space = space_of(network, point, domain, validate.norm(norm))
    with bar(progress, desc="regions", unit=" regions", total=max_regions) as shown:

        def report(found: int, waiting: int) -> None:
            shown.set_postfix(waiting=waiting, refresh=False)
            shown.update(found - shown.n)

        outcome = search(space, bits, by_distance=by_distance, limits=limits, report=report)
    found, listed = outcome.found, outcome.listed
    canonical = np.argsort(sort_key(found.words[listed]))
    rank = np.empty(len(listed), dtype=np.int64)
    rank[canonical] = np.arange(len(listed))
    index = listed[canonical]
    patterns = found.words[index]
    witnesses = lift(space, found.point[index])
    if space.weight is None:
        witnesses = certify_witnesses(network, domain, patterns, witnesses, found.inside[index])
    maps = affine_maps(network, patterns)
    per_layer = distinct_beginnings(patterns, bit_starts(network)[1:])
    limit = {
        Status.COMPLETE: "",
        Status.BUDGET_REACHED: f"max_regions={max_regions}",
        Status.FLIPS_REACHED: f"max_flips={max_flips}",
        Status.RADIUS_REACHED: f"radius={radius}",
        Status.INTERRUPTED: "Ctrl-C",
    }[outcome.status]
    history = Search(
        point,
        rank,
        found.key[index] if by_distance else None,
        None if by_distance else found.crossings[index],
        limit,
        outcome.n_uncrossed,
        outcome.n_unseen,
    )
    for array in (patterns, maps, witnesses, per_layer, rank, history.distances, history.crossings):
        if array is not None:
            array.flags.writeable = False
    certificate = Certificate(outcome.float64, 0, outcome.rational)
    mesh = mesh_of(network, domain, patterns) if outcome.status is Status.COMPLETE else None
    partition = Partition(
        network, domain, "flip", patterns, maps, witnesses, per_layer, mesh, outcome.status, certificate, history
    )
    return with_known_corners(partition)


def _limits(max_regions: int | None, max_flips: int | None, radius: float | None) -> Limits:
    if max_regions is not None:
        max_regions = validate.count(max_regions, name="`max_regions`")
    if max_flips is not None:
        max_flips = validate.count(max_flips, name="`max_flips`", least=0)
    if radius is not None:
        radius = validate.number(radius, name="`radius`", positive=True)
    return Limits(max_regions, max_flips, radius)


def _is_by_distance(order: str | None, limits: Limits) -> bool:
    if order is None:
        order = "distance" if limits.crossings is None else "breadth"
    validate.option(order, name="`order`", allowed=ORDERS)
    if order == "distance" and limits.crossings is not None:
        raise OptionError(
            "`max_flips` counts the facets on the shortest way to a region, which only order='breadth' knows. Leave "
            "`order` out, or limit the search by `radius` or `max_regions`."
        )
    if order == "breadth" and limits.radius is not None:
        raise OptionError(
            "`radius` limits the distance, which only order='distance' knows. Leave out `max_flips` and `order`, or "
            "limit the search by `max_flips` or `max_regions`."
        )
    return order == "distance"
