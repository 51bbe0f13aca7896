"""Signs of the pre-activations of networks with sparse layers: proved without ever writing a weight out densely.

Double-doubles go through the layers one by one. What they leave open is decided, neuron by neuron, from the exact
affine function that its pre-activation is on the region: one row is pulled back through the sparse layers before it, so
it touches only the inputs that it depends on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from flint import fmpz

from polytope_lens._compiled.simd import LANES
from polytope_lens._deferred import sparse
from polytope_lens.arithmetic.signs import UNIT_ROUNDOFF
from polytope_lens.exact.blocks import affine_of_blocks, blocks
from polytope_lens.exact.rows import ExactRows, rows_of
from polytope_lens.network.network import bit_starts, fits_written_out, has_sparse_layers, slopes

if TYPE_CHECKING:
    from flint import fmpz_mat

    from polytope_lens._types import Bools, Floats, Signs
    from polytope_lens.network.network import Layer, Network


# An input is never dead, also where it is zero.
NOT_DEAD = 5e-324


class DoubleDoubles(NamedTuple):
    """Numbers ``high + low`` within ``error``, each (n, width); all zero: zero on the whole region."""

    high: Floats
    low: Floats
    error: Floats


def inputs(X: Floats) -> DoubleDoubles:
    """Points as what goes into the first layer."""
    return DoubleDoubles(X, np.zeros_like(X), np.full(X.shape, NOT_DEAD))


def preactivations(layer: Layer, slope: Floats, before: DoubleDoubles) -> DoubleDoubles:
    """``weight @ (slope * z) + bias`` for the rows z of `before`, (n, m) to (n, width)."""
    found = DoubleDoubles(*(np.empty((len(slope), layer.width)) for _ in range(3)))
    parts, m = blocks(layer), slope.shape[1]
    memory = np.empty(m, dtype=np.int64), np.empty((3, m)), np.empty((3, LANES))
    for p in range(len(slope)):
        affine_of_blocks(parts, slope[p], *(z[p] for z in before), *(z[p] for z in found), *memory)
    return found


def point_signs(network: Network, X: Floats, *, beside: bool = False) -> Signs:
    """Sign of every pre-activation at each point, (n, d) -> (n, n_neurons), values in {-1, 0, 1}; exact.

    With `beside`, the signs of the region on the side of the first axis, then the second, and so on: 0 only for neurons
    that are zero on all of it.

    Notes
    -----
    Cost: a forward pass in double-double for each point; for each sign in doubt, milliseconds to seconds according to
    the number of inputs that the neuron depends on.
    """
    return np.stack([_signs_at(network, x, beside) for x in X]) if len(X) else np.zeros((0, network.n_neurons), np.int8)


def _signs_at(network: Network, x: Floats, beside: bool) -> Signs:
    values = inputs(x[None])
    slope = np.ones((1, len(x)))
    found: list[Signs] = []
    slopes: list[Floats] = []
    for index, layer in enumerate(network.layers):
        values = preactivations(layer, slope, values)
        signs = sure_signs(values)[0]
        dead = (values.error == 0)[0]
        for neuron in np.flatnonzero((signs == 0) & ~dead & layer.cuts).tolist():
            signs[neuron] = _exact_sign(pulled_back(network, index, neuron, slopes), x, beside)
        found.append(signs[layer.cuts])
        slope = np.where(signs > 0, layer.positive_slope, layer.negative_slope)[None]
        slopes.append(slope[0])
    return np.concatenate([np.zeros(0, dtype=np.int8), *found])


def sure_signs(values: DoubleDoubles) -> Signs:
    """1 and -1 where a value is surely positive or negative, else 0."""
    # Beyond the error the high part decides: the low part is smaller than its rounding.
    size = np.abs(values.high) * (1 - 2 * UNIT_ROUNDOFF)
    return np.where(size > values.error, np.sign(values.high), 0).astype(np.int8)


def _exact_sign(row: dict[int, int], x: Floats, beside: bool) -> int:
    """Sign of an affine function at a point; where it is zero there, of its first coefficient that is not."""
    constant = row.pop(-1, 0)
    ratios = {j: float(x[j]).as_integer_ratio() for j in row}
    common = max((q for _, q in ratios.values()), default=1)
    value = constant * common + sum(row[j] * p * (common // q) for j, (p, q) in ratios.items())
    if value == 0 and beside:
        value = next((row[j] for j in sorted(row) if row[j]), 0)
    return (value > 0) - (value < 0)


def pulled_back(network: Network, layer: int, neuron: int, slopes: list[Floats]) -> dict[int, int]:
    """One pre-activation as an affine function of the inputs, where the layers before have these slopes; exact.

    Parameters
    ----------
    slopes : list of (n_l,) arrays
        Slope of each neuron, for (at least) the layers before `layer`.

    Returns
    -------
    dict of int
        Integer coefficients by input, and the constant at -1, all times one power of two.
    """
    return scaled_back(network, layer, neuron, slopes)[0]


def scaled_back(network: Network, layer: int, neuron: int, slopes: list[Floats]) -> tuple[dict[int, int], int]:
    """The same integers, and the power of two that they were multiplied by."""
    row, constant, total = {neuron: 1}, 0, 1
    for index in range(layer, -1, -1):
        row, shift, scale = _times_matrix(row, network.layers[index])
        constant, total = constant * scale + shift, total * scale
        if index:
            row, scale = _times_slopes(row, slopes[index - 1])
            constant, total = constant * scale, total * scale
    return {**row, -1: constant}, total


def _times_matrix(row: dict[int, int], layer: Layer) -> tuple[dict[int, int], int, int]:
    """A row of integers times a weight and a bias, and the power of two that these were multiplied by."""
    data, indices, indptr = _arrays(layer)
    parts = [slice(int(indptr[i]), int(indptr[i + 1])) for i in row]
    biases = layer.bias[list(row)]
    exponent = max([_exponent(biases), *(_exponent(data[part]) for part in parts)])
    total: dict[int, int] = {}
    shift = 0
    for factor, part, bias in zip(row.values(), parts, biases.tolist(), strict=True):
        shift += factor * _scaled(bias, exponent)
        for j, weight in zip(indices[part].tolist(), data[part].tolist(), strict=True):
            total[j] = total.get(j, 0) + factor * _scaled(weight, exponent)
    return total, shift, 1 << exponent


def _times_slopes(row: dict[int, int], slopes: Floats) -> tuple[dict[int, int], int]:
    exponent = _exponent(slopes[list(row)]) if row else 0
    scaled = {j: value * _scaled(float(slopes[j]), exponent) for j, value in row.items()}
    return {j: value for j, value in scaled.items() if value}, 1 << exponent


def _exponent(values: Floats) -> int:
    """The least ``e >= 0`` for which all values times ``2**e`` are integers."""
    mantissa, exponent = np.frexp(values[values != 0])
    integers = np.abs(mantissa * 2.0**53).astype(np.int64)
    lowest = np.log2((integers & -integers).astype(np.float64)).astype(np.int64)
    return int(max(0, (53 - exponent - lowest).max(initial=0)))


def _scaled(value: float, exponent: int) -> int:
    numerator, denominator = value.as_integer_ratio()
    return numerator << (exponent - denominator.bit_length() + 1)


@lru_cache(maxsize=64)
def _arrays(layer: Layer) -> tuple[Any, ...]:
    """A layer's weight by rows: data, columns, starts."""
    rows = sparse.csr_array(layer.weight)
    return rows.data, rows.indices, rows.indptr


