"""What each neuron does on a domain: where it is on, and how much it cuts."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._arrays.batches import batches
from polytope_lens._places import LAYERS
from polytope_lens.displays.cards import steps_card
from polytope_lens.errors import require
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.network.network import bit_places
from polytope_lens.polyhedral_complex.facet_table import all_owners, facet_counts, facet_sizes, shared_facets
from polytope_lens.polyhedral_complex.requirements import require_complete
from polytope_lens.polyhedral_complex.zero_rows import zero_mask

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Ints
    from polytope_lens.partition.partition import Partition


@dataclass(frozen=True, slots=True, eq=False)
class Neurons:
    """One row for each neuron that has a bit, in the order of bits.

    Parameters
    ----------
    layer, neuron : (n,) int arrays
        Row `neuron` of ``network.layers[layer].weight``, counted from 0.
    side : (n,) array of str
        ``"both"`` if the pre-activation is positive somewhere and negative somewhere; ``"on"`` if it is positive
        somewhere and negative nowhere; ``"off"`` the other way round, which for ReLU is a dead neuron; ``"zero"`` if it
        is zero everywhere.
    on_share : (n,) array
        Share of the regions on which it is positive.
    on_volume : (n,) array
        Share of the domain's area or volume on which it is positive; NaN where there is no mesh.
    n_zero : (n,) int array
        Regions on which it is zero everywhere, as behind a layer that is off.
    n_facets : (n,) int array
        Facets of the partition that its bent hyperplane holds; several neurons may own one.
    size : (n,) array
        Of its bent hyperplane in a bounded domain: length in the plane, area in space; NaN elsewhere.

    Notes
    -----
    Exact but for sizes, which are rounded.
    """

    layer: Ints = field(metadata=LAYERS)
    neuron: Ints
    side: NDArray[np.str_]
    on_share: Floats
    on_volume: Floats
    n_zero: Ints
    n_facets: Ints
    size: Floats

    def __post_init__(self) -> None:
        for name in self.__slots__:
            getattr(self, name).flags.writeable = False

    def __len__(self) -> int:
        return len(self.layer)

    def to_frame(self) -> pd.DataFrame:
        """The table as a pandas frame, one column for each field."""
        pandas: Any = require("pandas", extra="data", purpose="a frame of neurons")
        return pandas.DataFrame({field.name: getattr(self, field.name) for field in fields(self)})

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw a dot for each neuron: on how much of the domain it is on, and how much it cuts.

        In a bounded domain of the plane or of space these are shares of its area or volume, and the length or area of
        its bent hyperplane; otherwise shares of the regions, and the number of facets that it owns. Dead neurons are at
        the left end, those that are on everywhere at the right; both cut nothing.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
        """
        from polytope_lens.drawing.graphs import draw_neurons

        n_layers = int(self.layer.max(initial=-1)) + 1
        if np.isnan(self.size).any():
            return draw_neurons(self.layer, self.on_share, self.n_facets.astype(float), n_layers, "its facets", ax)
        return draw_neurons(self.layer, self.on_volume, self.size, n_layers, "size of its bent hyperplane", ax)

    def _repr_html_(self) -> str:
        """For notebooks: the table, of many neurons the first and last rows."""
        columns = [getattr(self, field.name).tolist() for field in fields(self)]
        cells = [[f"{v:.4g}" if isinstance(v, float) else str(v) for v in row] for row in zip(*columns, strict=True)]
        return steps_card(
            repr(self), [field.name for field in fields(self)], cells, "neurons.plot()", "neurons.to_frame()"
        )

    def __repr__(self) -> str:
        told = (f"{int((self.side == side).sum())} {side}" for side in ("both", "on", "off", "zero"))
        return f"Neurons({len(self)} neurons: {', '.join(told)})"


@asked_on_flat
def neurons(partition: Partition) -> Neurons:
    """What each neuron does on the domain of a partition, in any number of dimensions.

    Parameters
    ----------
    partition : Partition

    Raises
    ------
    PartialPartitionError

    Notes
    -----
    A bit says that a neuron is positive inside a region. Where it is 0, float rows with error bounds prove that the
    neuron is not zero on all of the region, or else rows in integers decide.
    Cost: that of `facets`, and a forward pass of affine maps.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]], [[0, -3, 5], [0]])
    >>> found = lens.partition(Box([-1, -1], [1, 1])).neurons()
    >>> found, found.side.tolist(), found.size.tolist()
    (Neurons(3 neurons: 1 both, 1 on, 1 off, 0 zero), ['both', 'off', 'on'], [2.0, 0.0, 0.0])
    """
    require_complete(partition, "`neurons`")
    bits, n = partition.patterns(), partition.network.n_neurons
    n_on, n_zero = bits.sum(axis=0), zero_mask(partition).sum(axis=0)
    positive, negative = n_on > 0, n_on + n_zero < len(bits)
    side = np.select([positive & negative, positive, negative], ["both", "on", "off"], "zero")
    n_facets, size = _owned(partition)
    on_volume = np.full(n, np.nan)
    if partition.mesh is not None:
        areas = partition.volumes()
        on_volume = sum((areas[at] @ bits[at] for at in batches(len(bits), n)), np.zeros(n)) / areas.sum()
    layer, neuron = np.array(bit_places(partition.network), dtype=np.int64).reshape(-1, 2).T.copy()
    return Neurons(layer, neuron, side, n_on / len(bits), on_volume, n_zero, n_facets, size)


def _owned(partition: Partition) -> tuple[Ints, Floats]:
    """How many facets each neuron owns, and their total size where there is a mesh."""
    n, mesh = partition.network.n_neurons, partition.mesh
    if mesh is None:
        return facet_counts(partition), np.full(n, np.nan)
    shared = shared_facets(partition, mesh)
    indptr, owner = all_owners(partition, shared)
    sizes = np.repeat(facet_sizes(mesh, shared), np.diff(indptr))[owner >= 0]
    owner = owner[owner >= 0]
    total = np.bincount(owner, weights=sizes, minlength=n).astype(np.float64)
    return np.bincount(owner, minlength=n), total
