"""How often a network's outputs lie in a target, for inputs that are uniformly distributed on a domain."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.arithmetic.rational import fraction, written
from polytope_lens.arithmetic.signs import UNIT_ROUNDOFF
from polytope_lens.displays.cards import answer_card
from polytope_lens.domain import Box, is_bounded
from polytope_lens.errors import IntractableError, OptionError, UnboundedPolytopeError
from polytope_lens.flat_domain import within
from polytope_lens.polyhedral_complex.volume_bounds import around, exact_volumes, mesh_bounds
from polytope_lens.preimages.pruned_walk import target_problem
from polytope_lens.preimages.target import Target
from polytope_lens.preimages.volume_proof import MOST_DIM, domain_volume, write_volume_proof
from polytope_lens.properties.box_bounds import Boxes, halves, joined, look, whole_box
from polytope_lens.properties.property_check import batch_size
from polytope_lens.properties.property_proof import refuse_unwritable

if TYPE_CHECKING:
    import os

    from polytope_lens._types import Bools, Floats
    from polytope_lens.preimages.preimage import Preimage
    from polytope_lens.properties.box_bounds import Looked

# In more dimensions the time for volumes is limited, unless the share is asked for exactly.
MOST_EXACT_DIM = 4
MAX_SECONDS = 10.0
# Boxes are not halved any more when about so little of the domain is left.
CLOSE = 2.0**-40
# A fraction with more digits is shown as what it is near.
MOST_DIGITS = 40


@dataclass(frozen=True, slots=True)
class Probability:
    """Two proved bounds on a probability.

    Parameters
    ----------
    lower, upper : float or Fraction
        Equal fractions where it is known exactly.
    is_logged : bool
        Whether a proof log was written.
    """

    lower: float | Fraction
    upper: float | Fraction
    is_logged: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether both are the same."""
        return self.lower == self.upper

    def __float__(self) -> float:
        """The middle of both."""
        return float((self.lower + self.upper) / 2)

    def _repr_html_(self) -> str:
        return answer_card(repr(self), f"about {float(self):.6g}")

    def __repr__(self) -> str:
        if isinstance(self.lower, Fraction) and self.is_exact:
            exact = written(self.lower)
            return f"Probability({exact if len(exact) <= MOST_DIGITS else f'about {float(self.lower)!r}, a fraction'})"
        return f"Probability(between {float(self.lower)!r} and {float(self.upper)!r})"


def probability(
    preimage: Preimage,
    *,
    exact: bool = False,
    max_seconds: float | None = None,
    proof: str | os.PathLike[str] | None = None,
) -> Probability:
    """The share of a bounded domain that the preimage is: how often outputs lie in the target.

    Parameters
    ----------
    preimage : Preimage
    exact : bool
        As a fraction, in any dimension and however long it takes.
    max_seconds : float, optional
        With more than four inputs, 10 seconds by default: half of the time for volumes of cells, the rest for boxes.
    proof : str or path-like, optional
        Also write a log that proves it (docs/proofs.md), whatever the time; it is then computed as with `exact`. There
        is none where cells of the preimage are missing, as ``is_logged`` says.

    Returns
    -------
    Probability
        Proved bounds: up to three inputs as far apart as rounded corners allow; with more a few roundings, where all
        volumes were found in time. Else they come from the volumes that were, and from boxes of inputs that lie in the
        preimage, or beside it, for certain.

    Raises
    ------
    UnboundedPolytopeError
    IntractableError
        See `volumes.volumes`.
    OptionError
        A log of more than 12 inputs.

    Notes
    -----
    Proved. In a flat box it is the share of the flat. Where cells may be missing, the upper bound is 1, unless boxes
    find a better one. Cost: that of the volumes of cells, of their exact ones with `exact`.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1] * 5], [[1]]], [[0], [0]])  # relu(x1 + ... + x5)
    >>> half = lens.preimage(([[1]], [0]), Box([-1] * 5, [1] * 5))
    >>> half.probability(exact=True)
    Probability(1/2)
    >>> some = half.probability()
    >>> some.lower <= 0.5 <= some.upper, some.upper - some.lower < 1e-12
    (True, True)
    """
    seen = within(preimage)
    if not is_bounded(seen.domain):
        raise UnboundedPolytopeError(
            "how often outputs lie in a target was asked for on an unbounded domain, which has no uniform "
            "distribution. Choose a bounded one, for example a `Box`."
        )
    seconds = MAX_SECONDS if max_seconds is None else validate.number(max_seconds, name="`max_seconds`", positive=True)
    if proof is not None:
        if seen.network.input_dim > MOST_DIM:
            raise OptionError(
                f"a proof log of a share is about at most {MOST_DIM} inputs, since boxes have 2^d corners, but "
                f"{seen.network.input_dim} vary in the domain. Leave out `proof`, or fix some of them by a flat `Box`."
            )
        refuse_unwritable(proof)
    if exact or (proof is not None and preimage.has_all_cells):
        volume_of = None if seen.mesh is None else exact_volumes(seen)
        sizes = (seen[i].volume(exact=True) if volume_of is None else fraction(volume_of(i)) for i in range(len(seen)))
        total = sum(sizes, Fraction(0)) / domain_volume(seen.domain)
        if proof is not None:
            write_volume_proof(preimage, total, proof)
        return Probability(total, total if preimage.has_all_cells else Fraction(1), proof is not None)
    if seen.mesh is not None:
        return _of_volumes(preimage, *mesh_bounds(seen.mesh))
    if seen.network.input_dim <= MOST_EXACT_DIM or not isinstance(seen.domain, Box):
        found = seen.volumes()
        return _of_volumes(preimage, *around(found, found))
    begun = time.monotonic()
    found = _volumes_until(seen, begun + seconds / 2)
    by_cells = _of_volumes(preimage, *around(found, found), are_all=len(found) == len(seen))
    if len(found) == len(seen) and preimage.has_all_cells:
        return by_cells
    by_boxes = _from_boxes(seen, begun + seconds)
    return Probability(max(by_cells.lower, by_boxes.lower), by_boxes.upper)


