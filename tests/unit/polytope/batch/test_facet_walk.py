"""When multipliers prove that a row is implied: cases by hand, and in fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens.polytope.batch import facet_walk
from polytope_lens.polytope.batch.facet_walk import redundancy_work

SQUARE = [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]


@pytest.fixture(autouse=True)
def as_python(monkeypatch):
    """What is compiled into the kernel of :mod:`.redundancy`, as Python."""
    monkeypatch.setattr(facet_walk, "_multiplier_error", facet_walk._multiplier_error.py_func)


def is_implied(rows, q, basis, multipliers, extent=np.inf, error=0.0, central=False):
    """Whether rows of the basis times multipliers prove row q implied; their inverse is that of the basis."""
    rows = np.array(rows)
    m, d = rows.shape
    work = redundancy_work(m, d)
    work.basis[:] = basis
    work.multiplier[:] = multipliers
    chosen = rows[[max(b, 0) for b in basis]]
    if abs(np.linalg.det(chosen)) > 0:
        work.inverse[:] = np.linalg.inv(chosen)
    bound, extents = np.full(rows.shape, error), np.full(d, extent)
    return bool(facet_walk._is_implied.py_func(rows, bound, np.zeros(m), extents, np.full(m, central), q, work))


@pytest.mark.parametrize(
    ("row", "basis", "multipliers", "options", "expected"),
    [
        ([0.25, 0.25], [0, 2], [0.25, 0.25], {}, True),
        # A row that touches is no facet, but this proof does not reach so far.
        ([0.5, 0.5], [0, 2], [0.5, 0.5], {}, False),
        # Nor does it where one multiplier is missing and the polytope may have no end; in a bounded one it does.
        ([0.5, 0.0], [0, 2], [0.5, 0.0], {}, False),
        ([0.5, 0.0], [0, 2], [0.5, 0.0], {"extent": 1.0}, True),
        # What is left over is charged at the extent.
        ([0.5, 0.125], [0, -1], [0.5, 0.0], {"extent": 1.0}, True),
        ([0.5, 0.625], [0, -1], [0.5, 0.0], {"extent": 1.0}, False),
        ([0.25, 0.25], [0, 2], [0.25, 0.25], {"error": 0.5}, False),
        # Rows through one point need not add up to less than 1.
        ([0.5, 0.5], [0, 2], [0.5, 0.5], {"central": True}, True),
        ([1.5, 1.5], [0, 2], [1.5, 1.5], {"central": True}, True),
    ],
)
def test_by_hand(row, basis, multipliers, options, expected):
    assert is_implied([*SQUARE, row], 4, basis, multipliers, **options) is expected


@given(
    rows=st.lists(st.lists(st.floats(-4, 4, width=32), min_size=2, max_size=2), min_size=3, max_size=3),
    slip=st.floats(-0.25, 0.25),
)
def test_what_is_proved_is_true(rows, slip):
    """Without an extent, the exact multipliers of the two rows are positive and add up to less than 1."""
    (a, b), (c, d) = ([Fraction(v) for v in row] for row in rows[:2])
    det = a * d - b * c
    if not det:
        return
    x, y = (Fraction(v) for v in rows[2])
    exact = [(x * d - y * c) / det, (a * y - b * x) / det]
    multipliers = [float(v) + slip for v in exact]
    if is_implied(rows, 2, [0, 1], multipliers):
        assert min(exact) > 0 and sum(exact) < 1
