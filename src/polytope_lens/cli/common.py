"""What several commands share: their arguments, and what these stand for."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.errors import DomainError, FileFormatError, OptionError

if TYPE_CHECKING:
    import argparse

    from polytope_lens.domain import Domain
    from polytope_lens.lens import Lens

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

ENGINES = ("auto", "split", "subdivide", "brute")


def add_command(commands: Commands, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    """A command of that name: `run` is called with what was parsed."""
    sub = commands.add_parser(name, help=text, description=text)
    sub.set_defaults(run=run)
    return sub


def add_network(sub: argparse.ArgumentParser) -> None:
    """The network that a command is about."""
    sub.add_argument(
        "file", help="network: .onnx, .npz with W0, b0, W1, b1, ..., .safetensors, or .pt/.pth saved by torch"
    )
    sub.add_argument(
        "--input-shape", nargs="+", type=int, metavar="N", help="shape of one sample, where the file does not tell"
    )
    sub.add_argument(
        "--architecture", nargs="+", metavar="STEP",
        help="what a file of weights is about: its layers and activations in order, or one activation for all",
    )  # fmt: skip


def add_domain(sub: argparse.ArgumentParser) -> None:
    """Where to look."""
    where = sub.add_mutually_exclusive_group()
    where.add_argument(
        "--box", nargs="+", type=float, metavar="X",
        help="lower and upper bound of every coordinate, or the lower and then the upper corner",
    )  # fmt: skip
    where.add_argument("--everywhere", action="store_true", help="all of R^d")
    sub.add_argument("--engine", choices=ENGINES, default="auto")


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
    return Lens(arguments.file, arguments.input_shape, architecture=architecture)


def point_of(arguments: argparse.Namespace, lens: Lens, command: str) -> Any:
    """The point asked for, as numbers or in a file."""
    if bool(arguments.x) == bool(arguments.point):
        raise OptionError(
            f"`{command}` needs the {lens.network.input_dim} coordinates of one point, either as numbers or by --point "
            "FILE."
        )
    return array_of(arguments.point) if arguments.point else arguments.x


def box_of(bounds: list[float], lens: Lens) -> Domain:
    """A box given by one pair of bounds, or by its corners."""
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
    try:
        with Path(file).open("rb") as stream:
            return np.lib.format.read_array(stream, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise FileFormatError(f"{file} is not a .npy file of numbers.") from error


def print_json(value: dict[str, Any]) -> None:
    """One line on standard output."""
    json.dump(value, sys.stdout)
    print()
