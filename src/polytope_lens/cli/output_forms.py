"""Outputs on the command line: combinations, as `2 y0 - y1`, and sets of outputs, as `y0 - y1 <= 1/2`."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from polytope_lens.errors import OptionError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    Form = tuple[list[Fraction], Fraction]

NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?(?:/\d*[1-9]\d*)?"
TERM = re.compile(rf"\s*([+-])?\s*(?:({NUMBER})\s*\*?\s*)?(?:[yY]_?(\d{{1,9}}))?\s*")
COMPARISON = re.compile(r"(<=|>=|==|=|<|>)")


def add_output(sub: argparse.ArgumentParser) -> None:
    """Which output a command is about, or which combination of them."""
    which = sub.add_mutually_exclusive_group()
    which.add_argument("--output-index", type=int, metavar="I", help="which output; may be left out if there is one")
    which.add_argument(
        "--combination", metavar="FORM", help="a combination of the outputs y0, y1, ... instead, such as '2 y0 - y1'"
    )


def add_target(sub: argparse.ArgumentParser) -> None:
    """A set of outputs."""
    sub.add_argument(
        "--where", nargs="+", action="append", required=True, metavar="SET",
        help="inequalities of the outputs y0, y1, ... which all hold, such as 'y0 - 2 y1 <= 1/2' '0 <= y2 <= 1', in "
        "quotation marks; or a number alone, for where no output is greater than that one. Given again, a union",
    )  # fmt: skip


def output_of(arguments: argparse.Namespace, n_outputs: int) -> list[Fraction]:
    """The combination of outputs asked for, a number for each."""
    if arguments.combination is not None:
        return combination(arguments.combination, n_outputs)
    index = arguments.output_index
    if index is None and n_outputs > 1:
        raise OptionError(
            f"the network has {n_outputs} outputs: which one? Say --output-index I, counted from 0, or --combination "
            "FORM."
        )
    chosen = output_number(index or 0, n_outputs)
    return [Fraction(int(k == chosen)) for k in range(n_outputs)]


def combination(text: str, n_outputs: int) -> list[Fraction]:
    """What is before each output in a sum of multiples of outputs.

    Raises
    ------
    OptionError

    Examples
    --------
    >>> combination("2 y0 - 0.1*y2", 3)
    [Fraction(2, 1), Fraction(0, 1), Fraction(-1, 10)]
    """
    row, constant = _form(text, n_outputs)
    if constant or not any(row):
        wrong = f"adds the number {constant}" if constant else "has no output in it"
        raise OptionError(f"a combination is a sum of multiples of outputs, as '2 y0 - y1', but {text!r} {wrong}.")
    return row


def target_of(sets: Sequence[Sequence[str]], n_outputs: int) -> list[Any]:
    """The union of sets of outputs that words stand for, as `Target.of` takes it.

    Raises
    ------
    OptionError

    Examples
    --------
    >>> target_of([["1"], ["y0 <= 1/2", "0 <= y1"]], 2)[1]
    ([[Fraction(1, 1), Fraction(0, 1)], [Fraction(0, 1), Fraction(-1, 1)]], [Fraction(1, 2), Fraction(0, 1)])
    """
    return [_set(words, n_outputs) for words in sets]


def _set(words: Sequence[str], n_outputs: int) -> Any:
    if len(words) == 1 and re.fullmatch(r"\d{1,9}", words[0]):
        return output_number(int(words[0]), n_outputs)
    rows = [row for word in words for row in _inequalities(word, n_outputs)]
    return [row for row, _ in rows], [bound for _, bound in rows]


def _inequalities(text: str, n_outputs: int) -> list[Form]:
    """The rows ``c . y <= bound`` of a chain of comparisons."""
    first, *rest = COMPARISON.split(text)
    if not rest:
        raise OptionError(
            f"{text!r} is no inequality of outputs, such as 'y0 - 2 y1 <= 1/2'. Put each in quotation marks: shells "
            "take < and > for themselves."
        )
    rows: list[Form] = []
    left = _form(first, n_outputs, of=text)
    for sign, part in zip(rest[::2], rest[1::2], strict=True):
        if sign in "<>":
            raise OptionError(
                f"targets are closed, so their inequalities are <= or >=, but {text!r} is strict. The points that "
                "`<` leaves out have no interior, unless an output is constant on a region."
            )
        right = _form(part, n_outputs, of=text)
        lower, upper = (left, right) if sign != ">=" else (right, left)
        rows.append(_below(lower, upper))
        if "=" in sign and sign in ("=", "=="):
            rows.append(_below(upper, lower))
        if not any(rows[-1][0]):
            raise OptionError(f"no output is bounded by {text!r}: write inequalities of y0, y1, ...")
        left = right
    return rows


def _below(lower: Form, upper: Form) -> Form:
    return [a - b for a, b in zip(lower[0], upper[0], strict=True)], upper[1] - lower[1]


def _form(text: str, n_outputs: int, *, of: str | None = None) -> Form:
    """The coefficients of outputs in a sum, and its constant; `of` is the whole that it is a part of."""
    row, constant, at = [Fraction(0)] * n_outputs, Fraction(0), 0
    while at < len(text) or not at:
        match = TERM.match(text, at)
        assert match is not None  # all of it is optional
        sign, number, output = match.groups()
        if (number is None and output is None) or (at and sign is None):
            raise OptionError(
                f"{text[at:].strip() or text!r} is not understood in {text if of is None else of!r}: write sums of "
                "numbers and of multiples of the outputs y0, y1, ..., such as '2 y0 - 1/2 y1'."
            )
        value = Fraction(1) if number is None else _number(number)
        value = -value if sign == "-" else value
        if output is None:
            constant += value
        else:
            row[output_number(int(output), n_outputs)] += value
        at = match.end()
    return row, constant


def _number(text: str) -> Fraction:
    above, _, below = text.partition("/")
    return Fraction(above) / int(below or 1)


def output_number(index: int, n_outputs: int) -> int:
    """The number of an output that there is.

    Raises
    ------
    OptionError
    """
    if not 0 <= index < n_outputs:
        count = "one output, y0" if n_outputs == 1 else f"{n_outputs} outputs, y0 to y{n_outputs - 1}"
        raise OptionError(f"there is no output {index}: the network has {count}.")
    return index
