"""Laws of paths, on networks that are mostly degenerate and on generic ones."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens import Box, Lens
from polytope_lens.testing import networks, points_in

SMALL = networks(st.integers(1, 3))


def ends(network, n=2):
    d = network.input_dim
    return points_in(Box(-2 * np.ones(d), 2 * np.ones(d)), n)


@given(network=SMALL, data=st.data())
def test_a_path_back_crosses_the_same_regions(network, data):
    x, y = data.draw(ends(network))
    there, back = Lens(network).path(x, y), Lens(network).path(y, x)
    assert there.packed_patterns.tolist() == back.packed_patterns.tolist()[::-1]
    assert there.exact_breakpoints().tolist() == [1 - t for t in reversed(back.exact_breakpoints())]
    assert there.flips == back.flips[::-1]


@given(network=SMALL, data=st.data(), parts=st.lists(st.integers(1, 15), max_size=4, unique=True))
def test_stops_on_the_way_change_nothing(network, data, parts):
    """The points of the grid between two of its points are floats, so that the path through them is the same set."""
    x, y = np.round(8 * data.draw(ends(network))) / 8
    shares = [0, *(k / 16 for k in sorted(parts)), 1]
    straight, stopping = Lens(network).path(x, y), Lens(network).path(*(x + t * (y - x) for t in shares))
    if (x != y).any():
        assert straight.packed_patterns.tolist() == stopping.packed_patterns.tolist()
        exact = [Fraction(t) for t in shares]
        for t, s in zip(straight.exact_breakpoints(), stopping.exact_breakpoints(), strict=True):
            segment = min(int(s), len(exact) - 2)
            assert t == exact[segment] + (s - segment) * (exact[segment + 1] - exact[segment])


@given(network=SMALL, data=st.data())
def test_a_path_is_cut_where_the_slice_along_it_is_cut(network, data):
    x, y = data.draw(ends(network).filter(lambda X: (X[0] != X[1]).any()))
    line = Lens(network).slice(x, y)
    path = Lens(network).path(x, y)
    assert line.count(Box([0], [1])).total == len(path)
    assert line.path([0], [1]).exact_breakpoints().tolist() == path.exact_breakpoints().tolist()


@given(network=networks(1, max_depth=4), box=st.sampled_from([(-1.0, 1.0), (0.0, 4.0), (-0.25, 64.0)]))
def test_a_path_through_an_interval_crosses_all_its_regions(network, box):
    path = Lens(network).path([box[0]], [box[1]])
    partition = Lens(network).partition(Box([box[0]], [box[1]]))
    assert sorted(path.patterns().tolist()) == partition.patterns().tolist()


@pytest.mark.parametrize("widths", [(2, 30, 30, 30, 1), (3, *[10] * 12, 1), (50, 40, 40, 2)], ids=str)
def test_midpoints_lie_in_the_regions_crossed(widths):
    rng = np.random.default_rng(len(widths))
    weights = [rng.standard_normal((n, m)) * np.sqrt(2 / m) for m, n in pairwise(widths)]
    lens = Lens.from_arrays(weights, [0.3 * rng.standard_normal(n) for n in widths[1:]], negative_slope=0.01)
    path = lens.path(*rng.standard_normal((3, widths[0])))
    ends = np.concatenate([[0], path.breakpoints, [2]])
    assert len(path) > 20 and np.diff(ends).min() > 1e-9
    assert (lens.patterns(path.embed((ends[1:] + ends[:-1]) / 2)) == path.patterns()).all()
    assert all(len(flips) == 1 for flips in path.flips)
    assert path.lengths.sum() == pytest.approx(path.length)
