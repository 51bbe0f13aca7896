"""The preimage of a hyperplane: level sets and decision boundaries in any number of inputs.

The hyperplane is one neuron behind the network. Its zero set is made of facets between the cells that it and the
network cut, of plateaus, on which the function has the value everywhere, and of what is flatter, where it is only
touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.gate import checked
from polytope_lens._arrays.ragged import entries, starts
from polytope_lens.displays.markup import ask, card
from polytope_lens.displays.phrases import many
from polytope_lens.engines import enumerate as engines
from polytope_lens.errors import OptionError
from polytope_lens.flat_domain import within
from polytope_lens.polyhedral_complex.facet_table import Facets
from polytope_lens.polyhedral_complex.zero_rows import zero_mask
from polytope_lens.polytope import Polytope
from polytope_lens.preimages.preimage import preimage
from polytope_lens.preimages.target import Target, behind
from polytope_lens.properties.extremum import coefficients
from polytope_lens.properties.property import exact_number

if TYPE_CHECKING:
    from polytope_lens._types import ExactNumber, ExactVector, Ints
    from polytope_lens.domain import Domain
    from polytope_lens.engines.table import EngineChoice
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition
    from polytope_lens.preimages.flat_parts import FlatPart


@checked
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LevelFacets:
    """Where a combination of outputs takes a value: facets of dimension d - 1, and plateaus apart.

    Parameters
    ----------
    cells : Partition
        The regions of the network, cut by the level: of the network with the level as a neuron that bends nothing, the
        first of its last layer, positive where the value is exceeded.
    facets : Facets
        Those facets of cells on which the value is taken: the two cells beside each, -1 for what is beyond the domain,
        and all owners, the level's neuron among them.
    plateaus : (n,) int array
        Cells on which the value is taken everywhere. Of facets on their boundaries, those are listed across which the
        function changes.
    row : tuple of Fraction
        The combination of outputs.
    value : Fraction
    source : Network
        The network that was asked.
    """

    cells: Partition
    facets: Facets
    plateaus: Ints
    row: tuple[Fraction, ...]
    value: Fraction
    source: Network

    def __len__(self) -> int:
        return len(self.facets)

    def polytope(self, index: int) -> Polytope:
        """A facet as a polytope, flat and exact, in the coordinates of all inputs.

        Parameters
        ----------
        index : int
        """
        index = range(len(self))[index]
        cell = self.cells[int(self.facets.regions[index, 0])]
        layer, neuron = self.facets.owners(index)[-1]
        A, b = cell.polytope.fractions()
        on = [k for k, owners in enumerate(cell.polytope.owners) if (layer, neuron) in owners]
        return Polytope(np.vstack([A, -A[on]]), np.concatenate([b, -b[on]]))

    def touched(self) -> tuple[FlatPart, ...]:
        """Where the value is taken on sets of fewer dimensions than facets have, which lie in none of these.

        See `flat_parts.flat_parts`, whose cost it has for each facet, too.
        """
        rows = [self.row, tuple(-v for v in self.row)]
        both = Target.of((rows, [self.value, -self.value]), len(self.row))
        found = preimage(self.source, both, self.cells.domain, mesh=False).flat_parts()
        return tuple(part for part in found if part.dim < within(self.cells).network.input_dim - 1)

    def _repr_html_(self) -> str:
        return card(repr(self), ask("level.polytope(i)", "level.facets", "level.plateaus", "level.touched()"))

    def __repr__(self) -> str:
        plateaus = f", {many(len(self.plateaus), 'plateau')}" if len(self.plateaus) else ""
        return f"LevelFacets({many(len(self), 'facet')} in R^{self.source.input_dim}{plateaus})"


def level_facets(
    network: Network,
    c: ExactVector | int,
    value: ExactNumber = 0,
    domain: Domain = None,
    *,
    engine: EngineChoice = "auto",
    workers: int = 1,
    progress: bool | None = None,
) -> LevelFacets:
    """Where ``c . y`` takes a value, y being the outputs: level sets and decision boundaries, in any number of inputs.

    Parameters
    ----------
    network : Network
    c : (out,) array, or int
        The combination of outputs: numbers, fractions, decimals in text, as (1, -1, 0) for where outputs 0 and 1 are
        equal; or the number of one output.
    value : number, fraction, or decimal in text
    domain : Box, Polytope or None
    engine, workers, progress
        As in `enumerate.partition`.

    Returns
    -------
    LevelFacets

    Raises
    ------
    DimensionError, DomainError, OptionError

    Notes
    -----
    Exact. In the plane and in space, `level_set.level_set` has the same facets as polylines and polygons. Cost:
    that of the partition with the level as a neuron, and of its facets, which is three to five times as much in more
    than three dimensions.

    Examples
    --------
    >>> import numpy as np
    >>> from polytope_lens import Box, Lens
    >>> norm = Lens.from_arrays([np.eye(4), [[1] * 4]], [np.zeros(4), [0]], negative_slope=-1.0)  # |x1| + ... + |x4|
    >>> cross = norm.level_facets(0, 1, Box([-1] * 4, [1] * 4))
    >>> cross, len(cross.polytope(0).vertices())  # simplices
    (LevelFacets(16 facets in R^4), 4)
    """
    row, level = _row(network, c), exact_number(value, "`value`")
    target = Target.of(([row], [level]), network.output_dim)
    posed = behind(network, target)
    cells = engines.partition(posed.network, domain, engine=engine, workers=workers, progress=progress)
    last = len(posed.network.layers) - 1
    found = cells.complex.facets()
    owner = np.repeat(np.arange(len(found)), np.diff(found.indptr))
    chosen = np.unique(owner[(found.layer == last) & (found.neuron == 0)])
    at = entries(found.indptr, chosen)
    some = Facets(
        found.regions[chosen], starts(np.diff(found.indptr)[chosen]), found.layer[at].copy(), found.neuron[at].copy()
    )
    plateaus = np.flatnonzero(zero_mask(within(cells))[:, -1])
    return LevelFacets(cells, some, plateaus, tuple(row), level, network)


def _row(network: Network, c: Any) -> list[Fraction]:
    if validate.is_whole(c):
        if not -network.output_dim <= c < network.output_dim:
            raise OptionError(
                f"`c` is {validate.shown(c)}, but the network has {network.output_dim} outputs, counted from 0."
            )
        return [Fraction(int(k == c % network.output_dim)) for k in range(network.output_dim)]
    return coefficients(network, c)
