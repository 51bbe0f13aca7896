"""Names of halfspaces, as the writer and the checker know them."""

from __future__ import annotations

from polytope_lens.proof.checker import NAMES, PAIR, place
from polytope_lens.proof.names import name


def test_every_place_has_one_name():
    names = [name(back) for back in range(20_000)]
    assert [place(word) for word in names] == [-1 - back for back in range(20_000)]
    assert len(set(names)) == len(names)


def test_names_can_be_told_apart_in_a_row():
    names = [name(back) for back in (0, 30, 700, 5, 26 * 21 * 20)]
    assert NAMES.fullmatch("".join(names))
    assert [found for found, _ in PAIR.findall("".join(names))] == names
    assert PAIR.findall("".join(f"{found}{k}f" for k, found in enumerate(names))) == [
        (found, f"{k}f") for k, found in enumerate(names)
    ]
