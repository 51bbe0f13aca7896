"""Facets on the sides of a box, where an engine lists what lies on a side.

A side is a flat box, and the network has regions there. Let no two rows of a region of the whole box say the same, be
they neurons' or sides', and no neuron be zero on it. Then the region has a facet on a side if and only if its pattern
is that of a region on the side: at a point inside the facet all neurons have the signs of the pattern, and where all
have them on the side, they have them beside it, too.

There are as many regions on the sides as facets, so this takes about as long for each as the partition did, where
asking the rows of a region takes as long for each side, be it a facet or not. Engines are in a room above; so whoever
makes a partition tells it who lists patterns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._kept import answers
from polytope_lens.domain import Box
from polytope_lens.network.pattern import find

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytope_lens._types import Floats, Ints, Words
    from polytope_lens.partition.partition import Partition


def let_list(partition: Partition, patterns_in: Callable[[Box], Words]) -> None:
    """Tell a partition of a box who lists the packed patterns of the network's regions in a flat box."""
    answers(partition)[let_list] = patterns_in


def listed(partition: Partition, sides: Floats) -> tuple[Ints, Ints] | None:
    """Regions whose patterns lie on some sides ``a . x + c <= 0`` of a box, (k, d + 1): which, and on which side.

    None where nobody lists them, in domains that are no boxes, and on the line, where sides are points.
    """
    patterns_in: Callable[[Box], Words] | None = answers(partition).get(let_list)
    domain = partition.domain
    if patterns_in is None or not isinstance(domain, Box) or domain.dim < 2:
        return None
    regions: list[Ints] = [np.zeros(0, dtype=np.int64)]
    sizes = []
    for normal in sides[:, :-1]:
        axis = int(np.flatnonzero(normal)[0])
        lower, upper = domain.lower.copy(), domain.upper.copy()
        lower[axis] = upper[axis] = upper[axis] if normal[axis] > 0 else lower[axis]
        found = find(partition.packed_patterns, patterns_in(Box(lower, upper)))
        # A pattern with a neuron that is zero on the side may be that of no region.
        regions.append(found[found >= 0])
        sizes.append(len(regions[-1]))
    return np.concatenate(regions), np.repeat(np.arange(len(sides)), sizes)
