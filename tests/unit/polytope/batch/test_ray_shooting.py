"""Which row a ray meets first: by the definition, and in fractions where it is said to be proved."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import reference
from polytope_lens.polytope.batch import ray_shooting
from polytope_lens.polytope.batch.statuses import CONSTANT, OPEN

# As Python: what is compiled into the kernels of :mod:`.redundancy` and :mod:`.edge_walk`.
first_hit, is_met_first, note = (
    f.py_func for f in (ray_shooting.first_hit, ray_shooting.is_met_first, ray_shooting.note)
)
NUMBERS = st.one_of(st.integers(-3, 3).map(float), st.floats(-4, 4))


@st.composite
def shots(draw):
    """Rows ``h . v <= 1``, which of them are flat, and a direction."""
    d, m = draw(st.integers(1, 3)), draw(st.integers(1, 6))
    vector = st.lists(NUMBERS, min_size=d, max_size=d)
    rows = np.array([draw(vector) for _ in range(m)])
    known = np.array([draw(st.sampled_from([OPEN, OPEN, CONSTANT])) for _ in range(m)], dtype=np.int8)
    return rows, known, np.array(draw(vector))


@given(shot=shots())
def test_the_greatest_speed_is_met_first(shot):
    rows, known, v = shot
    speed = np.empty(len(rows))
    hit, second = first_hit(np.ascontiguousarray(rows.T), known, v, speed)
    np.testing.assert_allclose(speed, rows @ v, atol=1e-12)
    met = np.where(known == CONSTANT, 0.0, np.maximum(speed, 0.0))
    if hit < 0:
        assert not met.any()
    else:
        assert met[hit] == met.max() and known[hit] != CONSTANT
        assert second == np.delete(met, hit).max(initial=0.0)


@given(shot=shots(), error=st.sampled_from([0.0, 2.0**-40, 2.0**-3]), data=st.data())
def test_what_is_proved_is_so_for_all_rows_within_their_errors(shot, error, data):
    """The point between the two times violates the row that is hit, and no other one."""
    rows, known, v = shot
    m, d = rows.shape
    speed = np.empty(m)
    hit, second = first_hit(np.ascontiguousarray(rows.T), known, v, speed)
    if hit < 0 or not speed[hit] + second > 0:
        return
    length, doubt = np.abs(rows).sum(axis=1), np.full(m, d * error)
    if not is_met_first(np.zeros(m), length, doubt, known, v, speed, hit, second):
        return
    aims = np.full((m, d), np.nan)
    note(aims, hit, v, speed, second)
    assert np.isnan(np.delete(aims, hit, axis=0)).all()
    time = 2 / (Fraction(float(speed[hit])) + Fraction(float(second)))
    point = [time * x for x in reference.fractions(v)]
    np.testing.assert_allclose(aims[hit], [float(x) for x in point], rtol=1e-12)
    for q in np.flatnonzero(known != CONSTANT).tolist():
        moved = [a + data.draw(st.sampled_from([-1, 0, 1])) * Fraction(error) for a in reference.fractions(rows[q])]
        assert (reference.dot(moved, point) > 1) == (q == hit)


def test_two_rows_that_are_met_at_once_are_not_told_apart():
    rows = np.array([[1.0, 0], [0.0, 1], [-1, -1]])
    for v, is_proved in ((np.array([1.0, 1.0]), False), (np.array([1.0, 0.5]), True)):
        speed, known = np.empty(3), np.zeros(3, dtype=np.int8)
        hit, second = first_hit(np.ascontiguousarray(rows.T), known, v, speed)
        assert hit == 0
        length = np.abs(rows).sum(axis=1)
        assert is_met_first(np.zeros(3), length, np.zeros(3), known, v, speed, hit, second) == is_proved


def test_no_points_are_kept_where_nobody_asks():
    aims = np.zeros((0, 2))
    note(aims, 0, np.ones(2), np.ones(1), 0.0)
    assert aims.shape == (0, 2)
