"""The tree that a proof writes, read by plain fractions: cuts, multipliers and points inside."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpz
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from polytope_lens import Box, Lens, Polytope
from polytope_lens.engines.charts import pieces
from polytope_lens.errors import ConsistencyError
from polytope_lens.proof.tree import _Cell, _chart_point, _unit_floats, prove_empty, prove_tree, sides
from polytope_lens.testing import boxes, networks, simplices


class Lines(list):
    """A log that keeps its lines as words."""

    def write(self, *words):
        self.append(" ".join(map(str, words)).split())


def combination(target, rows, words, box):
    """What is left of ``scale * target`` less multiples of rows, at its greatest in a box; it should be <= 0."""
    scale, *pairs = words
    rest = [v * int(scale, 16) for v in target]
    for q, y in zip(pairs[::2], pairs[1::2], strict=True):
        assert int(y, 16) >= 0
        rest = [v - int(y, 16) * w for v, w in zip(rest, rows[int(q)], strict=True)]
    assert int(scale, 16) > 0
    *gradient, constant = rest
    if box is None:
        assert not any(gradient)
        return constant
    low, high = (reference.fractions(side) for side in (box.lower, box.upper))
    return constant + sum(a * (h if a > 0 else lo) for a, lo, h in zip(gradient, low, high, strict=True))


@settings(max_examples=30)
@given(data=st.data(), d=st.integers(1, 3))
def test_the_leaves_are_the_regions(data, d):
    network = data.draw(networks(d, max_depth=2, max_width=3))
    domain = data.draw(st.one_of(boxes(d), simplices(d)))
    (chart,) = pieces(domain, d)
    log, ticks = Lines(), []
    prove_tree(log, network, chart, domain if isinstance(domain, Box) else chart.box, ticks.append)
    points = [[int(word, 16) for word in words] for keyword, *words in log if keyword == "in"]
    found = set()
    for w, *y in points:
        x = [Fraction(v, w) for v in y]
        assert Polytope(domain.A, domain.b).contains([[float(v) for v in x]]).all()
        found.add(tuple(bits_at(network, x)))
    partition = Lens(network).partition(domain)
    assert found == set(map(tuple, partition.patterns().tolist()))
    assert len(points) == sum(ticks) == len(partition)
    assert sum(keyword == "cut" for keyword, *_ in log) == len(partition) - 1


def bits_at(network, x):
    """The pattern at a point of fractions; a neuron that is zero there is off."""
    hidden, bits = x, []
    for layer in network.layers:
        after = []
        for w, b, low, high, cuts in zip(
            layer.weight, layer.bias, layer.negative_slope, layer.positive_slope, layer.cuts, strict=True
        ):
            z = reference.dot(reference.fractions(w), hidden) + Fraction(float(b))
            after.append(Fraction(float(high if z > 0 else low)) * z)
            bits += [z > 0] if cuts else []
        hidden = after
    return bits


SQUARE = Box([-1, -1], [1, 1])


@settings(max_examples=80)
@given(row=st.tuples(*[st.integers(-5, 5)] * 3), cut=st.tuples(*[st.integers(-3, 3)] * 2), with_box=st.booleans())
def test_multipliers_prove_what_they_say(row, cut, with_box):
    """In the half of a square where x a + y b <= 1: a row that is positive, or not, in all of it, or refused."""
    (chart,) = pieces(SQUARE, 2)
    half = [fmpz(v) for v in (*cut, -1)]
    cell = _Cell(chart, SQUARE if with_box else None).half(half)
    rows = [[int(v) for v in row] for row in [*sides(chart), half]]
    corners = reference.vertices([[Fraction(v) for v in row] for row in rows])
    values = [reference.dot([Fraction(v) for v in row], [*x, Fraction(1)]) for x in corners]
    for on in (True, False):
        if min(values) >= 0 if on else max(values) <= 0:
            verdict, j, *words = " ".join(map(str, cell.explain(7, [fmpz(v) for v in row], on=on))).split()
            assert (verdict, j) == ("on" if on else "off", "7")
            target = [-v for v in row] if on else row
            assert combination(target, rows, words, SQUARE if with_box else None) <= 0
        else:
            with pytest.raises(ConsistencyError, match="neuron 7 was said to be"):
                cell.explain(7, [fmpz(v) for v in row], on=on)


def test_points_inside_are_the_proposal_or_better():
    (chart,) = pieces(SQUARE, 2)
    cell = _Cell(chart, SQUARE)
    assert cell.point_inside([fmpz(1), fmpz(0), fmpz(3)]) == [3, 1, 0]
    for outside in (None, [fmpz(3), fmpz(0), fmpz(3)], [fmpz(9), fmpz(0), fmpz(3)]):
        w, *y = cell.point_inside(outside)
        assert w > 0 and max(map(abs, y)) < w
    flat = cell.half([fmpz(1), fmpz(0), fmpz(0)]).half([fmpz(-1), fmpz(0), fmpz(0)])
    with pytest.raises(ConsistencyError, match="no interior"):
        flat.point_inside(None)


def test_points_in_charts_of_the_whole_plane():
    for chart in pieces(None, 2):
        u = np.array([0.25, 0.5])
        *x, t = (chart.matrix @ np.append(u, 1.0)).tolist()
        if t <= 0:
            continue
        *y, w = _chart_point(chart, np.array(x) / t)
        assert [Fraction(int(v), int(w)) for v in y] == u.tolist()
    assert _chart_point(chart, np.array([np.nan, 0])) is None


@pytest.mark.parametrize("row", [[3, -4, 1], [10**300, 1, -(10**300)], [0, 0, 5], [1, 0, 0]])
def test_rows_as_floats_times_a_power_of_two(row):
    exponent, floats = _unit_floats([fmpz(v) for v in row])
    if not any(row[:-1]):
        assert (exponent, floats.tolist()) == (0, [0, 0, -1])
        return
    assert 0.5 <= np.abs(floats[:-1]).max() <= 1
    for v, f in zip(row, floats.tolist(), strict=True):
        assert Fraction(f) * 2**exponent == pytest.approx(v, rel=2.0**-52)


def test_an_empty_chart_gets_its_contradiction():
    """A strip reaches infinity on two sides of five."""
    strip = Polytope([[1, 0], [-1, 0]], [1, 1])
    charts = [chart for chart in pieces(strip, 2) if not Polytope(chart.A, chart.b).has_interior]
    assert charts
    for number, chart in enumerate(charts):
        log = Lines()
        prove_empty(log, number, chart)
        ((keyword, at, verdict, *pairs),) = log
        assert (keyword, int(at), verdict) == ("chart", number, "empty")
        rows = sides(chart)
        at, multipliers = [int(q) for q in pairs[::2]], [int(y, 16) for y in pairs[1::2]]
        *gradient, constant = (np.array(multipliers) @ np.array([[int(v) for v in rows[q]] for q in at])).tolist()
        assert not any(gradient) and constant >= 0
        assert min(multipliers) >= 0 and max(multipliers) > 0
    (square,) = pieces(SQUARE, 2)
    with pytest.raises(ConsistencyError, match="left out although it is not empty"):
        prove_empty(Lines(), 0, square)
