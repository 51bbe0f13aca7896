"""How large the outputs are over a domain: L1, L2 and greatest absolute value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.query.moments import exact_moments, rounded_moments
from polytope_lens.query.simplices import balanced_sum, exact_simplices, fractions, simplices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from flint import fmpq
    from numpy.typing import NDArray

    from polytope_lens.partition import Partition
    from polytope_lens.query.simplices import ExactSimplices

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Norms:
    """Norms of each output f over a bounded domain.

    Parameters
    ----------
    volume : float or Fraction
        Of the domain: ``l1 / volume`` is the average of |f|.
    integral : (out,) array
        Of f.
    l1 : (out,) array
        Integral of |f|.
    l2_squared : (out,) array
        Integral of f^2.
    sup : (out,) array
        Greatest value of |f|.
    argmax : (out, d) array
        A point where |f| takes it: a corner of a region.
    """

    volume: float | Fraction
    integral: NDArray[Any]
    l1: NDArray[Any]
    l2_squared: NDArray[Any]
    sup: NDArray[Any]
    argmax: NDArray[Any]

    @property
    def l2(self) -> Floats:
        """Square root of the integral of f^2, (out,); rounded."""
        return np.sqrt(self.l2_squared.astype(np.float64))

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name).astype(float).tolist()}" for name in ("l1", "l2", "sup"))
        return f"Norms({', '.join(shown)})"


def norms(partition: Partition, *, exact: bool = False) -> Norms:
    """L1, L2 and supremum norm of each output over a bounded domain on the line or in the plane.

    Raises
    ------
    DimensionError, UnboundedPolytopeError, PartialPartitionError

    Notes
    -----
    Rounded: from rounded corners and maps; with `exact`, fractions. Nothing is sampled: |f| is greatest at a corner of
    a region, since f is affine between corners, and the integrals have closed formulas on simplices. Cost: one pass;
    with `exact`, that of exact :func:`.moments`.

    Source: for L2 see :func:`.moments`. On a simplex where one corner's value p has another sign than all others q_i,
    the average of the part of f with the sign of p is ``p^(d+1) / ((d + 1) prod (p - q_i))`` up to sign: this part
    lives on a smaller simplex, cut off at p, with sides shorter by the factors ``p / (p - q_i)``.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, -1]]], [[0, 0], [0]], negative_slope=-1.0)  # |x| - |y|
    >>> found = lens.partition(Box([-1, -1], [1, 2])).norms(exact=True)
    >>> found.integral[0], found.l1[0], found.sup[0], found.argmax[0].tolist()
    (Fraction(-2, 1), Fraction(10, 3), Fraction(2, 1), [Fraction(0, 1), Fraction(2, 1)])
    """
    purpose = "`norms`"
    if exact:
        return _exact(exact_simplices(partition, purpose))
    found = simplices(partition, purpose)
    averages = rounded_moments(found)
    integral, squared = averages.mean * averages.volume, averages.second.diagonal() * averages.volume
    size = np.abs(found.values).reshape(-1, found.values.shape[2])
    places = found.points.reshape(-1, found.points.shape[2])[size.argmax(axis=0)]
    l1 = found.volumes @ _average_sizes(found.values)
    return Norms(averages.volume, integral, l1, squared, size.max(axis=0), places)


def _exact(found: ExactSimplices) -> Norms:
    averages = exact_moments(found)
    average = [[_average_size(values) for values in simplex] for simplex in found.values.transpose(0, 2, 1).tolist()]
    l1 = fractions(balanced_sum(found.volumes[:, None] * np.array(average, dtype=object)))
    size = np.abs(found.values).reshape(-1, found.values.shape[2])
    at = [max(range(len(column)), key=column.__getitem__) for column in size.T.tolist()]
    places = found.points.reshape(-1, found.points.shape[2])[at]
    integral, squared = averages.mean * averages.volume, averages.second.diagonal() * averages.volume
    greatest = np.array([size[i, k] for k, i in enumerate(at)], dtype=object)
    return Norms(averages.volume, integral, l1, squared, fractions(greatest), fractions(places))


def _average_sizes(values: Floats) -> Floats:
    """Average of |f| on simplices with the values (n, d + 1, out) at their corners, d <= 2."""
    d = values.shape[1] - 1
    positive = values > 0
    count = positive.sum(axis=1)
    mean = values.mean(axis=1)
    # The corner that differs in sign from the others; any, where none does.
    apart = np.where((count == 1)[:, None], positive, ~positive).argmax(axis=1)[:, None]
    lone = np.take_along_axis(values, apart, axis=1)
    mixed = (count > 0) & (count <= d)
    with np.errstate(all="ignore"):
        shortened = lone / (lone - values)
    np.put_along_axis(shortened, apart, 1.0, axis=1)
    part = lone[:, 0] * shortened.prod(axis=1) / (d + 1)
    side = np.where(count == 1, 1.0, -1.0)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(mixed, side * (2 * part - mean), np.abs(mean)))


def _average_size(values: Sequence[fmpq]) -> fmpq:
    """Average of |f| on one simplex."""
    d = len(values) - 1
    mean = sum(values[1:], values[0]) / (d + 1)
    positive = [v > 0 for v in values]
    if positive.count(True) in (0, d + 1):
        return abs(mean)
    side = positive.count(True) == 1
    apart = positive.index(side)
    part = values[apart] / (d + 1)
    for i, v in enumerate(values):
        if i != apart:
            part *= values[apart] / (values[apart] - v)
    return (2 * part - mean) * (1 if side else -1)
