"""The neurons that are zero at a point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.exact.points import point_signs
from polytope_lens.exact.rational import integer_matrix
from polytope_lens.exact.rows import ExactRows
from polytope_lens.network import bit_places

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens.region import Region

    Ints = NDArray[np.int64]


def vanishing(region: Region, *, everywhere: bool = False) -> Ints:
    """Neurons whose pre-activation is zero at the region's point, as pairs (layer, neuron), (k, 2); exact.

    Parameters
    ----------
    everywhere : bool
        Only those that are zero on the whole region, as behind a layer that is off. The others, where there are any,
        put the point on the boundary of the region.

    Notes
    -----
    Cost: a forward pass, and milliseconds where there are any. With `everywhere`, an integer matrix product per layer.
    """
    places = np.array(bit_places(region.network), dtype=np.int64).reshape(-1, 2)
    if not everywhere:
        return np.asarray(places[point_signs(region.network, region.point[None])[0] == 0])
    source = ExactRows(region.network, integer_matrix(np.eye(region.network.input_dim + 1)))
    bits = region.pattern.array
    zero = [not any(source.rows(layer, bits)[neuron]) for layer, neuron in places.tolist()]
    return np.asarray(places[np.array(zero, dtype=bool)])
