"""How large the outputs are over a domain: L1, L2 and greatest absolute value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._places import POINTS
from polytope_lens.arithmetic.rational import fractions
from polytope_lens.arithmetic.roots import nearest_root
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.function.moments import exact_moments, rounded_moments
from polytope_lens.polyhedral_complex.simplices import balanced_sum, exact_simplices, simplices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from flint import fmpq
    from numpy.typing import NDArray

    from polytope_lens._types import Floats
    from polytope_lens.partition.partition import Partition
    from polytope_lens.polyhedral_complex.simplices import ExactSimplices


@dataclass(frozen=True, slots=True, eq=False)
class Norms:
    """Norms of each output f over a bounded domain.

    Parameters
    ----------
    volume : float or Fraction
        Of the domain: ``l1 / volume`` is the average of ``|f|``.
    integral : (out,) array
        Of f.
    l1 : (out,) array
        Integral of ``|f|``.
    l2_squared : (out,) array
        Integral of f^2.
    sup : (out,) array
        Greatest value of ``|f|``.
    argmax : (out, d) array
        A point where ``|f|`` takes it: a corner of a region.
    """

    volume: float | Fraction
    integral: NDArray[Any]
    l1: NDArray[Any]
    l2_squared: NDArray[Any]
    sup: NDArray[Any]
    argmax: NDArray[Any] = field(metadata=POINTS)

    @property
    def l2(self) -> Floats:
        """Square root of the integral of f^2, (out,); rounded. Infinite where that integral is and no fraction."""
        if self.l2_squared.dtype == object:
            return np.array([nearest_root(square) for square in self.l2_squared])
        return np.asarray(np.sqrt(self.l2_squared))

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name).astype(float).tolist()}" for name in ("l1", "l2", "sup"))
        return f"Norms({', '.join(shown)})"


@asked_on_flat
def norms(partition: Partition, *, exact: bool = False) -> Norms:
    """L1, L2 and supremum norm of each output over a bounded domain in up to three dimensions.

    Parameters
    ----------
    partition : Partition
    exact : bool
        Fractions instead of floats.

    Raises
    ------
    DimensionError, UnboundedPolytopeError, PartialPartitionError

    Notes
    -----
    Rounded: from rounded corners and maps; with `exact`, fractions. Nothing is sampled: ``|f|`` is greatest at a corner
    of a region, since f is affine between corners, and the integrals have closed formulas on simplices. Cost: one pass;
    with `exact`, that of exact `moments`.

    Source: for L2 see `moments`. On a simplex where one corner's value p has another sign than all others q_i,
    the average of the part of f with the sign of p is ``p^(d+1) / ((d + 1) prod (p - q_i))`` up to sign: this part
    lives on a smaller simplex, cut off at p, with sides shorter by the factors ``p / (p - q_i)``. A tetrahedron with
    two corners on either side is first cut in two, where f is zero on an edge.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, -1]]], [[0, 0], [0]], negative_slope=-1.0)  # |x| - |y|
    >>> found = lens.partition(Box([-1, -1], [1, 2])).function.norms(exact=True)
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
    """Average of ``|f|`` on simplices with the values (n, d + 1, out) at their corners, d <= 3."""
    n, corners, out = values.shape
    ordered = np.sort(values.transpose(0, 2, 1).reshape(-1, corners), axis=1)
    size = np.abs(ordered.mean(axis=1))
    n_positive, n_negative = (ordered > 0).sum(axis=1), (ordered < 0).sum(axis=1)
    for count, lone in ((n_positive, ordered[:, -1]), (n_negative, ordered[:, 0])):
        at = (count == 1) & (n_positive > 0) & (n_negative > 0)
        others = ordered[at, :-1] if count is n_positive else ordered[at, 1:]
        part = lone[at] * (lone[at, None] / (lone[at, None] - others)).prod(axis=1) / corners
        size[at] = np.abs(2 * part - ordered[at].mean(axis=1))
    even = (n_positive == 2) & (n_negative == 2)
    if even.any():
        least, greatest = ordered[even, 0], ordered[even, -1]
        share, halves = greatest / (greatest - least), np.repeat(ordered[None, even], 2, axis=0)
        halves[0, :, 0] = halves[1, :, -1] = 0.0
        upper, lower = (_average_sizes(half[:, :, None])[:, 0] for half in halves)
        size[even] = share * upper + (1 - share) * lower
    return np.asarray(size.reshape(n, out))


def _average_size(values: Sequence[fmpq]) -> fmpq:
    """Average of ``|f|`` on one simplex."""
    ordered = sorted(values)
    mean = sum(ordered[1:], ordered[0]) / len(ordered)
    n_positive, n_negative = sum(v > 0 for v in ordered), sum(v < 0 for v in ordered)
    if not (n_positive and n_negative):
        return abs(mean)
    if n_positive > 1 and n_negative > 1:
        least, *middle, greatest = ordered
        share = greatest / (greatest - least)
        zero = least - least
        return share * _average_size([zero, *middle, greatest]) + (1 - share) * _average_size([least, *middle, zero])
    lone, others = (ordered[-1], ordered[:-1]) if n_positive == 1 else (ordered[0], ordered[1:])
    part = lone / len(ordered)
    for v in others:
        part *= lone / (lone - v)
    return abs(2 * part - mean)
