"""The polygons that a proof lists tile their chart, with corners in whole numbers."""

from __future__ import annotations

from fractions import Fraction
from math import gcd

import pytest
from flint import fmpz
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import golden
from polytope_lens import Box, Lens, Polytope
from polytope_lens.engines.charts import pieces
from polytope_lens.proof.plane import _crossing, pattern_number, prove_plane
from polytope_lens.testing import boxes, networks, simplices


class Lines(list):
    """A log that keeps its lines as words."""

    def write(self, *words):
        self.append(" ".join(map(str, words)).split())


def proved(network, domain):
    """Corners and polygons of the only chart of a bounded domain, and how many regions were told of."""
    log, ticks = Lines(), []
    (chart,) = pieces(domain, network.input_dim)
    prove_plane(log, network, chart, ticks.append)
    corners, polygons = [], []
    for keyword, *words in log:
        if keyword == "v":
            corners.append(tuple(int(word, 16) for word in words))
        else:
            assert keyword == "r"
            polygon = [int(word) for word in words[1:]]
            assert max(polygon) < len(corners)  # corners come before the first region that has them
            polygons.append((int(words[0], 16), polygon))
    return corners, polygons, sum(ticks)


@settings(max_examples=40)
@given(network=networks(2, max_depth=3, max_width=3), domain=st.one_of(boxes(2), simplices(2)))
def test_polygons_are_the_regions_with_their_exact_corners(network, domain):
    corners, polygons, told = proved(network, domain)
    partition = Lens(network).partition(domain)
    assert told == len(polygons) == len(partition)
    points = [(Fraction(x, w), Fraction(y, w)) for x, y, w in corners]
    assert all(w > 0 and gcd(x, y, w) == 1 for x, y, w in corners)
    assert len(set(points)) == len(points)
    numbers = [pattern_number(bits) for bits in partition.patterns()]
    found = dict(polygons)
    assert sorted(found) == sorted(numbers)
    area = Fraction(0)
    for i, number in enumerate(numbers):
        ring = [points[k] for k in found[number]]
        assert sorted(ring) == sorted(reference.tuples(partition.vertices(i, exact=True)))
        area += reference.polygon_moments(ring)[0]
    assert area == reference.polygon_moments(reference.tuples(Polytope(domain.A, domain.b).vertices(exact=True)))[0]


def test_corners_of_several_regions_are_written_once():
    corners, polygons, _ = proved(golden((2, 4, 4), 1), Box([-2, -2], [2, 2]))
    mesh = Lens(golden((2, 4, 4), 1)).partition(Box([-2, -2], [2, 2])).mesh
    assert len(corners) == len(mesh.points) < sum(len(polygon) for _, polygon in polygons) == len(mesh.corners)


@given(rows=st.lists(st.tuples(*[st.integers(-9, 9)] * 3), min_size=2, max_size=2))
def test_crossings_are_solutions_in_lowest_terms(rows):
    (a, b, _), (p, q, _) = rows
    if a * q == b * p:
        return
    x, y, w = (int(v) for v in _crossing(*[[fmpz(v) for v in row] for row in rows]))
    assert w > 0 and gcd(x, y, w) == 1
    assert all(row[0] * x + row[1] * y + row[2] * w == 0 for row in rows)


@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 64, 65])
def test_patterns_are_numbers_with_the_first_bit_highest(n):
    import numpy as np

    bits = np.random.default_rng(n).random(n) < 0.5
    assert pattern_number(bits) == int("0" + "".join("1" if bit else "0" for bit in bits), 2)
