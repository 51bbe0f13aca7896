"""Tiny integer networks, made to be degenerate, by the hundred: engines against rational arithmetic of two kinds.

`pytest -m long` looks at tens of thousands, other ones every time.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytope_lens import Box, Lens
from polytope_lens.testing import assert_same_regions
from reference import planar_patterns

SMALL = st.integers(-2, 2)


@st.composite
def degenerate(draw, d, max_depth, max_width):
    """Weights and biases in -2 ... 2, so that lines repeat, are parallel, meet, and vanish on whole regions."""
    widths = [d, *draw(st.lists(st.integers(1, max_width), min_size=1, max_size=max_depth)), 1]
    weights, biases = [], []
    for fan_in, n in pairwise(widths):
        numbers = draw(st.lists(SMALL, min_size=n * (fan_in + 1), max_size=n * (fan_in + 1)))
        rows = np.array(numbers, dtype=float).reshape(n, fan_in + 1)
        weights.append(rows[:, :-1])
        biases.append(rows[:, -1])
    return Lens.from_arrays(weights, biases, draw(st.sampled_from([0.0, 0.0, 0.5, -1.0, 1.0])))


def check_plane(lens, bounded):
    box = Box([-2, -1], [1, 2]) if bounded else None
    corners = [(Fraction(x), Fraction(y)) for x, y in ((-2, -1), (1, -1), (1, 2), (-2, 2))] if bounded else None
    wanted = planar_patterns(lens.network, corners)
    for engine in ("subdivide", "split"):
        found = lens.partition(box, engine=engine)
        assert {tuple(bits) for bits in found.patterns().tolist()} == wanted
        assert len(found) == len(wanted)
        per_layer = [len({bits[:stop] for bits in wanted}) for stop in np.cumsum(lens.network.bits_per_layer)]
        assert found.counts_per_layer.tolist() == per_layer


def check_against_brute(lens, bounded):
    d = lens.network.input_dim
    box = Box([-2] * d, [1] * d) if bounded else None
    exact = lens.partition(box, engine="brute")
    for engine in ("split", "polyhedra") if d == 3 else ("split",):
        assert_same_regions(lens.partition(box, engine=engine), exact)


@pytest.mark.parametrize(("bounded", "n"), [(True, 500), (False, 150)], ids=["box", "plane"])
def test_planar_regions_are_those_of_plain_fractions(bounded, n):
    settings(max_examples=n)(given(degenerate(2, 3, 4))(lambda lens: check_plane(lens, bounded)))()


@pytest.mark.parametrize("bounded", [True, False], ids=["box", "space"])
@pytest.mark.parametrize(("d", "depth", "width", "n"), [(1, 4, 4, 250), (3, 2, 4, 120), (4, 2, 3, 40)])
def test_regions_are_those_of_rational_programs(d, depth, width, n, bounded):
    settings(max_examples=n)(given(degenerate(d, depth, width))(lambda lens: check_against_brute(lens, bounded)))()


@pytest.mark.long
@pytest.mark.parametrize("bounded", [True, False], ids=["box", "space"])
@pytest.mark.parametrize(
    ("d", "depth", "width", "n"), [(1, 5, 4, 6000), (2, 4, 5, 12000), (3, 3, 4, 4000), (4, 2, 4, 1000)]
)
def test_many_more_regions(d, depth, width, n, bounded):
    check = check_plane if d == 2 else check_against_brute
    once = settings(max_examples=n, derandomize=False, database=None)
    once(given(degenerate(d, depth, width))(lambda lens: check(lens, bounded)))()
