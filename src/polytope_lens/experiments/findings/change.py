"""How much of a partition one step of training leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polytope_lens.comparison.overlay import majorities, overlay
from polytope_lens.errors import DimensionError
from polytope_lens.network.pattern import find

if TYPE_CHECKING:
    from polytope_lens.partition.partition import Partition


@dataclass(frozen=True, slots=True)
class Change:
    """Two partitions of one domain compared; areas are shares of the domain's (in space, volumes).

    Parameters
    ----------
    n_before, n_after : int
        Regions.
    n_same_pattern : int
        Activation patterns that both have.
    n_same_place : int
        Pairs of regions of which each covers more than half of the other: no region is in two such pairs.
    area_same_pattern : float
        Where the pattern is what it was.
    area_same_place : float
        Covered by the overlaps of the pairs.
    swept : float
        Sum over all neurons of the area where the neuron's bit is another than before.
    """

    n_before: int
    n_after: int
    n_same_pattern: int
    n_same_place: int
    area_same_pattern: float
    area_same_place: float
    swept: float

    @property
    def moved(self) -> float:
        """Area that some boundary passed over: where the pattern changed."""
        return 1 - self.area_same_pattern


def change(first: Partition, second: Partition) -> Change:
    """Compare the partitions of a network before and after a change of its weights.

    Parameters
    ----------
    first, second : Partition
        Of one bounded domain and of networks with equally many neurons in each layer.

    Raises
    ------
    DimensionError
        Networks of different shapes.
    DomainError, UnboundedPolytopeError, PartialPartitionError

    Notes
    -----
    Counts are exact, areas are rounded. Cost: that of `overlay.overlay` and `overlay.majorities`.

    Examples
    --------
    The crease moves from x = 0 to x = 1/4:

    >>> from polytope_lens import Box, Lens
    >>> square = Box([-1, -1], [1, 1])
    >>> before, after = (Lens.from_arrays([[[1, 0]], [[1]]], [[b], [0]]).partition(square) for b in (0, -0.25))
    >>> found = change(before, after)
    >>> found.n_same_pattern, found.n_same_place, found.moved, found.swept
    (2, 2, 0.125, 0.125)
    """
    if first.network.bits_per_layer != second.network.bits_per_layer:
        raise DimensionError(
            "patterns can be compared between networks with equally many neurons that cut in each layer, but one has "
            f"{first.network.bits_per_layer} and the other {second.network.bits_per_layer}."
        )
    both = overlay(first, second, progress=False)
    total = both.volumes.sum()
    before, after = both.first_regions, both.second_regions
    differs = first.patterns()[before] != second.patterns()[after]
    heirs, origins = majorities(both)
    paired = (heirs[before] == after) & (origins[after] == before)
    return Change(
        len(first),
        len(second),
        int((find(second.packed_patterns, first.packed_patterns) >= 0).sum()),
        int(paired.sum()),
        float(both.volumes[~differs.any(axis=1)].sum() / total),
        float(both.volumes[paired].sum() / total),
        float((both.volumes @ differs).sum() / total),
    )
