"""The difference of two networks, in which neurons of one stand for how much more they give than twins in the other.

Twins are nearly the same. Let z and z' be their pre-activations, f their activation, and delta = z' - t z, t > 0. Then
f(z') is t f(z) + g, where g lies between p delta and q delta, p and q the slopes of f: what f(z') is more than
f(t z) = t f(z) is delta times a mean of slopes. Where delta is small, so is g, whatever is known of z. So what two
similar networks give is bounded by how far they are apart, and not by what each of them may give. Source: Paulsen, Wang
and Wang 2020, *ReluDiff: differential verification of deep neural networks*.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens.network.network import Layer, Network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Floats, Ints

# Twins are apart by at most this share of their size.
NEAR = 2.0**-4
# Beyond so many weights of a layer, nobody looks for them: they are compared one by one, and written out.
MOST_WEIGHTS = 2**20
# They are powers of two times each other; a log has none beyond this.
LONGEST = 63


class Fans(NamedTuple):
    """The neurons of a layer that stand for how much more they give than `times` their twins."""

    place: Ints  # (f,)
    twin: Ints  # (f,)
    times: Floats  # (f,), powers of two


NO_FANS = Fans(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


class TwinNetwork(NamedTuple):
    """A network with the same inputs and outputs as another, and as many neurons; exact.

    In the places of `fans` pre-activations are delta and values g, which the network does not compute: its activations
    there are only the two lines between which g is.
    """

    network: Network
    fans: list[Fans]  # of each layer


def with_twins(network: Network, first: Network, second: Network) -> TwinNetwork | None:
    """The `pair.difference` of two networks by the twins that neurons of the second one have in the first.

    None where there are none, where weights would be rounded, or where a layer has very many.

    Examples
    --------
    >>> from polytope_lens.network.network import from_arrays
    >>> from polytope_lens.network.pair import difference
    >>> one, other = (from_arrays([[[w, 1]], [[1]]], [[0], [0]]) for w in (1, 1.0625))
    >>> found = with_twins(difference(one, other), one, other)
    >>> found.network.layers[0].weight.tolist()  # z, and x / 16 more
    [[1.0, 1.0], [0.0625, 0.0]]
    """
    if any(layer.width * layer.weight.shape[1] > MOST_WEIGHTS for layer in network.layers):
        return None
    layers, found = list[Layer](), list[Fans]()
    handed_on = [first.input_dim] * max(0, len(second.layers) - len(first.layers))
    own = [*handed_on, *(layer.width for layer in first.layers), first.output_dim]
    before = NO_FANS
    for layer, n in zip(network.layers, own, strict=True):
        weight = _of_twins(layer.dense_weight(), before)
        if weight is None:
            return None
        rows = np.column_stack([weight, layer.bias])
        fans = _pairs(layer, n, np.delete(rows, before.place, axis=1))
        exact = np.ones(len(fans.place), dtype=bool)
        for at, (j, i, t) in enumerate(zip(*fans, strict=True)):
            apart = rows[j] - t * rows[i]
            exact[at] = all(
                Fraction(d) == Fraction(v) - Fraction(t) * Fraction(w)
                for d, v, w in zip(apart.tolist(), rows[j].tolist(), rows[i].tolist(), strict=True)
                if w
            )
            if exact[at]:
                rows[j] = apart
        fans = Fans(fans.place[exact], fans.twin[exact], fans.times[exact])
        layers.append(Layer(rows[:, :-1], rows[:, -1], layer.negative_slope, layer.positive_slope, layer.cuts))
        found.append(fans)
        before = fans
    weight = _of_twins(network.dense_output_weight(), before)
    if weight is None or not any(len(fans.place) for fans in found):
        return None
    return TwinNetwork(Network(tuple(layers), weight, network.output_bias), found)


def without_fans(widths: Sequence[int], fans: Sequence[Fans], low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Bounds (n, N) on the neurons of all layers, where those of fans are on the pre-activations that these stand for.

    Sums are rounded, which never changes a sign.

    Examples
    --------
    >>> fans = Fans(np.array([1]), np.array([0]), np.array([2.0]))
    >>> low, high = without_fans([2], [fans], np.array([[1.0, -1.0]]), np.array([[3.0, 1.0]]))
    >>> low.tolist(), high.tolist()
    ([[1.0, 1.0]], [[3.0, 7.0]])
    """
    if any(len(some.place) for some in fans):
        low, high, start = low.copy(), high.copy(), 0
        for width, (place, twin, times) in zip(widths, fans, strict=True):
            with np.errstate(over="ignore"):
                for ends in (low, high):
                    ends[:, start + place] += times * ends[:, start + twin]
            start += width
    return low, high


def n_open(layers: Sequence[Layer], fans: Sequence[Fans], low: Floats, high: Floats) -> Ints:
    """How many neurons of all layers may change their sign, (n,), those for which differences stand among them."""
    low, high = without_fans([layer.width for layer in layers], fans, low, high)
    cuts = np.concatenate([np.zeros(0, dtype=bool), *(layer.cuts for layer in layers)])
    return np.asarray(((low < 0) & (high > 0) & cuts).sum(axis=1))


def _of_twins(weight: Floats, fans: Fans) -> Floats | None:
    """Weights on the values of a layer by its twins, if they are floats: those on a neuron are for its twin, too."""
    made = np.array(weight)
    for j, i, t in zip(*fans, strict=True):
        with np.errstate(over="ignore", invalid="ignore"):
            total = made[:, i] + t * weight[:, j]
        for d, v, w in zip(total.tolist(), made[:, i].tolist(), weight[:, j].tolist(), strict=True):
            if w and not (np.isfinite(d) and Fraction(d) == Fraction(v) + Fraction(t) * Fraction(w)):
                return None
        made[:, i] = total
    return made


def _pairs(layer: Layer, n: int, rows: Floats) -> Fans:
    """The nearest twin that each neuron behind the first n has among these, by its row of weights and bias."""
    found = []
    # Neurons with numbers whose squares are no floats have no twins.
    with np.errstate(over="ignore", invalid="ignore"):
        size = np.linalg.norm(rows, axis=1)
        is_given = (size > 0) & np.isfinite(size)
        for j in np.flatnonzero(is_given[n:]) + n:
            some = is_given[:n] & (layer.negative_slope[:n] == layer.negative_slope[j])
            (others,) = np.nonzero(some & (layer.positive_slope[:n] == layer.positive_slope[j]))
            if not len(others):
                continue
            times = np.exp2(np.rint(np.log2(size[j] / size[others])).clip(-LONGEST, LONGEST))
            apart = np.linalg.norm(rows[j] - times[:, None] * rows[others], axis=1)
            best = int(apart.argmin())
            if apart[best] <= NEAR * size[j]:
                found.append((int(j), int(others[best]), float(times[best])))
    return Fans(*map(np.array, zip(*found, strict=True))) if found else NO_FANS
