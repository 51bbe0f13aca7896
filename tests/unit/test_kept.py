"""Answers that stay with the object that was asked."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass

import numpy as np
import pytest

from polytope_lens._kept import Keeper, answers, found_later, kept


@dataclass(frozen=True)
class Number(Keeper):
    value: int


ASKED = []


@kept
def double(number: Number) -> int:
    """Twice the number."""
    ASKED.append(number.value)
    if number.value < 0:
        raise ValueError("negative")
    return 2 * number.value


@kept
def ones(number: Number) -> np.ndarray:
    return np.ones(number.value)


def test_each_object_is_asked_once():
    ASKED.clear()
    three, four = Number(3), Number(4)
    assert [double(three), double(four), double(three)] == [6, 8, 6] and ASKED == [3, 4]
    assert double.__doc__ == "Twice the number."
    answers(three)[double] = 7
    assert double(three) == 7 and double(Number(3)) == 6


def test_errors_are_raised_anew():
    ASKED.clear()
    number = Number(-1)
    for _ in range(2):
        with pytest.raises(ValueError, match="negative"):
            double(number)
    assert ASKED == [-1, -1]


def test_arrays_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        ones(Number(2))[0] = 3


def test_copies_know_nothing():
    number = Number(5)
    double(number)
    for again in (copy.copy(number), copy.deepcopy(number), pickle.loads(pickle.dumps(number))):
        assert again == number and answers(again) == {}


@found_later(ones=lambda this: np.ones(this.value))
@dataclass(frozen=True)
class Row(Keeper):
    value: int
    ones: np.ndarray | None = None


def test_fields_that_are_left_out_are_found_when_they_are_asked_for():
    row, given = Row(3, None), Row(3, np.zeros(3))
    assert row.__dict__["ones"] is None
    assert row.ones is row.ones and row.ones.tolist() == [1, 1, 1] and not row.ones.flags.writeable
    assert given.ones.tolist() == [0, 0, 0]
    assert pickle.loads(pickle.dumps(Row(2, None))).ones.tolist() == [1, 1]
    with pytest.raises(AttributeError):
        row.ones = np.zeros(3)
