"""The way down a tree of cells, in words: which neurons cut a cell, which do not and why, and what is at the ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from polytope_lens.network.network import bit_starts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytope_lens._types import Bools
    from polytope_lens.network.network import Network


C = TypeVar("C", bound="Cell")


class Cell(Protocol):
    """A cell that is described while it is cut."""

    def undecided(self, layer: int, bits: Bools) -> list[int]:
        """Neurons of a layer that may cut the cell, as far as the log's reader sees at once."""

    def halves(self: C, layer: int, neuron: int, bits: Bools) -> tuple[C, C]:
        """Where a neuron is off, and where it is on."""

    def explanation(self, layer: int, neuron: int, bits: Bools, *, on: bool) -> str | None:
        """Why a neuron does not cut the cell; None if nobody has to be told."""


class CellNode(NamedTuple, Generic[C]):
    """Some of the things that lie in a cell, the layer at hand (-1 before the first), and its undecided neurons."""

    start: int
    stop: int
    layer: int
    undecided: list[int]
    cell: C


def descend(
    network: Network, some: Bools, every: Bools, root: CellNode[C], *, to_regions: bool
) -> Iterator[tuple[list[str], CellNode[C]]]:
    """The words on the way to each of many things, and the node in which it is alone.

    Parameters
    ----------
    some, every : (n, n_neurons) bools
        Which bits are on somewhere, and everywhere, in each thing: equal for regions. They are in order.
    to_regions : bool
        Whether the way goes on until all neurons are decided, or ends where a thing is alone.
    """
    starts = bit_starts(network).tolist()
    place = [
        {int(j): starts[k] + i for i, j in enumerate(np.flatnonzero(layer.cuts))}
        for k, layer in enumerate(network.layers)
    ]
    stack = [root]
    while stack:
        start, stop, layer, undecided, cell = stack.pop()
        steps: list[str] = []
        while to_regions or stop - start > 1:
            if not undecided:
                layer += 1
                if layer == len(network.layers):
                    break
                undecided = cell.undecided(layer, some[start])
            else:
                columns = [place[layer][j] for j in undecided]
                cut = some[start:stop, columns].any(axis=0) & ~every[start:stop, columns].all(axis=0)
                for j in np.array(undecided)[~cut].tolist():
                    word = cell.explanation(layer, j, some[start], on=bool(some[start, place[layer][j]]))
                    steps += [] if word is None else [word]
                undecided = np.array(undecided)[cut].tolist()
                if undecided:
                    j, *undecided = undecided
                    middle = start + int(np.searchsorted(some[start:stop, place[layer][j]], True))
                    off, on = cell.halves(layer, j, some[start])
                    steps.append(str(j))
                    stack.append(CellNode(middle, stop, layer, undecided, on))
                    stop, cell = middle, off
        yield steps, CellNode(start, stop, layer, undecided, cell)
