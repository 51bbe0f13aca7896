"""The proof for two inputs: the log's reader cuts polygons itself, so that only cuts on the way to pieces are said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from polytope_lens._types import Bools
    from polytope_lens.network.network import Network


class PlaneCell:
    """A cell of which nothing has to be known."""

    def __init__(self, network: Network) -> None:
        self._neurons = [np.flatnonzero(layer.cuts).tolist() for layer in network.layers]

    def undecided(self, layer: int, bits: Bools) -> list[int]:
        """All neurons that may cut."""
        return list(self._neurons[layer])

    def halves(self, layer: int, neuron: int, bits: Bools) -> tuple[PlaneCell, PlaneCell]:
        """The same twice."""
        return self, self

    def explanation(self, layer: int, neuron: int, bits: Bools, *, on: bool) -> None:
        """Nothing: the reader sees it."""
