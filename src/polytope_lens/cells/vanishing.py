"""The neurons that are zero at a point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.exact.point_signs import point_signs
from polytope_lens.exact.sparse import rows_on
from polytope_lens.flat_domain import flat_of, within
from polytope_lens.network.network import bit_places

if TYPE_CHECKING:
    from polytope_lens._types import Ints
    from polytope_lens.region import Region


def vanishing(region: Region, *, everywhere: bool = False) -> Ints:
    """Neurons whose pre-activation is zero at the region's point, as pairs (layer, neuron), (k, 2); exact.

    Parameters
    ----------
    everywhere : bool
        Only those that are zero on the whole region, as behind a layer that is off, or along a flat box. The others,
        where there are any, put the point on the boundary of the region.

    Notes
    -----
    Cost: a forward pass, and milliseconds where there are any. With `everywhere`, an integer matrix product per layer,
    or where layers are sparse a product of a vector for each neuron and layer.
    """
    network, bits = region.network, region.pattern.array
    places = np.array(bit_places(network), dtype=np.int64).reshape(-1, 2)
    zero = np.asarray(places[point_signs(network, region.point[None])[0] == 0])
    if not everywhere or not len(zero):
        return zero
    if (flat := flat_of(region)) is not None:
        return np.array(flat.pairs(vanishing(within(region), everywhere=True)), dtype=np.int64).reshape(-1, 2)
    source = rows_on(network)
    nothing = [not any(source.rows(layer, bits)[neuron]) for layer, neuron in zero.tolist()]
    return np.asarray(zero[np.array(nothing, dtype=bool)])
