"""Fully connected networks to train."""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING

from polytope_lens._arrays import validate
from polytope_lens.errors import OptionError, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

RING_SHAPE = (2, 14, 14, 14, 14, 14, 14, 1)
"""Shape of the network that learns the ring: six hidden layers of 14 neurons, 1107 parameters.

With the defaults of `mlp`, `sample` and `train` 6000 steps take 3 to 6 seconds of one core, and bring the mean
squared error on the validation points to about 0.002.
"""


def shape_of(text: str, n_inputs: int = 2, n_outputs: int = 1) -> tuple[int, ...]:
    """Read the shape of a network from a text, such as "14x6": six hidden layers of 14 neurons.

    Parameters
    ----------
    text : str
        Groups separated by commas, from input to output: a width, or width x number of layers.
    n_inputs, n_outputs : int

    Returns
    -------
    tuple of int
        As `mlp` takes it.

    Raises
    ------
    OptionError
        A text of another form; a width or a number of layers of 0.

    Examples
    --------
    >>> shape_of("14x6")
    (2, 14, 14, 14, 14, 14, 14, 1)
    >>> shape_of("10x10, 2, 10x3", n_outputs=3)
    (2, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 2, 10, 10, 10, 3)
    """
    for name, value in (("n_inputs", n_inputs), ("n_outputs", n_outputs)):
        validate.count(value, name=f"`{name}`")
    widths: list[int] = []
    for group in validate.text(text, name="the shape of a network").split(","):
        match = re.fullmatch(r"\s*([1-9][0-9]*)\s*(?:[x*]\s*([1-9][0-9]*))?\s*", group, re.ASCII)
        if match is None:
            raise OptionError(
                "a shape lists the hidden layers as width x number of layers, each at least 1, as in '14x6' or "
                f"'10x10,2,10x3', but received {validate.shown(text)}."
            )
        widths += [int(match[1])] * int(match[2] or 1)
    return (n_inputs, *widths, n_outputs)


def n_parameters(shape: Sequence[int]) -> int:
    """Number of weights and biases of a network of this shape.

    Examples
    --------
    >>> n_parameters(RING_SHAPE)
    1107
    """
    return sum((n_in + 1) * n_out for n_in, n_out in pairwise(_checked(shape)))


def equal_parameters(depth: int, n: int, n_inputs: int = 2, n_outputs: int = 1) -> tuple[int, ...]:
    """The shape with hidden layers of one width whose number of parameters is nearest to `n`.

    Parameters
    ----------
    depth : int
        Number of hidden layers.
    n : int
        Number of parameters wanted.
    n_inputs, n_outputs : int

    Returns
    -------
    tuple of int
        As `mlp` takes it; of two shapes equally near the smaller one.

    Raises
    ------
    OptionError
        Even layers of one neuron have more parameters; a number below 1.

    Examples
    --------
    >>> for depth in (1, 6, 30):
    ...     shape = equal_parameters(depth, 1107)
    ...     print(depth, "of", shape[1], "have", n_parameters(shape))
    1 of 276 have 1105
    6 of 14 have 1107
    30 of 6 have 1243
    """
    for name, value in (("depth", depth), ("n", n), ("n_inputs", n_inputs), ("n_outputs", n_outputs)):
        validate.count(value, name=f"`{name}`")

    def shape(width: int) -> tuple[int, ...]:
        return (n_inputs, *[width] * depth, n_outputs)

    def total(width: int) -> int:
        return n_parameters(shape(width))

    if n < depth:
        raise OptionError(f"{depth} hidden layers have more than {n} parameters, the number asked for. Take fewer.")
    if n < total(1):
        raise OptionError(
            f"{depth} hidden layers have at least {total(1)} parameters, but {n} were asked for. Take fewer layers."
        )
    above = 1 + bisect_left(range(1, n + 1), n, key=total)
    return shape(min((max(1, above - 1), above), key=lambda width: abs(total(width) - n)))


def mlp(shape: Sequence[int], negative_slope: float = 0.0, seed: int = 0) -> nn.Sequential:
    """Build a fully connected network with random weights.

    Parameters
    ----------
    shape : sequence of int
        Number of inputs, widths of the hidden layers, number of outputs.
    negative_slope : float
        0 for ReLU; otherwise the activations are LeakyReLU of that slope.
    seed : int
        Of the weights; torch's own random state stays as it is.

    Returns
    -------
    nn.Sequential
        float32, on the CPU. Weights are normally distributed with variance 2 / fan_in (He et al. 2015), so that deep
        networks keep their signal; biases uniform in +-1 / sqrt(fan_in), as torch does, so that the hyperplanes of a
        layer do not all meet in one point.

    Raises
    ------
    OptionError
        A shape without inputs or outputs, or with an empty layer.
    MissingExtraError
        torch is not installed.

    Examples
    --------
    >>> [tuple(parameter.shape) for parameter in mlp((2, 5, 1)).parameters()]
    [(5, 2), (5,), (1, 5), (1,)]
    """
    require("torch", extra="torch", purpose="building a model to train")
    import torch
    from torch import nn

    widths, slope = _checked(shape), validate.number(negative_slope, name="`negative_slope`")
    seed = validate.seed(seed)
    modules: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for n_in, n_out in pairwise(widths):
            linear = nn.Linear(n_in, n_out)
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
            modules += [linear, nn.LeakyReLU(slope) if slope else nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def _checked(shape: Sequence[int]) -> tuple[int, ...]:
    """The shape, if it is one."""
    widths = validate.sequence(shape, name="the shape of a network")
    if len(widths) < 2 or not all(map(validate.is_whole, widths)) or min(widths) < 1:
        raise OptionError(
            "a shape lists the numbers of inputs, of neurons in each hidden layer, and of outputs, all at least 1; "
            f"received {validate.shown(shape)}. `shape_of` makes one of a text such as '14x6'."
        )
    return tuple(map(int, widths))
