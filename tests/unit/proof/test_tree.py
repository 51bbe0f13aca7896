"""The tree that a proof writes, read by plain fractions: multipliers and points inside."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq, fmpz
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import reference
from families import golden
from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import ConsistencyError
from polytope_lens.proof import checker
from polytope_lens.proof.log_chart import log_chart
from polytope_lens.proof.tree import TreeCell, _independent, shortened
from polytope_lens.testing import boxes, networks, simplices

SQUARE, CORNER = Box([-1, -1], [1, 1]), Polytope([[-1, 0], [0, -1]], [1, 1])


def neurons(*rows):
    """A network of one layer with these rows ``[a, c]`` as pre-activations."""
    array = np.array(rows, dtype=float)
    return Lens.from_arrays([array[:, :-1], [[1.0] * len(rows)]], [array[:, -1], [0.0]]).network


def said(word, halfspaces, target, in_box):
    """Whether a step proves that a row is >= 0 where halfspaces are <= 0, by fractions."""
    sign, scale, pairs = re.fullmatch(r"7([-+])(\d?)(.*)", word).groups()
    pairs = re.findall("([A-Z])([0-9a-f]*)", pairs)
    rows = [halfspaces[-1 - "ABCDEFGHIJKL".index(letter)] for letter, _ in pairs]
    if not scale:
        checker.add_up(target, rows)
        return sign
    assert in_box
    total = [v * Fraction(16) ** int(scale) for v in down(target)]
    for (_, digits), row in zip(pairs, rows, strict=True):
        total = [v + int(digits, 16) * h for v, h in zip(total, down(row), strict=True)]
    assert total[-1] >= sum(map(abs, total[:-1]))
    return sign


def down(row):
    """A shortened row as the checker knows it."""
    return checker.shortened(row)


@settings(max_examples=80)
@given(row=st.tuples(*[st.integers(-5, 5)] * 3), cut=st.tuples(*[st.integers(-3, 3)] * 2), in_box=st.booleans())
@example(row=(1, 1, 2), cut=(1, 1), in_box=True)
@example(row=(-2, -2, 2), cut=(1, 1), in_box=False)
def test_multipliers_prove_what_they_say(row, cut, in_box):
    """In the half of a square, or of a corner of the plane, where x a + y b <= 1: a row that does not cut it."""
    domain = SQUARE if in_box else CORNER
    half = [*cut, -1]
    network = neurons(*[[0, 0, -1]] * 6, half, row)
    chart, bits = log_chart(domain, 2), np.zeros(8, bool)
    cell = TreeCell(network, chart).halves(0, 6, bits)[0]
    halfspaces = [[int(v) for v in side] for side in [*chart.sides, half]]
    size = 1 if in_box else 10**6
    around = [[1, 0, -size], [0, 1, -size], [-1, 0, -size], [0, -1, -size]]
    corners = reference.vertices([[Fraction(v) for v in side] for side in halfspaces + around])
    values = [reference.dot([Fraction(v) for v in row], [*x, Fraction(1)]) for x in corners]
    assume(any(row[:2]))
    for on in (True, False):
        if min(values) >= 0 if on else max(values) <= 0:
            word = cell.explanation(0, 7, bits, on=on)
            target = list(row) if on else [-v for v in row]
            assert said(word, halfspaces, target, in_box) == ("+" if on else "-")
        else:
            with pytest.raises(ConsistencyError, match="not to cut a cell that it cuts"):
                cell.explanation(0, 7, bits, on=on)


@settings(max_examples=60)
@given(data=st.data(), d=st.integers(1, 3))
def test_points_are_inside_with_few_digits(data, d):
    network = data.draw(networks(d, max_depth=1, max_width=3))
    chart = log_chart(data.draw(st.one_of(boxes(d), simplices(d), st.none())), d)
    cell = TreeCell(network, chart)
    proposal = np.zeros(d)
    for known in (proposal, None, np.full(d, np.nan), np.full(d, 7.0)):
        word = cell.point_inside(known)
        tree = checker.Tree([], checker.Chart([[0] * (d + 1)] * (d + 1), [], chart.in_box), checker.Budget(0, 9))
        *point, one = tree.point(word)
        assert all(sum(int(a) * v for a, v in zip(row, [*point, one], strict=True)) < 0 for row in chart.sides)
        if chart.in_box and known is proposal and isinstance(chart.box, Box) and len(chart.sides) == 2 * d:
            assert len(word) == d


def test_a_cell_without_interior_has_no_point():
    network = neurons([1, 0, 0], [-1, 0, 0])
    for domain in (SQUARE, CORNER):
        cell = TreeCell(network, log_chart(domain, 2))
        flat = cell.halves(0, 0, np.zeros(2, bool))[0].halves(0, 1, np.zeros(2, bool))[0]
        with pytest.raises(ConsistencyError, match="no interior"):
            flat.point_inside(np.zeros(2))


def test_thin_cells_get_the_digits_that_they_need():
    gap = 2.0**-70
    network = neurons([1, 0, 0], [-1, 0, gap])
    cell = TreeCell(network, log_chart(SQUARE, 2))
    thin = cell.halves(0, 0, np.zeros(2, bool))[1].halves(0, 1, np.zeros(2, bool))[1]
    word = thin.point_inside(np.array([0.0, 0.0]))
    size = len(word) // 2
    assert 0 < 2 * int(word[:size], 16) - 16**size < gap * 16**size


def test_what_is_decided_by_itself_needs_no_word():
    network = neurons([0, 0, 0], [0, 0, 1], [1, 1, 2], [1, 1, 1], [1, 1, -3])
    bits = np.zeros(5, bool)
    assert TreeCell(network, log_chart(SQUARE, 2)).undecided(0, bits) == [3]
    assert TreeCell(network, log_chart(CORNER, 2)).undecided(0, bits) == [2, 3, 4]
    assert TreeCell(network, log_chart(None, 2)).undecided(0, bits) == [2, 3, 4]


@settings(max_examples=200)
@given(row=st.lists(st.integers(-(2**90), 2**90) | st.integers(-9, 9), min_size=2, max_size=5).filter(any))
def test_shortened_rows_are_at_most_the_rows(row):
    for short in (shortened(row), checker.shortened(row)):
        unit = Fraction(2) ** (max(map(int.bit_length, row)) - 64)
        *slopes, least = [v - s * unit for v, s in zip(row, short, strict=True)]
        assert least >= sum(map(abs, slopes))
        assert max(abs(v) for v in short) <= 2**64 + len(row)
    assert shortened(row)[:-1] == checker.shortened(row)[:-1] and shortened(row)[-1] <= checker.shortened(row)[-1]


def test_dependent_halfspaces_are_left_out():
    rows = [[fmpz(v) for v in row] for row in ([1, 0, -1], [-1, 0, -1], [0, 1, -1], [1, 1, -3])]
    for given_ in ({0: 1, 1: 1}, {0: 3, 1: 1}, {0: 1, 2: 1, 3: 2}):
        found = _independent(rows, {q: fmpq(y) for q, y in given_.items()})
        normals = np.array([[int(v) for v in rows[q][:-1]] for q in found], dtype=float).reshape(-1, 2)
        rank = np.linalg.matrix_rank(normals) if found else 0
        assert rank == len(found) < len(given_)


@pytest.mark.parametrize("domain", [Box([-1] * 3, [1] * 3), None], ids=["box", "space"])
def test_words_are_short(domain, tmp_path):
    """A cut, a point and some explanations for each region."""
    network = golden((3, 6, 6), 1)
    counts = Lens(network).count(domain, proof=tmp_path / "log")
    lines = (tmp_path / "log").read_text().splitlines()
    (n_bytes,) = [int(line.split()[1]) for line in lines if line.startswith("piece")]
    assert n_bytes < (30 if domain else 50) * counts.total


@pytest.mark.parametrize("d", [1, 3])
def test_points_next_to_the_border_of_the_box_are_inside(d, tmp_path):
    """A region narrower than what 64 bits tell from the border."""
    lens = Lens.from_arrays([[[2.0**70] + [0] * (d - 1)], [[1]]], [[-1], [0]])
    assert lens.count(Box([0] * d, [1] * d), proof=tmp_path / "run.proof").total == 2
    assert checker.verify(tmp_path / "run.proof")["proved"]
