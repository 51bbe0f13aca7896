"""How far a point is from the decision boundary."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, nan
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._places import POINTS
from polytope_lens._progress import bar
from polytope_lens.arithmetic.rational import fraction, fractions, nearest_float
from polytope_lens.arithmetic.roots import enclose, enclose_root
from polytope_lens.cells.search_space import space_of
from polytope_lens.displays.cards import answer_card
from polytope_lens.domain import check_domain
from polytope_lens.errors import ConsistencyError, OptionError, Status, require
from polytope_lens.flat_domain import flat_domain
from polytope_lens.local.boundary_search import BoundarySearch
from polytope_lens.local.box_search import search_boxes
from polytope_lens.local.deepfool import candidates
from polytope_lens.local.margins import margin_network, margins_at
from polytope_lens.local.sign_search import Outcome, search_signs
from polytope_lens.polyhedral_complex.locate import check_inside, region_patterns
from polytope_lens.search.facet_crossing import Limits, search

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    import pandas as pd
    from numpy.typing import ArrayLike

    from polytope_lens._types import Bools, Floats, Fractions, Ints
    from polytope_lens.domain import Domain
    from polytope_lens.local.sign_search import Report
    from polytope_lens.network.network import Network


# Bounds farther apart than this share are brought together by fractions, even if nobody asked for these.
LOOSE = 2.0**-30


@dataclass(frozen=True, slots=True, eq=False)
class Robustness:
    """How far a point is from the decision boundary, in one norm.

    Parameters
    ----------
    norm : 1, 2 or inf
    radius : float
        The distance: rounded, and between the two bounds. Infinite if there is no boundary. NaN if the search was cut
        short, where only the bounds are known.
    lower, upper : float
        Proved bounds on the distance: no point of the boundary is nearer than `lower`, and one is not farther away than
        `upper`. At all points nearer than `lower` the answer is the same, without ties.
    point : (d,) array or None
        The nearest point found, on the boundary or just across. That is proved, unless the only floats as near as this
        are behind it; then `exact_point`, rounded. None if none was found.
    pair : (int, int or None) or None
        The output that is the greatest at x, and the one that reaches it at `point`; for a fixed value, the output and
        None.
    n_regions : int
        How many regions were searched, and sets of regions that were looked at together.
    status : Status
        COMPLETE, BUDGET_REACHED or INTERRUPTED.
    exact : Fraction or None
        The distance itself, its square for norm 2, where it was asked for and the search came to its end; None, too, if
        there is no boundary.
    exact_point : (d,) array of Fraction, or None
        A nearest point itself.
    is_logged : bool
        Whether a proof log was written.
    """

    norm: float
    radius: float
    lower: float
    upper: float
    point: Floats | None = field(metadata=POINTS)
    pair: tuple[int, int | None] | None
    n_regions: int
    status: Status
    exact: Fraction | None = None
    exact_point: Fractions | None = field(default=None, metadata=POINTS)
    is_logged: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether the radius is known, and not only bounds on it."""
        return self.status is Status.COMPLETE

    def explain(self) -> str:
        """The answer in one or two sentences: what is proved, and how to go on."""
        where = f"in the norm {self.norm:g} after {self.n_regions} regions"
        if not self.is_complete:
            advice = "Raise `max_regions` for more." if self.status is Status.BUDGET_REACHED else "It was interrupted."
            return f"The boundary is at a distance of {self.lower:.6g} to {self.upper:.6g} {where}. {advice}"
        if self.radius == inf:
            return f"There is no boundary: the answer is the same everywhere, {where}."
        return f"The boundary is at a distance of {self.radius:.6g} {where}."

    def _repr_html_(self) -> str:
        return answer_card("Robustness", self.explain(), None if self.point is None else self.point.tolist())

    def __repr__(self) -> str:
        bounds = f"radius={self.radius!r}" if self.is_complete else f"between {self.lower!r} and {self.upper!r}"
        pair = "" if self.pair is None else f", outputs {self.pair}"
        return f"Robustness({bounds}, norm {self.norm:g}{pair}, {self.n_regions} regions, {self.status.name})"


