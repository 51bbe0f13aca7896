"""Places on a segment in double-double, put in order as their fractions are."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st

import reference
from families import random_deep, sparsely
from polytope_lens.arithmetic.signs import UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.path.breakpoints import END, Exact, Knots, _value, between, ends, in_order, joined, rounded

# Coarse numbers, and some that differ from these by less than a float, or a double-double, can tell.
NUMBERS = st.builds(
    lambda k, sign, e: min(max(Fraction(k, 12) + sign * Fraction(1, 2**e), Fraction(0)), Fraction(1)),
    st.integers(0, 12), st.sampled_from([0, 0, 1, -1]), st.sampled_from([20, 60, 107, 160, 400]),
)  # fmt: skip

FLOATS = st.floats(-9, 9)


def double_double(values, slack=0.0):
    """Each as ``high + low``, with a bound on its error that is true, or larger."""
    high = np.array([float(v) for v in values])
    low = np.array([float(v - Fraction(h)) for v, h in zip(values, high.tolist(), strict=True)])
    return high, low, UNIT_ROUNDOFF * np.abs(low) + UNDERFLOW_GUARD + slack


@pytest.mark.parametrize("slack", [0.0, 2.0**-70, 2.0**-60, np.inf])
@given(values=st.lists(st.tuples(st.integers(0, 2), NUMBERS), max_size=8))
def test_the_order_is_that_of_fractions(slack, values):
    piece = np.array([p for p, _ in values], dtype=np.int64)
    exact = [v for _, v in values]
    order, apart = in_order(
        piece, *double_double(exact, slack), lambda i: fmpq(exact[i].numerator, exact[i].denominator)
    )
    found = [values[i] for i in order.tolist()]
    assert sorted(order.tolist()) == list(range(len(values)))
    assert found == sorted(values)
    assert apart.tolist() == [i == 0 or found[i] != found[i - 1] for i in range(len(found))]


def test_fractions_are_asked_only_where_floats_leave_it_open():
    exact = [Fraction(1, 2), Fraction(3, 4), Fraction(1, 4), Fraction(1, 4) + Fraction(1, 2**120), Fraction(1, 3)]
    asked = []

    def root(i):
        asked.append(i)
        return fmpq(exact[i].numerator, exact[i].denominator)

    high, low, error = double_double(exact)
    error[1] = 2.0**-60
    order, apart = in_order(np.zeros(5, dtype=np.int64), high, low, error, root)
    assert order.tolist() == [2, 3, 4, 0, 1]
    assert apart.all()
    assert set(asked) == {1, 2, 3}
    assert error[1] < 2.0**-64  # it was written down


@given(values=st.lists(NUMBERS, min_size=1, max_size=6), segment=st.sampled_from([0, 1, 7, 2**20]))
def test_roundings_that_are_proved_are_right(values, segment):
    high, low, error = double_double(values)
    knots = Knots(high, low, error, np.zeros(len(high), dtype=np.int64), np.zeros(len(high), dtype=np.int64))
    found, proved = rounded(knots, segment)
    for value, number, is_proved in zip(values, found.tolist(), proved.tolist(), strict=True):
        assert abs(Fraction(number) - segment - value) <= Fraction(float(np.spacing(max(number, 1.0))))
        assert not is_proved or number == float(segment + value)
    assert not rounded(knots._replace(error=np.ones(len(high))), segment)[1].any()


def test_parts_of_a_segment_are_joined_to_the_whole():
    knots = Knots(np.array([0, 0.25, 0.5, 1]), *np.zeros((2, 4)), np.array([END, 0, 1, END]), np.array([0, 3, 2, 1]))
    for i in range(1, 3):
        for one, other in zip(joined(between(knots, 0, i + 1), between(knots, i, 4)), knots, strict=True):
            assert one.tolist() == other.tolist()
    assert ends().high.tolist() == [0, 1]


@pytest.mark.parametrize("form", [lambda network: network, sparsely], ids=["dense", "sparse"])
def test_roots_and_signs_are_those_of_fractions(form):
    network = random_deep((3, 5, 4), 3, 0.1)
    rng = np.random.default_rng(0)
    start = 5 * rng.standard_normal(3)
    stop = -start
    exact = Exact(form(network), start, stop)
    crossed = 0
    for bits in rng.random((12, network.n_neurons)) < 0.5:
        rows = reference.affine_rows(network, bits.tolist())
        for layer in range(2):
            for neuron, row in enumerate(rows[layer]):
                p, q = (reference.dot(row, [*reference.fractions(x), Fraction(1)]) for x in (start, stop))
                if p * q >= 0:
                    continue
                crossed += 1
                root = exact.root(layer, neuron, bits)
                assert Fraction(int(root.p), int(root.q)) == p / (p - q)
                sides = reference.sign(p), reference.sign(q)
                assert exact.signs(layer, neuron, fmpq(0), root, bits) == (sides[0],) * 2
                assert exact.signs(layer, neuron, root, fmpq(1), bits) == (sides[1],) * 2
                assert exact.signs(layer, neuron, fmpq(0), fmpq(1), bits) == sides
    assert crossed > 20


@given(
    row=st.dictionaries(st.integers(-1, 3), st.integers(-(10**20), 10**20)), x=st.lists(st.floats(-9, 9), min_size=4)
)
def test_sparse_rows_at_floats(row, x):
    value, scale = _value(row, np.array(x))
    expected = sum(Fraction(v) * (1 if j < 0 else Fraction(x[j])) for j, v in row.items())
    assert Fraction(value, scale) == expected
    assert scale.bit_count() == 1
