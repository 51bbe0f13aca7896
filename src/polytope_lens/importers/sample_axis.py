"""Samples laid end to end in a batch: whether a program keeps them apart, and the program of one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.importers.graph import Affine, Bend, Source, Tensor
from polytope_lens.importers.layering import in_order, sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Ints, Sparse
    from polytope_lens.importers.graph import Node


def keeps_apart(value: Tensor, samples: int, owners: NDArray[np.int64] | None = None) -> bool:
    """Whether each sample's share of the values depends on that sample alone.

    Parameters
    ----------
    value : Tensor
        Of a program whose input holds the samples, one after the other.
    samples : int
    owners : array of int, optional
        For each value, the sample that it should belong to; by default, those of each sample stand together, in order.
    """
    if owners is None:
        if value.size % samples:
            return False
        owners = np.repeat(np.arange(samples), value.size // samples)
    low, high = _samples_seen(value.node, samples)
    return bool(((low >= owners) & (high <= owners)).all())


def first_sample(value: Tensor, samples: int) -> Tensor:
    """The program of the first sample alone: its share of the values, and of all that they are computed from.

    The samples have to be kept apart.
    """
    size = value.size // samples
    wanted: dict[Node, NDArray[np.bool_]] = {value.node: np.arange(value.size) < size}
    order = list(in_order(value.node))
    for node in reversed(order):
        rows = wanted.setdefault(node, np.zeros(node.size, dtype=bool))
        for source in sources(node):
            wanted.setdefault(source, np.zeros(source.size, dtype=bool))
        if isinstance(node, Bend):
            wanted[node.node] |= rows
        elif isinstance(node, Affine):
            for source, matrix in node.terms:
                wanted[source][matrix[np.flatnonzero(rows)].indices] = True
    smaller: dict[Node, Node] = {}
    for node in order:
        rows = wanted[node]
        if isinstance(node, Source):
            smaller[node] = Source(node.size // samples)
            wanted[node] = np.arange(node.size) < node.size // samples
        elif isinstance(node, Bend):
            smaller[node] = Bend(smaller[node.node], node.negative[rows], node.positive[rows], node.label)
        else:
            places = np.flatnonzero(rows)
            terms = tuple((smaller[s], m[places][:, np.flatnonzero(wanted[s])]) for s, m in node.terms)
            smaller[node] = Affine(terms, node.bias[rows], node.learned, node.label)
    shape = value.shape[1:] if value.shape[:1] == (samples,) else (size,)
    return Tensor(smaller[value.node], shape)


def _samples_seen(result: Node, samples: int) -> tuple[Ints, Ints]:
    """The least and the greatest sample that each value of a node depends on; none: `samples` and -1."""
    seen: dict[Node, tuple[Ints, Ints]] = {}
    for node in in_order(result):
        if isinstance(node, Source):
            owners = np.repeat(np.arange(samples), node.size // samples)
            seen[node] = owners, owners
        elif isinstance(node, Bend):
            seen[node] = seen[node.node]
        else:
            low, high = np.full(node.size, samples), np.full(node.size, -1)
            for source, matrix in node.terms:
                least, most = seen[source]
                _reduce(np.minimum, matrix, least, low)
                _reduce(np.maximum, matrix, most, high)
            seen[node] = low, high
    return seen[result]


def _reduce(choose: np.ufunc, matrix: Sparse, values: Ints, into: Ints) -> None:
    """Bring the least (or greatest) of the values that each row of a matrix looks at into an array."""
    rows = np.flatnonzero(np.diff(matrix.indptr))
    if rows.size:
        found = choose.reduceat(values[matrix.indices], matrix.indptr[rows])
        into[rows] = choose(into[rows], found)


def groups_apart(value: Tensor, groups: Ints, samples: int) -> bool:
    """Whether the values of each group depend on one sample alone."""
    low, high = _samples_seen(value.node, samples)
    flat, n = groups.ravel(), int(groups.max()) + 1
    least, most = np.full(n, samples), np.full(n, -1)
    np.minimum.at(least, flat, low)
    np.maximum.at(most, flat, high)
    return bool((least >= most).all())