@dataclass(frozen=True, slots=True, eq=False)
class RobustnessRadii:
    """How far each of many points is from the decision boundary, in one norm.

    It has a length, an index and slices: ``radii[3]`` is a `Robustness`, ``radii[:10]`` again such a list.

    Parameters
    ----------
    points : (n, d) array
        Those asked about.
    found : tuple of Robustness
        One for each; fewer, where the search was interrupted.
    norm : 1, 2 or inf
    """

    points: Floats
    found: tuple[Robustness, ...]
    norm: float

    def __len__(self) -> int:
        return len(self.found)

    @overload
    def __getitem__(self, index: int) -> Robustness: ...
    @overload
    def __getitem__(self, index: slice | Ints | Bools) -> RobustnessRadii: ...
    def __getitem__(self, index: int | slice | Ints | Bools) -> Robustness | RobustnessRadii:
        i = validate.picked(index, len(self), told=f"there are {len(self)} points", part="number")
        if isinstance(i, int):
            return self.found[i]
        return RobustnessRadii(self.points[i], tuple(self.found[k] for k in i.tolist()), self.norm)

    def __iter__(self) -> Iterator[Robustness]:
        return iter(self.found)

    @property
    def radius(self) -> Floats:
        """The distances, (n,): rounded; infinite where there is no boundary, NaN where only the bounds are known."""
        return self._column("radius")

    @property
    def lower(self) -> Floats:
        """Proved lower bounds on the distances, (n,)."""
        return self._column("lower")

    @property
    def upper(self) -> Floats:
        """Proved upper bounds on the distances, (n,)."""
        return self._column("upper")

    @property
    def is_complete(self) -> bool:
        """Whether every radius is known, and not only bounds on it."""
        return len(self) == len(self.points) and all(one.is_complete for one in self)

    def explain(self) -> str:
        """The answer in one or two sentences: what is proved, and how to go on."""
        n, known = len(self.points), sum(one.is_complete for one in self)
        told = f"The distance from the boundary in the norm {self.norm:g} is known of {known} of {n} points"
        if self.is_complete:
            return f"{told}."
        if len(self) < n or self.found[-1].status is Status.INTERRUPTED:
            return f"{told}; the search was interrupted after {len(self)} of them."
        return f"{told}, and bounds on it of the others. Raise `max_regions` for more."

    def to_frame(self) -> pd.DataFrame:
        """A row for each point: what `Robustness` says of it.

        Returns
        -------
        pandas.DataFrame
            ``radius``, ``lower``, ``upper``; ``leader`` and ``rival``, the outputs of `Robustness.pair`, missing
            where there are none; ``n_regions``; ``status``; ``nearest_0, nearest_1, ...``, the nearest point found.

        Raises
        ------
        MissingExtraError
        """
        pandas = require("pandas", extra="data", purpose="`to_frame`")
        d = self.points.shape[1]
        pairs = [(None, None) if one.pair is None else one.pair for one in self]
        nearest = np.array([np.full(d, nan) if one.point is None else one.point for one in self]).reshape(-1, d)
        columns: dict[str, Any] = {name: self._column(name) for name in ("radius", "lower", "upper")}
        for k, name in enumerate(("leader", "rival")):
            columns[name] = pandas.array([pair[k] for pair in pairs], dtype="Int64")
        columns["n_regions"] = np.array([one.n_regions for one in self], dtype=np.int64)
        columns["status"] = [one.status.name for one in self]
        columns |= {f"nearest_{k}": nearest[:, k] for k in range(d)}
        return pandas.DataFrame(columns, index=pandas.RangeIndex(len(self), name="point"))

    def _column(self, name: str) -> Floats:
        return np.array([getattr(one, name) for one in self.found], dtype=np.float64)

    def __repr__(self) -> str:
        known = self.radius[np.isfinite(self.radius)]
        told = f", radius {known.min():.4g} to {known.max():.4g}" if known.size else ""
        n_known = sum(one.is_complete for one in self)
        return f"RobustnessRadii({len(self.points)} points, {n_known} known, norm {self.norm:g}{told})"


