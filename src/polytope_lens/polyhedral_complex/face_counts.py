"""How many faces of each dimension a partition has, which obey Euler's formula."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.errors import REPORT, ConsistencyError
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.polyhedral_complex.cell_complex import exact_cells, mesh_cells
from polytope_lens.polyhedral_complex.face_lattice import MAX_REGIONS
from polytope_lens.polyhedral_complex.requirements import require_complete

if TYPE_CHECKING:
    from polytope_lens._types import Ints
    from polytope_lens.partition.partition import Partition


@dataclass(frozen=True, slots=True, eq=False)
class FVector:
    """Numbers of faces by dimension.

    Parameters
    ----------
    counts : (d + 1,) int array
        Entry k: faces of dimension k, those on the boundary of the domain included; the last entry is the number of
        regions.
    inner : (d + 1,) int array
        Those inside the domain.
    """

    counts: Ints
    inner: Ints

    @property
    def boundary(self) -> Ints:
        """Those on the boundary of the domain, (d + 1,)."""
        return self.counts - self.inner

    @property
    def euler(self) -> int:
        """``sum (-1)^k counts[k]``: 1 for a bounded domain, (-1)^d for all of R^d."""
        return _alternating(self.counts)

    def __repr__(self) -> str:
        return f"FVector({self.counts.tolist()}, {self.inner.tolist()} inside the domain)"


@asked_on_flat
def f_vector(partition: Partition, *, max_regions: int = MAX_REGIONS) -> FVector:
    """Numbers of corners, edges and so on up to regions; exact.

    Parameters
    ----------
    partition : Partition
    max_regions : int
        More regions than this are refused where there is no mesh.

    Raises
    ------
    OptionError
        More regions than `max_regions`, where there is no mesh.
    ConsistencyError
        Faces inside a convex domain, whose interior is an open ball, must have the alternating sum (-1)^d.
    PartialPartitionError

    Notes
    -----
    Cost: one pass over the mesh in bounded domains of the plane and of space; elsewhere milliseconds to seconds for
    each region, see `exact_cells`.

    Examples
    --------
    Three lines in general position, in all of R^2 and in a box:

    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]], [[0, 0, -1], [0]])
    >>> lens.partition().complex.f_vector()
    FVector([3, 9, 7], [3, 9, 7] inside the domain)
    >>> lens.partition(Box([-3, -3], [3, 3])).complex.f_vector()
    FVector([13, 19, 7], [3, 9, 7] inside the domain)
    """
    require_complete(partition, "`f_vector`")
    d = partition.network.input_dim
    if d == 1:
        sides = np.zeros(0) if partition.domain is None else partition.domain.A[:, 0]
        ends, n = len(set(np.sign(sides[sides != 0]))), len(partition)
        found = FVector(np.array([n - 1 + ends, n]), np.array([n - 1, n]))
    else:
        if partition.mesh is not None:
            cells = mesh_cells(partition)
        else:
            cells = exact_cells(partition, max_regions=max_regions, purpose="`f_vector`")[0]
        counts = np.array([0] * cells.n_lines + cells.sizes)
        outer = np.array([0] * cells.n_lines + [int(one.sum()) for one in cells.outer])
        found = FVector(counts, counts - outer)
    if _alternating(found.inner) != (-1) ** d or found.inner[d] != len(partition):
        raise ConsistencyError(
            f"the faces inside the domain, {found.inner.tolist()} by dimension, do not fill an open ball of dimension "
            f"{d}. {REPORT}"
        )
    return found


def _alternating(counts: Ints) -> int:
    return int(counts[::2].sum() - counts[1::2].sum())
