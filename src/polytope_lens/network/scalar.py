"""Functions of a network with one value, each as a network with one output; nothing is multiplied, hence rounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.errors import OptionError
from polytope_lens.network.network import Network, dense_rows, pass_through_layer

if TYPE_CHECKING:
    from numpy.typing import NDArray


def output_minus(network: Network, output: int, value: float) -> Network:
    """``f_output(x) - value``.

    Raises
    ------
    OptionError
    """
    output = check_output(network, output, name="`output`")
    level = validate.float_array(value, name="`value`", ndim=0, error=OptionError)
    return _of_outputs(network, [output], np.ones((1, 1)), -level)


def difference(network: Network, i: int, j: int) -> Network:
    """``f_i(x) - f_j(x)``.

    Raises
    ------
    OptionError
        A network with a single output, an index out of range, or twice the same one.
    """
    if network.output_dim == 1:
        raise OptionError(
            "a boundary between two outputs was asked for, but the network has a single one. For the place where it "
            "takes some value use `level_set(value=...)`."
        )
    i, j = check_output(network, i, name="`i`"), check_output(network, j, name="`j`")
    if i == j:
        raise OptionError(f"a boundary is where two different outputs are equal, but received output {i} twice.")
    return _of_outputs(network, [i, j], np.array([[1.0, -1.0]]), np.zeros(()))


def preactivation(network: Network, layer: int, neuron: int) -> Network:
    """The pre-activation of a neuron: row `neuron` of ``network.layers[layer].weight``, counted from 0.

    Raises
    ------
    OptionError
    """
    layer = _index(layer, len(network.layers), name="`layer`", what="hidden layer")
    chosen = network.layers[layer]
    neuron = _index(neuron, chosen.width, name="`neuron`", what="neuron", where=f" in layer {layer}")
    return Network(network.layers[:layer], dense_rows(chosen.weight, [neuron]), chosen.bias[neuron : neuron + 1])


def single_output(network: Network, output: int) -> Network:
    """An output of a network that may have others; without hidden layers, behind one that only passes values on."""
    if not network.layers:
        return _of_outputs(network, [output], np.eye(1), np.zeros(1))
    return Network(
        network.layers, dense_rows(network.output_weight, [output]), network.output_bias[output : output + 1]
    )


def stacked_outputs(network: Network) -> Network:
    """The same function with its outputs as a last hidden layer, whose rows engines and bounds treat like any other."""
    n = network.output_dim
    return _of_outputs(network, list(range(n)), np.eye(n), np.zeros(n))


def check_output(network: Network, output: int, *, name: str = "`output`") -> int:
    """The number of an output, counted from the first; negative ones count from the last.

    Raises
    ------
    OptionError
    """
    return _index(output, network.output_dim, name=name, what="output")


def _of_outputs(network: Network, chosen: list[int], weight: NDArray[np.float64], bias: NDArray[np.float64]) -> Network:
    last = pass_through_layer(dense_rows(network.output_weight, chosen), network.output_bias[chosen])
    return Network((*network.layers, last), weight, bias.reshape(-1))


def _index(value: int, n: int, *, name: str, what: str, where: str = "") -> int:
    if not validate.is_whole(value):
        raise OptionError(f"{name} should be a whole number, but received {validate.shown(value)}.")
    if not -n <= value < n:
        number = f"{n} {what}s" if n != 1 else f"1 {what}"
        raise OptionError(f"{name} is {validate.shown(value)}, but the network has {number}{where}, counted from 0.")
    return int(value) % n
