"""Bounds on volumes hold the exact ones."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from families import generic, golden
from polytope_lens import Box, Lens
from polytope_lens.arithmetic.rational import fraction
from polytope_lens.polyhedral_complex.volume_bounds import exact_volumes, volume_bounds
from polytope_lens.testing import boxes, networks


def assert_bounded(partition):
    lower, upper = volume_bounds(partition)
    exact = [fraction(v) for v in map(exact_volumes(partition), range(len(partition)))]
    for low, high, value, region in zip(lower.tolist(), upper.tolist(), exact, partition, strict=True):
        assert value == region.volume(exact=True)
        assert 0 <= Fraction(low) <= value and (high == np.inf or value <= Fraction(high))
    return lower, upper


@settings(max_examples=25)
@given(data=st.data())
def test_exact_volumes_are_between_the_bounds(data):
    d = data.draw(st.integers(1, 3))
    network = data.draw(networks(d, max_depth=3 if d < 3 else 2, max_width=3))
    assert_bounded(Lens(network).partition(data.draw(boxes(d))))


@pytest.mark.parametrize(
    ("network", "tightness"),
    [(golden((2, 4, 4), 1), 1e-11), (generic(4, 3), 1e-10), (generic(3, 4), 1e-14), (generic(4, 1), 1e-14)],
    ids=["plane", "space", "beyond", "line"],
)
def test_bounds_are_tight(network, tightness):
    d = network.input_dim
    partition = Lens(network).partition(Box([-1] * d, [1] * d))
    lower, upper = assert_bounded(partition)
    assert (upper - lower).max() < tightness
    assert ((lower <= partition.volumes()) & (partition.volumes() <= upper)).all()
