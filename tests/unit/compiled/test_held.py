"""Named tuples by their place: every kind of field, nested ones, functions inside and outside their callers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from polytope_lens._compiled.jit import inlined, jit
from polytope_lens._compiled.structures import far


class Inner(NamedTuple):
    words: np.ndarray
    flags: np.ndarray


class Outer(NamedTuple):
    rows: np.ndarray
    is_on: bool
    inner: Inner
    n: int
    scale: float
    form: tuple


@jit
def of_its_own(o, i):
    i.words[0] += np.uint64(1)
    return o.scale * o.rows[1, 2] + o.n


@inlined
def within(o):
    return o.rows[0, 0] if o.is_on else o.rows[0, 1]


@jit
def kernel(o, other):
    row = o.rows[1]
    i = o.inner
    i.flags[1] = not o.is_on
    total = 0.0
    for k in range(o.rows.shape[1]):
        total += row[k]
    found = of_its_own(far(o), far(i))
    return total, found, within(o), i.words[0], len(o.form), other.words[0], o.rows.size


def outer(is_on, form=(), order="C"):
    rows = np.array(np.arange(6.0).reshape(2, 3), order=order)
    return Outer(rows, is_on, Inner(np.array([7], np.uint64), np.array([False, is_on])), 5, 0.5, form)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("form", [(), (True,)])
@pytest.mark.parametrize("is_on", [False, True])
def test_fields_are_those_of_the_tuple(is_on, form, order):
    o = outer(is_on, form, order)
    assert kernel(o, o.inner) == (12.0, 0.5 * 5.0 + 5, 0.0 if is_on else 1.0, 8, len(form), 8, 6)
    assert o.inner.words[0] == 8 and o.inner.flags.tolist() == [False, not is_on]


def test_slices_and_other_views_are_read_where_they_are():
    o = outer(True)._replace(rows=np.arange(24.0).reshape(4, 6)[1::2, ::2])
    expected = o.rows[1].sum(), 0.5 * o.rows[1, 2] + 5, o.rows[0, 0], 8, 0, 8, 6
    assert kernel(o, o.inner) == expected


def test_an_unknown_field_is_named():
    @jit
    def asks(o):
        return o.nothing

    with pytest.raises(Exception, match="nothing"):
        asks(outer(True))
