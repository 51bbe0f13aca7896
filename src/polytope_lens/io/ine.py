"""H-representations in the format of cddlib and lrs, ``.ine``."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.arithmetic.rational import read_fraction, written
from polytope_lens.errors import FileFormatError
from polytope_lens.io.row_text import row_comments

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from polytope_lens.polytope import Polytope

# Words that begin a line: those before the numbers of equations, and what changes nothing about the set of points.
KIND = "H-representation"
OF_EQUATIONS = ("linearity", "equality", "partial_enum", "partial_enumeration")
HARMLESS = frozenset({
    *("adjacency", "allbases", "cache", "debug", "digits", "estimates", "getvolume", "incidence", "input_adjacency"),
    *("input_incidence", "lexmax", "lexmin", "lponly", "maxcobases", "maxcutoff", "maxdepth", "maximize", "maxindex"),
    *("maxoutput", "mincutoff", "mindepth", "minimize", "minindex", "mixcutoff", "printcobasis", "randomorder"),
    *("redund", "restart", "seed", "stdout_off", "stdout_on", "threads", "truncate", "verbose", "verify_input"),
})  # fmt: skip


def to_ine(poly: Polytope) -> str:
    """A polytope as an H-representation: rows ``b -A`` of ``b - A @ x >= 0``, owners in comments.

    Notes
    -----
    Exact: the number type is ``rational``.
    Source: Fukuda, *cddlib reference manual*, section 2.

    Examples
    --------
    >>> from polytope_lens import Polytope
    >>> print(Polytope([[-1, 0.5]], [2]).export.ine())
    H-representation
    begin
    1 3 rational
    2 1 -1/2
    end
    <BLANKLINE>
    """
    lines = [f"* row {i}: {comment}" for i, comment in enumerate(row_comments(poly)) if comment]
    lines += ["H-representation", "begin", f"{len(poly.owners)} {poly.dim + 1} rational"]
    lines += [" ".join(map(written, (bound, *-row))) for row, bound in zip(*poly.fractions(), strict=True)]
    return "\n".join([*lines, "end", ""])


def read_ine(text: str) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Read an H-representation of integers, fractions or decimals: ``A`` and ``b`` as arrays of fractions; exact.

    A row of the list ``linearity`` is an equation, and becomes two inequalities; comments are not read, nor what stands
    before the line ``H-representation``. A V-representation, whose rows are points and rays, is refused, and so is an
    option that may say what the rows mean.

    Raises
    ------
    FileFormatError

    Examples
    --------
    >>> from polytope_lens import Polytope
    >>> read_ine(Polytope([[-1, 0.5]], [2]).export.ine())[0]
    array([[Fraction(-1, 1), Fraction(1, 2)]], dtype=object)
    """
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("*")]
    try:
        begin, end = lines.index("begin"), lines.index("end")
        m, columns, kind = lines[begin + 1].split()
        shape = int(m), int(columns)
        words = " ".join(lines[begin + 2 : end]).split()
        first = lines.index(KIND) + 1 if KIND in lines[:begin] else 0
        options = [line.split() for line in (*lines[first:begin], *lines[end + 1 :])]
        equations = [int(word) - 1 for first, *rest in options if first in OF_EQUATIONS for word in _listed(rest)]
        numbers = [_number(word) for word in words]
    except (ValueError, IndexError, ZeroDivisionError) as error:
        raise FileFormatError(
            "an .ine file should hold a line `begin`, the numbers of rows and columns and a kind of number, then the "
            "rows, and a line `end`, but this text does not."
        ) from error
    for line in lines[:begin] + lines[end + 1 :]:
        if re.match(r"v-?rep|hull\b", line, re.IGNORECASE):
            raise FileFormatError(
                f"an .ine file should hold an {KIND}, but the line {line[:50]!r} says that the rows of this one are "
                "points and rays. Let cddlib or lrs convert it first."
            )
    for word, *_ in options:
        if word not in OF_EQUATIONS and word not in HARMLESS:
            raise FileFormatError(
                f"an .ine file should have a line `{KIND}`, and options that are known after it, but the line that "
                f"begins with {word!r} may say that the rows mean something else. Take it out if it does not."
            )
    if kind not in ("integer", "rational", "real") or shape[1] < 2 or shape[0] * shape[1] != len(numbers):
        raise FileFormatError(
            f"an .ine file should hold an H-representation whose rows are as many numbers as it says, but this one "
            f"says {shape[0]} rows of {shape[1]} numbers of kind {kind!r} and holds {len(numbers)} numbers."
        )
    if any(not 0 <= i < shape[0] for i in equations):
        raise FileFormatError(f"the list `linearity` should name rows from 1 to {shape[0]}, but it names another.")
    rows = _array(numbers, shape)
    rows = np.vstack([rows, -rows[equations]])
    return -rows[:, 1:], rows[:, 0]


def _listed(words: list[str]) -> list[str]:
    """Words behind the one that says how many they are."""
    if int(words[0]) != len(words) - 1:
        raise ValueError(f"a list should have {words[0]} entries")
    return words[1:]


def _number(word: str) -> Fraction:
    """A fraction, or a decimal with an exponent of at most four digits: longer ones only fill the memory."""
    if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?", word) and set(word) & set(".eE"):
        return Fraction(word)
    return read_fraction(word.removeprefix("+"))


def _array(numbers: Iterable[Fraction], shape: tuple[int, int]) -> np.ndarray[tuple[int, int], np.dtype[np.object_]]:
    array = np.empty(shape[0] * shape[1], dtype=object)
    array[:] = list(numbers)
    return array.reshape(shape)
