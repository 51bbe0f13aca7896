"""The command line, ``polytope-lens COMMAND``: argument parsing and printing, nothing else.

Commands stand in the module of what they are about: a network, a point, a training.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens.cli.parser import Parser


INTERRUPTED, UNREAD = 130, 141
EXIT_CODES = """exit codes:
  0    the answer is complete; a property holds, networks are equal, a proof is
       accepted
  1    a property is violated, networks differ, a proof is rejected, the
       self-test fails
  2    bad input, told in one sentence on standard error
  3    the answer is incomplete: a limit was reached, or the run was hopeless;
       what is printed is right as far as it goes
  130  interrupted by Ctrl-C; no file is half-written
  141  nobody reads the output any more, as after `| head`"""


def program() -> NoReturn:
    """Run the command that this process was started for; if interrupted, end it without waiting for its threads."""
    code = main()
    if code == INTERRUPTED:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns one of the exit codes that ``polytope-lens --help`` lists.

    It may be interrupted as soon as anything is imported.
    """
    try:
        code = _run(argv)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("polytope-lens: interrupted; no file is half-written.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        with suppress(OSError):  # what is left to print goes nowhere, without another error at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD


def _run(argv: Sequence[str] | None) -> int:
    from polytope_lens.cli.option_words import in_options
    from polytope_lens.errors import LongRunWarning, PolytopeLensError

    parser = command_parser()
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        arguments.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    if arguments.run is None:
        parser.print_help()
        return 0
    try:
        return arguments.run(arguments) or 0
    except LongRunWarning as warning:
        print(f"polytope-lens: {warning} It was ended; with --yes it goes on.", file=sys.stderr)
        return 3
    except PolytopeLensError as error:
        print(f"polytope-lens: {in_options(str(error), arguments.parser)}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        raise
    except OSError as error:
        told = error if error.filename is None else f"{error.filename}: {error.strerror}."
        print(f"polytope-lens: {told}", file=sys.stderr)
        return 2


def command_parser() -> Parser:
    """What the program understands: every command with its options."""
    from polytope_lens import __version__
    from polytope_lens.cli import (
        completion,
        doctor,
        domain_commands,
        example_files,
        network_commands,
        point_commands,
        preimage_commands,
        property_commands,
        training_commands,
        warm_up,
    )
    from polytope_lens.cli.parser import Parser

    parser = Parser(
        prog="polytope-lens",
        description="Exact polytope geometry of trained ReLU and leaky-ReLU networks. `polytope-lens COMMAND --help` "
        "tells more, with an example; `polytope-lens example` writes the files of all of them.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"polytope-lens {__version__}")
    parser.set_defaults(run=None, parser=parser)
    commands = parser.add_subparsers(metavar="command")
    modules = (
        network_commands,
        domain_commands,
        point_commands,
        property_commands,
        preimage_commands,
        training_commands,
        example_files,
        doctor,
        warm_up,
        completion,
    )
    for module in modules:
        module.add(commands)
    return parser
