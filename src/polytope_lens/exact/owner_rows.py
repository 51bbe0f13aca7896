"""Integer rows by their owners: neurons under a pattern, and sides of a domain.

A row ``[a, c]`` is the affine function ``a . u + c`` up to a positive factor, and as a halfspace ``a . u + c <= 0``. An
owner is a number: a bit of the pattern, or -1 - k for side k.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from polytope_lens.arithmetic.rational import integer_rows
from polytope_lens.network.network import bit_places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flint import fmpz

    from polytope_lens._types import Bools, Floats
    from polytope_lens.exact.rows import ExactRows
    from polytope_lens.exact.sparse import PulledBackRows
    from polytope_lens.network.network import Network

    Row = Sequence[fmpz]


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
    layers before it.
    """

    def __init__(self, network: Network, source: ExactRows | PulledBackRows, sides: Sequence[Row]) -> None:
        self.source, self.sides = source, sides
        self._place = bit_places(network)

    def row(self, owner: int, bits: Bools) -> Row:
        """The function that is zero on the owner's hyperplane: a neuron's is positive where it is on."""
        if owner < 0:
            return self.sides[-1 - owner]
        layer, neuron = self._place[owner]
        return self.source.rows(layer, bits)[neuron]

    def halfspace(self, owner: int, bits: Bools) -> Row:
        """The halfspace that a cell with these bits lies in: that the neuron keeps its sign, or that the side holds."""
        row = self.row(owner, bits)
        return [-v for v in row] if owner >= 0 and bits[owner] else row
