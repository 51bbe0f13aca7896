"""Mean and covariance of the outputs over a domain, for a point that is uniformly distributed there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.arithmetic.rational import fraction, fractions
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.polyhedral_complex.simplices import balanced_sum, exact_simplices, simplices

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

    from polytope_lens.partition.partition import Partition
    from polytope_lens.polyhedral_complex.simplices import ExactSimplices, Simplices


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Moments of the outputs over a domain.

    Parameters
    ----------
    volume : float or Fraction
        Of the domain.
    mean : (out,) array
        Average of each output.
    second : (out, out) array
        Average of the products of two outputs.
    """

    volume: float | Fraction
    mean: NDArray[Any]
    second: NDArray[Any]

    @property
    def covariance(self) -> NDArray[Any]:
        """Average of the products of two outputs' deviations from their means, (out, out)."""
        return np.asarray(self.second - np.multiply.outer(self.mean, self.mean))

    def __repr__(self) -> str:
        return f"Moments(volume={float(self.volume):.6g}, mean={self.mean.astype(float).tolist()})"


@asked_on_flat
def moments(partition: Partition, *, exact: bool = False) -> Moments:
    """Averages of the outputs, and of products of two, over a bounded domain in up to three dimensions.

    Nothing is sampled: the outputs are affine on each simplex of a triangulation, where averages have closed formulas.

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
    Rounded: sums over rounded corners and maps; with `exact`, fractions. Cost: one pass; with `exact`, half a
    millisecond for each region of some hundreds, and more of more, since sums of many fractions have long denominators.
    Source: on a simplex with the values f_0 ... f_d at its corners, the average of f is their mean, and that of f g is
    ``(sum f_i sum g_i + sum f_i g_i) / ((d + 1)(d + 2))``, which are integrals of products of barycentric coordinates
    (Zienkiewicz and Taylor 2000, *The Finite Element Method*, volume 1, section 8.8).

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1]], [[1]]], [[0], [0]])  # relu(x)
    >>> found = lens.partition(Box([-1], [1])).function.moments(exact=True)
    >>> found.mean, found.second
    (array([Fraction(1, 4)], dtype=object), array([[Fraction(1, 6)]], dtype=object))
    """
    purpose = "`moments`"
    if exact:
        return exact_moments(exact_simplices(partition, purpose))
    return rounded_moments(simplices(partition, purpose))


def rounded_moments(found: Simplices) -> Moments:
    """The same from simplices."""
    d = found.points.shape[2]
    weights, values = found.volumes / found.volumes.sum(), found.values
    sums = values.sum(axis=1)
    second = np.einsum("n,no,np->op", weights, sums, sums) + np.einsum("n,nvo,nvp->op", weights, values, values)
    return Moments(float(found.volumes.sum()), weights @ sums / (d + 1), second / ((d + 1) * (d + 2)))


def exact_moments(found: ExactSimplices) -> Moments:
    """The same from simplices in fractions."""
    d, values = found.points.shape[2], found.values
    sums = values.sum(axis=1)
    products = sums[:, :, None] * sums[:, None, :] + (values[:, :, :, None] * values[:, :, None, :]).sum(axis=1)
    volume = balanced_sum(found.volumes).item()
    mean = balanced_sum(found.volumes[:, None] * sums) / ((d + 1) * volume)
    second = balanced_sum(found.volumes[:, None, None] * products) / ((d + 1) * (d + 2) * volume)
    return Moments(fraction(volume), fractions(mean), fractions(second))
