"""A region: an activation pattern, its polytope and the affine map on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar, overload

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.gate import checked
from polytope_lens._docstrings import documented_by
from polytope_lens._kept import Keeper, found_later, kept
from polytope_lens.cells import inequalities as rows
from polytope_lens.cells import (
    nearest_boundary,
    neighbors,
    power_cells,
    recession_cones,
    region_card,
    vanishing,
)
from polytope_lens.displays.sketch import alone
from polytope_lens.exact.point_signs import point_signs
from polytope_lens.flat_domain import flat_domain, flat_of, within
from polytope_lens.io.export import Export
from polytope_lens.network import network as net
from polytope_lens.network.affine import AffineMap, augmented_map
from polytope_lens.network.pattern import ActivationPattern, unpack
from polytope_lens.polytope.membership import given_points
from polytope_lens.polytope.polytope import MOST, Polytope

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import ArrayLike

    from polytope_lens._types import Bools, Floats, Fractions, Ints, Point, Points, Words
    from polytope_lens.cells.inequalities import Inequalities
    from polytope_lens.domain import Domain
    from polytope_lens.polytope.metric.ball import Ball
    from polytope_lens.polytope.metric.sampling import Estimate
    from polytope_lens.polytope.recession import RecessionCone

T = TypeVar("T")


def _unpacked(region: Region) -> ActivationPattern:
    """The pattern of a region that knows it as words."""
    words: Words = vars(region)["_words"]
    bits = unpack(words[None], region.network.n_neurons)[0]
    return ActivationPattern(tuple(bits.tolist()), region.network.bits_per_layer)


@checked
@found_later(pattern=_unpacked)
@dataclass(frozen=True, eq=False)
class Region(Keeper):
    """A full-dimensional cell of the network's polyhedral complex.

    Parameters
    ----------
    network : Network
    pattern : ActivationPattern
    domain : Box, Polytope or None
        What the region is clipped to; None leaves it whole.
    point : (d,) array
        A point of the region: the one it was asked for, or a witness of its interior.

    Notes
    -----
    Its geometry is that of `polytope`, which is exact: the questions asked most often are here as well, and the
    others are asked of ``region.polytope``. Facets are found once, whoever asks for them first, and kept with the
    object. Two regions are equal if they are the same region of the same network, clipped to the same domain, whatever
    their `point`.

    In a flat `Box` the region is flat, too. `on_flat` is the same one of a network of the free inputs, where
    its facets are decided, and its volume and balls measured; rows and points are those of the whole network.
    """

    network: net.Network
    pattern: ActivationPattern
    domain: Domain
    point: Floats

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Region):
            return NotImplemented
        return self is other or (
            self.pattern == other.pattern and self.network == other.network and self.domain == other.domain
        )

    def __hash__(self) -> int:
        return hash((self.network, self.pattern))

    @property
    @kept
    def on_flat(self) -> Region | None:
        """In a flat box, the same region of a network of the free inputs alone; else None."""
        flat = flat_of(self)
        if flat is None:
            return None
        pattern = ActivationPattern(self.pattern.bits, flat.network.bits_per_layer)
        return Region(flat.network, pattern, flat.domain, self.point[flat.free])

    @property
    @kept
    def affine_map(self) -> AffineMap:
        """The network's map on the region, ``lens(x) == A @ x + b``; rounded, found once."""
        product = self.augmented_map()
        return AffineMap(product[:-1, :-1], product[:-1, -1])

    def activation_matrices(self) -> list[Floats]:
        """``[A_1 ... A_L]``, diagonal, with a last entry of 1; exact."""
        return net.activation_matrices(self.network, self.pattern.array)

    def augmented_map(self) -> Floats:
        """``W_{L+1} A_L W_L ... A_1 W_1``, shape (out + 1, d + 1); rounded."""
        return augmented_map(self.network, self.pattern.array)

    # ----------------------------------------------------------------------------------------- inequalities and facets

    @documented_by(rows.inequalities)
    def inequalities(self, *, exact: bool = False, facets: bool = True) -> Inequalities:
        """Every halfspace with its owner, and which of them are facets."""
        return rows.inequalities(self, exact=exact, facets=facets)

    @property
    @documented_by(rows.facet_polytope)
    def polytope(self) -> Polytope:
        """The region as ``A @ x <= b``, exact: its facets, nearest first, one row each, with all owners of each.

        Found once and kept.
        """
        return rows.facet_polytope(self)

    @documented_by(vanishing.vanishing)
    def vanishing(self, *, everywhere: bool = False) -> Ints:
        return vanishing.vanishing(self, everywhere=everywhere)

    @documented_by(neighbors.neighbors)
    def neighbors(self) -> list[Region]:
        return neighbors.neighbors(self)

    @documented_by(power_cells.power_cells)
    def power_cells(self) -> list[power_cells.PowerCell]:
        return power_cells.power_cells(self)

    # ------------------------------------------------------------------------- without facets, also for large networks

    def contains(self, X: ArrayLike) -> Bools:
        """Whether each point lies in the closed region, (n, d) -> (n,) bool; exact, without facets.

        A point does if no neuron has the other sign there, `exact.point_signs.point_signs`: pre-activations are
        continuous, so those on the region and those at the point are the same layer by layer as long as signs agree.

        Parameters
        ----------
        X : (n, d) array
            Floats, or fractions, as ``vertices(exact=True)`` has them, of which the exact rows are asked.
        """
        points = given_points(X, self.network.input_dim, what="`contains`")
        if points.dtype == object:
            return self.inequalities(exact=True, facets=False).contains(points)
        floats = np.asarray(points, dtype=np.float64)
        signs = point_signs(self.network, floats)
        inside = np.asarray((signs != np.where(self.pattern.array, -1, 1)).all(axis=1))
        return inside if self.domain is None else inside & self.domain.contains(floats)

    @documented_by(nearest_boundary.nearest_boundary)
    def nearest_boundary(
        self, x: ArrayLike | None = None, *, layer: int | None = None, norm: float = 2
    ) -> nearest_boundary.NearestBoundary:
        return nearest_boundary.nearest_boundary(self, x, layer=layer, norm=norm)

    @property
    @documented_by(recession_cones.is_bounded)
    def is_bounded(self) -> bool:
        """Whether the region, clipped to its domain, is bounded; exact, one linear program at most, found once."""
        return recession_cones.is_bounded(self)

    @documented_by(recession_cones.recession_cone)
    def rays(self, *, exact: bool = False, max_rays: int | None = MOST) -> RecessionCone:
        """Where the region goes on forever: extreme rays and lines.

        Parameters
        ----------
        exact : bool
            Directions as whole numbers instead of floats of unit length.
        max_rays : int, optional
            More rays, also on the way to them, are refused; None sets no limit.
        """
        most = None if max_rays is None else validate.count(max_rays, name="`max_rays`")
        return recession_cones.recession_cone(self, most).cone(self.network.input_dim, exact=exact)

    # ------------------------------------------------------------------------------------------ asked of the polytope

    @overload
    def vertices(self, *, exact: Literal[False] = False, max_vertices: int | None = MOST) -> Floats: ...
    @overload
    def vertices(self, *, exact: Literal[True], max_vertices: int | None = MOST) -> Fractions: ...
    @documented_by(Polytope.vertices)
    def vertices(self, *, exact: bool = False, max_vertices: int | None = MOST) -> Floats | Fractions:
        cell = within(self).polytope
        if exact:
            return self._embedded(cell.vertices(exact=True, max_vertices=max_vertices))
        return self._embedded(cell.vertices(max_vertices=max_vertices))

    @overload
    def volume(self, *, exact: Literal[False] = False) -> float: ...
    @overload
    def volume(self, *, exact: Literal[True]) -> Fraction: ...
    @documented_by(Polytope.volume)
    def volume(self, *, exact: bool = False) -> float | Fraction:
        cell = within(self).polytope
        return cell.volume(exact=True) if exact else cell.volume()

    @documented_by(Polytope.estimate_volume)
    def estimate_volume(self, n: int = 2000, seed: int = 0) -> Estimate:
        return within(self).polytope.estimate_volume(n, seed)

    @documented_by(Polytope.bounding_box)
    def bounding_box(self) -> tuple[Floats, Floats]:
        lower, upper = within(self).polytope.bounding_box()
        return self._embedded(lower), self._embedded(upper)

    @documented_by(Polytope.chebyshev_ball)
    def chebyshev_ball(self) -> Ball:
        flat, ball = flat_of(self), within(self).polytope.chebyshev_ball()
        return ball if flat is None else flat.embedded(ball)

    @overload
    def distance(self, x: Point, *, norm: float = 2) -> float: ...
    @overload
    def distance(self, x: Points, *, norm: float = 2) -> Floats: ...
    @overload
    def distance(self, x: ArrayLike, *, norm: float = 2) -> float | Floats: ...
    @documented_by(Polytope.distance)
    def distance(self, x: ArrayLike, *, norm: float = 2) -> float | Floats:
        return self.polytope.distance(x, norm=norm)

    @documented_by(Polytope.sample)
    def sample(self, n: int, seed: int = 0) -> Floats:
        return self._embedded(within(self).polytope.sample(n, seed))

    def _embedded(self, points: T) -> T:
        """Points of the flat, if the region is on one, as inputs of the whole network."""
        flat = flat_of(self)
        if flat is None:
            return points
        found: T = flat.embed(points)
        return found

    @property
    def export(self) -> Export:
        """The formats of other programs: ``region.export.smtlib()`` and others; see `Export`.

        VNN-LIB declares the outputs of the region's network.
        """
        return Export(lambda: self.polytope, self.network.output_dim)

    def _repr_html_(self) -> str:
        return region_card.region_card(self)

    def _repr_svg_(self) -> str | None:
        return alone(region_card.region_drawing(self)) or None

    def _repr_latex_(self) -> str | None:
        return region_card.region_formula(self)

    def __str__(self) -> str:
        return f"{self!r}\n{self.inequalities(facets=net.fits_written_out(self.network))}"

    def __repr__(self) -> str:
        shown = str(self.pattern) if len(self.pattern.bits) <= 100 else f"0x{self.pattern.hex}"
        return f"Region(R^{self.network.input_dim}, pattern {shown})"


def of_packed_pattern(network: net.Network, words: Words, domain: Domain, point: Floats) -> Region:
    """A region whose pattern, (n_words,), is unpacked when somebody asks for it: streams pass by millions."""
    region = object.__new__(Region)
    vars(region).update(network=network, pattern=None, domain=domain, point=point, _words=words)
    return region


def embedded(network: net.Network, domain: Domain, found: Region) -> Region:
    """A region on a flat box as one of the whole network; see `FlatDomain`."""
    flat = flat_domain(network, domain)
    assert flat is not None
    pattern = ActivationPattern(found.pattern.bits, network.bits_per_layer)
    return Region(network, pattern, domain, flat.embed(found.point))
