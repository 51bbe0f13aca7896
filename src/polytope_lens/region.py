"""A region: an activation pattern, its polytope and the affine map on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, overload

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.cells import (
    cells,
    neighbors,
    vanishing,
)
from polytope_lens.cells import inequalities as rows
from polytope_lens.cells import (
    nearest_boundary as boundary,
)
from polytope_lens.cells import (
    power_cells as power,
)
from polytope_lens.cells import (
    recession_cones as rays,
)
from polytope_lens.exact.point_signs import point_signs
from polytope_lens.io import vnnlib, wkt
from polytope_lens.io.exports import Exports
from polytope_lens.network import network as net
from polytope_lens.network.affine import AffineMap, augmented_map
from polytope_lens.polyhedral_complex import mesh_vertices as vertices
from polytope_lens.polytope import Polytope
from polytope_lens.polytope.questions import Questions

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.cells.inequalities import ExactInequalities, Inequalities
    from polytope_lens.domain import Domain
    from polytope_lens.io.halfspaces import Halfspaces
    from polytope_lens.network.pattern import ActivationPattern
    from polytope_lens.polytope.body import Body
    from polytope_lens.polytope.recession import ExactRecessionCone, RecessionCone


@dataclass(frozen=True, slots=True, eq=False)
class Region(Exports, Questions):
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

    def contains(self, X: ArrayLike) -> Bools:
        """Whether each row of `X` (n, d) lies in the closed region, (n,); exact, without facets.

        A point does if no neuron has the other sign there, :func:`.exact.point_signs.point_signs`: pre-activations are
        continuous, so those on the region and those at the point are the same layer by layer as long as signs agree.
        """
        rows = validate.points(X, self.network.input_dim, what="`contains`")
        signs = point_signs(self.network, rows)
        inside = np.asarray((signs != np.where(self.pattern.array, -1, 1)).all(axis=1))
        return inside if self.domain is None else inside & self.domain.contains(rows)

    def activation_matrices(self) -> list[Floats]:
        """``[A_1 ... A_L]``, diagonal, with a last entry of 1; exact."""
        return net.activation_matrices(self.network, self.pattern.array)

    def augmented_map(self) -> Floats:
        """``W_{L+1} A_L W_L ... A_1 W_1``, shape (out + 1, d + 1); rounded."""
        return augmented_map(self.network, self.pattern.array)

    @overload
    def inequalities(self, *, exact: Literal[False] = False, facets: bool = True) -> Inequalities: ...
    @overload
    def inequalities(self, *, exact: Literal[True]) -> ExactInequalities: ...
    def inequalities(self, *, exact: bool = False, facets: bool = True) -> Inequalities | ExactInequalities:
        """Every halfspace with its owner, and which are facets; see :func:`.inequalities.inequalities`.

        With `exact`, the same rows as fractions instead of floats; see :func:`.inequalities.exact_inequalities`.
        """
        return rows.exact_inequalities(self) if exact else rows.inequalities(self, facets=facets)

    def vanishing(self, *, everywhere: bool = False) -> Ints:
        """Neurons that are zero at `point`, (k, 2) pairs (layer, neuron), exact; see :func:`.vanishing.vanishing`."""
        return vanishing.vanishing(self, everywhere=everywhere)

    @property
    def polytope(self) -> Polytope:
        """The region as ``A @ x <= b``, its facets only, nearest first, one row each.

        The rows are rounded: they are the floats nearest to the exact ones.
        """
        system, groups = rows.facet_groups(self)
        index = [members[0] for members in groups.values()]
        return Polytope(np.asarray(system.A)[index], system.b[index])

    def body(self) -> Body:
        """The facets in integers, nearest first, one row each: exact, in the order of :attr:`polytope`."""
        return cells.body(self)

    def nearest_boundary(
        self, x: ArrayLike | None = None, *, layer: int | None = None, norm: float = 2
    ) -> boundary.NearestBoundary:
        """The nearest point on a facet, of any owner or of one layer; see :func:`.nearest_boundary.nearest_boundary`."""
        return boundary.nearest_boundary(self, x, layer=layer, norm=norm)

    @property
    def is_bounded(self) -> bool:
        """Whether the region, clipped to its domain, is bounded; exact, see :func:`.recession_cones.is_bounded`."""
        return rays.is_bounded(self)

    @overload
    def rays(self, *, exact: Literal[False] = False) -> RecessionCone: ...
    @overload
    def rays(self, *, exact: Literal[True]) -> ExactRecessionCone: ...
    def rays(self, *, exact: bool = False) -> RecessionCone | ExactRecessionCone:
        """Where the region goes on forever: extreme rays and lines; see :func:`.recession_cones.recession_cone`.

        Directions are floats of unit length, with `exact` tuples of integers.
        """
        cone = rays.recession_cone(self)
        return cone if exact else cone.rounded(self.network.input_dim)

    def halfspaces(self) -> Halfspaces:
        """The exact inequalities, one for each facet and nearest first; see :func:`.inequalities.facet_halfspaces`."""
        return rows.facet_halfspaces(self)

    def to_wkt(self) -> str:
        """A bounded region of the plane as well-known text, each corner the exact one, rounded once."""
        return wkt.to_wkt(vertices.region_corners(self))

    def to_vnnlib(self, *, n_outputs: int | None = None, version: str = "2.0") -> str:
        """A condition on the inputs of the network; see :func:`.vnnlib.to_vnnlib`."""
        n_outputs = self.network.output_dim if n_outputs is None else n_outputs
        return vnnlib.to_vnnlib(self.halfspaces(), n_outputs=n_outputs, version=version)

    def neighbors(self) -> list[Region]:
        """The regions across each facet, in the order of the facets; see :func:`.neighbors.neighbors`."""
        return neighbors.neighbors(self)

    def power_cells(self) -> list[power.PowerCell]:
        """For each layer, the cell of its power diagram that holds the region; see :func:`.power_cells.power_cells`."""
        return power.power_cells(self)

    def __str__(self) -> str:
        return f"{self!r}\n{self.inequalities(facets=net.fits_written_out(self.network))}"

    def __repr__(self) -> str:
        shown = str(self.pattern) if len(self.pattern.bits) <= 100 else f"0x{self.pattern.hex}"
        return f"Region(R^{self.network.input_dim}, pattern {shown})"
