"""Integrated gradients without sampling: on each piece of a straight path the gradient is constant."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens.arithmetic.rational import fraction, rationals
from polytope_lens.exact.rows import ExactRows
from polytope_lens.local.margins import check_output
from polytope_lens.network.affine import affine_maps
from polytope_lens.network.network import Network
from polytope_lens.path.path import path

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from polytope_lens._types import Floats
    from polytope_lens.path.path import Path


# Whose gradients are in memory at a time.
PIECES = 1024


def integrated_gradients(
    network: Network, x: ArrayLike, baseline: ArrayLike, *, output: int = 0, exact: bool = False
) -> Floats | NDArray[np.object_]:
    """How much each input contributes to the change of an output on the straight way from a baseline to x.

    Parameters
    ----------
    network : Network
    x, baseline : (d,) arrays
    output : int
    exact : bool
        Fractions instead of floats.

    Returns
    -------
    (d,) array
        ``(x_k - baseline_k)`` times the mean of the k-th partial derivative on the way. The sum of all is the change of
        the output.

    Raises
    ------
    OptionError, DimensionError

    Notes
    -----
    Exactness: with `exact`, nothing is rounded, and the sum is the change of the output. Without, the pieces are the
    true ones and their lengths correctly rounded, gradients and sums computed in float64. Where the way runs inside the
    boundary of a neuron, gradients are those of the region beside it that :class:`.Path` names; the sum does not depend
    on that, single contributions do.
    Cost: that of :func:`.path.path`, and of a gradient for each piece; with `exact`, of a product of integer matrices
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
    """
    way = path(network, baseline, x)
    output = check_output(network, output, name="`output`")
    if exact:
        return _exact(way, output)
    lengths = np.diff(np.concatenate([[0.0], way.breakpoints, [1.0]]))
    alone = Network(network.layers, network.output_weight[[output]], network.output_bias[[output]])
    mean = np.zeros(network.input_dim)
    for start in range(0, len(way), PIECES):
        part = slice(start, start + PIECES)
        mean += lengths[part] @ affine_maps(alone, way.patterns[part])[:, 0, :-1]
    return np.asarray((way.points[1] - way.points[0]) * mean)


def _exact(way: Path, output: int) -> NDArray[np.object_]:
    network, d = way.network, way.network.input_dim
    source = ExactRows(network)
    ends = [Fraction(0), *way.exact_breakpoints(), Fraction(1)]
    total = [fmpq(0)] * d
    for bits, start, stop in zip(way.bits(), ends[:-1], ends[1:], strict=True):
        rows, scale = source.scaled_rows(len(network.layers), bits)
        share = fmpq((stop - start).numerator, (stop - start).denominator) / scale
        total = [sofar + share * slope for sofar, slope in zip(total, rows[output][:-1], strict=True)]
    first, last = (rationals(point) for point in way.points)
    found = np.empty(d, dtype=object)
    found[:] = [fraction((b - a) * mean) for a, b, mean in zip(first, last, total, strict=True)]
    return found
