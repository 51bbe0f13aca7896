"""What an importer hands over: a network, and how it came about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polytope_lens.network.network import Network


@dataclass(frozen=True, slots=True, eq=False)
class Lowering:
    """A network read from a model.

    Parameters
    ----------
    network : Network
        Its inputs and outputs are those of one sample, in C order.
    input_shape, output_shape : tuple of int
        Shape of one sample, and of what the network makes of it.
    steps : tuple of tuples of str
        For each layer and for the output, the steps of the model that became part of it.
    stripped : str or None
        What was left out at the very end, such as a softmax: it changes the outputs, but not the regions.
    """

    network: Network
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    steps: tuple[tuple[str, ...], ...]
    stripped: str | None = None
