"""Hypothesis strategies and assertions, for the tests of anything built on this library as much as for its own.

The strategies make small networks on which geometry goes wrong most easily: dead, repeated, negated, scaled and
parallel neurons, zero biases, layers that only carry values, layers of one neuron, slopes of every kind, nothing hidden
at all. Failing examples print as code that can be pasted into a test.

The assertions state laws that every partition obeys, and check them in rational arithmetic wherever that is possible,
by roads that no engine takes. `assert_partition` checks them all. Each raises `AssertionError` with a
counterexample.

>>> from polytope_lens import Box, Lens
>>> lens = Lens.from_arrays([[[1, -1], [0, 1]], [[1, 1]]], [[0, 0], [0]])
>>> assert_partition(lens.partition(Box([-1, -1], [1, 1])))
"""

from polytope_lens.errors import require

require("hypothesis", extra="testing", purpose="polytope_lens.testing")

from polytope_lens.testing.laws import (  # noqa: E402
    assert_counts,
    assert_embedded,
    assert_maps_agree,
    assert_neighbors_symmetric,
    assert_partition,
    assert_patterns_found,
    assert_points_located,
    assert_same_regions,
    assert_volumes_add_up,
    assert_witnesses_inside,
    sample_points,
)
from polytope_lens.testing.polygons import assert_corners_true, assert_valid_coverage  # noqa: E402
from polytope_lens.testing.solids import assert_solids_true  # noqa: E402
from polytope_lens.testing.strategies import (  # noqa: E402
    boxes,
    domains,
    flat_boxes,
    network_code,
    networks,
    points_in,
    simplices,
)

__all__ = [
    "assert_corners_true",
    "assert_counts",
    "assert_embedded",
    "assert_maps_agree",
    "assert_neighbors_symmetric",
    "assert_partition",
    "assert_patterns_found",
    "assert_points_located",
    "assert_same_regions",
    "assert_solids_true",
    "assert_valid_coverage",
    "assert_volumes_add_up",
    "assert_witnesses_inside",
    "boxes",
    "domains",
    "flat_boxes",
    "network_code",
    "networks",
    "points_in",
    "sample_points",
    "simplices",
]