def _volumes_until(preimage: Preimage, end: float) -> Floats:
    """Volumes of the first cells, as many as are found in time."""
    found = []
    for cell in preimage:
        if time.monotonic() >= end:
            break
        try:
            found.append(cell.volume())
        except IntractableError:
            break
    return np.array(found)


def _of_volumes(preimage: Preimage, lower: Floats, upper: Floats, *, are_all: bool = True) -> Probability:
    """The share of cells between these bounds; it is at most 1 if there may be others."""
    least, most = (Fraction(fsum(bound)) / domain_volume(within(preimage).domain) for bound in (lower, upper))
    # Sums are rounded once, and quotients once more.
    rounding = Fraction(4 * UNIT_ROUNDOFF)
    is_known = are_all and preimage.has_all_cells
    return Probability(float(least * (1 - rounding)), min(float(most * (1 + rounding)), 1.0) if is_known else 1.0)


def _from_boxes(preimage: Preimage, end: float) -> Probability:
    """Bounds from boxes that are proved to lie in the preimage or beside it; the largest are halved first."""
    domain = preimage.domain
    assert isinstance(domain, Box)
    problem = target_problem(preimage.source, preimage.target, domain)
    order = list(dict.fromkeys(row for case in preimage.target.cases for row in case))
    outside = Target(preimage.target.output_dim, tuple(((tuple(-v for v in row), -bound),) for row, bound in order))
    contrary = target_problem(preimage.source, outside, domain)
    left = deque([whole_box(problem)])
    sizes: tuple[list[float], list[float]] = [], []
    step, undecided = batch_size(problem), 1.0
    while left and undecided > CLOSE and time.monotonic() < end:
        nodes = [left.popleft() for _ in range(min(step, len(left)))]
        boxes = joined(nodes)
        looked = look(problem, boxes)
        opposite = look(contrary, looked.boxes)
        is_inside = _is_inside(opposite, problem.cases)
        shares = _shares(boxes, domain)
        for is_decided, found in ((is_inside, sizes[0]), (looked.is_missed, sizes[1])):
            found += shares[is_decided].tolist()
            undecided -= float(shares[is_decided].sum())
        for i in np.flatnonzero(~(is_inside | looked.is_missed)).tolist():
            if (both := halves(looked, i)) is not None:
                left += [both.at(np.array([k])) for k in range(2)]
    # Each share is a product of quotients of differences.
    rounding = 1 - (4 * domain.dim + 8) * UNIT_ROUNDOFF
    inside, beside = (fsum(found) * rounding for found in sizes)
    return Probability(inside, min(1.0, float(np.nextafter(1 - beside, 2.0))))


def _is_inside(opposite: Looked, cases: list[np.ndarray]) -> Bools:
    """Which boxes are proved to lie in the target, from lower bounds on minus its rows."""
    found: Bools = np.zeros(len(opposite.lowest), dtype=bool)
    for case in cases:
        found |= (opposite.lowest[:, case] >= 0).all(axis=1)
    return found


def _shares(boxes: Boxes, domain: Box) -> Floats:
    return np.asarray(((boxes.upper - boxes.lower) / (domain.upper - domain.lower)).prod(axis=1))
