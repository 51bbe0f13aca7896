"""How far two networks are apart on a domain."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import fmpq

from polytope_lens.arithmetic.rational import nearest_float
from polytope_lens.arithmetic.roots import nearest_root
from polytope_lens.displays.cards import answer_card
from polytope_lens.domain import check_domain, is_bounded
from polytope_lens.engines import enumerate as engines
from polytope_lens.errors import Status, UnboundedPolytopeError
from polytope_lens.flat_domain import flat_domain
from polytope_lens.function.norms import norms
from polytope_lens.network.pair import difference
from polytope_lens.polytope.feasibility import rounded_up
from polytope_lens.properties.best_first import best_value, both_signs
from polytope_lens.properties.counterexample import exact_outputs

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from polytope_lens.domain import Box, Domain
    from polytope_lens.network.network import Network
    from polytope_lens.polytope import Polytope
    from polytope_lens.properties.best_first import ExtremeValue


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
        Of the common refinement, on each of which both networks are affine; where there are no integrals, how many of
        these were listed.
    bound : float or Fraction
        What is proved not to be exceeded anywhere: the same as `sup`, if the search is complete.
    status : Status
        COMPLETE; BUDGET_REACHED or INTERRUPTED, where the supremum is between `sup` and `bound`.
    l1 : float or Fraction, or None
        Integral of the sum of all outputs' ``|f_k - g_k|``. This and the other integrals are None where the networks
        have more than three inputs, there is a limit, or a log is asked for.
    l2 : float or None
        Square root of the integral of ``|f - g|^2``; rounded.
    mean_difference : (out,) array or None
        Average of ``f_k - g_k``.
    volume : float or Fraction, or None
        Of the domain: ``l1 / volume`` and ``l2 / volume**0.5`` are averages.
    is_logged : bool
        Whether a proof log was written, of the supremum or of the two bounds.
    """

    sup: float | Fraction
    argmax: NDArray[Any]
    output: int
    n_regions: int
    bound: float | Fraction
    status: Status = Status.COMPLETE
    l1: float | Fraction | None = None
    l2: float | None = None
    mean_difference: NDArray[Any] | None = None
    volume: float | Fraction | None = None
    is_logged: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether the supremum is known."""
        return self.status is Status.COMPLETE

    def explain(self) -> str:
        """The answer in one or two sentences: how far apart the networks are, what is proved, and how to go on."""
        far = f"differ by {nearest_float(self.sup):.6g} in output {self.output}"
        if not self.is_complete:
            advice = "Raise `max_seconds` for more." if self.status is Status.BUDGET_REACHED else "It was interrupted."
            return f"The networks {far}, and by {nearest_float(self.bound):.6g} at most. {advice}"
        if self.sup == 0:
            return "The networks do not differ there."
        norms = "" if self.l1 is None or self.l2 is None else f" L1 {float(self.l1):.6g}, L2 {float(self.l2):.6g}."
        return f"The networks {far}, and nowhere more.{norms}"

    def _repr_html_(self) -> str:
        return answer_card("Distance", self.explain(), self.argmax.tolist())

    def __repr__(self) -> str:
        integrals = {name: value for name, value in (("l1", self.l1), ("l2", self.l2)) if value is not None}
        told = "".join(f"{name}={float(value):.6g}, " for name, value in integrals.items())
        told += f"sup={nearest_float(self.sup):.6g} at {self.argmax.astype(np.float64).tolist()}"
        return f"Distance({told})" if self.is_complete else f"Distance({told}, at most {nearest_float(self.bound):.6g})"


def distance(
    first: Network,
    second: Network,
    domain: Domain,
    *,
    exact: bool = False,
    max_seconds: float | None = None,
    workers: int = 1,
    proof: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> Distance:
    """Supremum distance of two networks on a bounded domain; with up to three inputs, those of L1 and L2, too.

    Nothing is sampled. With up to three inputs the common refinement of both partitions is enumerated, and the
    difference is affine on each of its regions. With more, or with a limit, the supremum alone is found, by boxes of
    inputs, those with the greatest bound first.

    Parameters
    ----------
    first, second : Network
        With as many inputs and outputs.
    domain : Box or Polytope
        A bounded one.
    exact : bool
        Fractions instead of floats.
    max_seconds : float, optional
        Time after which the supremum may be known between two bounds only; there are no integrals then.
    workers, progress
        As in `property_check.check`.
    proof : str or path-like, optional
        Also write a log that proves the supremum, as in `extremum.maximum`. It is then found by boxes in any number of
        inputs, and there are no integrals.

    Raises
    ------
    DimensionError
        Different numbers of inputs or outputs.
    UnboundedPolytopeError, OptionError

    Notes
    -----
    The refinement is exact, and so are suprema without integrals, rounded once (bounds upwards), and `argmax`, each
    number rounded once. With integrals, numbers are rounded as those of `norms`; with `exact`, not at all.
    Cost: an enumeration of the joint network, or that of `extremum.maximum`. Layers with which both networks
    begin are there once; networks that are nearly equal, but not equal, have regions as thin as their difference, which
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
    both, domain = difference(first, second), check_domain(domain, first.input_dim)
    if not is_bounded(domain):
        raise UnboundedPolytopeError(
            "the distance of two networks was asked for on an unbounded domain, where it may be infinite. Choose a "
            "bounded one, for example a `Box`."
        )
    flat = flat_domain(both, domain)
    if max_seconds is not None or proof is not None or (both if flat is None else flat.network).input_dim > 3:
        search = {"max_seconds": max_seconds, "workers": workers, "proof": proof, "progress": progress}
        return _supremum(first, second, domain, exact, search)
    partition = engines.partition(both, domain, workers=workers, progress=progress)
    found = norms(partition, exact=exact)
    output = int(np.argmax(found.sup))
    l1, sup, volume = found.l1.sum(), found.sup[output], found.volume
    if not exact:
        l1, sup = float(l1), float(sup)
    square = found.l2_squared.sum()
    if not exact and not np.isfinite(square):  # the root may still be a float
        square = norms(partition, exact=True).l2_squared.sum()
    l2 = nearest_root(Fraction(square))
    return Distance(
        sup, found.argmax[output], output, len(partition), sup, Status.COMPLETE, l1, l2, found.integral / volume, volume
    )


def _supremum(
    first: Network, second: Network, domain: Box | Polytope, exact: bool, options: dict[str, Any]
) -> Distance:
    """The greatest absolute value of the outputs of a difference."""
    both = difference(first, second)
    found = best_value(both, both_signs(both.output_dim), domain, **options, pair=(first, second))
    values = [abs(v) for v in exact_outputs(both, found.point)]
    point = np.array(found.point, dtype=object if exact else np.float64)
    sup, bound = (found.value, found.bound) if exact else (nearest_float(found.value), _rounded_up(found))
    return Distance(
        sup, point, values.index(found.value), found.n_regions, bound, found.status, is_logged=found.is_logged
    )


def _rounded_up(found: ExtremeValue) -> float:
    """The bound as a float that is no less, but that of a known supremum as the supremum is rounded."""
    if found.is_complete or not isinstance(found.bound, Fraction):
        return nearest_float(found.bound)
    return rounded_up(fmpq(*found.bound.as_integer_ratio()))
