"""Facets in the plane against linear programs, in sets with ties: parallel sides, sides through a corner, open ends."""

from __future__ import annotations

from flint import fmpz
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens.polytope.facets import _Clarkson, distinct
from polytope_lens.polytope.planar_facets import planar_facets

SMALL = st.integers(-3, 3)
ROWS = st.lists(st.tuples(SMALL, SMALL, st.integers(-4, -1)), min_size=1, max_size=9)


@given(ROWS)
def test_against_linear_programs(rows):
    exact = [[fmpz(v) for v in row] for row in rows]
    groups = list(distinct(exact).values())
    chosen = [exact[members[0]] for members in groups]
    slack = [-row[-1] for row in chosen]
    inside = [fmpz(0), fmpz(0), fmpz(1)]
    bent = [i for i, row in enumerate(chosen) if any(row[:-1])]
    expected = _Clarkson([chosen[i] for i in bent], inside, [slack[i] for i in bent]).facets(set()) if bent else set()
    assert planar_facets(chosen, slack) == {bent[i] for i in expected}


def test_slivers_and_huge_numbers():
    """Sides that differ in the last of many digits: the farther one is implied."""
    for size in (1, 2**200):
        near = [fmpz(size), fmpz(1), fmpz(-size)]
        far = [fmpz(size), fmpz(1), fmpz(-size - 1)]
        rows = [near, far, [fmpz(-1), fmpz(0), fmpz(-1)], [fmpz(0), fmpz(0), fmpz(-1)]]
        assert planar_facets(rows, [-row[-1] for row in rows]) == {0, 2}
