"""Which region holds a point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import fmpz

from polytope_lens._arrays import validate
from polytope_lens.arithmetic.rational import integers, rational, rationals
from polytope_lens.domain import Box
from polytope_lens.errors import ConsistencyError, OutsideDomainError, PartialPartitionError, Status
from polytope_lens.exact.point_signs import pattern_beside, point_signs
from polytope_lens.exact.sparse import point_signs as sparse_point_signs
from polytope_lens.flat_domain import flat_domain
from polytope_lens.network.network import has_sparse_layers
from polytope_lens.network.pattern import find, pack
from polytope_lens.polytope.feasibility import interior_point

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Bools, Floats
    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition


def region_patterns(network: Network, X: Floats, domain: Domain) -> Bools:
    """Pattern of a region whose closure holds each point, (n, d) -> (n, n_neurons); exact.

    Inside a region this is the sign pattern of the point. On a boundary several regions share the point: the answer is
    then the one on the side of, first, the middle of the domain, then the first axis, the second, and so on.

    Raises
    ------
    OutsideDomainError
    """
    check_inside(domain, X)
    if (flat := flat_domain(network, domain)) is not None:
        return region_patterns(flat.network, flat.coordinates(X, what="a domain"), flat.domain)
    signs = point_signs(network, X)
    bits = signs > 0
    on_some = np.flatnonzero((signs == 0).any(axis=1))
    if domain is None and has_sparse_layers(network):
        bits[on_some] = sparse_point_signs(network, X[on_some], beside=True) > 0
        return bits
    for i in on_some:
        bits[i] = pattern_beside(network, *_homogeneous(X[i], domain))
    return bits


def check_inside(domain: Domain, X: Floats) -> None:
    """Raise `OutsideDomainError` for the first point that is not in the closed domain."""
    if domain is None:
        return
    outside = np.flatnonzero(~domain.contains(X))
    if outside.size:
        i = int(outside[0])
        raise OutsideDomainError(
            f"{len(outside)} of the {len(X)} points lie outside the domain {domain!r}; the first is point {i} at "
            f"{X[i].tolist()}. Choose a larger domain, or leave them out."
        )


def locate(partition: Partition, X: ArrayLike) -> NDArray[np.int64]:
    """Index of the region that holds each point, (n, d) -> (n,); exact.

    A point on a boundary belongs to several closed regions and gets one of them, always the same.

    Parameters
    ----------
    partition : Partition
    X : (n, d) array

    Raises
    ------
    OutsideDomainError, DimensionError
    PartialPartitionError
        The partition is not complete, and a point lies in a region that it does not list.

    Notes
    -----
    Cost: a forward pass and a binary search for each point.
    """
    network = partition.network
    rows = validate.points(X, network.input_dim, what="`locate`")
    index = find(partition.packed_patterns, pack(region_patterns(network, rows, partition.domain)))
    return all_listed(partition, rows, index)


def all_listed(partition: Partition, rows: Floats, index: NDArray[np.int64]) -> NDArray[np.int64]:
    """The indices of regions that hold points, unless one is -1.

    Raises
    ------
    PartialPartitionError
    """
    unlisted = np.flatnonzero(index < 0)
    if unlisted.size:
        i = int(unlisted[0])
        if partition.status is not Status.COMPLETE:
            raise PartialPartitionError(
                f"{len(unlisted)} of the {len(rows)} points lie in regions that this partition "
                f"does not list; the first is point {i} at {rows[i].tolist()}. {partition.explain()}"
            )
        raise ConsistencyError(
            f"point {rows[i].tolist()} lies in a region that this partition ({partition.status.name}) does not list."
        )
    return index


def _homogeneous(x: Floats, domain: Domain) -> tuple[list[fmpz], list[list[fmpz]]]:
    """The point as integers ``[y, t]``, and integer directions: towards the middle of the domain, then the axes."""
    d = len(x)
    exact = rationals(x)
    directions = [[fmpz(int(i == k)) for i in range(d)] for k in range(d)]
    if domain is not None:
        target = interior_point(domain.to_polytope() if isinstance(domain, Box) else domain)
        assert target is not None  # domains have interior
        directions.insert(0, integers([goal - here for goal, here in zip(target, exact, strict=True)]))
    return integers([*exact, rational(1.0)]), directions
