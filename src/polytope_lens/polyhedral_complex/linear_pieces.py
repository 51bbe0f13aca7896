"""Regions merged where the network does not bend between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.batches import batches
from polytope_lens._deferred import csgraph, sparse
from polytope_lens.exact.rows import ExactRows, integer_network
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.network.network import neurons_on
from polytope_lens.polyhedral_complex.facet_table import neighbor_pairs
from polytope_lens.polyhedral_complex.requirements import require_complete

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flint import fmpz

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition


@dataclass(frozen=True, slots=True, eq=False)
class LinearPieces:
    """Which linear piece each region belongs to.

    A linear piece is a union of regions that can be walked through from facet to facet while the network stays one
    affine map. It need not be convex, and two pieces that do not share a facet may have equal maps.

    Parameters
    ----------
    labels : (n_regions,) int array
        Pieces are numbered by their first region.
    n_pieces : int
        ``pieces[i]`` has the indices of the regions of piece i.
    """

    labels: Ints
    n_pieces: int

    def __post_init__(self) -> None:
        self.labels.flags.writeable = False

    def __len__(self) -> int:
        return self.n_pieces

    @overload
    def __getitem__(self, index: int) -> Ints: ...
    @overload
    def __getitem__(self, index: slice | Ints | Bools) -> list[Ints]: ...
    def __getitem__(self, index: int | slice | Ints | Bools) -> Ints | list[Ints]:
        """The regions of a piece, ascending; of several pieces, a list."""
        told = f"there are {self.n_pieces} linear pieces"
        chosen = validate.picked(index, self.n_pieces, told=told, part="piece")
        if isinstance(chosen, int):
            return np.flatnonzero(self.labels == chosen)
        return [np.flatnonzero(self.labels == piece) for piece in chosen]

    def __iter__(self) -> Iterator[Ints]:
        order = np.argsort(self.labels, kind="stable")
        return iter(np.split(order, np.cumsum(np.bincount(self.labels))[:-1]))

    def __repr__(self) -> str:
        return f"LinearPieces({self.n_pieces} pieces of {len(self.labels)} regions)"


@asked_on_flat
def linear_pieces(partition: Partition) -> LinearPieces:
    """Merge neighbours that have exactly the same affine map.

    Parameters
    ----------
    partition : Partition

    Raises
    ------
    PartialPartitionError

    Notes
    -----
    Exact: maps are compared in integer arithmetic, never as floats, and neighbours are those of `facets`.
    Cost: a forward pass for each region tells most maps apart, by their values at one point modulo a prime, which
    floats hold exactly. Neighbours that agree there are compared, which takes a matrix product for each layer.

    Examples
    --------
    The greater of two numbers has two pieces, here cut into four regions:

    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, -1], [0, 1], [0, -1]], [[1, 1, -1]]], [[0, 0, 0], [0]])
    >>> pieces = lens.partition().linear_pieces()
    >>> pieces, pieces.labels
    (LinearPieces(2 pieces of 4 regions), array([0, 0, 1, 1]))
    """
    require_complete(partition, "`linear_pieces`")
    n, bits = len(partition), partition.patterns()
    marks = fingerprints(partition.network, bits)
    _, group, size = np.unique(marks, axis=0, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    pairs = neighbor_pairs(partition, np.flatnonzero(size[group] > 1))
    pairs = pairs[group[pairs[:, 0]] == group[pairs[:, 1]]]
    source = ExactRows(partition.network)
    outputs = len(partition.network.layers)
    # All patterns have one factor, so that equal maps are equal integers.
    maps = {i: source.rows(outputs, bits[i]) for i in np.unique(pairs).tolist()}
    equal = np.array([maps[i] == maps[j] for i, j in pairs.tolist()], dtype=bool)
    first, second = pairs[equal].T
    graph = sparse.coo_array((np.ones(len(first), dtype=bool), (first, second)), shape=(n, n))
    n_pieces, labels = csgraph.connected_components(graph, directed=False)
    _, first_region, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(n_pieces, dtype=np.int64)
    rank[np.argsort(first_region)] = np.arange(n_pieces)
    return LinearPieces(rank[inverse], int(n_pieces))


def fingerprints(network: Network, bits: Bools) -> Floats:
    """Numbers that are equal for patterns with equal maps, (n, out), and hardly ever otherwise.

    They are the values of the maps' integers at one point, modulo a prime that is so small that no sum of products
    rounds.
    """
    exact = integer_network(network)
    widest = 1 + max(network.input_dim, *network.widths, 1)
    # Residues are at most p in size, so that sums of products stay below 2^53.
    prime = _prime_below(int((2.0**53 / widest) ** 0.5))
    weights = [_residues(matrix.entries(), prime).reshape(matrix.nrows(), -1) for matrix in exact.weights]
    slopes = [_residues([v for pair in pairs for v in pair], prime).reshape(-1, 2).T for pairs, _ in exact.slopes]
    units = _residues([unit for _, unit in exact.slopes], prime)
    point = np.random.Generator(np.random.PCG64(0)).integers(1, prime, (network.input_dim + 1, 1)).astype(np.float64)
    found = np.empty((len(bits), network.output_dim))
    for at in batches(len(bits), widest):
        hidden = point
        for index, by_pattern in enumerate(neurons_on(network.layers, bits[at])):
            value, on = _reduced(weights[index] @ hidden, prime), by_pattern.T
            negative, positive = slopes[index][:, :, None]
            hidden = np.empty((len(on) + 1, on.shape[1]))
            hidden[:-1] = _reduced(np.where(on, positive, negative) * value[:-1], prime)
            hidden[-1] = _reduced(units[index] * value[-1:], prime)
        found[at] = np.mod(weights[-1] @ hidden, prime)[:-1].T
    return found


def _residues(values: Sequence[fmpz], prime: int) -> Floats:
    return np.array([int(v) % prime for v in values], dtype=np.float64)


def _reduced(values: Floats, prime: int) -> Floats:
    """Integers between -p and p that are the same modulo p; exact below 2^53, and faster than the remainder."""
    return np.asarray(values - np.rint(values / prime) * prime)


def _prime_below(n: int) -> int:
    """The greatest prime less than n, for n > 2."""
    return next(p for p in range(n - 1, 1, -1) if all(p % k for k in range(2, int(p**0.5) + 1)))
