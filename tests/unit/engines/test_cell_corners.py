"""How states begin that know cells by their corners, and the exact answers to what they ask."""

from __future__ import annotations

import numpy as np
import pytest

from families import generic
from polytope_lens import Box, Lens
from polytope_lens.engines._kernels.packed_network import packed
from polytope_lens.engines.cell_corners import next_width, shared_parts
from polytope_lens.engines.charts import charts
from polytope_lens.engines.chunks import first_rows


def test_a_state_begins_with_the_rows_of_the_first_layer():
    network = generic(5, 2)
    (chart,) = charts(Box([-1, -1], [1, 1]), 2)
    net = packed(network, chart.matrix, np.ones(2), want_maps=True)
    parts = shared_parts(network, chart, net, frames=4, n_points=30, n_lines=9, n_sides=4)
    assert (parts["layers"].rows[0, :, :5] == first_rows(network, chart).T).all()
    assert parts["frames"].rows.shape == (4, 4, next_width(net))
    assert (len(parts["points"].position), len(parts["lines"].row)) == (30, 9)
    assert (len(parts["hashes"].on), len(parts["hashes"].zero)) == (5, 9)
    assert (parts["frames"].layer == -1).all()
    assert not parts["points"].signs.any()


@pytest.mark.parametrize("d", [2, 3])
def test_what_passes_through_one_corner_is_decided_exactly(d):
    """All hyperplanes meet in one point, or miss it by rounding; the last one is the sum of the others."""
    rng = np.random.default_rng(d)
    weight = rng.integers(-9, 10, size=(d + 1, d)).astype(float)
    weight[-1] = weight[:-1].sum(axis=0)
    bias = -weight[:, 0] * 0.1  # through (0.1, 0, ...), but for rounding
    lens = Lens.from_arrays([weight, np.ones((1, d + 1))], [bias, [0.0]])
    found, exact = (lens.partition(Box([-1] * d, [1] * d), engine) for engine in ("auto", "brute"))
    assert (found.packed_patterns == exact.packed_patterns).all()


def test_a_corner_on_a_line_is_counted_as_decided_in_rationals():
    """The third line passes through the corner of the first two."""
    lens = Lens.from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]], [[0, 0, 0], [0]])
    counts = lens.count(Box([-1, -1], [1, 1]), "subdivide")
    assert counts.total == 6
    assert counts.certificate.rational > 0
