"""Vector instructions against numpy."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens.engines._kernels import lanes

FLOATS = st.floats(-(2.0**20), 2.0**20, allow_subnormal=False)


@numba.njit
def add(to, f, k, at, source, start, factor):
    lanes.add_scaled(to, f, k, at, source, start, factor)


@numba.njit
def add_size(to, f, k, at, source, start, factor):
    lanes.add_scaled_size(to, f, k, at, source, start, factor)


@numba.njit
def compare(rows, layer, at, sure, spread, x, y, radius):
    return lanes.compare(rows, layer, at, sure, spread, x, y, radius)


@pytest.mark.parametrize(("kernel", "size"), [(add, lambda v: v), (add_size, np.abs)])
def test_sums_of_eight_touch_nothing_else(kernel, size):
    rng = np.random.default_rng(0)
    to, source = rng.normal(size=(2, 3, 24)), rng.normal(size=40)
    expected = to.copy()
    expected[1, 2, 8:16] += 0.75 * size(source[16:24])
    kernel(to, 1, 2, 8, source, 16, 0.75)
    assert np.allclose(to, expected, rtol=1e-15, atol=0)
    untouched = np.ones(to.shape, dtype=bool)
    untouched[1, 2, 8:16] = False
    assert (to[untouched] == expected[untouched]).all()


@given(seed=st.integers(0, 99), x=FLOATS, y=FLOATS, radius=st.sampled_from([0.0, 2.0**-10, 1.0, np.inf]))
def test_signs_are_those_beyond_the_bound(seed, x, y, radius):
    rng = np.random.default_rng(seed)
    rows, sure = rng.integers(-4, 5, size=(2, 3, 16)).astype(float), np.full((2, 16), 2.0**-20)
    spread = np.abs(rows[:, 0]) + np.abs(rows[:, 1])
    found = int(compare(rows, 1, 8, sure, spread, x, y, radius))
    a, b, c = rows[1, :, 8:]
    with np.errstate(invalid="ignore"):
        value, bound = a * x + (b * y + c), spread[1, 8:] * radius + sure[1, 8:]
        clear = ~(np.abs(np.abs(value) - bound) <= 1e-12 * (np.abs(a * x) + np.abs(b * y) + 1))
    above, below = (np.array([found >> shift + i & 1 for i in range(8)], dtype=bool) for shift in (0, 8))
    assert (above[clear] == (value > bound)[clear]).all()
    assert (below[clear] == (-value > bound)[clear]).all()
    assert found >> 16 == 0


def test_what_is_no_number_proves_nothing():
    rows, sure, spread = np.zeros((1, 3, 8)), np.zeros((1, 8)), np.zeros((1, 8))
    rows[0, 2] = 1.0
    assert compare(rows, 0, 0, sure, spread, 0.0, 0.0, 0.0) == 255
    assert compare(rows, 0, 0, sure, spread, 0.0, 0.0, np.inf) == 0
    assert compare(rows, 0, 0, sure, spread, np.nan, 0.0, 0.0) == 0
    assert [lanes.padded(n) for n in (0, 1, 8, 9)] == [0, 8, 8, 16]
