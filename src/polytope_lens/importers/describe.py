"""A network told to people: its layers, how full their matrices are, and which steps of a model became part of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.displays.phrases import many
from polytope_lens.network.network import activation_name

if TYPE_CHECKING:
    from polytope_lens._types import Matrix
    from polytope_lens.importers.layering import Lowering
    from polytope_lens.network.network import Layer, Network


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """One layer in numbers.

    Parameters
    ----------
    inputs, width : int
    cutting : int
        Neurons with a bit in the pattern; the others pass values on.
    nonzero : int
        Entries of the weight that are not 0.
    density : float
        Their share.
    is_sparse : bool
        Whether the weight is stored as a sparse matrix.
    activation : str
        "" for the output.
    steps : tuple of str
        Steps of the model that became part of the layer, if known.
    """

    inputs: int
    width: int
    cutting: int
    nonzero: int
    density: float
    is_sparse: bool
    activation: str
    steps: tuple[str, ...]


def layer_facts(network: Network, lowering: Lowering | None = None) -> list[LayerFacts]:
    """Each hidden layer, and the output last."""
    steps = lowering.steps if lowering is not None else ((),) * (len(network.layers) + 1)
    pairs: list[tuple[Matrix, Layer | None]] = [(layer.weight, layer) for layer in network.layers]
    pairs.append((network.output_weight, None))
    return [_facts(matrix, layer, named) for (matrix, layer), named in zip(pairs, steps, strict=True)]


def describe(network: Network, lowering: Lowering | None = None) -> str:
    """A few lines of text.

    Examples
    --------
    >>> from polytope_lens.network.network import from_arrays
    >>> print(describe(from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]], [[0, 0, -1], [0]])))
    2 inputs, 1 output, 3 neurons that cut in 1 layer
      layer 0:      2 -> 3      ReLU                 66.7 % of 6 weights
      output:       3 -> 1                            100 % of 3 weights
    """
    facts = layer_facts(network, lowering)
    lines = [
        f"{many(network.input_dim, 'input')}, {many(network.output_dim, 'output')}, "
        f"{many(network.n_neurons, 'neuron')} that cut in {many(len(network.layers), 'layer')}"
    ]
    if lowering is not None:
        lines.append(f"one sample of shape {lowering.input_shape} gives {lowering.output_shape}")
        if lowering.inputs:
            lines.append(f"inputs: {', '.join(lowering.inputs)}")
        if lowering.outputs:
            lines.append(f"outputs: {', '.join(lowering.outputs)}")
        if lowering.stripped:
            lines.append(f"left out at the end: {lowering.stripped}")
        lines += lowering.remarks
    for index, layer in enumerate(facts):
        name = f"layer {index}:" if index + 1 < len(facts) else "output:"
        share = f"{100 * layer.density:.3g} %"
        kind = layer.activation
        if 0 < layer.cutting < layer.width:
            kind += f", {layer.width - layer.cutting} pass on"
        stored = ", stored sparsely" if layer.is_sparse else ""
        lines.append(
            f"  {name:10s} {layer.inputs:>4} -> {layer.width:<6} {kind:18s} {share:>8} of "
            f"{layer.inputs * layer.width} weights{stored}"
        )
        if layer.steps:
            lines.append(f"             {', '.join(layer.steps)}")
    return "\n".join(lines)


def _facts(matrix: Matrix, layer: Layer | None, steps: tuple[str, ...]) -> LayerFacts:
    dense = isinstance(matrix, np.ndarray)
    nonzero = int(np.count_nonzero(matrix)) if isinstance(matrix, np.ndarray) else int(matrix.nnz)
    width, inputs = matrix.shape
    return LayerFacts(
        int(inputs), int(width), 0 if layer is None else int(layer.cuts.sum()), nonzero, nonzero / (inputs * width),
        not dense, "" if layer is None else activation_name(layer), steps,
    )  # fmt: skip
