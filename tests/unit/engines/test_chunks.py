from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from polytope_lens.arithmetic.rational import dot, rationals
from polytope_lens.engines.chunks import counted, trimmed, unit_rows

ENTRIES = st.floats(-8, 8).filter(lambda x: x == 0 or abs(x) > 1e-3)


@given(sides=arrays(float, (4, 3), elements=ENTRIES), u=arrays(float, 2, elements=st.floats(-1, 1)))
def test_unit_rows_are_as_near_to_the_sides_as_they_say(sides, u):
    """Exactly those of the sides, divided by some length, within the bound."""
    scaled, error = unit_rows(sides, np.ones(2))
    for side, row, bound in zip(sides, scaled, error, strict=True):
        point = [*rationals(u), *rationals([1.0])]
        exact, value = dot(rationals(side), point), dot(rationals(row), point)
        if not side[:-1].any():
            assert (row == side).all()
            continue
        largest = int(np.abs(side[:-1]).argmax())
        length = rationals(side)[largest] / rationals(row)[largest]
        assert abs(value - exact / length) <= rationals([bound])[0]
        assert abs(np.linalg.norm(row[:-1]) - 1) < 1e-12


def test_sides_of_a_box_are_exact():
    sides = np.array([[1.0, 0.0, -5.0], [0.0, -1.0, 0.1], [0.0, 0.0, -1.0]])
    scaled, error = unit_rows(sides, np.array([10.0, 10.0]))
    assert (scaled == sides).all()
    assert not error.any()


def test_what_is_trimmed_holds_on_to_little_more():
    array = np.arange(100)
    assert trimmed(array, 90).base is array
    assert trimmed(array, 10).base is None
    assert trimmed(array, 10).tolist() == list(range(10))


def test_a_batch_that_was_counted_holds_nothing():
    chunk = counted(7)
    assert chunk.n_regions == 7
    assert not len(chunk.patterns)
