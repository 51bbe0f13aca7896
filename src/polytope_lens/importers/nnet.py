"""The text format ``.nnet`` of small ReLU networks, such as those of ACAS Xu.

Lines of numbers, separated by commas, behind comments that start with ``//``: the number of layers, of inputs, of
outputs, and the largest layer; the size of each layer, the inputs first; a line that nobody uses; least and greatest
values, means and ranges of the inputs (the last two also of the output); then for each layer a line for each row of its
weights and for each entry of its bias. ReLU follows each layer but the last.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.errors import FileFormatError, InvalidNetworkError
from polytope_lens.importers import graph
from polytope_lens.importers.layering import Lowering, schedule
from polytope_lens.importers.packed import content

if TYPE_CHECKING:
    from os import PathLike

    from polytope_lens._types import Floats

NORMALISED = (
    "inputs and outputs as the weights have them: the file also tells means and ranges, of which nothing is applied"
)


def load_nnet(path: str | PathLike[str]) -> Lowering:
    """Read the network in a ``.nnet`` file, which may be packed by gzip.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    Lowering
        Of the weights as they are. Where the file tells means and ranges other than 0 and 1, the network takes
        ``(x - mean) / range`` and gives values before ``y * range + mean``; `remarks` say so.

    Raises
    ------
    FileFormatError
        A missing or damaged file.
    InvalidNetworkError
        Weights that are not finite.

    Notes
    -----
    Exactness: each decimal number is read as the nearest float64, as other programs do. The least and greatest values
    of the inputs are not applied either; they are what a domain is for.
    """
    path = Path(path)
    try:
        lines = content(path).decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{path} is damaged, or no .nnet file: it is not plain text.") from error
    rows = _Rows(path, [line for line in lines if line.strip() and not line.lstrip().startswith("//")])
    head = rows.numbers(4)
    n_layers, n_inputs, n_outputs = (rows.whole(value) for value in head[:3])
    graph.checked_size((max(n_layers, 0) + 1,))
    sizes = [rows.whole(value) for value in rows.numbers(n_layers + 1)]
    if min(sizes) < 1 or sizes[0] != n_inputs or sizes[-1] != n_outputs:
        raise rows.damaged(f"layers of sizes {sizes} do not go from {n_inputs} inputs to {n_outputs} outputs")
    for before, after in itertools.pairwise(sizes):
        graph.checked_weights(before * after, str(path))
    rows.take()
    for _ in range(2):
        rows.numbers(n_inputs)
    means, ranges = (rows.numbers(n_inputs + 1) for _ in range(2))
    tensor = graph.source((n_inputs,))
    for index, (before, after) in enumerate(itertools.pairwise(sizes)):
        weight = np.array([rows.numbers(before) for _ in range(after)])
        bias = np.array([rows.numbers(1)[0] for _ in range(after)])
        tensor = graph.matmul(tensor, weight.T, bias, f"layer {index}")
        if index + 1 < n_layers:
            tensor = graph.relu(tensor, f"relu {index}")
    rows.finish()
    found = schedule(tensor, n_inputs)
    remarks = (NORMALISED,) if means.any() or (ranges != 1).any() else ()
    return Lowering(found.network, (n_inputs,), tensor.shape, found.steps, remarks=remarks)


class _Rows:
    """Lines of numbers, taken one after the other."""

    def __init__(self, path: Path, lines: list[str]) -> None:
        self.path, self.lines, self.next = path, lines, 0

    def damaged(self, why: str) -> FileFormatError:
        """An error about this file."""
        return FileFormatError(f"{self.path} is damaged, or no .nnet file: {why}.")

    def take(self) -> str:
        """The next line."""
        if self.next == len(self.lines):
            raise self.damaged(f"it ends after {self.next} lines of numbers")
        self.next += 1
        return self.lines[self.next - 1]

    def numbers(self, n: int) -> Floats:
        """The next line, which should hold n numbers."""
        words = [word.strip() for word in self.take().strip().rstrip(",").split(",")]
        try:
            found = np.array([float(word) for word in words])
        except ValueError as error:
            raise self.damaged(f"line of numbers {self.next} holds something else") from error
        if len(found) != n:
            raise self.damaged(f"line of numbers {self.next} holds {len(found)} numbers instead of {n}")
        if not np.isfinite(found).all():
            raise InvalidNetworkError(f"line of numbers {self.next} of {self.path} should be finite, but is not.")
        return found

    def whole(self, value: float) -> int:
        """A number that should be whole."""
        if value != int(value):
            raise self.damaged(f"{value} is no size")
        return int(value)

    def finish(self) -> None:
        """Refuse what follows the last line."""
        if self.next < len(self.lines):
            raise self.damaged(f"{len(self.lines) - self.next} lines follow the last bias")
