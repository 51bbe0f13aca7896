"""What is taken out of an archive, and what is said of the rest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens.errors import FileFormatError
from polytope_lens.io.arrays import ArrayReader, narrowed

READER = ArrayReader(
    {
        "ints": np.array([0, 2, 5]),
        "floats": np.array([[0.5, 1], [2, 3]]),
        "narrow": np.array([0.5, 1], dtype=np.float32),
        "big-endian": np.array([1.0, 2.0], dtype=">f8"),
        "by columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "text": np.array("polytope"),
        "texts": np.array(["a", "b"]),
        "none": np.zeros(0, dtype=np.int64),
    }
)
FLOAT = np.dtype(np.float64)


def test_arrays_come_as_expected_and_read_only():
    assert READER.array("floats", FLOAT, 2, None).tolist() == [[0.5, 1], [2, 3]]
    for name, shape in (("big-endian", (2,)), ("by columns", (2, 3))):
        found = READER.array(name, FLOAT, *shape)
        assert found.dtype == FLOAT and found.dtype.isnative
        assert found.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            found[0] = 0
    assert READER.array("big-endian", FLOAT, 2).tolist() == [1, 2]
    assert READER.floats("narrow", 2).dtype == FLOAT and READER.floats("floats", 2, 2)[1, 1] == 3
    assert READER.text("text") == "polytope"
    assert (READER.kind("ints"), READER.kind("narrow"), READER.kind("nothing")) == ("i", "f", "")
    assert "ints" in READER and "nothing" not in READER


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: READER.array("nothing", FLOAT), "array nothing is missing"),
        (lambda: READER.array("floats", FLOAT, 2, 3), r"of float64 and shape \(2, 3\), but is of float64 .*\(2, 2\)"),
        (lambda: READER.array("floats", FLOAT, None), r"shape \(any\)"),
        (lambda: READER.array("ints", FLOAT, 3), "should be of float64 .* but is of int64"),
        (lambda: READER.floats("ints", 3), "should be of float64"),
        (lambda: READER.indices("ints", 0, 5, 3), "ints should hold numbers from 0 to 4, but holds others"),
        (lambda: READER.indices("ints", 1, 6, 3), "from 1 to 5"),
        (lambda: READER.text("texts"), "texts should be a text"),
        (lambda: READER.text("ints"), "ints should be a text"),
        (lambda: READER.text("nothing"), "nothing should be a text, but is missing"),
        (lambda: READER.starts("ints", 2, 6, 0), "should give at least 0 entries to each list, and all of them"),
        (lambda: READER.starts("ints", 2, 5, 3), "at least 3 entries"),
        (lambda: READER.starts("ints", 3, 5, 0), r"shape \(4\)"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(ask, says):
    with pytest.raises(FileFormatError, match=says) as refused:
        ask()
    assert "\n" not in str(refused.value)


def test_ranges_and_starts_that_fit():
    assert READER.indices("ints", 0, 6, 3).tolist() == [0, 2, 5]
    assert READER.indices("none", 0, 0, 0).size == 0
    assert READER.starts("ints", 2, 5, 2).tolist() == [0, 2, 5]


@given(values=st.lists(st.floats(width=32) | st.floats(), max_size=5))
def test_floats_are_narrowed_only_if_none_is_rounded(values):
    array = np.array(values, dtype=np.float64)
    found = narrowed(array)
    fits = all(float(np.float32(v)) == v for v in values if abs(v) < 1e38 or np.isinf(v))
    fits &= not any(np.isnan(v) or 1e38 <= abs(v) < np.inf for v in values) or found.dtype == np.float32
    assert np.array_equal(found.astype(np.float64), array, equal_nan=True)
    if not np.isnan(array).any():
        assert (found.dtype == np.float32) == fits
