"""Functions under the names of operations."""

from __future__ import annotations

from polytope_lens.importers.registry import Table, words


def test_functions_are_found_by_every_name_and_stay_themselves():
    table = Table()

    @table("add", "sub")
    def sum_of(x):
        return x + 1

    @table("add")
    def other(x):
        return x

    assert table == {"add": other, "sub": sum_of}
    assert sum_of(1) == 2


def test_words_are_names_in_a_text():
    assert words("relu  tanh\nexp relu") == {"relu", "tanh", "exp"}
