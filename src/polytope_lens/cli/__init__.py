"""The command line, ``polytope-lens COMMAND``: argument parsing and printing, nothing else.

Commands stand in the module of what they are about: a network, a point, a training.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens.cli.arguments import Parser


INTERRUPTED = 130


def program() -> NoReturn:
    """Run the command that this process was started for; if interrupted, end it without waiting for its threads."""
    code = main()
    if code == INTERRUPTED:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns 0 if it worked, 1 if a proof was rejected or a property is violated, 2 after one sentence on standard error
    if the input was bad, 3 if the answer is incomplete because a limit was reached or the run was hopeless, 130 if it
    was interrupted, which may be as soon as anything is imported.
    """
    try:
        return _run(argv)
    except KeyboardInterrupt:
        print("polytope-lens: interrupted; no file is half-written.", file=sys.stderr)
        return INTERRUPTED


def _run(argv: Sequence[str] | None) -> int:
    from polytope_lens.cli.option_words import in_options
    from polytope_lens.errors import LongRunWarning, PolytopeLensError

    arguments, unknown = command_parser().parse_known_args(argv)
    if unknown:
        arguments.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    try:
        return arguments.run(arguments) or 0
    except LongRunWarning as warning:
        print(f"polytope-lens: {warning} It was ended; with --yes it goes on.", file=sys.stderr)
        return 3
    except PolytopeLensError as error:
        print(f"polytope-lens: {in_options(str(error), arguments.parser)}", file=sys.stderr)
        return 2
    except OSError as error:
        told = error if error.filename is None else f"{error.filename}: {error.strerror}."
        print(f"polytope-lens: {told}", file=sys.stderr)
        return 2


def command_parser() -> Parser:
    """What the program understands: every command with its options."""
    from polytope_lens import __version__
    from polytope_lens.cli import network_commands, point_commands, property_commands, training_commands, warm_up
    from polytope_lens.cli.arguments import Parser

    parser = Parser(
        prog="polytope-lens", description="Exact polytope geometry of trained ReLU and leaky-ReLU networks."
    )
    parser.add_argument("--version", action="version", version=f"polytope-lens {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    for module in (network_commands, point_commands, property_commands, training_commands, warm_up):
        module.add(commands)
    return parser
