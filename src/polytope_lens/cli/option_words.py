"""What the library says of its arguments, in the words of the command line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

# `max_regions`, and max_regions=10 with a number, a name, a text, or a tuple or list of them; calls stay as they are.
# Of resume=True only the option is left.
ARGUMENT = re.compile(
    r"`[^`]*\w\([^`]*`|`(\w+)`|(?<![\w.-])(\w+)=('[^']*'|\"[^\"]*\"|\([^()]*\)|\[[^][]*\]|[\w.+-]*\w)"
)
# `repr` of a status in front of what it says: the command line tells it by words and the exit code.
STATUS = re.compile(r"Status\.[A-Z_]+: (\w)")
PUNCTUATION = str.maketrans("[]()'\",", " " * 7)
# Arguments whose option has another name, where a command has that option.
NAMES = {"domain": "--box", "output": "--output-index", "target": "--where"}


def in_options(text: str, parser: argparse.ArgumentParser) -> str:
    """The same text, where a command's options stand for the arguments of the function that it calls.

    Examples
    --------
    >>> from argparse import ArgumentParser
    >>> parser = ArgumentParser()
    >>> _ = parser.add_argument("--max-regions"), parser.add_argument("--box")
    >>> told = "Status.BUDGET_REACHED: stopped at max_regions=3. Raise it or choose a smaller `domain`, not `exact`."
    >>> in_options(told, parser)
    'Stopped at --max-regions 3. Raise it or choose a smaller `--box`, not `exact`.'
    """
    known = {
        option[2:].replace("-", "_"): option
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--")
    }
    known |= {name: option for name, option in NAMES.items() if option in known.values()}

    def told(match: re.Match[str]) -> str:
        quoted, name, value = match.groups()
        option = known.get(quoted or name)
        if option is None:
            return match[0]
        if value == "True":
            return option
        return f"`{option}`" if quoted else " ".join([option, *value.translate(PUNCTUATION).split()])

    return ARGUMENT.sub(told, STATUS.sub(lambda match: match[1].upper(), text))
