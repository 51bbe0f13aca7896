"""How steep a network is on a domain, by boxes of inputs, those with the greatest bound first.

On a box the slopes of neurons whose sign is not known lie between two numbers, so the entries of the network's matrix
do, and its norm is at most that of the largest entries. Such boxes are cut in two until few signs are open; then an
engine lists the regions, each with its own matrix. Interval matrices for this bound are from Jordan and Dimakis 2020,
*Exactly computing the local Lipschitz constant of ReLU networks*, who branch over neurons with programs of integers.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._progress import bar
from polytope_lens.displays.cards import answer_card
from polytope_lens.displays.phrases import many
from polytope_lens.domain import Box, check_domain, part_in_box
from polytope_lens.engines import enumerate as engines
from polytope_lens.engines.budget import budget, metered
from polytope_lens.errors import OptionError, Status, UnboundedPolytopeError
from polytope_lens.exact.point_signs import point_signs
from polytope_lens.exact.rows import ExactRows
from polytope_lens.flat_domain import flat_domain
from polytope_lens.function.lipschitz import EXACT_NORMS, checked_norms, exact_norm, norm_bounds
from polytope_lens.network.pattern import pack, unpack
from polytope_lens.polytope import Polytope
from polytope_lens.properties.best_first import SEARCH_SHARE
from polytope_lens.properties.box_bounds import Boxes, halves, joined, look, whole_box
from polytope_lens.properties.listing import Listing
from polytope_lens.properties.matrix_bounds import matrix_bounds
from polytope_lens.properties.problem import problems
from polytope_lens.properties.property import Property
from polytope_lens.properties.property_check import batch_size, pool_of
from polytope_lens.properties.property_proof import proof_bar, refuse_unwritable
from polytope_lens.properties.slope_proof import write_slope_proof

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from polytope_lens._types import Floats
    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network

# Points whose regions are looked at first
N_SAMPLES = 512


@dataclass(frozen=True, slots=True, eq=False)
class LipschitzBounds:
    """What is known of the Lipschitz constant of a network on a domain.

    Parameters
    ----------
    lower, upper : float or Fraction
        The constant lies between these.
    point : (d,) array
        A point of the steepest region that is known, which has `lower` as its norm at least.
    norm, output_norm : float
        The norms of inputs and outputs.
    status : Status
        COMPLETE, if both bounds are as close as numbers allow: equal fractions, or some roundings apart; else
        BUDGET_REACHED or INTERRUPTED, also where a log that was asked for is not written.
    n_boxes, n_regions : int
    is_logged : bool
        Whether a proof log was written, of `upper` and of the slope around `point`.
    """

    lower: float | Fraction
    upper: float | Fraction
    point: Floats
    norm: float
    output_norm: float
    status: Status
    n_boxes: int
    n_regions: int
    is_logged: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether no steeper region is left to be looked for."""
        return self.status is Status.COMPLETE

    def explain(self) -> str:
        """The answer in one or two sentences: what is proved, and how to go on."""
        bounds = (
            f"is {float(self.lower)!r}"
            if self.lower == self.upper
            else f"lies between {float(self.lower)!r} and {float(self.upper)!r}"
        )
        norms = f"from the norm {self.norm:g} to the norm {self.output_norm:g}"
        work = f"after {many(self.n_boxes, 'box', 'es')} and {many(self.n_regions, 'region')}"
        told = f"The Lipschitz constant {bounds}, {norms}, {work}."
        if self.is_complete:
            return told
        return f"{told} {'Raise `max_seconds`.' if self.status is Status.BUDGET_REACHED else 'It was interrupted.'}"

    def _repr_html_(self) -> str:
        return answer_card("LipschitzBounds", self.explain(), self.point.tolist())

    def __repr__(self) -> str:
        work = f"{many(self.n_boxes, 'box', 'es')}, {many(self.n_regions, 'region')}, {self.status.name}"
        if self.lower == self.upper:
            return f"LipschitzBounds({float(self.lower)!r}, {work})"
        return f"LipschitzBounds(between {float(self.lower)!r} and {float(self.upper)!r}, {work})"


class _OpenBox(NamedTuple):
    box: Boxes
    bound: float
    listing: Listing


class _Listed(NamedTuple):
    """The steepest region of a box: bounds on its norm, a point in it; how many there are, whether these are all."""

    lower: float | Fraction
    upper: float | Fraction
    point: Floats
    n_regions: int
    is_done: bool


