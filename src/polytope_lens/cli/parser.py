"""The parser: negative numbers, mistakes told in one sentence with what was meant, help that ends with an example."""

from __future__ import annotations

import argparse
import re
import sys
from contextlib import suppress
from difflib import get_close_matches
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# What Python reads as a negative number, and argparse before 3.14 as an option where it has an exponent.
# A list with commas is none either, but `number` says better what is wrong with it.
# Nor are fractions, or what begins with a negative number or multiple of an output, as -2y0+y1<=1.
NEGATIVE_NUMBER = re.compile(
    r"-(?:(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?(?:/\d+)?|inf(?:inity)?|nan)(?:,.*)?$"
    r"|-[\d./]*\*?y_?\d.*$|-[\d.][^<>=]*[<>=].*$",
    re.IGNORECASE,
)
EXPONENT = re.compile(r"e[+-]?0*(\d+)$", re.IGNORECASE)


class HelpText(argparse.HelpFormatter):
    """Help that tells each default, and leaves the lines of examples and of exit codes as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Wrap paragraphs, but not what is indented."""
        return "\n".join(
            line if line.startswith("  ") else super(HelpText, self)._fill_text(line, width, indent)
            for line in text.splitlines()
        )

    def _get_help_string(self, action: argparse.Action) -> str | None:
        text, default = action.help, action.default
        is_telling = default not in (None, argparse.SUPPRESS, []) and not isinstance(default, bool)
        if not text or "default" in text or not is_telling:
            return text
        values = default if isinstance(default, list | tuple) else [default]
        return f"{text} (default: {' '.join(map(str, values))})"


class Parser(argparse.ArgumentParser):
    """A parser that takes ``-1e-3`` for a number, as argparse takes ``-0.001``, and options by their full names."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options | {"formatter_class": HelpText, "allow_abbrev": False})
        self._negative_number_matcher = NEGATIVE_NUMBER
        self._words: list[str] = []

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """What argparse makes of the words; they are kept for what `error` says."""
        self._words = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def _check_help(self, action: argparse.Action) -> None:
        """Do not look up lists of choices, which argparse of 3.14 does for each option that has help."""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse what is not in a closed list; says which entry is nearest."""
        if action.choices is None or value in action.choices:
            return
        if isinstance(action, argparse._SubParsersAction):
            self.error(f"there is no command {value!r}{meant([value], action.choices)}")
        names = [str(choice) for choice in action.choices]
        raise argparse.ArgumentError(
            action, f"invalid choice: {value!r}{meant([value], names)} (choose from {', '.join(names)})"
        )

    def error(self, message: str) -> NoReturn:
        """End with 2 and one sentence, which says what option was meant by one that there is not."""
        options = [word.partition("=")[0] for word in self._words if word.startswith("--") and len(word) > 2]
        known = [option for option in self._option_string_actions if option.startswith("--")]
        slips = [option for option in options if option not in known]
        told = message if message.endswith("?") else message + meant(slips, known)
        end = "" if told.endswith("?") else "."
        self.exit(2, f"polytope-lens: {told}{end} `{self.prog} --help` lists what there is.\n")


def meant(slips: Sequence[str], known: Iterable[str]) -> str:
    """What to add to a sentence that refuses words: the nearest of those known, if any is near.

    Examples
    --------
    >>> meant(["cuont"], ["count", "plot"]), meant(["verify"], ["count", "plot"])
    ('; did you mean `count`?', '')
    """
    names = list(known)
    nearest = (get_close_matches(slip, names, 1) for slip in slips)
    found = dict.fromkeys(name for names in nearest for name in names)
    return f"; did you mean {' and '.join(f'`{name}`' for name in found)}?" if found else ""


def number(text: str) -> float:
    """A number on the command line.

    Raises
    ------
    argparse.ArgumentTypeError
    """
    try:
        return float(text)
    except ValueError:
        advice = "; numbers are separated by spaces" if "," in text else ""
        raise argparse.ArgumentTypeError(f"{text!r} is not a number{advice}") from None


def exact_number(text: str) -> Fraction:
    """A number on the command line as the fraction that it spells: 0.1 is 1/10, which no float is.

    Raises
    ------
    argparse.ArgumentTypeError

    Examples
    --------
    >>> exact_number("-0.1"), exact_number("1/3")
    (Fraction(-1, 10), Fraction(1, 3))
    """
    exponent = EXPONENT.search(text)
    if exponent is None or len(exponent[1]) < 4:  # others would take gigabytes
        with suppress(ValueError, ZeroDivisionError):
            return Fraction(text)
    if "/" not in text:
        number(text)  # says what is wrong with what is none
    raise argparse.ArgumentTypeError(f"{text!r} is not a finite number, such as 0.1 or 1/3")
