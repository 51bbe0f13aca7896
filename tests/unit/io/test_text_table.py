"""Tables as text."""

from __future__ import annotations

from polytope_lens.io.text_table import MOST_ROWS, text_table


def test_the_middle_of_a_long_table_is_left_out():
    rows = [(str(k), "x" * (k % 3)) for k in range(MOST_ROWS + 1)]
    assert len(text_table(("step", "what"), rows[:-1], MOST_ROWS).splitlines()) == MOST_ROWS + 1
    assert len(text_table(("step", "what"), rows).splitlines()) == MOST_ROWS + 2
    lines = text_table(("step", "what"), rows, MOST_ROWS).splitlines()
    assert len(lines) == MOST_ROWS + 2
    assert lines[MOST_ROWS // 2 + 1] == " ..."
    assert lines[-1].split()[0] == str(MOST_ROWS)
    assert lines[MOST_ROWS // 2].split()[0] == str(MOST_ROWS // 2 - 1)


def test_cells_are_flush_right_and_lines_end_with_them():
    assert text_table(("a", "long name"), [("1000", ""), ("", "7")]) == "   a  long name\n1000\n              7"
    assert text_table(("a",), []) == "a"