def lipschitz_bounds(
    network: Network,
    domain: Domain,
    norm: float = 2,
    output_norm: float | None = None,
    *,
    exact: bool = False,
    max_seconds: float | None = None,
    workers: int = 1,
    proof: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> LipschitzBounds:
    """Proved bounds on the Lipschitz constant of a network on a bounded domain, as close as time allows.

    Parameters
    ----------
    network : Network
    domain : Box or Polytope
        A bounded one. On a flat box it is about the free inputs.
    norm, output_norm, exact
        As in `lipschitz.lipschitz`.
    max_seconds, workers, progress
        As in `property_check.check`.
    proof : str or path-like, optional
        Also write a log that proves `upper`, and the slope around `point`; see docs/proofs.md. For boxes, and the norms
        1, 2 and infinity where the first is 1, the second is infinity, or there is one output; fractions are used where
        these can be exact. It is found on its own, when the answer is known, and takes some milliseconds for each cell,
        of which there may be many more than boxes. Of `max_seconds`, half is for the search.

    Returns
    -------
    LipschitzBounds

    Raises
    ------
    DimensionError, DomainError, OptionError, UnboundedPolytopeError

    Notes
    -----
    Proved: from above by boxes, from below by a region. Without a limit the search goes on until no region can be
    steeper than the one known, and with `exact` both are one fraction. Norms of several outputs for p = q = 2 are
    singular values as LAPACK rounds them, with a margin of 2^-40. Cost: a millisecond for each box in a network of 300
    neurons, some microseconds for each region listed.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 2], [3, -1]], [[1, 1]]], [[0, 0], [0]])
    >>> lens.lipschitz(Box([-1, -1], [1, 1]), float("inf"), exact=True)
    LipschitzBounds(5.0, 1 box, 4 regions, COMPLETE)
    """
    p, q = checked_norms(norm, output_norm, exact=exact)
    if proof is not None:
        _refuse_unprovable(proof, network, domain, p, q)
        exact = exact or (p, q) in EXACT_NORMS
    workers, limits = validate.workers(workers), budget(None, max_seconds, None)
    domain = check_domain(domain, network.input_dim)
    if domain is None or not (isinstance(domain, Box) or domain.is_bounded):
        raise UnboundedPolytopeError(
            "boxes bound the Lipschitz constant on bounded domains. Choose one, for example a `Box`, or list all "
            "regions: `lens.partition().lipschitz()`."
        )
    flat = flat_domain(network, domain)
    seen, around = (network, domain) if flat is None else (flat.network, flat.domain)
    with metered(limits) as meter, pool_of(workers) as pool, bar(progress, desc="boxes", unit=" boxes") as shown:
        search = _Steepest(seen, around, p, q, exact)
        search.run(lambda: meter.is_over(1.0 if proof is None else SEARCH_SHARE), pool, shown)
        point = search.point if flat is None else flat.embed(search.point)
        is_logged = False
        if proof is not None and isinstance(domain, Box) and search.upper < inf:
            with proof_bar(progress) as tick:
                is_logged = write_slope_proof(
                    network, domain, (p, q), search.upper, point, proof, is_over=meter.is_over, tick=tick
                )
        status = meter.ended if search.left or (proof is not None and not is_logged) else Status.COMPLETE
    lower, upper = search.lower, search.upper
    return LipschitzBounds(lower, upper, point, p, q, status, search.n_boxes, search.n_regions, is_logged)


def _refuse_unprovable(path: str | os.PathLike[str], network: Network, domain: Domain, p: float, q: float) -> None:
    if isinstance(domain, Polytope):
        raise OptionError("a proof log of a Lipschitz constant is about a box. Choose one, or leave out `proof`.")
    if not {p, q} <= {1.0, 2.0, inf} or not (p == 1 or q == inf or network.output_dim == 1):
        raise OptionError(
            f"a proof log of a Lipschitz constant is about the norms 1, 2 and inf, where the norm of inputs is 1, that "
            f"of outputs is inf, or there is one output, but received ({p:g}, {q:g}) and {network.output_dim} outputs. "
            "Choose other norms, or leave out `proof`."
        )
    refuse_unwritable(path)


class _Steepest:
    """The steepest region so far, and the boxes that may hold a steeper one."""

    def __init__(self, network: Network, domain: Any, p: float, q: float, exact: bool) -> None:
        self.network, self.domain, self.p, self.q, self.exact = network, domain, p, q, exact
        box = domain if isinstance(domain, Box) else Box(*domain.bounding_box())
        (self.problem,) = problems(network, Property.of(box, ([[1] * network.output_dim], [0])))
        self.point = (box.lower + box.upper) / 2
        # The steepest region known, and what no region listed exceeds
        self.lower: float | Fraction = 0 if exact else 0.0
        self.listed: float | Fraction = self.lower
        self.order = count()
        self.left: list[tuple[float, int, _OpenBox]] = []
        self.n_boxes = self.n_regions = 0
        whole = whole_box(self.problem)
        (bound,) = matrix_bounds(network, look(self.problem, whole).boxes, p, q).tolist()
        self.push(_OpenBox(whole, bound, Listing.of(self.problem)))
        self.take_samples(np.random.default_rng(0).uniform(box.lower, box.upper, (N_SAMPLES, box.dim)))

    def take_samples(self, points: Floats) -> None:
        """Take note of the steepest region that some points lie in: one with interior, where no neuron is zero."""
        signs = point_signs(self.network, points)
        inside = np.asarray(self.domain.contains(points)) & (signs != 0).all(axis=1)
        if not inside.any():
            return
        points, bits = points[inside], signs[inside] > 0
        lower, upper = norm_bounds(self.network, pack(bits), self.p, self.q)
        best = int(lower.argmax())
        self.point = points[best]
        if self.exact:
            self.lower = exact_norm(self.network, ExactRows(self.network), bits[best], self.p, self.q)
            self.listed = self.lower
        else:
            self.lower, self.listed = float(lower[best]), float(upper.max())

    def push(self, node: _OpenBox) -> None:
        heapq.heappush(self.left, (-node.bound, next(self.order), node))

    @property
    def upper(self) -> float | Fraction:
        """What no region exceeds."""
        return max([self.listed, *(node.bound for _, _, node in self.left)])

    def run(self, is_over: Callable[[], bool], pool: Any, shown: Any) -> None:
        """Look at boxes, the greatest bounds first, until none may hold a steeper region."""
        step = batch_size(self.problem)

        def listing(task: tuple[Boxes, int | None]) -> _Listed:
            return self.listed_in(*task, is_over)

        while self.left and not is_over():
            nodes = [heapq.heappop(self.left)[2] for _ in range(min(step, len(self.left)))]
            looked = look(self.problem, joined(node.box for node in nodes))
            bounds = np.minimum(
                matrix_bounds(self.network, looked.boxes, self.p, self.q), [n.bound for n in nodes]
            ).tolist()
            kept = [i for i in range(len(nodes)) if bounds[i] > self.lower]
            parts = {i: halves(looked, i) for i in kept}
            most = {i: None if parts[i] is None else nodes[i].listing.most(looked.n_open[i]) for i in kept}
            listed = [i for i in kept if most[i] != 0]
            tasks = [(looked.boxes.at(np.array([i])), most[i]) for i in listed]
            done = dict(zip(listed, (map if pool is None else pool.map)(listing, tasks), strict=True))
            self.n_boxes += len(nodes)
            for found in done.values():
                self.n_regions += found.n_regions
                self.listed = max(self.listed, found.upper)
                if found.lower > self.lower:
                    self.lower, self.point = found.lower, found.point
            for i in kept:
                if (i in done and done[i].is_done) or bounds[i] <= self.lower:
                    continue
                both, bound = parts[i], bounds[i]
                if both is None or (i in done and is_over()):
                    self.push(_OpenBox(looked.boxes.at(np.array([i])), bound, nodes[i].listing))
                    continue
                in_parts = nodes[i].listing.in_parts(looked.n_open[i] if i in done else None)
                for k in range(2):
                    self.push(_OpenBox(both.at(np.array([k])), bound, in_parts))
            if shown.update(len(nodes)):
                shown.set_postfix_str(f"between {float(self.lower):.6g} and {float(self.upper):.6g}", refresh=False)

    def listed_in(self, boxes: Boxes, most: int | None, is_over: Callable[[], bool]) -> _Listed:
        """List the regions of a box, and find the steepest."""
        zero: float | Fraction = Fraction(0) if self.exact else 0.0
        piece = part_in_box(self.domain, Box(boxes.lower[0], boxes.upper[0]))
        if piece is None:
            return _Listed(zero, zero, self.point, 0, True)
        found = engines.partition(self.network, piece, mesh=False, progress=False, max_regions=most)
        n, is_done = len(found), found.is_complete
        lower, upper = norm_bounds(self.network, found.packed_patterns, self.p, self.q)
        best = int(lower.argmax())
        if not self.exact:
            return _Listed(float(lower[best]), float(upper.max()), found.witnesses[best], n, is_done)
        source = ExactRows(self.network)
        steepest: float | Fraction = zero
        enough = max(float(lower[best]), float(np.nextafter(float(self.lower), -inf)))
        for region in np.flatnonzero(upper >= enough).tolist():
            bits = unpack(found.packed_patterns[region : region + 1], self.network.n_neurons)[0]
            value = exact_norm(self.network, source, bits, self.p, self.q)
            if value > steepest:
                steepest, best = value, region
            if is_over():
                return _Listed(steepest, steepest, found.witnesses[best], n, False)
        return _Listed(steepest, steepest, found.witnesses[best], n, is_done)
