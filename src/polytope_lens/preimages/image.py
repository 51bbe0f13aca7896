"""What a network makes of a domain: a polytope of outputs for each region."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
from flint import fmpq

from polytope_lens._arrays import validate
from polytope_lens._arrays.gate import checked
from polytope_lens._kept import Keeper, answers
from polytope_lens.displays.markup import ask, card
from polytope_lens.displays.phrases import many
from polytope_lens.domain import check_domain, is_bounded
from polytope_lens.engines import enumerate as engines
from polytope_lens.errors import DimensionError, UnboundedPolytopeError
from polytope_lens.exact.rows import ExactRows
from polytope_lens.flat_domain import within
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.polytope.convex_hull import convex_hull
from polytope_lens.properties.property import Property, exact_number
from polytope_lens.properties.property_check import Verdict, check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

    from polytope_lens._types import Bools, ExactMatrix, Floats, Fractions
    from polytope_lens.domain import Domain
    from polytope_lens.engines.table import EngineChoice
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition
    from polytope_lens.polytope import Polytope


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Image(Keeper):
    """All outputs of a network on a bounded domain: the union of a polytope for each region.

    These may overlap, and be flat: outputs of a region on which the network has a lower rank lie in a lower dimension.

    Parameters
    ----------
    partition : Partition
        Every region of the domain; part i is what the network makes of region i.
    """

    partition: Partition

    def __len__(self) -> int:
        return len(self.partition)

    def __getitem__(self, index: int) -> Polytope:
        """The polytope of outputs of a region, exact; found once and kept."""
        index = range(len(self))[index]
        known = answers(self)
        if index not in known:
            known[index] = convex_hull([[fmpq(v.numerator, v.denominator) for v in y] for y in self._corners(index)])
        found: Polytope = known[index]
        return found

    def __iter__(self) -> Iterator[Polytope]:
        return (self[i] for i in range(len(self)))

    @overload
    def vertices(self, index: int, *, exact: Literal[False] = False) -> Floats: ...
    @overload
    def vertices(self, index: int, *, exact: Literal[True]) -> Fractions: ...
    def vertices(self, index: int, *, exact: bool = False) -> Floats | Fractions:
        """Corners of the outputs of a region, (n, out), as `Polytope.vertices` has them.

        Parameters
        ----------
        index : int
        exact : bool
            Fractions instead of floats.
        """
        return self[index].vertices(exact=True) if exact else self[index].vertices()

    def _corners(self, index: int) -> list[list[Fraction]]:
        """What corners of a region are mapped to."""
        seen = within(self.partition)
        network = seen.network
        bits = seen[index].pattern.array
        rows, scale = ExactRows(network).scaled_rows(len(network.layers), bits)
        maps = [[Fraction(int(v), int(scale)) for v in row] for row in rows]
        points = seen[index].vertices(exact=True).tolist()
        return [[sum((a * x for a, x in zip(row, p, strict=False)), row[-1]) for row in maps] for p in points]

    def contains(self, Y: ExactMatrix) -> Bools:
        """Whether outputs are taken anywhere on the closed domain, (n, out) -> (n,) bool; exact.

        Parameters
        ----------
        Y : (n, out) array
            Of any exact numbers: floats, fractions, decimals in text.

        Raises
        ------
        DimensionError, DomainError

        Notes
        -----
        Cost: that of a check of a property for each.
        """
        network, domain = self.partition.network, self.partition.domain
        assert domain is not None
        unit = np.eye(network.output_dim, dtype=int)
        rows = np.vstack([unit, -unit]).tolist()
        found = []
        for y in validate.sequence(Y, name="`Y`"):
            values = [exact_number(v, "a number of `Y`") for v in validate.sequence(y, name="a row of `Y`")]
            asked = Property.of(domain, (rows, [*values, *(-v for v in values)]))
            found.append(check(network, asked, progress=False).verdict is Verdict.VIOLATED)
        return np.array(found, dtype=bool)

    def bounding_box(self) -> tuple[Floats, Floats]:
        """Least and greatest value of each output on the domain, (out,) and (out,); rounded once."""
        found = [self.partition.extrema(k) for k in range(self.partition.network.output_dim)]
        return np.array([one.minimum.value for one in found]), np.array([one.maximum.value for one in found])

    def plot(self, ax: Axes | None = None, **areas: object) -> Axes:
        """Draw the polytopes of a network with two outputs one over the other: darker where they overlap.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.
        **areas
            For matplotlib's ``PolyCollection``: ``facecolor``, ``edgecolor``, ``alpha``, ``linewidth``.

        Returns
        -------
        Axes

        Raises
        ------
        DimensionError

        Notes
        -----
        Drawn from rounded corners. Cost: some microseconds for each polygon of a network with two inputs, that of
        `vertices` for each part of another.
        """
        from polytope_lens.drawing.curves import draw_areas

        if (m := self.partition.network.output_dim) != 2:
            raise DimensionError(
                f"images are drawn of networks with 2 outputs, but this one has {m}. Choose two, for example with "
                "`Lens(model, outputs=...)`, or ask for `image.vertices(i)`."
            )
        return draw_areas(self._outlines(), ax, **areas)

    def _outlines(self) -> list[Floats]:
        """Corners of parts in the plane, in order; of a network with two inputs what its polygons are mapped to."""
        seen = within(self.partition)
        if isinstance(seen.mesh, PlanarMesh):
            maps = seen.maps
            return [seen.vertices(i) @ maps[i, :, :-1].T + maps[i, :, -1] for i in range(len(seen))]
        return [self.vertices(i) for i in range(len(self))]

    def _repr_html_(self) -> str:
        return card(repr(self), ask("image.vertices(i)", "image.bounding_box()", "image.contains(Y)", "image.plot()"))

    def __repr__(self) -> str:
        where = f"in R^{self.partition.network.output_dim}, of {self.partition.domain!r}"
        return f"Image({many(len(self), 'polytope')} {where})"


def image(
    network: Network,
    domain: Domain,
    *,
    engine: EngineChoice = "auto",
    workers: int = 1,
    progress: bool | None = None,
) -> Image:
    """All outputs of a network on a bounded domain, as a union of polytopes.

    Parameters
    ----------
    network : Network
    domain : Box or Polytope
        A bounded one.
    engine, workers, progress
        As in `enumerate.partition`.

    Returns
    -------
    Image

    Raises
    ------
    DimensionError, DomainError, OptionError
    UnboundedPolytopeError

    Notes
    -----
    Exact. Cost: that of the partition; each polytope is found when it is first asked for, in milliseconds for few
    inputs and outputs, from the corners of its region.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 0], [1, 1]]], [[0, 0], [0, 0]])  # relu(x), relu(x) + relu(y)
    >>> seen = lens.image(Box([-1, -1], [1, 1]))
    >>> seen, seen.bounding_box()
    (Image(4 polytopes in R^2, of Box([-1.0, -1.0], [1.0, 1.0])), (array([0., 0.]), array([1., 2.])))
    >>> seen[0].vertices().tolist(), seen.contains([[1, 1.5], [1, 0.5]])  # where both inputs are negative, one point
    ([[0.0, 0.0]], array([ True, False]))
    """
    if not is_bounded(check_domain(domain, network.input_dim)):
        raise UnboundedPolytopeError(
            "the image of an unbounded domain was asked for, whose parts have no corners to be found from. Choose a "
            "bounded one, for example a `Box`."
        )
    return Image(engines.partition(network, domain, engine=engine, workers=workers, progress=progress))
