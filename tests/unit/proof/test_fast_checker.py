"""Which of the two checkers is asked, and what it says of itself; `proof_logs.verify` compares their answers."""

from __future__ import annotations

import pytest

from families import random_deep
from polytope_lens import Box, Lens, Property
from polytope_lens.proof import checker, fast_checker
from polytope_lens.proof.fast_checker import verify

LENS = Lens(random_deep((2, 5, 4), 1, 0.1))
SQUARE = Box([-1, -1], [1, 1])


@pytest.fixture
def log(tmp_path):
    LENS.count(SQUARE, proof=tmp_path / "run.proof")
    return tmp_path / "run.proof"


def test_what_it_says_is_what_the_plain_one_says_and_by_whom(log):
    plain, found = checker.verify(log), verify(log)
    assert found == {**plain, "checker": "compiled", "questions": 1, "by_integers": 0}
    assert verify(str(log), piece=0)["only"] == "piece 0"


def test_small_logs_do_without_what_is_not_compiled(log, monkeypatch):
    monkeypatch.setattr(fast_checker, "pays", lambda kernels, seconds: seconds > 1.0)
    assert verify(log) == {**checker.verify(log), "checker": "plain"}


def test_time_ends(log):
    assert verify(log, seconds=0.0)["reason"].startswith("not decided within 0 seconds")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        verify(tmp_path / "absent.proof")


def test_a_property_with_numbers_out_of_range_is_left_to_the_plain_one(tmp_path):
    lens, log = Lens.from_arrays([[[2.0**-700], [1.0]], [[1.0, 1.0]]], [[0.0, 0.5], [0.0]]), tmp_path / "run.proof"
    lens.check(Property.of(Box([0], [1]), ([[-1]], [-9])), proof=log)
    found = verify(log)
    assert found["proved"] and found["checker"] == "plain"
