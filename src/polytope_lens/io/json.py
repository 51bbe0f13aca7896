"""A polytope as JSON: fractions as strings, and the nearest floats beside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.arithmetic.rational import read_fraction, written
from polytope_lens.errors import FileFormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens.polytope import Polytope

    Array = NDArray[np.object_]
    Owners = tuple[tuple[tuple[int, int], ...], ...]

FORMAT, VERSION = "polytope_lens halfspaces", 1


def to_json(poly: Polytope) -> str:
    """A polytope as a JSON object.

    ``A`` and ``b`` hold fractions as strings, ``A_float`` and ``b_float`` the nearest floats, for programs that want no
    more (see `halfspaces.rounded`), and ``owners`` the pairs [layer, neuron] of each row.

    Notes
    -----
    Exact, and read back by `read_json` and `Polytope.from_json` without loss.

    Examples
    --------
    >>> from polytope_lens import Polytope
    >>> print(Polytope([[-1, 0.5]], [2]).export.json())  # doctest: +NORMALIZE_WHITESPACE
    {"format": "polytope_lens halfspaces", "version": 1, "dim": 2, "A": [["-1", "1/2"]], "b": ["2"],
    "A_float": [[-1.0, 0.5]], "b_float": [2.0], "owners": [[]]}
    """
    A, b = poly.fractions()
    return json.dumps(
        {
            "format": FORMAT,
            "version": VERSION,
            "dim": poly.dim,
            "A": [[written(v) for v in row] for row in A],
            "b": [written(v) for v in b],
            "A_float": poly.A.tolist(),
            "b_float": poly.b.tolist(),
            "owners": [[list(owner) for owner in owners] for owners in poly.owners],
        },
        allow_nan=False,
    )


def read_json(text: str) -> tuple[Array, Array, Owners]:
    """Read what `to_json` wrote: ``A`` and ``b`` as arrays of fractions, and the owners; exact.

    Raises
    ------
    FileFormatError

    Examples
    --------
    >>> from polytope_lens import Polytope
    >>> read_json(Polytope([[-1, 0.5]], [2]).export.json())[0]
    array([[Fraction(-1, 1), Fraction(1, 2)]], dtype=object)
    """
    try:
        told: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"a polytope was to be read from JSON, but the text is none: {error}.") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT or told.get("version") != VERSION:
        raise FileFormatError(
            f'a polytope is read from a JSON object with "format": "{FORMAT}" and "version": {VERSION}, but this text '
            "holds something else. Write it with `export.json()`."
        )
    try:
        d = _whole(told["dim"])
        rows = [[read_fraction(v) for v in (*row, bound)] for row, bound in zip(told["A"], told["b"], strict=True)]
        if d < 1 or any(len(row) != d + 1 for row in rows):
            raise ValueError(f"a row for {d} variables should have as many numbers")
        values = np.empty((len(rows), d + 1), dtype=object)
        for i, row in enumerate(rows):
            values[i] = row
        owners = tuple(tuple((_whole(p), _whole(q)) for p, q in row) for row in told["owners"])
        if len(owners) != len(rows):
            raise ValueError(f"there are {len(owners)} owners for {len(rows)} rows")
        return values[:, :-1], values[:, -1], owners
    except (KeyError, TypeError, ValueError, OverflowError, ZeroDivisionError) as error:
        raise FileFormatError(
            f'the JSON of a polytope should hold "dim", "A" with rows of that many fractions, "b" and "owners" with an '
            f"entry for each row, but it does not: {error}."
        ) from error


def _whole(value: object) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} should be a whole number")
    return value
