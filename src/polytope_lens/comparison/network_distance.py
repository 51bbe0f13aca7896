"""How far two networks are apart on a domain."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.engines import enumerate as engines
from polytope_lens.flat_domain import within
from polytope_lens.function.norms import norms
from polytope_lens.network.pair import difference

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition


@dataclass(frozen=True, slots=True, eq=False)
class Distance:
    """Distances between two networks f and g on a bounded domain.

    Parameters
    ----------
    sup : float or Fraction
        Greatest ``|f_k(x) - g_k(x)|``.
    argmax : (d,) array
        Where it is taken: a vertex of the common refinement of both partitions.
    output : int
        By which output k.
    n_regions : int
        Of the common refinement, on each of which both networks are affine.
    l1 : float or Fraction, or None
        Integral of the sum of all outputs' ``|f_k - g_k|``. This and the other integrals are None where the networks
        have more than three inputs.
    l2 : float or None
        Square root of the integral of ``|f - g|^2``; rounded.
    mean_difference : (out,) array or None
        Average of ``f_k - g_k``.
    volume : float or Fraction, or None
        Of the domain: ``l1 / volume`` and ``l2 / volume**0.5`` are averages.
    """

    sup: float | Fraction
    argmax: NDArray[Any]
    output: int
    n_regions: int
    l1: float | Fraction | None = None
    l2: float | None = None
    mean_difference: NDArray[Any] | None = None
    volume: float | Fraction | None = None

    def __repr__(self) -> str:
        integrals = {name: value for name, value in (("l1", self.l1), ("l2", self.l2)) if value is not None}
        told = "".join(f"{name}={float(value):.6g}, " for name, value in integrals.items())
        return f"Distance({told}sup={float(self.sup):.6g} at {self.argmax.astype(np.float64).tolist()})"


def distance(
    first: Network,
    second: Network,
    domain: Domain,
    *,
    exact: bool = False,
    workers: int = 1,
    progress: bool | None = None,
) -> Distance:
    """Supremum distance of two networks on a bounded domain; with up to three inputs, those of L1 and L2, too.

    Nothing is sampled: the common refinement of both partitions is enumerated, and the difference is affine on each of
    its regions.

    Parameters
    ----------
    first, second : Network
        With as many inputs and outputs.
    domain : Box or Polytope
        A bounded one.
    exact : bool
        Fractions instead of floats.
    workers : int
        Threads that share the enumeration.
    progress : bool, optional
        A bar on standard error; by default on terminals and in notebooks.

    Raises
    ------
    DimensionError
        Different numbers of inputs or outputs.
    UnboundedPolytopeError

    Notes
    -----
    The refinement is exact. With up to three inputs the numbers are rounded as those of `norms`; with more, the
    supremum is that of `extrema`, rounded once. With `exact` they are fractions. Cost: an enumeration of the
    joint network, and in more than three dimensions the extrema of each output. Layers with which both networks begin
    are enumerated once; networks that are nearly equal, but not equal, have regions as thin as their difference, which
    takes exact arithmetic.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> ramp = Lens.from_arrays([[[1]], [[1]]], [[0], [0]])  # relu(x)
    >>> step = Lens.from_arrays([[[4], [4]], [[0.25, -0.25]]], [[0, -2], [0]])  # the same up to 1/2, then 1/2
    >>> ramp.distance(step, Box([-1], [1]), exact=True)
    Distance(l1=0.125, l2=0.204124, sup=0.5 at [1.0])
    >>> one = Lens.from_arrays([[[1] * 5], [[1]]], [[0], [0]])
    >>> other = Lens.from_arrays([[[1] * 5], [[1]]], [[-1], [0]])
    >>> one.distance(other, Box([0] * 5, [1] * 5)).sup
    1.0
    """
    partition = engines.partition(difference(first, second), domain, workers=workers, progress=progress)
    if within(partition).network.input_dim > 3:
        return _supremum(partition, exact)
    found = norms(partition, exact=exact)
    output = int(np.argmax(found.sup))
    l1, sup, volume = found.l1.sum(), found.sup[output], found.volume
    if not exact:
        l1, sup = float(l1), float(sup)
    return Distance(
        sup, found.argmax[output], output, len(partition), l1, sqrt(found.l2_squared.sum()), found.integral / volume,
        volume,
    )  # fmt: skip


def _supremum(partition: Partition, exact: bool) -> Distance:
    """The greatest absolute value of the outputs of a difference."""
    best: Distance | None = None
    for output in range(partition.network.output_dim):
        found = partition.extrema(output, exact=exact)
        for value, extremum in ((found.maximum.value, found.maximum), (-found.minimum.value, found.minimum)):
            if best is None or value > best.sup:
                best = Distance(value, extremum.point, output, len(partition))
    assert best is not None  # networks have outputs
    return best
