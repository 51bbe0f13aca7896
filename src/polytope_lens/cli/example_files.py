"""The files that examples are about, written to a folder: with them those at the end of each help run as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from polytope_lens.cli.arguments import add_command
from polytope_lens.errors import FileAccessError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from polytope_lens.cli.arguments import Commands
    from polytope_lens.network.network import Network

PROPERTY = """; violated where an output is 0.2 or more
(declare-const X_0 Real)
(declare-const X_1 Real)
(declare-const Y_0 Real)
(assert (>= X_0 -1))
(assert (<= X_0 1))
(assert (>= X_1 -1))
(assert (<= X_1 1))
(assert (>= Y_0 0.2))
"""


def add(commands: Commands) -> None:
    """Add this command."""
    sub = add_command(
        commands, "example", _example, "Write a small network, net.npz, and whatever else the examples of helps use.",
        "", "--folder examples",
    )  # fmt: skip
    sub.add_argument("--folder", default=".", metavar="FOLDER", help="where they go; no file is overwritten")


def _example(arguments: argparse.Namespace) -> None:
    for path, told in write_examples(arguments.folder).items():
        print(f"{path}: {told}")


def write_examples(folder: str | Path) -> dict[Path, str]:
    """Write all files into a folder; returns what each of them is.

    Raises
    ------
    FileAccessError
        One of them is there already, so that nothing was written.
    """
    files = {Path(folder) / name: file for name, file in _files().items()}
    for path in files:
        if path.exists():
            raise FileAccessError(f"{path} is there already, and nothing is overwritten. Say --folder FOLDER.")
    Path(folder).mkdir(parents=True, exist_ok=True)
    for path, (_, write) in files.items():
        write(path)
    return {path: told for path, (told, _) in files.items()}


def _files() -> dict[str, tuple[str, Callable[[Path], object]]]:
    """By name, what a file is, and what writes it."""
    import numpy as np

    from polytope_lens.importers.npz import load_npz, save_npz
    from polytope_lens.importers.read import EXAMPLE

    network, domain = load_npz(EXAMPLE)
    last = np.asarray(network.output_weight, dtype=np.float64)
    pruned = replace(network, output_weight=np.where(abs(last) < 0.15, 0, last))
    bias = network.output_bias
    classes = replace(network, output_weight=np.vstack([last, last[:, ::-1]]), output_bias=np.append(bias, bias - 0.2))
    points = np.random.default_rng(0).uniform(-1, 1, (50, 2))

    def saved(made: Network) -> Callable[[Path], object]:
        return lambda path: save_npz(made, path, domain)

    def array(values: object) -> Callable[[Path], object]:
        return lambda path: np.save(path, np.asarray(values))

    return {
        "net.npz": ("2 inputs, six layers of 14 neurons, 1 output, and a domain: `Lens.example()`", saved(network)),
        "pruned.npz": ("the same without the small weights of its output layer", saved(pruned)),
        "classes.npz": ("the same with 2 outputs, one for each of two classes", saved(classes)),
        "property.vnnlib": ("says that net.npz has no output of 0.2 or more", lambda path: path.write_text(PROPERTY)),
        "x.npy": ("a point", array([0.3, -0.2])),
        "corners.npy": ("the corners of a path", array([[0.0, 0.0], [1.0, 1.0], [-1.0, 1.0]])),
        "X.npy": ("50 points", array(points)),
        "y.npy": ("their labels", array((points[:, 0] > points[:, 1]).astype(int))),
    }
