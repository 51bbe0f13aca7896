"""Integrated gradients without sampling: on each piece of a straight path the gradient is constant."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from flint import fmpq

from polytope_lens._arrays import validate
from polytope_lens._progress import bar
from polytope_lens.arithmetic.rational import fraction, rationals
from polytope_lens.errors import DimensionError, require
from polytope_lens.exact.rows import ExactRows
from polytope_lens.network.affine import affine_maps
from polytope_lens.network.network import Network, dense_rows
from polytope_lens.network.scalar import check_output
from polytope_lens.path.path import path

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.path.path import Path


# Whose gradients are in memory at a time.
PIECES = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Attributions:
    """What each input contributes to an output, for many points.

    It has a length, an index and slices: ``attributions[3]`` is an array (d,), ``attributions[:10]`` again such a list.
    ``np.asarray(attributions)`` is `values`.

    Parameters
    ----------
    values : (n, d) array
        Of floats, or of Fractions.
    points, baselines : (n, d) arrays
        Where the straight ways end, and where they start.
    output : int
        Which output of the network.
    """

    values: Floats | NDArray[np.object_]
    points: Floats
    baselines: Floats
    output: int

    def __post_init__(self) -> None:
        for array in (self.values, self.points, self.baselines):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, index: int) -> Floats | NDArray[np.object_]: ...
    @overload
    def __getitem__(self, index: slice | Ints | Bools) -> Attributions: ...
    def __getitem__(self, index: int | slice | Ints | Bools) -> Floats | NDArray[np.object_] | Attributions:
        i = validate.picked(index, len(self), told=f"there are {len(self)} points", part="number")
        if isinstance(i, int):
            return np.asarray(self.values[i])
        return Attributions(self.values[i], self.points[i], self.baselines[i], self.output)

    def __iter__(self) -> Iterator[Floats | NDArray[np.object_]]:
        return iter(self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        values = self.values if dtype is None else self.values.astype(dtype)
        return values.copy() if copy else values

    def to_frame(self) -> pd.DataFrame:
        """A row for each point, and a column ``input_0, input_1, ...`` for each input.

        Raises
        ------
        MissingExtraError
        """
        pandas = require("pandas", extra="data", purpose="`to_frame`")
        names = [f"input_{k}" for k in range(self.values.shape[1])]
        return pandas.DataFrame(self.values, index=pandas.RangeIndex(len(self), name="point"), columns=names)

    def __repr__(self) -> str:
        return f"Attributions({len(self)} points, {self.values.shape[1]} inputs, output {self.output})"


def integrated_gradients(
    network: Network,
    x: ArrayLike,
    baseline: ArrayLike,
    *,
    output: int = 0,
    exact: bool = False,
    progress: bool | None = None,
) -> Floats | NDArray[np.object_] | Attributions:
    """How much each input contributes to the change of an output on the straight way from a baseline to x.

    Parameters
    ----------
    network : Network
    x, baseline : (d,) or (n, d) arrays
        One point, or one in each row; one on either side goes with all of the other.
    output : int
        Which output; negative ones count from the last.
    exact : bool
        Fractions instead of floats.
    progress : bool, optional
        A bar on standard error for many points; by default on terminals and in notebooks, after a second.

    Returns
    -------
    (d,) array, or Attributions
        ``(x_k - baseline_k)`` times the mean of the k-th partial derivative on the way. The sum of all is the change of
        the output. Of many points a list, with length, index, slices and ``to_frame()``.

    Raises
    ------
    OptionError, DimensionError

    Notes
    -----
    Exactness: with `exact`, nothing is rounded, and the sum is the change of the output. Without, the pieces are the
    true ones and their lengths correctly rounded, gradients and sums computed in float64. Where the way runs inside the
    boundary of a neuron, gradients are those of the region beside it that `Path` names; the sum does not depend
    on that, single contributions do.
    Cost: that of `path.path`, and of a gradient for each piece; with `exact`, of a product of integer matrices
    for each piece and layer.
    Source: Sundararajan, Taly and Yan 2017, *Axiomatic attribution for deep networks*, section 3, equation 1; exactly
    for piecewise-affine networks: Sotoudeh and Thakur 2019, *Computing linear restrictions of neural networks*,
    section 4.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 1]], [[1]]], [[-1], [0]])  # relu(x + y - 1)
    >>> lens.integrated_gradients([2, 1], [0, 0])
    array([1.33333333, 0.66666667])
    >>> lens.integrated_gradients([2, 1], [0, 0], exact=True).tolist()
    [Fraction(4, 3), Fraction(2, 3)]
    >>> lens.integrated_gradients([[2, 1], [0, 3]], [0, 0]).values
    array([[1.33333333, 0.66666667],
           [0.        , 2.        ]])
    """
    output = check_output(network, output)
    find = _exact if exact else _rounded
    if validate.is_one(x) and validate.is_one(baseline):
        start, stop = (validate.point(p, network.input_dim, what="`integrated_gradients`") for p in (baseline, x))
        return find(path(network, start, stop), output)
    starts, stops = (validate.points(p, network.input_dim, what="`integrated_gradients`") for p in (baseline, x))
    if len(starts) != len(stops) and 1 not in (len(starts), len(stops)):
        raise DimensionError(
            f"`integrated_gradients` needs as many baselines as points, or one for all, but received {len(starts)} and "
            f"{len(stops)}."
        )
    starts, stops = (np.array(array) for array in np.broadcast_arrays(starts, stops))
    values = np.empty(stops.shape, dtype=object if exact else np.float64)
    pairs = bar(progress, list(zip(starts, stops, strict=True)), desc="attributions", unit=" points")
    for i, (start, stop) in enumerate(pairs):
        values[i] = find(path(network, start, stop), output)
    return Attributions(values, stops, starts, output)


def _rounded(way: Path, output: int) -> Floats:
    network = way.network
    lengths = np.diff(np.concatenate([[0.0], way.breakpoints, [1.0]]))
    alone = Network(network.layers, dense_rows(network.output_weight, [output]), network.output_bias[[output]])
    mean = np.zeros(network.input_dim)
    for start in range(0, len(way), PIECES):
        part = slice(start, start + PIECES)
        mean += lengths[part] @ affine_maps(alone, way.packed_patterns[part])[:, 0, :-1]
    return np.asarray((way.points[1] - way.points[0]) * mean)


def _exact(way: Path, output: int) -> NDArray[np.object_]:
    network, d = way.network, way.network.input_dim
    source = ExactRows(network)
    ends = [Fraction(0), *way.exact_breakpoints(), Fraction(1)]
    total = [fmpq(0)] * d
    for bits, start, stop in zip(way.patterns(), ends[:-1], ends[1:], strict=True):
        rows, scale = source.scaled_rows(len(network.layers), bits)
        share = fmpq((stop - start).numerator, (stop - start).denominator) / scale
        total = [sofar + share * slope for sofar, slope in zip(total, rows[output][:-1], strict=True)]
    first, last = (rationals(point) for point in way.points)
    found = np.empty(d, dtype=object)
    found[:] = [fraction((b - a) * mean) for a, b, mean in zip(first, last, total, strict=True)]
    return found
