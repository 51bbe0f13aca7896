"""Integer rows by their owners: neurons under a pattern, and sides of a domain.

A row ``[a, c]`` is the affine function ``a . u + c`` up to a positive factor, and as a halfspace ``a . u + c <= 0``. An
owner is a number: a bit of the pattern, or -1 - k for side k.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from polytope_lens._deferred import sparse
from polytope_lens._kept import kept
from polytope_lens.arithmetic.rational import integer_rows
from polytope_lens.network.network import bit_places, bit_starts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flint import fmpz

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.exact.rows import ExactRows
    from polytope_lens.exact.sparse import PulledBackRows
    from polytope_lens.network.network import Network

    Row = Sequence[fmpz]


# Neurons of networks whose rows are kept by what they depend on, and rows that are kept.
MOST_BITS, MOST_ROWS = 2**12, 2**14


class Sided(Protocol):
    """A set ``{x : A @ x <= b}``: a domain, a chart, a polytope."""

    @property
    def A(self) -> Floats:
        """Normals, (m, d)."""

    @property
    def b(self) -> Floats:
        """Offsets, (m,)."""


def float_sides(sided: Sided | None, dim: int) -> Floats:
    """Rows ``[a, c]`` of the sides of a set as it states them, (m, dim + 1); none for None, which is all of R^dim."""
    return np.zeros((0, dim + 1)) if sided is None else np.concatenate([sided.A, -sided.b[:, None]], axis=1)


def integer_sides(sided: Sided | None) -> list[list[fmpz]]:
    """The same rows in integers, each times its own power of two; exact.

    Examples
    --------
    >>> from polytope_lens import Box
    >>> integer_sides(Box([0], [0.5]))
    [[2, -1], [-1, 0]]
    """
    return [] if sided is None else integer_rows(np.column_stack([sided.A, -sided.b]))


class OwnerRows:
    """The row of each owner.

    Parameters
    ----------
    network : Network
    source : ExactRows or PulledBackRows
        Rows of its neurons, in whatever coordinates.
    sides : list of integer rows, in the same coordinates

    Notes
    -----
    Cost: that of `source`, whose rows of a layer are computed once for patterns that follow each other and agree on the
    layers before it. Where most weights are zero, a row is also kept for all patterns that agree on the neurons that it
    depends on: games of a maximum, for example, are played again and again between the same functions.
    """

    def __init__(self, network: Network, source: ExactRows | PulledBackRows, sides: Sequence[Row]) -> None:
        self.source, self.sides = source, sides
        self._place = bit_places(network)
        is_small = len(self._place) <= MOST_BITS
        self._before = bits_before(network) if is_small and _has_few_weights(network) else None
        self._known: dict[tuple[int, bytes], Row] = {}

    def row(self, owner: int, bits: Bools) -> Row:
        """The function that is zero on the owner's hyperplane: a neuron's is positive where it is on."""
        if owner < 0:
            return self.sides[-1 - owner]
        layer, neuron = self._place[owner]
        if self._before is None:
            return self.source.rows(layer, bits)[neuron]
        key = owner, bits[self._before[owner]].tobytes()
        row = self._known.get(key)
        if row is None:
            if len(self._known) >= MOST_ROWS:
                self._known.clear()
            row = self._known[key] = self.source.rows(layer, bits)[neuron]
        return row

    def halfspace(self, owner: int, bits: Bools) -> Row:
        """The halfspace that a cell with these bits lies in: that the neuron keeps its sign, or that the side holds."""
        row = self.row(owner, bits)
        return [-v for v in row] if owner >= 0 and bits[owner] else row


def _has_few_weights(network: Network) -> bool:
    """Whether most weights behind the first layer are zero."""
    weights = [layer.weight for layer in network.layers[1:]]
    counts = [np.count_nonzero(w) if isinstance(w, np.ndarray) else w.nnz for w in weights]
    return bool(2 * sum(counts) < sum(w.shape[0] * w.shape[1] for w in weights))


@kept
def bits_before(network: Network) -> list[Ints]:
    """For each bit of a pattern, those of the neurons that its own neuron's pre-activation depends on, ascending."""
    found = []
    reads = sparse.csr_array((network.input_dim, network.n_neurons), dtype=bool)
    for layer, first in zip(network.layers, bit_starts(network).tolist(), strict=False):
        before = sparse.csr_array(layer.weight).astype(bool) @ reads
        before.sort_indices()
        cuts = np.flatnonzero(layer.cuts)
        found += [before.indices[before.indptr[j] : before.indptr[j + 1]].astype(np.int64) for j in cuts]
        own = (np.ones(len(cuts), dtype=bool), (cuts, first + np.arange(len(cuts))))
        reads = before + sparse.csr_array(own, shape=before.shape)
    return found
