"""A region: an activation pattern, its polytope and the affine map on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polytope_lens import network as net
from polytope_lens.affine import AffineMap
from polytope_lens.polytope import Polytope
from polytope_lens.query import inequalities, neighbors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from polytope_lens.domain import Domain
    from polytope_lens.pattern import ActivationPattern

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A full-dimensional cell of the network's polyhedral complex.

    Parameters
    ----------
    network : Network
    pattern : ActivationPattern
    domain : Box, Polytope or None
        What the region is clipped to; None leaves it whole.
    point : (d,) array
        A point of the region: the one it was asked for, or a witness of its interior.
    """

    network: net.Network
    pattern: ActivationPattern
    domain: Domain
    point: Floats

    @property
    def affine_map(self) -> AffineMap:
        """The network's map on the region, ``lens(x) == A @ x + b``; rounded."""
        product = self.augmented_map()
        return AffineMap(product[:-1, :-1], product[:-1, -1])

    def activation_matrices(self) -> list[Floats]:
        """``[A_1 ... A_L]``, diagonal, with a last entry of 1; exact."""
        return net.activation_matrices(self.network, self.pattern.array)

    def augmented_map(self) -> Floats:
        """``W_{L+1} A_L W_L ... A_1 W_1``, shape (out + 1, d + 1); rounded."""
        return net.augmented_map(self.network, self.pattern.array)

    def inequalities(self) -> inequalities.Inequalities:
        """Every halfspace with its owner; see :func:`.inequalities.inequalities`."""
        return inequalities.inequalities(self)

    @property
    def polytope(self) -> Polytope:
        """The region as ``A @ x <= b``, its facets only, nearest first, one row each.

        The rows are rounded: they are the floats nearest to the exact ones.
        """
        system, groups = inequalities.facet_groups(self)
        index = [rows[0] for rows in groups.values()]
        return Polytope(system.A[index], system.b[index])

    def neighbors(self) -> list[Region]:
        """The regions across each facet, in the order of the facets; see :func:`.neighbors.neighbors`."""
        return neighbors.neighbors(self)

    def __str__(self) -> str:
        rows = self.inequalities()
        return f"{self!r}\n{rows}"

    def __repr__(self) -> str:
        shown = str(self.pattern) if len(self.pattern.bits) <= 100 else f"0x{self.pattern.hex}"
        return f"Region(R^{self.network.input_dim}, pattern {shown})"
