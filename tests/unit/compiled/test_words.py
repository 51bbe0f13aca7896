"""Arguments taken apart: what tells their types apart, and what does not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from polytope_lens._compiled.words import described, packing, taken_apart


class Pair(NamedTuple):
    a: object
    b: object


class Twin(NamedTuple):
    a: object
    b: object


ARRAY = np.zeros((2, 3))
LOCKED = np.zeros((2, 3))
LOCKED.flags.writeable = False
UNALIGNED = np.frombuffer(bytes(49), dtype=np.uint8)[1:].view(np.float64).reshape(2, 3)
DIFFERENT = [
    (ARRAY,), (LOCKED,), (UNALIGNED,), (ARRAY.T,), (ARRAY[:, ::2],), (ARRAY[0],), (ARRAY.astype(np.float32),),
    (ARRAY.astype(">f8"),), (1,), (1.0,), (True,), (np.uint64(1),), (np.int32(1),), ((ARRAY,),), ((), ARRAY),
    ((ARRAY, 1),), (Pair(ARRAY, 1),), (Twin(ARRAY, 1),), (Pair(ARRAY, 1.0),), (Pair((ARRAY, 1), 1),), (ARRAY, 1),
]  # fmt: skip


def test_what_numba_types_differently_looks_different():
    looks = [taken_apart(arguments)[0] for arguments in DIFFERENT]
    assert len(set(looks)) == len(looks)
    texts = list(map(described, looks))
    assert len(set(texts)) == len(texts)


def test_what_numba_types_alike_looks_alike():
    more = Pair(np.ones((7, 1)), 5)
    assert taken_apart((more,))[0] == taken_apart((Pair(ARRAY, 1),))[0]


@pytest.mark.parametrize("number", [0, -1, 2**63 - 1, -(2**63), 0.5, -0.0, np.uint64(2**64 - 1), True, np.bool_(True)])
def test_each_argument_is_a_word(number):
    look, words = taken_apart((ARRAY, (number, ()), 7))
    packed = packing(look).pack(*words)
    assert np.frombuffer(packed, dtype=np.int64)[[0, 2]].tolist() == [id(ARRAY), 7]
    kind = np.float64 if isinstance(number, float) else type(number) if isinstance(number, np.uint64) else np.int64
    (word,) = np.frombuffer(packed, dtype=kind)[[1]].tolist()
    assert word == number and np.signbit(word) == np.signbit(number)


def test_numbers_too_large_for_a_word_are_refused():
    look, words = taken_apart((2**63,))
    with pytest.raises(Exception, match=r"out of range|too large|format requires"):
        packing(look).pack(*words)
