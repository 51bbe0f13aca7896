"""What is proved of all deeper layers at once when one begins on a cell: neurons that keep their sign all over it.

In deep networks most decisions concern neurons that change sign nowhere in the domain, or nowhere in a cell of an early
layer. Asked on each cell of their own layer, each takes a program; proved once, higher up, signs are handed down.

On a cell of layer l, the pre-activations of l are affine, and those behind it are bounded by linear relaxations: each
neuron lies between two lines over the interval that its pre-activation has been proved to stay in, and substituted back
from layer to layer these give a form in the coordinates below, or above, a neuron on the whole cell (Zhang et al. 2018,
*Efficient neural network robustness certification with general activation functions*; Singh et al. 2019, *An abstract
domain for certifying neural networks*). Its least value on the cell comes from a walk along edges, with the multipliers
as proof. So a neuron costs what it does in its own layer, but on fewer cells.

Rounding. A coefficient on ``h_q`` that is off by e costs at most ``e |h_q|``, wherever the exact form goes on from the
computed one; so all roundings together cost at most a multiple of the unit roundoff times the sum of the sizes of all
terms, for which `size` has bounds over the whole chart. The upper line is rounded upwards, and the lower passes through
the bend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.jit import jit
from polytope_lens._compiled.simd import (
    LANES,
    add,
    fill,
    first_of,
    larger,
    load,
    multiply,
    multiply_add,
    size,
    store,
    total,
)
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.engines._kernels.outcomes import FLOAT_DECISIONS
from polytope_lens.engines._kernels.packed_network import length
from polytope_lens.engines._kernels.simplex import OPTIMAL, combine, descend, start_walk, value_at
from polytope_lens.exact.forward import AnyPattern, quiet
from polytope_lens.network.network import activate, steeper_slopes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Floats
    from polytope_lens.domain import Box
    from polytope_lens.engines._kernels.packed_network import PackedNetwork
    from polytope_lens.network.network import Network


# A layer is worth it if this share of its neurons has one sign at so many points of the domain. That is settled before
# the walk begins: what a cell is told must not depend on the cells that the same walk has seen before.
SHARE_OF_STEADY, N_POINTS = 0.25, 2**8
# Deep in a network a layer begins on about as many cells as the one before, so that nothing is saved there.
LAST = 3
# Sizes of terms beyond this prove nothing, and leave room against overflow and underflow.
MOST_SIZE = 2.0**80


class Relaxations(NamedTuple):
    """Signs proved on the cells along the path down the tree, and what they were proved with on the last of them."""

    sign: NDArray[np.int8]  # (levels, L, width): on the cell on which layer l began, of neurons of m; 0 for not known
    least: Floats  # (L, width): bounds on the pre-activations of each layer over the cell at hand
    most: Floats  # (L, width)
    lines: Floats  # (4, L, width): slope and offset of the line below, and of the line above
    size: Floats  # (L, width): bounds on the sizes of all terms of pre-activations over the chart
    here: Floats  # (width,): the same of the layer that is affine on the cell at hand, as its rows there have them
    form: Floats  # (k + 1, width): a form in the coordinates below, or above, each neuron of a layer
    sure: Floats  # (width,): how much its roundings may cost
    coefficient: Floats  # (2, width)
    value: Floats  # (L, width): pre-activations at the witness
    is_worth_it: NDArray[np.int8]  # (L,): 1 for layers of which many neurons seem to keep their sign everywhere


def start(network: Network, box: Box, widest: int, *, is_used: bool) -> Relaxations:
    """Nothing proved; without room where relaxations are not to be used, or of no use."""
    reach = np.maximum(np.abs(box.lower), np.abs(box.upper))
    sizes = _sizes(network, reach, widest) if is_used and len(network.layers) > 2 else None
    is_worth_it = np.zeros(0, np.int8) if sizes is None else _worth(network, box)
    if sizes is None or not is_worth_it.any():
        is_worth_it, sizes = np.zeros(0, np.int8), np.zeros((0, widest))
    n = len(is_worth_it)
    return Relaxations(
        np.zeros((min(LAST + 1, n), n, widest), np.int8),
        np.zeros((n, widest)),
        np.zeros((n, widest)),
        np.zeros((4, n, widest)),
        sizes,
        np.zeros(widest),
        np.zeros((len(reach) + 1, widest)),
        np.zeros(widest),
        np.zeros((2, widest)),
        np.zeros((n, widest)),
        is_worth_it,
    )


def _worth(network: Network, box: Box) -> NDArray[np.int8]:
    """1 for each layer from the third on that seems worth it, always the same for a network and a box."""
    x = np.random.default_rng(0).uniform(box.lower, box.upper, (N_POINTS, len(box.lower)))
    worth = np.zeros(len(network.layers), np.int8)
    for m, layer in enumerate(network.layers):
        z = x @ np.asarray(layer.weight).T + layer.bias
        steady = ((z > 0.0).all(axis=0) | (z < 0.0).all(axis=0)) & layer.cuts
        worth[m] = m > 1 and steady.sum() > SHARE_OF_STEADY * layer.cuts.sum()
        x = activate(layer, z)
    return worth


def _sizes(network: Network, reach: Floats, widest: int) -> Floats | None:
    """Bounds on the sizes of all terms of each pre-activation where ``|x_k| <= reach[k]``; None if of no use."""
    layers = network.layers
    if not all(isinstance(layer.weight, np.ndarray) for layer in layers):
        return None
    sizes, bound = np.zeros((len(layers), widest)), AnyPattern.of(reach)
    with quiet():
        for into, layer in zip(sizes, layers, strict=True):
            bound = bound.times(layer.weight, layer.bias)
            into[: layer.width] = bound.size * BOUND_SLACK
            bound = bound.activated(steeper_slopes(layer))
    return sizes if (sizes < MOST_SIZE).all() else None


@jit
def hand_down(net: PackedNetwork, s: Any, f: int, layer: int) -> bool:  # pragma: no cover - compiled
    """Prove signs on the cell of a frame on which a layer begins; whether all neurons of the layer have been tried."""
    if layer == 0 or layer > LAST:
        return False
    r, deepest = s.relaxed, layer
    for m in range(layer, net.n_hidden):
        for j in range(net.width[m]):
            r.sign[layer, m, j] = r.sign[layer - 1, m, j]
            is_asked = r.sign[layer, m, j] == 0 and net.bit[net.neuron_start[m] + j] >= 0
            if is_asked and r.is_worth_it[m] != 0:
                deepest = m
    if deepest == layer:
        return False
    _first_layer(net, s, f, layer)
    for m in range(layer + 1, deepest + 1):
        _deeper_layer(net, s, f, layer, m, m == deepest)
    return True


@jit
def known_sign(s: Any, layer: int, j: int) -> Any:  # pragma: no cover - compiled
    """The sign that a neuron of a layer is proved to have on the cell on which the layer begins, or 0."""
    r = s.relaxed
    return r.sign[min(layer, LAST), layer, j] if r.sign.shape[0] > 0 else np.int8(0)


@jit
def _first_layer(net: PackedNetwork, s: Any, f: int, layer: int) -> None:  # pragma: no cover - compiled
    """Bounds and lines of the layer that is affine on the cell."""
    r, k = s.relaxed, s.walk.vertex.shape[0]
    row, sure, first = s.layers.rows[layer], s.layers.sure[layer], net.neuron_start[layer]
    start_walk(s, f)
    for j in range(net.width[layer]):
        magnitude = abs(row[k, j])
        for i in range(k):
            magnitude += abs(row[i, j]) * net.reach[i]
        r.here[j] = magnitude * BOUND_SLACK
        value = value_at(row, j, s.frames.witness[f])
        r.value[layer, j] = value
        if net.bit[first + j] >= 0 and r.sign[layer, layer, j] == 0:
            side = 1.0 if value > 0.0 else -1.0
            low = _lowest(net, s, f, row, j, sure[j], side, r.here[j])
            high = _lowest(net, s, f, row, j, sure[j], -side, r.here[j]) if low <= 0.0 else 0.0
            _note(net, s, layer, layer, j, side, low, high)
        _draw_lines(net, s, layer, layer, j)


@jit
def _deeper_layer(
    net: PackedNetwork, s: Any, f: int, layer: int, m: int, is_last: bool
) -> None:  # pragma: no cover - compiled
    """The same of a layer behind it, from forms below and above its neurons."""
    r, first = s.relaxed, net.neuron_start[m]
    _propagate(net, s, m)
    for j in range(net.width[m]):
        if net.bit[first + j] >= 0 and r.sign[layer, m, j] == 0:
            side = 1.0 if r.value[m, j] > 0.0 else -1.0
            _substitute(net, s, layer, m, j, side)
            low, high = _lowest(net, s, f, r.form, j, r.sure[j], 1.0, r.size[m, j]), 0.0
            if low <= 0.0 and not is_last:
                _substitute(net, s, layer, m, j, -side)
                high = _lowest(net, s, f, r.form, j, r.sure[j], 1.0, r.size[m, j])
            _note(net, s, layer, m, j, side, low, high)
        if not is_last:
            _draw_lines(net, s, layer, m, j)


@jit
def _note(
    net: PackedNetwork, s: Any, layer: int, m: int, j: int, side: float, low: float, high: float
) -> None:  # pragma: no cover - compiled
    """Keep what was proved of a neuron: ``side * z >= low``, ``-side * z >= high``."""
    r = s.relaxed
    r.least[m, j] = low if side > 0.0 else high
    r.most[m, j] = -high if side > 0.0 else -low
    if low > 0.0:
        r.sign[layer, m, j] = 1 if side > 0.0 else -1
        s.scalars[FLOAT_DECISIONS] += 1


@jit
def _draw_lines(net: PackedNetwork, s: Any, layer: int, m: int, j: int) -> None:  # pragma: no cover - compiled
    """The lines between which a neuron lies on the cell."""
    r, neuron = s.relaxed, net.neuron_start[m] + j
    on, off, sign = net.positive[neuron], net.negative[neuron], r.sign[layer, m, j]
    low, high = r.least[m, j], r.most[m, j]
    # A neuron that never cuts, or one that does so without a bend, is a line itself.
    if on == off or sign > 0 or (sign == 0 and low >= 0.0):
        off = on
    elif sign < 0 or high <= 0.0:
        on = off
    r.lines[1, m, j], r.lines[3, m, j] = 0.0, 0.0
    if on == off:
        r.lines[0, m, j], r.lines[2, m, j] = on, on
        return
    chord = (on * high - off * low) / (high - low)
    ends = on * high - chord * high, off * low - chord * low
    doubt = 8 * UNIT_ROUNDOFF * (abs(on * high) + abs(off * low) + abs(chord) * (high - low)) + UNDERFLOW_GUARD
    through = on if high > -low else off
    if on > off:
        r.lines[0, m, j] = through
        r.lines[2, m, j], r.lines[3, m, j] = chord, max(ends[0], ends[1]) + doubt
    else:
        r.lines[0, m, j], r.lines[1, m, j] = chord, min(ends[0], ends[1]) - doubt
        r.lines[2, m, j] = through


@jit
def _propagate(net: PackedNetwork, s: Any, m: int) -> None:  # pragma: no cover - compiled
    """Pre-activations of layer m at the witness: they say which sign to try."""
    r, n = s.relaxed, net.width[m]
    first, before, start, stride = (
        net.neuron_start[m], net.neuron_start[m - 1], net.weight_start[m], net.stride[m]
    )  # fmt: skip
    for j in range(n):
        r.value[m, j] = net.bias[first + j]
    for q in range(net.width[m - 1]):
        value = r.value[m - 1, q]
        value *= net.positive[before + q] if value > 0.0 else net.negative[before + q]
        if value != 0.0:
            for at in range(0, n, LANES):
                sums = multiply_add(load(net.weights, (start + q * stride + at,)), fill(value), load(r.value, (m, at)))
                store(r.value, (m, at), sums)


@jit
def _substitute(
    net: PackedNetwork, s: Any, layer: int, m: int, j: int, side: float
) -> None:  # pragma: no cover - compiled
    """A form in the chart's coordinates below ``side * z`` on the cell, z being a neuron of layer m, and its `sure`.

    Cost: a product of a matrix with a vector for each layer on the way.
    """
    r, k1 = s.relaxed, s.relaxed.form.shape[0]
    constant = side * net.bias[net.neuron_start[m] + j]
    magnitude, terms = abs(constant), 8.0 + k1
    for q in range(net.width[m - 1]):
        r.coefficient[0, q] = side * net.weights[net.weight_start[m] + q * net.stride[m] + j]
    for i in range(m - 1, layer - 1, -1):
        n = net.width[i]
        terms += n + 2.0
        constants, sizes = fill(0.0), fill(0.0)
        for at in range(0, n, LANES):
            a, nothing = first_of(n - at, load(r.coefficient, (0, at))), fill(0.0)
            b = multiply(a, larger(a, nothing, load(r.lines, (0, i, at)), load(r.lines, (2, i, at))))
            c = multiply(a, larger(a, nothing, load(r.lines, (1, i, at)), load(r.lines, (3, i, at))))
            store(r.coefficient, (1, at), b)
            constants = add(constants, c)
            here = load(r.size, (i, at)) if i > layer else load(r.here, (at,))
            sizes = add(sizes, multiply_add(size(b), here, size(c)))
        constant += total(constants)
        magnitude += total(sizes)
        if i > layer:
            constant += _product(r.coefficient, net.bias, net.neuron_start[i], n)
            for p in range(net.width[i - 1]):
                r.coefficient[0, p] = _product(r.coefficient, net.weights, net.weight_start[i] + p * net.stride[i], n)
    rows, sures, n = s.layers.rows[layer], s.layers.sure[layer], net.width[layer]
    handed = fill(0.0)
    for at in range(0, n, LANES):
        handed = multiply_add(size(load(r.coefficient, (1, at))), load(sures, (at,)), handed)
    for i in range(k1):
        r.form[i, j] = _product(r.coefficient, rows[i], 0, n)
    r.form[k1 - 1, j] += constant
    r.sure[j] = (total(handed) + terms * UNIT_ROUNDOFF * magnitude) * BOUND_SLACK + UNDERFLOW_GUARD


@jit
def _product(coefficients: Any, weights: Any, start: int, n: int) -> Any:  # pragma: no cover - compiled
    """The sum of n products of the second row of coefficients and weights from a place on."""
    sums = fill(0.0)
    for at in range(0, n, LANES):
        sums = multiply_add(load(coefficients, (1, at)), load(weights, (start + at,)), sums)
    return total(sums)


@jit
def _lowest(
    net: PackedNetwork, s: Any, f: int, row: Any, j: int, sure: float, side: float, size: float
) -> Any:  # pragma: no cover - compiled
    """A proved bound below ``side * z`` over the bounded cell of a frame, z being within `sure` of a row there.

    Whatever happens, |z| is at most `size` and `sure` more.
    """
    k = s.walk.vertex.shape[0]
    norm = length(row, j, k)
    lowest = -(size + sure) * BOUND_SLACK
    if not norm > 0.0:
        return max(lowest, (side * row[k, j] - sure) - 2 * UNIT_ROUNDOFF * (abs(row[k, j]) + sure))
    for i in range(k):
        s.walk.gradient[i] = row[i, j] / norm
    if descend(s, s.frames.n_rows[f], row[k, j] / norm, side, False, np.inf) != OPTIMAL:
        return lowest
    bound, charge = combine(net, s, row, j, sure, side)
    return max(lowest, bound - charge - 2 * UNIT_ROUNDOFF * (abs(bound) + charge))
