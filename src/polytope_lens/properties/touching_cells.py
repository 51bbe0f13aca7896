"""Exact multipliers for cells in which all signs are known: by linear programs in rational arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from flint import fmpq, fmpz, fmpz_mat

from polytope_lens.arithmetic.rational import common_exponent, fraction, integers, scaled_integers
from polytope_lens.lp.rational_simplex import Halfspace, maximize
from polytope_lens.properties.cell_bounds import Claim

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats
    from polytope_lens.lp.rational_simplex import Optimum
    from polytope_lens.network.network import Network
    from polytope_lens.properties.property import Constraint, ExactBox

ZERO, ONE = fmpq(0), fmpq(1)


def exact_emptiness(
    network: Network, box: ExactBox, signs: NDArray[np.int8], on: Bools
) -> tuple[Claim | None, list[list[fmpq]]]:
    """Multipliers that show that no region has an inner point in a cell, if none has; and the map there; exact.

    Inside a region a neuron that is on is positive, and one that is off is negative, unless it is zero throughout.
    """
    given, outputs = affine_rows(network, box, signs, on)
    rows = [[-v for v in row] if signs[j] > 0 else row for j, row in given]
    strict = [bool(signs[j] > 0 or any(row[k] != 0 for k in box.free)) for j, row in given]
    claim = None
    if any(strict):
        best = most_slack(rows, [True] * len(rows), box)
        if best is not None and best.value >= 0:
            best = most_slack(rows, strict, box)
        if best is not None and best.value <= 0:
            claim = _claim(best, [("neuron", j) for j, _ in given], len(box.lower))
    return claim, outputs


def exact_claim(
    network: Network, case: Sequence[Constraint], box: ExactBox, signs: NDArray[np.int8], on: Bools
) -> tuple[Claim | None, list[Fraction]]:
    """Multipliers that close a case in a cell, or else a point of it that satisfies the case; exact.

    `signs` (N,) are the signs given in the cell, and `on` (N,) which neurons are on there, those of all hidden layers
    one after the other.
    """
    given, outputs = affine_rows(network, box, signs, on)
    d = len(box.lower)
    rows, names, strict = [], list[tuple[str, int]](), []
    for place, constraint in enumerate(case):
        if constraint.side is not None and not constraint.strict:
            continue  # it holds in the box
        row = [ZERO] * d + [-fmpq(*constraint.bound.as_integer_ratio())]
        for k, v in constraint.inputs:
            row[k] += fmpq(*v.as_integer_ratio())
        for j, v in constraint.outputs:
            row = [a + fmpq(*v.as_integer_ratio()) * b for a, b in zip(row, outputs[j], strict=True)]
        rows.append(row)
        names.append(("row", place))
        strict.append(constraint.strict)
    for j, row in given:
        rows.append([-v for v in row] if signs[j] > 0 else row)
        names.append(("neuron", j))
        strict.append(False)
    best = most_slack(rows, [True] * len(rows), box)
    assert best is not None  # the slack may be as far below 0 as any row needs
    is_met = best.value >= 0
    if is_met and any(strict):
        best = most_slack(rows, strict, box)
        assert best is not None  # all rows are at most 0 somewhere
        is_met = best.value > 0
    return (None, [fraction(v) for v in best.point[:-1]]) if is_met else (_claim(best, names, d), [])


def _claim(best: Optimum, names: Sequence[tuple[str, int]], d: int) -> Claim:
    """The multipliers of a least slack, as whole numbers."""
    used = [(q - 2 * (d + 1), y) for q, y in zip(best.basis, best.multipliers, strict=True) if y > 0]
    used = [(i, y) for i, y in used if i >= 0]
    claim = Claim({}, {}, {})
    for (i, _), whole in zip(used, integers([y for _, y in used]), strict=True):
        kind, place = names[i]
        (claim.rows if kind == "row" else claim.neurons)[place] = int(whole)
    return claim


def affine_rows(
    network: Network, box: ExactBox, signs: NDArray[np.int8], on: Bools
) -> tuple[list[tuple[int, list[fmpq]]], list[list[fmpq]]]:
    """Affine functions of the inputs where these neurons are on: those with signs, and the outputs, as rows."""
    *hidden, outputs = affine_layers(network, len(box.lower), on)
    given = [(j, layer.row(j - layer.start)) for layer in hidden for j in layer.of(signs)]
    return given, [outputs.row(j) for j in range(len(outputs.rows))]


class AffineLayer(NamedTuple):
    """Affine functions of the inputs that a layer's neurons are, the first one being this one of all; over a scale."""

    start: int
    rows: list[list[fmpz]]
    scale: fmpz

    def row(self, j: int) -> list[fmpq]:
        """That of the layer's neuron j."""
        return [fmpq(v, self.scale) for v in self.rows[j]]

    def of(self, which: NDArray[Any]) -> list[int]:
        """Those of the layer's neurons, numbered among all, for which something (N,) is not zero."""
        return [self.start + j for j in np.flatnonzero(which[self.start : self.start + len(self.rows)]).tolist()]


def affine_layers(network: Network, d: int, on: Bools) -> Iterator[AffineLayer]:
    """Pre-activations of each hidden layer, and then the outputs, where neurons are on; exact.

    Whoever takes a layer may say meanwhile which of its neurons are on.
    """
    values, scale, start = [[fmpz(int(i == k)) for i in range(d + 1)] for k in range(d)], fmpz(1), 0
    for layer in network.layers:
        values, scale = _affine(layer.dense_weight(), layer.bias, values, scale)
        yield AffineLayer(start, values, scale)
        slopes = np.where(on[start : start + layer.width], layer.positive_slope, layer.negative_slope)
        e = common_exponent(slopes)
        whole = scaled_integers(slopes, e)
        values = [[slope * v for v in row] for slope, row in zip(whole, values, strict=True)]
        scale, start = scale * (fmpz(1) << e), start + layer.width
    weight: Any = network.output_weight
    last = weight if isinstance(weight, np.ndarray) else weight.toarray()
    yield AffineLayer(start, *_affine(last, network.output_bias, values, scale))


def _affine(weight: Floats, bias: Floats, values: list[list[fmpz]], scale: fmpz) -> tuple[list[list[fmpz]], fmpz]:
    """Rows of a layer's pre-activations, times a scale."""
    matrix = np.column_stack([weight, bias])
    e = common_exponent(matrix)
    constant = [fmpz(0)] * (len(values[0]) - 1) + [scale]
    made = fmpz_mat(len(matrix), len(values) + 1, scaled_integers(matrix, e)) * fmpz_mat([*values, constant])
    return made.tolist(), scale * (fmpz(1) << e)


def most_slack(rows: Sequence[Sequence[fmpq]], loose: Sequence[bool], box: ExactBox) -> Optimum | None:
    """The greatest slack that loose rows may have in a box where all rows are at most 0; negative if they cannot be."""
    d = len(box.lower)
    lower, upper = ([fmpq(*v.as_integer_ratio()) for v in side] for side in box)
    halfspaces, reach = [], ONE
    for row, is_loose in zip(rows, loose, strict=True):
        size = sum(map(abs, row[:-1]), abs(row[-1])) or ONE
        halfspaces.append(Halfspace([*row[:-1], size if is_loose else ZERO], -row[-1]))
        most = sum((abs(a) * max(abs(lo), abs(hi)) for a, lo, hi in zip(row, lower, upper, strict=False)), abs(row[-1]))
        reach = max(reach, most / size + 1)
    return maximize([ZERO] * d + [ONE], halfspaces, [*lower, -reach], [*upper, reach])
