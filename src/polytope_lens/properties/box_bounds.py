"""What is proved on whole boxes: bounds on all pre-activations, and which boxes no violation is in.

Affine functions above and below a layer's pre-activations come back from layer to layer (`linear_bounds`), and
their greatest values in a box are bounds. Many boxes are looked at together. Where a sign is known, it is known in all
parts of the box, so halves inherit bounds and ask about fewer neurons.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from polytope_lens._arrays.batches import batches
from polytope_lens.bounds.linear_bounds import highest_in_box, rows_above, rows_around
from polytope_lens.bounds.relaxation import lines_around, relax
from polytope_lens.exact.forward import quiet
from polytope_lens.network.twins import n_open
from polytope_lens.properties.cell_lines import fan_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats
    from polytope_lens.bounds.relaxation import Relaxation
    from polytope_lens.network.network import Layer, Network
    from polytope_lens.network.twins import Fans
    from polytope_lens.properties.problem import PropertyProblem

Arrays = TypeVar("Arrays")


class Boxes(NamedTuple):
    """Some boxes of a problem, n of them, with bounds on the N neurons of all hidden layers, one after the other."""

    lower: Floats  # (n, k)
    upper: Floats
    low: Floats  # (n, N)
    high: Floats

    def at(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Boxes:
        """Some of them."""
        return Boxes._make(array[index] for array in self)


class Looked(NamedTuple):
    """What is proved of n boxes."""

    boxes: Boxes  # with better bounds
    is_missed: Bools  # (n,): no point of the box violates
    n_open: NDArray[np.int64]  # (n,): neurons whose sign is not known
    reliance: Floats  # (n, k): how much rows may change along each coordinate of the box, a guess
    lowest: Floats  # (n, m): lower bounds on the rows


def joined(some: Iterable[Arrays]) -> Arrays:
    """Boxes of the same problem together, or what else is a named tuple of arrays."""
    first, *others = some
    made: Any = first
    together: Arrays = made._make(map(np.concatenate, zip(made, *others, strict=True)))
    return together


def whole_box(problem: PropertyProblem) -> Boxes:
    """The box of a problem, about which nothing is known yet."""
    n = sum(layer.width for layer in problem.bounded.layers[:-1])
    return Boxes(problem.lower[None], problem.upper[None], np.full((1, n), -np.inf), np.full((1, n), np.inf))


def look(problem: PropertyProblem, boxes: Boxes) -> Looked:
    """Bounds on all pre-activations and rows over boxes; proved.

    Cost: for each layer a product of matrices for each layer before it.
    """
    (network, every), n = problem.bounded_by_twins, len(boxes.lower)
    low, high = boxes.low.copy(), boxes.high.copy()
    lines: list[Relaxation] = []
    start = 0
    for index, (layer, fans) in enumerate(zip(network.layers[:-1], every, strict=True)):
        here = slice(start, start + layer.width)
        start += layer.width
        is_open = (low[:, here] < 0) & (high[:, here] > 0) & layer.cuts
        is_open[:, fans.place] = True
        asked = np.flatnonzero(is_open.any(axis=0))
        for some in batches(len(asked), 2 * n * (layer.width + network.input_dim)):
            place = asked[some] + here.start
            above, doubt = rows_around(network, index, asked[some], lines, n)
            top = highest_in_box(above, doubt, boxes.lower, boxes.upper)
            high[:, place] = np.minimum(high[:, place], top[:, : len(place)])
            low[:, place] = np.maximum(low[:, place], -top[:, len(place) :])
        lines.append(_lines(layer, low[:, here], high[:, here], fans))
    m = network.layers[-1].width
    below = np.broadcast_to(-np.eye(m), (n, m, m))
    rows, doubt = rows_above(network, len(network.layers) - 1, below, lines)
    lowest = -highest_in_box(rows, doubt, boxes.lower, boxes.upper)
    is_missed = np.ones(n, dtype=bool)
    for case in problem.cases:
        is_missed &= (lowest[:, case] > 0).any(axis=1)
    reliance = _sensitivity(network, lines) * (boxes.upper - boxes.lower)
    may_change = n_open(network.layers[:-1], every, low, high)
    return Looked(Boxes(boxes.lower, boxes.upper, low, high), is_missed, may_change, reliance, lowest)


def _sensitivity(network: Network, lines: list[Relaxation]) -> Floats:
    """Sums over all ways from each coordinate to the rows of the sizes of slopes and weights, (n, k); a heuristic."""
    rows: Any = abs(network.layers[-1].weight)
    sums: Any = np.ones((len(lines[0].steepest) if lines else 1, rows.shape[0])) @ rows
    with quiet():
        for layer, line in zip(reversed(network.layers[:-1]), reversed(lines), strict=True):
            weight: Any = abs(layer.weight)
            sums = (sums * line.steepest) @ weight
    return np.asarray(sums)


def _lines(layer: Layer, low: Floats, high: Floats, fans: Fans) -> Relaxation:
    """Lines around the activations of a layer."""
    lines = relax(layer, low, high)
    if len(fans.place):
        for array, own in zip(lines, fan_lines(layer, low, high, fans, lines_around), strict=True):
            array[:, fans.place] = own
    return lines


def halves(looked: Looked, i: int) -> Boxes | None:
    """A box cut in two across the coordinate that rows may change most along; None if it has no floats inside."""
    lower, upper = looked.boxes.lower[i], looked.boxes.upper[i]
    middle = lower + (upper - lower) / 2
    can = (lower < middle) & (middle < upper)
    if not can.any():
        return None
    weight = np.where(can & np.isfinite(looked.reliance[i]), looked.reliance[i], 0.0)
    axis = int(weight.argmax()) if weight.any() else int(np.where(can, upper - lower, -1.0).argmax())
    both = looked.boxes.at(np.array([i, i]))
    lower, upper = both.lower.copy(), both.upper.copy()
    upper[0, axis] = lower[1, axis] = middle[axis]
    return both._replace(lower=lower, upper=upper)
