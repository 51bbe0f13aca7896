"""Ties at infinity, decided by floats.

Where fewer neurons of a layer have a nonzero slope than there are inputs, everything behind it is a function of their
values alone: cells are unbounded in the other directions, and many neurons of the layers behind vanish at the same far
points without changing sign. No bound on rows in input coordinates proves that. In coordinates ``v_a >= 0``, the
absolute values of those few pre-activations, and t >= 0, the same rows are short sums of weights: a neuron z keeps its
sign if

    side * z = sum_i y_i h_i + sum_a r_a v_a + r_t t    with y >= 0 and all r > 0,

where h_i >= 0 are what is known of neurons behind the narrow layer. Not only the identity holds up to rounding: the
r absorb it. As t > 0 inside a cell, so is side * z. The multipliers y come from a linear program in floats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.jit import jit
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF
from polytope_lens.engines._kernels.packed_network import PackedNetwork, add_neuron, is_on
from polytope_lens.lp.float_simplex import maximize

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints


class Bottleneck(NamedTuple):
    """Room for the rows of the layers behind a narrow one, and for a linear program.

    Rows have k entries: at most k - 1 values of the narrow layer, rest zero, and then t. The program has all but the
    last one as variables, with v + t summing up to 1.
    """

    rows: Floats  # (L, k, width)
    error: Floats  # (L, width): bound where the entries of (v, t) add up to 1
    active: Ints  # (k,): the neurons of the narrow layer
    known: Ints  # (L, 2): per layer, the number of the cell for which its rows hold, and the narrow layer
    ones: Floats  # (k,)
    normal: Floats  # (rows, k - 1): the box 0 <= v <= 1, then v_1 + ... <= 1, then halfspaces
    offset: Floats
    scale: Floats  # per row: what it was divided by
    neuron: Ints  # per row: which neuron it belongs to, counted through all layers
    objective: Floats  # (k - 1,)
    basis: Ints
    dual: Floats
    inverse: Floats  # (k - 1, k - 1)
    point: Floats
    alpha: Floats


def start(n_hidden: int, k: int, widest: int, most: int) -> Bottleneck:
    """Workspace for cells of at most `most` halfspaces in k dimensions."""
    n, rows = k - 1, 2 * (k - 1) + 1 + most
    floats, ints = np.float64, np.int64
    normal, offset = np.zeros((rows, n), floats), np.zeros(rows, floats)
    normal[:n], offset[:n] = np.eye(n), 1.0
    normal[n : 2 * n] = -np.eye(n)
    offset[2 * n] = 1.0
    return Bottleneck(
        np.zeros((n_hidden, k, widest), floats),
        np.zeros((n_hidden, widest), floats),
        np.zeros(k, ints),
        np.full((n_hidden, 2), -1, ints),
        np.ones(k, floats),
        normal,
        offset,
        np.ones(rows, floats),
        np.zeros(rows, ints),
        np.zeros(n, floats),
        np.zeros(n, ints),
        np.zeros(n, floats),
        np.zeros((n, n), floats),
        np.zeros(n, floats),
        np.zeros(n, floats),
    )


@jit
def surely_keeps_sign(
    net: PackedNetwork, b: Bottleneck, current: Any, bits: Any, owner: Any, n_rows: int, layer: int, j: int,
    side: float, central: bool,
) -> Any:  # pragma: no cover - compiled  # fmt: skip
    """Whether ``side * z > 0`` is proved inside a cell, z being neuron j of a layer behind a narrow one.

    Where narrow layers follow one another, the narrowest has the fewest ties and comes first, and then wider ones
    before it, which know more of the cell. `central` says that no layer up to this one has biases; then rows have
    exactly nothing in t, and what is proved is that ``side * z >= 0``. `current` has the number of the cell in which
    each layer began, whose rows are made once. Networks with sparse layers, whose narrow ones are those of a slice, are
    left to the other rungs.
    """
    if net.sparse_start.shape[0] > 1:
        return False
    fewest, before = -1, layer
    while True:
        n_active, narrow = b.ones.shape[0], -1
        for of in range(before):
            count = _active(net, b, bits, of)
            if fewest < count < n_active:
                n_active, narrow = count, of
        if narrow < 0:
            return False
        _rows_behind(net, b, current, bits, narrow, layer)
        if _keeps_sign_behind(net, b, bits, owner, n_rows, narrow, n_active, layer, j, side, central):
            return True
        fewest, before = n_active, narrow


@jit
def _keeps_sign_behind(
    net: PackedNetwork, b: Bottleneck, bits: Any, owner: Any, n_rows: int, narrow: int, n_active: int, layer: int,
    j: int, side: float, central: bool,
) -> Any:  # pragma: no cover - compiled  # fmt: skip
    """The same for one narrow layer, whose rows are there."""
    k = b.ones.shape[0]
    if central and n_active == 0:
        return False
    # The coordinate that is 1 less the sum of the first ones: t, or where there is nothing in t, the last of v.
    last, free = (n_active - 1, n_active - 1) if central else (k - 1, n_active)
    n = k - 1
    for a in range(n):
        b.normal[2 * n, a] = 1.0 if a < free else 0.0
        b.objective[a] = -side * (b.rows[layer, a, j] - b.rows[layer, last, j]) if a < free else 0.0
    count = 2 * n + 1
    first_behind = net.neuron_start[narrow + 1]
    for q in range(n_rows):
        if owner[q] < 0 or net.neuron_of[owner[q]] < first_behind:
            continue
        neuron = net.neuron_of[owner[q]]
        of = _layer_of(net, neuron, narrow)
        m = neuron - net.neuron_start[of]
        sign = -1.0 if is_on(bits, owner[q]) else 1.0
        t = b.rows[of, last, m]
        largest = 0.0
        for a in range(n):
            b.normal[count, a] = sign * (b.rows[of, a, m] - t) if a < free else 0.0
            largest = max(largest, abs(b.normal[count, a]))
        if not 0.0 < largest < np.inf:
            continue
        for a in range(n):
            b.normal[count, a] /= largest
        b.offset[count] = -sign * t / largest
        b.scale[count] = sign / largest
        b.neuron[count] = neuron
        count += 1
    for a in range(n):
        b.basis[a] = a if b.objective[a] >= 0.0 else n + a
        b.dual[a] = abs(b.objective[a])
        for i in range(n):
            b.inverse[a, i] = 0.0
    maximize(b.objective, b.normal[:count], b.offset[:count], b.basis, b.dual, b.inverse, b.point, b.alpha)
    return _proves(net, b, narrow, n_active, layer, j, side, central)


@jit
def _layer_of(net: PackedNetwork, neuron: int, narrow: int) -> int:  # pragma: no cover - compiled
    """The layer of a neuron behind a narrow one, counted through all layers."""
    layer = narrow + 1
    while net.neuron_start[layer + 1] <= neuron:
        layer += 1
    return layer


@jit
def _active(net: PackedNetwork, b: Bottleneck, bits: Any, layer: int) -> Any:  # pragma: no cover - compiled
    """Number of neurons of a layer with a nonzero slope, listed if fewer than inputs; k also if one has no sign."""
    k = b.active.shape[0]
    first, count = net.neuron_start[layer], 0
    for j in range(net.width[layer]):
        bit = net.bit[first + j]
        on = bit < 0 or is_on(bits, bit)
        if (net.positive[first + j] if on else net.negative[first + j]) != 0.0:
            if bit < 0 or count + 1 >= k:
                return k
            b.active[count] = j
            count += 1
    return count


@jit
def _rows_behind(
    net: PackedNetwork, b: Bottleneck, current: Any, bits: Any, narrow: int, last: int
) -> None:  # pragma: no cover - compiled
    """Rows of the layers behind the narrow one, up to the last, in its coordinates, with their errors."""
    k = b.ones.shape[0]
    for layer in range(narrow + 1, last + 1):
        if b.known[layer, 0] == current[layer] and b.known[layer, 1] == narrow:
            continue
        b.known[layer, 0] = current[layer]
        b.known[layer, 1] = narrow
        n, first, before = net.width[layer], net.neuron_start[layer], net.neuron_start[layer - 1]
        rows, error = b.rows[layer], b.error
        for i in range(k - 1):
            for q in range(n):
                rows[i, q] = 0.0
        for q in range(n):
            rows[k - 1, q] = net.bias[first + q]
            error[layer, q] = 0.0
        if layer == narrow + 1:
            for a in range(_active(net, b, bits, narrow)):
                j = b.active[a]
                bit = net.bit[before + j]
                slope = net.positive[before + j] if is_on(bits, bit) else -net.negative[before + j]
                column = net.weight_start[layer] + j * net.stride[layer]
                for q in range(n):
                    rows[a, q] = slope * net.weights[column + q]
                    error[layer, q] += UNIT_ROUNDOFF * abs(rows[a, q]) + UNDERFLOW_GUARD
            continue
        for j in range(net.width[layer - 1]):
            bit = net.bit[before + j]
            slope = net.positive[before + j] if bit < 0 or is_on(bits, bit) else net.negative[before + j]
            column, sure = net.weight_start[layer] + j * net.stride[layer], b.error[layer - 1, j]
            for i in range(k):
                sure += 4 * UNIT_ROUNDOFF * abs(b.rows[layer - 1, i, j])
            add_neuron(
                net.weights, b.ones, column, n, slope, b.rows[layer - 1], j, sure + UNDERFLOW_GUARD,
                b.rows, error, layer,
            )  # fmt: skip


@jit
def _proves(
    net: PackedNetwork, b: Bottleneck, narrow: int, n_active: int, layer: int, j: int, side: float, central: bool
) -> Any:  # pragma: no cover - compiled
    """Whether the multipliers leave more than all rounding in every coordinate."""
    k = b.ones.shape[0]
    n = k - 1
    charge = b.error[layer, j]
    for i in range(n):
        q = b.basis[i]
        if q > 2 * n:
            of = _layer_of(net, b.neuron[q], narrow)
            charge += b.dual[i] * abs(b.scale[q]) * b.error[of, b.neuron[q] - net.neuron_start[of]]
    least, size = np.inf, 0.0
    for a in range(k):
        if n_active <= a < n or (central and a == n):
            continue
        rest = side * b.rows[layer, a, j]
        total = abs(rest)
        for i in range(n):
            q = b.basis[i]
            if q > 2 * n:
                of = _layer_of(net, b.neuron[q], narrow)
                term = b.dual[i] * b.scale[q] * b.rows[of, a, b.neuron[q] - net.neuron_start[of]]
                rest += term
                total += abs(term)
        least = min(least, rest)
        size = max(size, total)
    return least > charge * BOUND_SLACK + (2 * k + 8) * UNIT_ROUNDOFF * size + UNDERFLOW_GUARD
