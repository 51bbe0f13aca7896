"""How far two networks are apart on a domain."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.engines import enumerate as engines
from polytope_lens.function.norms import norms
from polytope_lens.network.pair import difference

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network


@dataclass(frozen=True, slots=True, eq=False)
class Distance:
    """Distances between two networks f and g on a bounded domain.

    Parameters
    ----------
    l1 : float or Fraction
        Integral of the sum of all outputs' ``|f_k - g_k|``.
    l2 : float
        Square root of the integral of ``|f - g|^2``; rounded.
    sup : float or Fraction
        Greatest ``|f_k(x) - g_k(x)|``.
    argmax : (d,) array
        Where it is taken.
    output : int
        By which output k.
    mean_difference : (out,) array
        Average of ``f_k - g_k``.
    volume : float or Fraction
        Of the domain: ``l1 / volume`` and ``l2 / volume**0.5`` are averages.
    n_regions : int
        Of the common refinement of both partitions, on each of which both networks are affine.
    """

    l1: float | Fraction
    l2: float
    sup: float | Fraction
    argmax: NDArray[Any]
    output: int
    mean_difference: NDArray[Any]
    volume: float | Fraction
    n_regions: int

    def __repr__(self) -> str:
        at = self.argmax.astype(np.float64).tolist()
        return f"Distance(l1={float(self.l1):.6g}, l2={self.l2:.6g}, sup={float(self.sup):.6g} at {at})"


@dataclass(frozen=True, slots=True, eq=False)
class Disagreement:
    """Where two networks f and g differ most.

    Parameters
    ----------
    value : float or Fraction
        ``|f_k(x) - g_k(x)|``, which is no greater at any other point, for any output.
    point : (d,) array
        x, a vertex of the common refinement.
    output : int
        k.
    n_regions : int
        Of the common refinement.
    """

    value: float | Fraction
    point: NDArray[Any]
    output: int
    n_regions: int

    def __repr__(self) -> str:
        return (
            f"Disagreement({float(self.value):.6g} at {self.point.astype(np.float64).tolist()}, output {self.output})"
        )


def disagreement(first: Network, second: Network, domain: Domain, *, exact: bool = False) -> Disagreement:
    """Greatest difference between two networks on a bounded domain, in any number of dimensions.

    Raises
    ------
    DimensionError
        Different numbers of inputs or outputs.
    UnboundedPolytopeError

    Notes
    -----
    Exact, see :func:`.extrema`; without `exact` rounded once. Cost: an enumeration of the joint network, see
    :func:`distance`, and then that of :func:`.extrema` for each output.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> one = Lens.from_arrays([[[1, 1, 1]], [[1]]], [[0], [0]])
    >>> other = Lens.from_arrays([[[1, 1, 1]], [[1]]], [[-1], [0]])
    >>> one.disagreement(other, Box([-1] * 3, [1] * 3)).value
    1.0
    """
    partition = engines.partition(difference(first, second), domain)
    best: Disagreement | None = None
    for output in range(first.output_dim):
        found = partition.extrema(output, exact=exact)
        for value, point in (
            (found.maximum.value, found.maximum.point),
            (-found.minimum.value, found.minimum.point),
        ):
            if best is None or value > best.value:
                best = Disagreement(value, point, output, len(partition))
    assert best is not None  # networks have outputs
    return best


def distance(first: Network, second: Network, domain: Domain, *, exact: bool = False) -> Distance:
    """L1, L2 and supremum distance of two networks on a bounded domain in up to three dimensions.

    Nothing is sampled: the common refinement of both partitions is enumerated, and the difference is affine on each of
    its regions.

    Raises
    ------
    DimensionError
        Different numbers of inputs or outputs, or more than three inputs.
    UnboundedPolytopeError

    Notes
    -----
    The refinement is exact; the numbers are rounded as those of :func:`.norms`, with `exact` they are fractions. Cost:
    an enumeration of the joint network. Layers with which both networks begin are enumerated once; networks that are
    nearly equal, but not equal, have regions as thin as their difference, which takes exact arithmetic.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> ramp = Lens.from_arrays([[[1]], [[1]]], [[0], [0]])  # relu(x)
    >>> step = Lens.from_arrays([[[4], [4]], [[0.25, -0.25]]], [[0, -2], [0]])  # the same up to 1/2, then 1/2
    >>> ramp.distance(step, Box([-1], [1]), exact=True)
    Distance(l1=0.125, l2=0.204124, sup=0.5 at [1.0])
    """
    partition = engines.partition(difference(first, second), domain)
    found = norms(partition, exact=exact)
    output = int(np.argmax(found.sup))
    l1, sup, volume = found.l1.sum(), found.sup[output], found.volume
    if not exact:
        l1, sup = float(l1), float(sup)
    return Distance(
        l1, sqrt(found.l2_squared.sum()), sup, found.argmax[output], output, found.integral / volume,
        volume, len(partition),
    )  # fmt: skip