def robustness_radius(
    network: Network,
    x: ArrayLike,
    *,
    norm: float = 2,
    rival: int | None = None,
    pair: tuple[int, int] | None = None,
    output: int | None = None,
    value: float | None = None,
    domain: Domain = None,
    max_regions: int | None = 10_000,
    exact: bool = False,
    progress: bool | None = None,
) -> Robustness | RobustnessRadii:
    """Distance from a point, or from each of many, to the nearest one at which the network's answer ceases to be clear.

    Parameters
    ----------
    network : Network
    x : (d,) or (n, d) array
        One point, or one in each row.
    norm : 1, 2 or inf
        What the distance is measured in.
    rival : int, optional
        By default the answer is the greatest output (the first of several), and its boundary is where any other one
        equals it. With a rival, where this output does.
    pair : two ints, optional
        Instead, where these two outputs are equal, whatever others do.
    output, value : int and float, optional
        Instead, where this output has this value; `output` may be left out where there is only one.
    domain : Box, Polytope or None
        Points outside of it do not count.
    max_regions : int or None
        Give up after so many regions, or sets of regions that agree in the signs of some neurons, with bounds as far as
        they are proved; None for as many as it takes. For each point anew. Up to three inputs regions are listed, and
        these may be a hundred times as many.
    exact : bool
        Also compute the radius (its square for norm 2) and the point as fractions.
    progress : bool, optional
        A bar on standard error; by default on terminals and in notebooks, for runs of more than a second.

    Returns
    -------
    Robustness or RobustnessRadii
        Of the one point, with radius 0 if it is on the boundary itself; or a list for all of them, with length, index,
        slices, ``to_frame()``, and what is in each as an array.

    Raises
    ------
    OptionError, DimensionError, DomainError, OutsideDomainError

    Notes
    -----
    Exactness: the network is the real-valued function of its weights. The ball of the nearest point known to be across
    is searched by the signs of neurons: a set of regions in which some are given is left out if affine functions above
    the margins, or multipliers of rows, prove that no boundary in it is nearer. In regions in which all signs are
    known, the nearest point of the boundary is found by a projection or a linear program. Up to three inputs an engine
    lists all regions of the box around that ball first, or of the domain where no point across is known, and if these
    are not too many, they are the ones looked at. So `lower` is proved. `upper`
    is the distance, rounded up, of floats at which the margin is proved not to be negative, or of a nearest point in
    fractions. A boundary that is only touched counts.
    Cost: microseconds for each region listed up to three inputs. Else 1 to 10 milliseconds for each region or set of
    regions (up to 50 in the norms 1 and inf with hundreds of inputs). How many there are depends on how many neurons
    change sign within the ball: some ten to some hundred for a trained network with 64 neurons; with a hundred that do,
    they may be out of reach. With `exact`, also some milliseconds to seconds in the end, that grow with inputs, depth,
    and the number of boundary pieces at about the same distance.
    Source: `sign_search`. The first upper bounds come from `candidates`. In unbounded space, if these find
    none, regions are searched nearest first, as in `explore`, until one is found (Jordan, Lewis and Dimakis
    2019, *Provable certificates for adversarial examples: fitting a ball in the union of polytopes*, algorithm 1).
    Ctrl-C ends the search with what was found so far: a point whose bounds may be far apart, and none after it.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 0], [0, 1]]], [[0, 0], [0, 0]])  # relu(x), relu(y)
    >>> lens.robustness_radius([3, 1], norm=1, exact=True)
    Robustness(radius=2.0, norm 1, outputs (0, 1), 2 regions, COMPLETE)
    >>> lens.robustness_radius([3, 1], exact=True).exact
    Fraction(2, 1)
    >>> lens.robustness_radius([[3, 1], [0.5, 2], [-1, -1]], norm=1).radius
    array([2. , 1.5, 0. ])
    """
    norm = validate.norm(norm)
    domain = check_domain(domain, network.input_dim)
    if max_regions is not None:
        max_regions = validate.count(max_regions, name="`max_regions`")
    options = _Options(norm, rival, pair, output, value, domain, max_regions, exact)
    if validate.is_one(x):
        point = validate.point(x, network.input_dim, what="`robustness_radius`")
        return _of_one(network, point, options, progress)
    points = validate.points(x, network.input_dim, what="`robustness_radius`")
    return _of_many(network, points, options, progress)


class _Options(NamedTuple):
    """What is asked about each point."""

    norm: float
    rival: int | None
    pair: tuple[int, int] | None
    output: int | None
    value: float | None
    domain: Domain
    max_regions: int | None
    exact: bool


def _of_many(network: Network, points: Floats, options: _Options, progress: bool | None) -> RobustnessRadii:
    found: list[Robustness] = []
    check_inside(options.domain, points)
    with bar(progress, list(points), desc="robustness", unit=" points") as asked:
        for i, point in enumerate(asked):
            try:
                found.append(_of_one(network, point, options, False))
            except OptionError as error:
                raise OptionError(f"of point {i}, {point.tolist()[:8]}: {error}") from error
            if found[-1].status is Status.INTERRUPTED:
                break
    return RobustnessRadii(points, tuple(found), options.norm)


