"""The graph whose nodes are regions and whose edges are the facets between them, called the dual graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._deferred import csgraph
from polytope_lens.errors import DimensionError, OptionError, require
from polytope_lens.network.pattern import hexadecimal
from polytope_lens.polyhedral_complex.facet_table import facets

if TYPE_CHECKING:
    import networkx as nx
    from scipy import sparse

    from polytope_lens._types import Ints
    from polytope_lens.partition.partition import Partition


def degrees(adjacency: sparse.csr_array) -> Ints:
    """Number of neighbours of each region, (n,).

    Parameters
    ----------
    adjacency : (n, n) sparse array
        Symmetric, as `Partition.adjacency` makes it; its entries are not looked at.

    Notes
    -----
    The mean over all regions of R^d of a network with d inputs is at most 2 d (Gaines and Bi 2026, arXiv 2606.07728).

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> degrees(lens.partition().adjacency())
    array([2, 2, 2, 2])
    """
    return np.diff(_checked(adjacency).indptr).astype(np.int64)


def components(adjacency: sparse.csr_array) -> Ints:
    """Which connected component each region belongs to, (n,), numbered by their first regions.

    All regions of a domain are one component. Parts need not be: what `Lens.explore` lists is, a choice of
    regions, ``adjacency[chosen][:, chosen]``, may fall into several.

    Examples
    --------
    Two opposite quadrants of the plane:

    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> chosen = [0, 3]
    >>> components(lens.partition().adjacency()[chosen][:, chosen])
    array([0, 1])
    """
    _, labels = csgraph.connected_components(_checked(adjacency), directed=False)
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.int64)


def distances(adjacency: sparse.csr_array, region: int) -> Ints:
    """Least number of facets to cross on the way from a region to each other one, (n,); -1 where no way leads.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1], [1], [1]], [[1, 1, 1]]], [[0, -1, -2], [0]])
    >>> distances(lens.partition().adjacency(), 0)
    array([0, 1, 2, 3])
    """
    graph = _checked(adjacency)
    order, parents = csgraph.breadth_first_order(graph, range(graph.shape[0])[region], directed=False)
    place = np.empty(graph.shape[0], dtype=np.int64)
    place[order] = np.arange(len(order))
    # Nodes come in the order of their parents, so those of one distance are those with parents of the one before.
    places = place[parents[order[1:]]]
    found = np.full(graph.shape[0], -1)
    start, stop, distance = 0, 1, 0
    while start < stop:
        found[order[start:stop]] = distance
        start, stop, distance = stop, 1 + int(np.searchsorted(places, stop)), distance + 1
    return found


def eccentricities(adjacency: sparse.csr_array) -> Ints:
    """Distance of each region from the one that is farthest from it, in facets to cross, (n,); exact.

    Raises
    ------
    OptionError
        The graph is not connected.

    Notes
    -----
    A search from a region v bounds the eccentricities of all others: for w at a distance of k, that of v less or more
    than k, and at least k. Searches go on until the bounds meet everywhere.
    Source: Takes and Kosters 2013, *Computing the eccentricity distribution of large graphs*.
    Cost: a pass over the graph for each search; in the plane some one for every four to eight regions.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1], [1], [1]], [[1, 1, 1]]], [[0, -1, -2], [0]])
    >>> eccentricities(lens.partition().adjacency())
    array([3, 2, 2, 3])
    """
    return _lower_bounds(adjacency, only_greatest=False)


def diameter(adjacency: sparse.csr_array) -> int:
    """Greatest number of facets that have to be crossed on the way from one region to another; exact.

    Raises
    ------
    OptionError
        The graph is not connected.

    Notes
    -----
    As for `eccentricities`, but searches stop as soon as no region can be farther out than the farthest pair
    found (Takes and Kosters 2011, *Determining the diameter of small world networks*).

    Examples
    --------
    Of n lines in general position, the diameter is n:

    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]], [[0, 0, -1], [0]])
    >>> diameter(lens.partition().adjacency())
    3
    """
    return int(_lower_bounds(adjacency, only_greatest=True).max())


def to_networkx(partition: Partition) -> nx.Graph[int]:
    """The dual graph for networkx.

    Parameters
    ----------
    partition : Partition

    Returns
    -------
    networkx.Graph
        Nodes are the indices of regions, with the attributes `pattern`, hexadecimal as in
        `ActivationPattern.hex`, and `is_bounded`. Edges are the facets between two regions, with their `owners`,
        pairs (layer, neuron) as in `Facets.owners`.

    Raises
    ------
    MissingExtraError

    Notes
    -----
    Exact; two regions share one facet at most, since both are convex. Cost: that of `facets` and of
    `bounded_mask`, and some microseconds for each region and facet.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> graph = lens.partition().to_networkx()
    >>> graph, graph.nodes[2]
    (<networkx.classes.graph.Graph object at 0x...>, {'pattern': '8', 'is_bounded': False})
    >>> graph.edges[0, 2]
    {'owners': [(0, 0)]}
    """
    networkx = require("networkx", extra="graph", purpose="`to_networkx`")
    graph: nx.Graph[int] = networkx.Graph()
    names = hexadecimal(partition.patterns())
    for i, (name, bounded) in enumerate(zip(names, partition.bounded_mask().tolist(), strict=True)):
        graph.add_node(i, pattern=name, is_bounded=bounded)
    found = facets(partition)
    pairs = found.regions.tolist()
    for k in np.flatnonzero(found.regions[:, 1] >= 0).tolist():
        graph.add_edge(*pairs[k], owners=found.owners(k))
    return graph


def _checked(adjacency: sparse.csr_array) -> sparse.csr_array[Any, tuple[int, int]]:
    shape = getattr(adjacency, "shape", None)
    if shape is None or len(shape) != 2 or shape[0] != shape[1] or not hasattr(adjacency, "tocsr"):
        raise DimensionError(
            "a graph is given by its adjacency matrix, a square sparse array as `partition.adjacency()` makes it, but "
            f"received {type(adjacency).__name__}{'' if shape is None else f' of shape {shape}'}."
        )
    return adjacency.tocsr()


def _lower_bounds(adjacency: sparse.csr_array, *, only_greatest: bool) -> Ints:
    """Lower bounds on all eccentricities that are attained, all of them or only the greatest."""
    graph = _checked(adjacency)
    n = graph.shape[0]
    lower, upper = np.zeros(n, dtype=np.int64), np.full(n, n)
    is_open, outward = np.ones(n, dtype=bool), True
    degree = degrees(graph)
    while is_open.any():
        # From the outside and from the middle in turn; among equals from where most neighbours are bounded closely.
        bound = upper if outward else -lower
        candidates = np.flatnonzero(is_open)
        ends = candidates[bound[candidates] == bound[candidates].max()]
        start = int(ends[np.argmax(degree[ends])])
        away = distances(graph, start)
        if (away < 0).any():
            raise OptionError(
                "distances were asked for in a graph that falls into several parts, between which there are none. Ask "
                "each of its `components` by itself."
            )
        farthest = int(away.max())
        np.maximum(lower, np.maximum(away, farthest - away), out=lower)
        np.minimum(upper, farthest + away, out=upper)
        lower[start] = upper[start] = farthest
        is_open = upper > lower.max() if only_greatest else lower < upper
        outward = not outward
    return lower
