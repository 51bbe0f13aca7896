"""Which output wins at a point, and by how much it leads others: the margins, as two more layers of the network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.arithmetic.rational import integer_matrix
from polytope_lens.errors import OptionError
from polytope_lens.exact.point_signs import point_signs
from polytope_lens.exact.sparse import rows_on
from polytope_lens.network.network import pass_through_layer
from polytope_lens.network.scalar import check_output

if TYPE_CHECKING:
    from polytope_lens._types import Floats
    from polytope_lens.network.network import Network


@dataclass(frozen=True, slots=True, eq=False)
class Margins:
    """What would have to happen for an answer to change.

    Parameters
    ----------
    network : Network
        The network, followed by a layer that passes its outputs on and one that passes on their margins, which are its
        outputs: exact differences, negative where the answer stays and zero on the decision boundary. Neither layer
        cuts anything, so patterns are those of the network.
    pairs : tuple of (int, int), or of (int, None)
        For each margin, the output that leads and the one that would take over; None for a fixed value.
    """

    network: Network
    pairs: tuple[tuple[int, int | None], ...]


def margin_network(
    network: Network,
    x: Floats,
    *,
    rival: int | None = None,
    pair: tuple[int, int] | None = None,
    output: int | None = None,
    value: float | None = None,
) -> Margins:
    """The margins that decide the answer at x; see `robustness.robustness_radius` for the options.

    Raises
    ------
    OptionError
    """
    if value is None and output is not None:
        raise OptionError("`output` goes with `value`, the level that it is compared with. Give both, or neither.")
    if value is None and network.output_dim == 1:
        raise OptionError(
            "a network with one output has no classes to tell apart. Give `value`, the level at which its answer "
            "changes, for example `value=0`."
        )
    if sum(option is not None for option in (rival, pair, value)) > 1:
        raise OptionError(
            "`rival` is an output that is to overtake the greatest, `pair` two that are to be equal, and `value` a "
            "number that one is to reach. Give one of them."
        )
    if value is not None:
        return _level(network, x, output, value)
    outputs = _values(network, len(network.layers), x)
    if pair is not None:
        one, other = _pair(network, pair)
        leader, rivals = (one, [other]) if outputs[one] >= outputs[other] else (other, [one])
    else:
        leader = max(range(len(outputs)), key=lambda i: (outputs[i], -i))
        rivals = [i for i in range(len(outputs)) if i != leader]
        if rival is not None:
            rivals = [check_output(network, rival, name="`rival`")]
        if rivals == [leader]:
            raise OptionError(f"output {leader} is the greatest at the point already. Choose another `rival`.")
    difference = np.zeros((len(rivals), network.output_dim))
    difference[:, leader] = -1.0
    difference[np.arange(len(rivals)), rivals] = 1.0
    return _with_margins(network, difference, np.zeros(len(rivals)), tuple((leader, rival) for rival in rivals))


def _pair(network: Network, pair: tuple[int, int]) -> tuple[int, int]:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise OptionError(f"`pair` should name two outputs, but received {validate.shown(pair)}.")
    one, other = (check_output(network, index, name="an output of `pair`") for index in pair)
    if one == other:
        raise OptionError(f"`pair` should name two different outputs, but received {validate.shown(pair)}.")
    return one, other


def _level(network: Network, x: Floats, output: int | None, value: float) -> Margins:
    if output is None and network.output_dim > 1:
        raise OptionError(
            f"the network has {network.output_dim} outputs. Say which `output` is to be compared with "
            f"{validate.shown(value)}."
        )
    output = check_output(network, output or 0)
    level = validate.number(value, name="`value`")
    row = np.zeros((1, network.output_dim))
    row[0, output] = 1.0
    above = _with_margins(network, row, np.array([-level]), ((output, None),))
    return above if margins_at(above, x)[0] <= 0 else _with_margins(network, -row, np.array([level]), above.pairs)


def _with_margins(network: Network, weight: Floats, bias: Floats, pairs: tuple[tuple[int, int | None], ...]) -> Margins:
    passing = pass_through_layer(network.output_weight, network.output_bias)
    margins = pass_through_layer(weight, bias)
    layers = (*network.layers, passing, margins)
    n = len(pairs)
    return Margins(replace(network, layers=layers, output_weight=np.eye(n), output_bias=np.zeros(n)), pairs)


def margins_at(margin_network: Margins, x: Floats) -> list[int]:
    """Margins at a point of floats, up to a common positive factor; exact."""
    return _values(margin_network.network, len(margin_network.network.layers) - 1, x)


def _values(network: Network, layer: int, x: Floats) -> list[int]:
    """Pre-activations of a layer, or outputs, at a point, up to a common positive factor; exact."""
    bits = point_signs(network, x[None])[0] > 0
    rows = rows_on(network, integer_matrix(np.append(x, 1.0)[:, None])).rows(layer, bits)
    n = network.layers[layer].width if layer < len(network.layers) else network.output_dim
    return [int(rows[j][0]) for j in range(n)]