def _of_one(network: Network, point: Floats, options: _Options, progress: bool | None) -> Robustness:
    norm, domain, max_regions = options.norm, options.domain, options.max_regions
    if (flat := flat_domain(network, domain)) is not None:
        check_inside(domain, point[None])
        on_flat = _of_one(flat.network, point[flat.free], options._replace(domain=flat.domain), progress)
        found: Robustness = flat.embedded(on_flat)
        return found
    bits = region_patterns(network, point[None], domain)[0]
    asked = margin_network(
        network, point, rival=options.rival, pair=options.pair, output=options.output, value=options.value
    )
    ties = np.flatnonzero(np.array(margins_at(asked, point)) >= 0)
    if ties.size:
        here = fractions(point.tolist())
        zero = fraction(0)
        return Robustness(norm, 0.0, 0.0, 0.0, point, asked.pairs[ties[0]], 0, Status.COMPLETE, zero, here)
    space = space_of(asked.network, point, domain, norm)
    boundary = BoundarySearch(asked, space, domain)
    for guess in candidates(asked, point, norm):
        if np.isfinite(guess).all():
            boundary.descend(guess)
    with bar(progress, desc="regions", unit=" regions", total=max_regions) as shown:

        def report(found: int, waiting: int) -> None:
            shown.set_postfix(waiting=waiting, upper=boundary.upper, refresh=False)
            shown.update(found - shown.n)

        outcome = search_boxes(boundary, max_regions) or _searched(boundary, bits, max_regions, report)
    return _answer(boundary, outcome, options.exact)


def _searched(boundary: BoundarySearch, bits: Bools, max_regions: int | None, report: Report) -> Outcome:
    """Search by signs in the ball of the nearest point known; where none is, search from facet to facet for one.

    In unbounded space without a ball nothing is known of any sign, and a boundary that does not exist is only missed in
    all regions.
    """
    around, before = boundary.space.around, 0
    if boundary.upper == inf and not np.isfinite([around.lower, around.upper]).all():
        limits = Limits(max_regions, None, inf)
        found = search(boundary.space, bits, by_distance=True, limits=limits, report=report, look=boundary.look_around)
        before = found.listed.size
        if boundary.upper == inf or found.status is Status.INTERRUPTED:
            return Outcome(found.clear, before, found.status)
        if before == max_regions:
            return Outcome(found.clear, before, Status.BUDGET_REACHED)
        boundary.pieces.clear()
        max_regions = None if max_regions is None else max_regions - before
    outcome = search_signs(boundary, bits, max_regions, report)
    return outcome._replace(n_parts=before + outcome.n_parts)


def _answer(boundary: BoundarySearch, outcome: Outcome, exact: bool) -> Robustness:
    """What a search has shown, in fractions where they are asked for, or where floats leave a gap."""
    clear, n_regions, status = outcome
    norm, upper = boundary.space.norm, boundary.upper
    lower = min(clear, boundary.lower(), upper)
    is_complete = status is Status.COMPLETE
    if not is_complete or not (exact or lower < upper * (1 - LOOSE)):
        radius = boundary.radius() if is_complete else nan
        return Robustness(norm, radius, lower, upper, boundary.point, boundary.pair, n_regions, status)
    best = boundary.nearest_exactly()
    if best is None:
        if upper < inf:
            raise ConsistencyError(
                "a point across the decision boundary lies in no region that was searched. This is a defect of "
                "polytope_lens: please report the network and the point."
            )
        return Robustness(norm, inf, inf, inf, None, None, n_regions, status)
    power = fraction(best.power)
    low, high = enclose_root(power) if norm == 2 else enclose(power, power)
    point = boundary.point
    if point is None or upper > high * (1 + LOOSE):
        point = np.array([nearest_float(v) for v in best.point])
    found = (power, fractions(best.point)) if exact else ()
    radius = _nearest_of(low, high, power, norm)
    return Robustness(norm, radius, low, high, point, best.pair, n_regions, status, *found)


def _nearest_of(low: float, high: float, power: Fraction, norm: float) -> float:
    """The one of two neighbouring floats that is nearer to a distance."""
    if high == inf:  # beyond the largest float
        return high
    middle = (fraction(low) + fraction(high)) / 2
    return low if power < (middle * middle if norm == 2 else middle) else high
