"""What several commands share: their arguments, and what these stand for."""

from __future__ import annotations

import importlib
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polytope_lens.cli.parser import exact_number, number
from polytope_lens.errors import DomainError, LongRunWarning, OptionError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from polytope_lens.domain import Domain
    from polytope_lens.lens import Lens
    from polytope_lens.partition.partition import Partition

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

BOUNDS = "one pair for every coordinate, or the lower and then the upper corner, where equal bounds fix an input"


class Choices:
    """A closed list of the library, looked up when an option is used or explained: its module takes time to import."""

    def __init__(self, module: str, name: str, *more: str) -> None:
        self.module, self.name, self.more = module, name, more

    def __iter__(self) -> Iterator[str]:
        return iter((*self.more, *getattr(importlib.import_module(f"polytope_lens.{self.module}"), self.name)))

    def __contains__(self, value: object) -> bool:
        return value in (*self,)


def add_command(commands: Commands, name: str, run: Any, text: str, *examples: str) -> argparse.ArgumentParser:
    """A command of that name: `run` is called with what was parsed; its help ends with examples."""
    lines = "\n".join(f"  polytope-lens {name} {example}".rstrip() for example in examples)
    title = "example:" if len(examples) == 1 else "examples:"
    sub = commands.add_parser(name, help=text, description=text, epilog=f"{title}\n{lines}")
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


def add_bounded_domain(sub: argparse.ArgumentParser, *, exact: bool = False) -> None:
    """Where to look, where that cannot be all of R^d; `exact` takes bounds as the numbers that they spell."""
    text = f"the bounds of a box: {BOUNDS}" + ("; 0.1 is 1/10, and 1/3 is a number, too" if exact else "")
    sub.add_argument("--box", nargs="+", type=exact_number if exact else number, metavar="X", help=text)
    sub.set_defaults(everywhere=None)


def add_domain(sub: argparse.ArgumentParser, use: str = "") -> None:
    """Where to look; `use` says what for, where it need not be said."""
    where = sub.add_mutually_exclusive_group()
    text = f"{use}: the bounds of a box, {BOUNDS}" if use else f"the bounds of a box: {BOUNDS}"
    where.add_argument("--box", nargs="+", type=number, metavar="X", help=text)
    everywhere = "all of R^d, which is the default" if use else "all of R^d"
    where.add_argument("--everywhere", action="store_true", help=everywhere)


def add_listing(sub: argparse.ArgumentParser) -> None:
    """How all regions of a domain are found, which may take long."""
    add_choice(sub, "--engine", Choices("engines.table", "ENGINES", "auto"), "how regions are found", default="auto")
    add_workers(sub)
    sub.add_argument("--yes", action="store_true", help="go on, too, where a run takes more than a day or than memory")


def add_workers(sub: argparse.ArgumentParser, text: str = "threads that share the work", default: int = 1) -> None:
    """How many work at the same time."""
    sub.add_argument("--workers", type=int, default=default, metavar="N", help=text)


def add_choice(sub: argparse.ArgumentParser, name: str, choices: Choices, text: str, **options: Any) -> None:
    """An option with one of the values of a closed list, which its help names."""
    metavar = name.lstrip("-").upper()
    sub.add_argument(name, choices=choices, metavar=metavar, help=f"{text}; one of %(choices)s", **options)


def add_proof(sub: argparse.ArgumentParser, what: str = "the answer") -> None:
    """Add the option of a proof log."""
    sub.add_argument("--proof", metavar="LOG", help=f"also write a log that proves {what}; see `verify`")


def add_max_seconds(sub: argparse.ArgumentParser, text: str = "end after so many seconds; exit code 3") -> None:
    """How long to look."""
    sub.add_argument("--max-seconds", type=float, metavar="S", help=text)


def add_limit(sub: argparse.ArgumentParser, what: str = "regions") -> None:
    """How many lines to print."""
    sub.add_argument("--limit", type=int, default=10, metavar="N", help=f"print this many {what} (JSON prints all)")


def add_exact(sub: argparse.ArgumentParser) -> None:
    """Whether numbers are fractions."""
    sub.add_argument("--exact", action="store_true", help="fractions instead of floats")


def add_as_json(sub: argparse.ArgumentParser) -> None:
    """Whether to print JSON."""
    sub.add_argument("--json", action="store_true", help="print JSON")


def add_point(sub: argparse.ArgumentParser) -> None:
    """A network and a point."""
    add_network(sub)
    sub.add_argument("x", nargs="*", default=[], type=number, help="coordinates of the point")
    sub.add_argument("--point", metavar="FILE", help="take the point from a .npy file instead")


def lens_of(arguments: argparse.Namespace, file: str | None = None) -> Lens:
    """The network asked for, or another one that the same options are about."""
    from polytope_lens.lens import Lens

    steps = arguments.architecture
    architecture = steps[0] if steps is not None and len(steps) == 1 else steps
    inputs, outputs = arguments.inputs, arguments.outputs
    path = arguments.file if file is None else file
    return Lens(path, arguments.input_shape, inputs=inputs, outputs=outputs, architecture=architecture)


def point_of(arguments: argparse.Namespace, lens: Lens, command: str) -> Any:
    """The point asked for, as numbers or in a file."""
    if bool(arguments.x) == bool(arguments.point):
        raise OptionError(
            f"`{command}` needs the {lens.network.input_dim} coordinates of one point, either as numbers or by --point "
            "FILE."
        )
    return array_of(arguments.point) if arguments.point else arguments.x


def box_of(bounds: Sequence[Any] | None, lens: Lens) -> Domain:
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
    everywhere = "" if arguments.everywhere is None else ", or --everywhere for all of R^d"
    raise DomainError(f"on which domain? Say --box LOWER UPPER{everywhere}; {arguments.file} names no bounded domain.")


@contextmanager
def as_told(arguments: argparse.Namespace) -> Iterator[None]:
    """Let hopeless runs end that were not told to go on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if arguments.yes else "error", LongRunWarning)
        yield


def partition_of(arguments: argparse.Namespace, lens: Lens, **options: Any) -> Partition:
    """Every region of the domain asked for; also where nobody watches, lines tell how far it is and what to expect."""
    domain, engine = domain_of(arguments, lens), arguments.engine
    with as_told(arguments):
        return lens.partition(domain, engine, workers=arguments.workers, progress=True, **options)


def array_of(file: str) -> Any:
    """Numbers from a .npy file."""
    from polytope_lens.io.array_archive import load_array

    return load_array(file)
