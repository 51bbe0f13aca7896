"""What several commands share: their arguments, and what these stand for."""

from __future__ import annotations

import argparse
import importlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from polytope_lens.errors import DomainError, OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytope_lens.domain import Domain
    from polytope_lens.lens import Lens

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

# What Python reads as a negative number, and argparse before 3.14 as an option where it has an exponent.
NEGATIVE_NUMBER = re.compile(r"-(?:(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?|inf(?:inity)?|nan)$", re.IGNORECASE)
BOUNDS = "one pair for every coordinate, or the lower and then the upper corner, where equal bounds fix an input"


class Parser(argparse.ArgumentParser):
    """A parser that takes ``-1e-3`` for a number, as argparse takes ``-0.001``."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._negative_number_matcher = NEGATIVE_NUMBER

    def error(self, message: str) -> NoReturn:
        """End with 2 and one sentence."""
        self.exit(2, f"polytope-lens: {message}. `{self.prog} --help` lists what there is.\n")


class Choices:
    """A closed list of the library, looked up when an option is used or explained: its module takes time to import."""

    def __init__(self, module: str, name: str, *more: str) -> None:
        self.module, self.name, self.more = module, name, more

    def __iter__(self) -> Iterator[str]:
        return iter((*self.more, *getattr(importlib.import_module(f"polytope_lens.{self.module}"), self.name)))

    def __contains__(self, value: object) -> bool:
        return value in (*self,)


def add_command(commands: Commands, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    """A command of that name: `run` is called with what was parsed."""
    sub = commands.add_parser(name, help=text, description=text)
    sub.set_defaults(run=run, parser=sub)
    return sub


def add_network(sub: argparse.ArgumentParser) -> None:
    """The network that a command is about."""
    sub.add_argument(
        "file",
        help="network: .onnx or .nnet (also as .gz), .npz with W0, b0, W1, b1, ..., .safetensors, or .pt/.pth saved by "
        "torch",
    )
    sub.add_argument(
        "--input-shape", nargs="+", type=int, metavar="N", help="shape of one sample, where the file does not tell"
    )
    sub.add_argument("--inputs", nargs="+", metavar="NAME", help="which of several inputs, laid end to end")
    sub.add_argument("--outputs", nargs="+", metavar="NAME", help="which of several outputs, laid end to end")
    sub.add_argument(
        "--architecture", nargs="+", metavar="STEP",
        help="what a file of weights is about: its layers and activations in order, or one activation for all",
    )  # fmt: skip


def add_domain(sub: argparse.ArgumentParser) -> None:
    """Where to look."""
    where = sub.add_mutually_exclusive_group()
    where.add_argument("--box", nargs="+", type=float, metavar="X", help=f"the bounds of a box: {BOUNDS}")
    where.add_argument("--everywhere", action="store_true", help="all of R^d")
    add_choice(sub, "--engine", Choices("engines.table", "ENGINES", "auto"), default="auto")


def add_choice(sub: argparse.ArgumentParser, name: str, choices: Choices, text: str = "", **options: Any) -> None:
    """An option with one of the values of a closed list, which its help names."""
    metavar = name.lstrip("-").upper()
    text = f"{text}; one of %(choices)s" if text else "one of %(choices)s"
    default = f" (default: {options['default']})" if "default" in options else ""
    sub.add_argument(name, choices=choices, metavar=metavar, help=text + default, **options)


def add_box(sub: argparse.ArgumentParser, text: str) -> None:
    """Bounds, for a command that needs none."""
    sub.add_argument("--box", nargs="+", type=float, metavar="X", help=f"{text}: {BOUNDS}")


def add_as_json(sub: argparse.ArgumentParser) -> None:
    """Whether to print JSON."""
    sub.add_argument("--json", action="store_true", help="print JSON")


def add_point(sub: argparse.ArgumentParser) -> None:
    """A network and a point."""
    add_network(sub)
    sub.add_argument("x", nargs="*", type=float, help="coordinates of the point")
    sub.add_argument("--point", metavar="FILE", help="take the point from a .npy file instead")


def lens_of(arguments: argparse.Namespace) -> Lens:
    """The network asked for."""
    from polytope_lens.lens import Lens

    steps = arguments.architecture
    architecture = steps[0] if steps is not None and len(steps) == 1 else steps
    inputs, outputs = arguments.inputs, arguments.outputs
    return Lens(arguments.file, arguments.input_shape, inputs=inputs, outputs=outputs, architecture=architecture)


def point_of(arguments: argparse.Namespace, lens: Lens, command: str) -> Any:
    """The point asked for, as numbers or in a file."""
    if bool(arguments.x) == bool(arguments.point):
        raise OptionError(
            f"`{command}` needs the {lens.network.input_dim} coordinates of one point, either as numbers or by --point "
            "FILE."
        )
    return array_of(arguments.point) if arguments.point else arguments.x


def box_of(bounds: list[float] | None, lens: Lens) -> Domain:
    """A box given by one pair of bounds, or by its corners; None, all of R^d, where none is given."""
    if bounds is None:
        return None
    from polytope_lens.domain import Box

    d = lens.network.input_dim
    if len(bounds) == 2:
        return Box([bounds[0]] * d, [bounds[1]] * d)
    if len(bounds) == 2 * d:
        return Box(bounds[:d], bounds[d:])
    raise DomainError(
        f"--box takes 2 numbers, or {2 * d} for a network with {d} inputs (lower corner, then upper corner), but "
        f"received {len(bounds)}."
    )


def domain_of(arguments: argparse.Namespace, lens: Lens) -> Domain:
    """The domain asked for, or else the one in the file."""
    if arguments.everywhere:
        return None
    if arguments.box is not None:
        return box_of(arguments.box, lens)
    if Path(arguments.file).suffix == ".npz":
        from polytope_lens.importers.npz import load_npz

        domain = load_npz(arguments.file)[1]
        if domain is not None:
            return domain
    raise DomainError(
        "where should the regions be looked for? Say --box LOWER UPPER, or --everywhere for all of R^d; "
        f"{arguments.file} names no bounded domain."
    )


def array_of(file: str) -> Any:
    """Numbers from a .npy file."""
    from polytope_lens.io.array_archive import load_array

    return load_array(file)
