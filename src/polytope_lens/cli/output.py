"""What several commands print: JSON, and regions in it."""

from __future__ import annotations

import json
from enum import Enum
from fractions import Fraction
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

from polytope_lens.errors import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from polytope_lens.partition.partition import Partition


# Characters of a fraction that are printed.
MOST_DIGITS = 40
# Exit codes of answers that lack something; of others it is 0.
CODES = {Status.BUDGET_REACHED: 3, Status.UNFINISHED: 3, Status.INTERRUPTED: 130}
# Why there is no log beside an answer.
UNLOGGED = {
    Status.BUDGET_REACHED: "the time was over",
    Status.UNFINISHED: "the answer is not finished",
    Status.INTERRUPTED: "it was interrupted",
    Status.COMPLETE: "there is no boundary anywhere, which no log says",
}


def print_json(value: Mapping[str, Any]) -> None:
    """One line on standard output, in which NaN and infinity are null."""
    try:
        text = json.dumps(value, allow_nan=False)
    except ValueError:
        text = json.dumps(as_plain(value))
    print(text)


def as_plain(value: Any) -> Any:
    """Arrays as lists, fractions as text, statuses by name, and None for what JSON has no number for: infinity, NaN.

    Examples
    --------
    >>> import numpy as np
    >>> as_plain(np.array([0.5, np.nan])), as_plain([Fraction(1, 3)])
    ([0.5, None], ['1/3'])
    """
    from polytope_lens.arithmetic.rational import written

    if isinstance(value, Enum):
        return value.name
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {name: as_plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(each) for each in value]
    if isinstance(value, Fraction):
        return written(value)
    return None if isinstance(value, float) and not isfinite(value) else value


def about(value: float | Fraction, most: float = MOST_DIGITS) -> str:
    """A number for people: a fraction as a decimal if it is one, else as it is and about how much, if it is short.

    Examples
    --------
    >>> about(Fraction(1, 3)), about(Fraction(3)), about(Fraction(1, 8)), about(Fraction(1, 3), 2)
    ('1/3, about 0.3333333333333333', '3', '0.125', 'about 0.3333333333333333')
    """
    from polytope_lens.arithmetic.rational import written

    if not isinstance(value, Fraction):
        return repr(value)
    exact = written(value)
    if Fraction(repr(float(value))) == value:
        return repr(float(value)) if value.denominator > 1 else exact
    if len(exact) > most:
        return f"about {float(value)!r}"
    return exact if value.denominator == 1 else f"{exact}, about {float(value)!r}"


def print_point(point: Iterable[float | Fraction]) -> None:
    """A line for each coordinate, exact."""
    for k, v in enumerate(point):
        print(f"input {k} = {about(v, inf)}")


def print_proof(path: str | None, *, is_logged: bool, status: Status) -> None:
    """Say where the log is that was asked for, or why there is none."""
    if path is not None:
        print(f"{path}: {'a log that proves it' if is_logged else f'not written, as {UNLOGGED[status]}'}")


def point_text(point: Iterable[float | Fraction]) -> str:
    """A point in one line: floats rounded to six digits, fractions as they are."""
    return f"[{', '.join(str(v) if isinstance(v, Fraction) else f'{v:.6g}' for v in point)}]"


def print_more(n: int, limit: int, where: str = "--json all") -> None:
    """Say how many of n lines were left out, if any."""
    if n > (shown := max(limit, 0)):
        print(f"... and {n - shown} more; --limit shows more of them, {where}")


def regions_as_json(found: Partition, order: Iterable[int], columns: Mapping[str, Any] | None = None) -> list[Any]:
    """Pattern, witness and affine map of regions in some order, with a number of each from further columns."""
    return [
        {
            "pattern": found[i].pattern.hex,
            "witness": found.witnesses[i].tolist(),
            "map": found.maps[i].tolist(),
            **{name: values[i] for name, values in (columns or {}).items()},
        }
        for i in order
    ]