class PulledBackRows:
    """Pre-activations of a network with sparse layers as integer rows on a chart, as `ExactRows` gives them.

    Each row is computed when it is asked for.
    """

    def __init__(self, network: Network, chart: fmpz_mat | None = None) -> None:
        self._network = network
        self._chart = None if chart is None else [[int(v) for v in row] for row in chart.tolist()]
        self._stops = bit_starts(network).tolist()
        self._last: tuple[int, bytes, _Rows] | None = None

    def rows(self, layer: int, bits: Bools) -> _Rows:
        """Rows ``[a, c]`` of a layer where the layers before it have these bits, by neuron."""
        key = bits[: self._stops[layer]].tobytes()
        if self._last is None or self._last[:2] != (layer, key):
            of_layers = slopes(self._network.layers[:layer], bits)
            self._last = layer, key, _Rows(self._network, self._chart, layer, of_layers)
        return self._last[2]

    def scaled_row(self, layer: int, neuron: int, bits: Bools) -> tuple[list[fmpz], fmpz]:
        """One of them in the inputs, and the factor that it was multiplied by."""
        return self.rows(layer, bits).scaled(neuron)


@dataclass(frozen=True, slots=True)
class _Rows:
    network: Network
    chart: list[list[int]] | None
    layer: int
    slopes: list[Floats]

    def scaled(self, neuron: int) -> tuple[list[fmpz], fmpz]:
        row, scale = scaled_back(self.network, self.layer, neuron, self.slopes)
        return [fmpz(row.get(j, 0)) for j in (*range(self.network.input_dim), -1)], fmpz(scale)

    def __getitem__(self, neuron: int) -> list[fmpz]:
        if self.chart is None:
            return self.scaled(neuron)[0]
        row = pulled_back(self.network, self.layer, neuron, self.slopes)
        columns = range(len(self.chart[0]))
        return [fmpz(sum(value * self.chart[j][k] for j, value in row.items())) for k in columns]


def rows_on(network: Network, chart: fmpz_mat | None = None) -> ExactRows | PulledBackRows:
    """Exact rows of a network on a chart, or on the input space, one by one where weights are sparse."""
    return PulledBackRows(network, chart) if has_sparse_layers(network) else ExactRows(network, chart)


def row_source(network: Network, *, own: bool = False) -> ExactRows | PulledBackRows:
    """Exact rows of a network in its inputs, one by one where its weights are too large to be written out.

    The source has a memory of its `own` of the last pattern, or that of `rows_of`.
    """
    if not fits_written_out(network):
        return PulledBackRows(network)
    return ExactRows(network) if own else rows_of(network)
