"""Which neurons change their sign in a ball, where its regions are too many to be listed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.batches import batches
from polytope_lens.arithmetic.rational import nearest_float, rational
from polytope_lens.bounds.linear_bounds import rows_above
from polytope_lens.bounds.relaxation import relax
from polytope_lens.cells.region_facets import domain_sides
from polytope_lens.cells.search_space import SearchSpace, highest_in_ball, space_of
from polytope_lens.errors import Status
from polytope_lens.exact.point_signs import point_signs
from polytope_lens.local.boundary_search import BoundarySearch
from polytope_lens.local.complexity import is_near, sums_by_layer
from polytope_lens.local.deepfool import candidates, linear
from polytope_lens.local.margins import margin_network, margins_at
from polytope_lens.local.sign_search import search_signs
from polytope_lens.lp.rational_nearest import power_of
from polytope_lens.network.network import Network, bit_places, bit_starts, evaluate
from polytope_lens.polyhedral_complex.locate import region_patterns

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.bounds.relaxation import Relaxation
    from polytope_lens.local.margins import Margins


# Points of the ball that are tried first, besides the ends of its axes.
N_POINTS = 256
# As near to the sphere as points are put.
INNER = 1 - 2.0**-20
# How far from a point of the boundary, in shares of the radius, the other sign is looked for.
BEHIND = 0.0, 2.0**-40, 2.0**-30, 2.0**-20, 2.0**-10
# Of points at that distance, those with the greatest values are looked at exactly.
TRIED = 4


@dataclass(frozen=True, slots=True, eq=False)
class CuttingNeurons:
    """Which neurons have a boundary, a bent hyperplane, that cuts the open ball around a point.

    Parameters
    ----------
    cut : (n_neurons,) bool array
        Proved: the neuron is on somewhere in the ball and off somewhere else.
    open : (n_neurons,) bool array
        Neither proved nor refuted within the budget; all others do not cut the ball.
    neurons, n_open : (L,) int arrays
        How many of each layer.
    norm, radius : float
        Of the ball.
    status : Status
        COMPLETE if none is open, else BUDGET_REACHED.
    """

    cut: Bools
    open: Bools
    neurons: Ints
    n_open: Ints
    norm: float
    radius: float
    status: Status

    @property
    def n_cutting(self) -> int:
        """Neurons of all layers whose boundary is proved to cut the ball."""
        return int(self.neurons.sum())

    def __repr__(self) -> str:
        told = "" if self.status is Status.COMPLETE else f", open {self.n_open.tolist()}"
        ball = f"norm {self.norm:g}, radius {self.radius:g}"
        return f"CuttingNeurons(neurons per layer {self.neurons.tolist()}{told}, {ball})"


def cutting_neurons(
    network: Network, x: ArrayLike, radius: float, *, norm: float = 2, max_regions: int | None = 200
) -> CuttingNeurons:
    """Neurons whose boundary cuts the open ball around a point, without a list of its regions; exact.

    Parameters
    ----------
    network : Network
    x : (d,) array
    radius : float
    norm : 1, 2 or inf
        The ball is a cross-polytope, a ball or a cube.
    max_regions : int or None
        For each neuron, look at this many regions, or sets of regions that agree in the signs of some neurons, at most;
        None for as many as it takes.

    Raises
    ------
    OptionError, DimensionError

    Notes
    -----
    The numbers `LocalComplexity.neurons`, also where hundreds of neurons cut a ball and nobody can list its
    regions.
    Exactness: a neuron cuts the ball if it is proved to have both signs at points of it, and it does not if affine
    functions above and below its pre-activation, or a search for the nearest point of its boundary, prove that it keeps
    its sign. One that is only known to be zero somewhere, and has the same sign wherever it was looked at, stays open.
    Cost: for each neuron that neither some points nor affine bounds decide, one to ten milliseconds for each set of
    regions; most take a few, and those of deep layers in large balls more than any budget.
    Source: `sign_search`.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]], [[1]]], [[0, -1], [-1], [0]])
    >>> lens.cutting_neurons([0.5, 0.5], 0.6)
    CuttingNeurons(neurons per layer [2, 1], norm 2, radius 0.6)
    >>> lens.cutting_neurons([0.5, 0.5], 0.4)
    CuttingNeurons(neurons per layer [0, 0], norm 2, radius 0.4)
    """
    norm = validate.norm(norm)
    point = validate.point(x, network.input_dim, what="`cutting_neurons`")
    radius = validate.number(radius, name="`radius`", positive=True)
    if max_regions is not None:
        max_regions = validate.count(max_regions, name="`max_regions`")
    tried = _points_around(point, radius, norm)
    signs = point_signs(network, np.array([p for p in tried if is_near(p, point, radius, norm)]))
    # Where it is zero at a point, it may be so nowhere near.
    cut: Bools = np.asarray((signs > 0).any(axis=0) & (signs < 0).any(axis=0))
    left, places = np.zeros_like(cut), bit_places(network)
    for bit in np.flatnonzero(~cut & ~_keep_sign(network, point, radius, norm)).tolist():
        found = _meets(network, places[bit], point, radius, norm, max_regions)
        cut[bit], left[bit] = found is True, found is None
    first = bit_starts(network)
    neurons, n_open = (sums_by_layer(mask, first) for mask in (cut, left))
    status = Status.BUDGET_REACHED if left.any() else Status.COMPLETE
    return CuttingNeurons(cut, left, neurons, n_open, norm, radius, status)


def _points_around(x: Floats, radius: float, norm: float) -> Floats:
    """The ball's centre, the ends of its axes, and some points of its surface, a little way inside."""
    d = len(x)
    ways = np.random.default_rng(0).standard_normal((N_POINTS, d))
    if norm == np.inf:
        ways = np.sign(ways)
    axes = np.eye(min(d, N_POINTS), d)
    ways = np.concatenate([axes, -axes, ways])
    return np.vstack([x, x + INNER * radius * ways / np.linalg.norm(ways, norm, axis=1)[:, None]])


def _keep_sign(network: Network, x: Floats, radius: float, norm: float) -> Bools:
    """Which neurons are proved to be on in the whole ball, or off in all of it, by affine bounds."""
    d = network.input_dim
    space = SearchSpace(network, domain_sides(None, d), x, x, np.zeros(d), norm=norm)
    nothing = np.zeros((1, 1, d + 1))
    fixed: list[Bools] = []
    lines: list[Relaxation] = []
    for index, layer in enumerate(network.layers):
        ends = []
        for turn in (1.0, -1.0):
            top = np.full(layer.width, np.inf)
            for some in batches(layer.width, 2 * layer.width):
                chosen = np.zeros((1, some.stop - some.start, layer.width))
                chosen[0, np.arange(chosen.shape[1]), np.arange(some.start, some.stop)] = turn
                above, doubt = rows_above(network, index, chosen, lines)
                top[some] = highest_in_ball(space, above, doubt, radius, nothing, nothing)[0]
            ends.append(turn * top)
        high, low = ends
        lines.append(relax(layer, low[None], high[None]))
        fixed.append(((low > 0) | (high <= 0))[layer.cuts])
    return np.concatenate([np.zeros(0, dtype=bool), *fixed])


class _Reached(Exception):  # noqa: N818 - not an error: what was looked for is found
    """A point across the boundary is known."""


def _meets(
    network: Network, place: tuple[int, int], x: Floats, radius: float, norm: float, max_regions: int | None
) -> bool | None:
    """Whether a neuron has the other sign than at x somewhere in the ball; None if that is open."""
    index, neuron = place
    layer = network.layers[index]
    alone = Network(network.layers[:index], layer.dense_weight()[neuron][None], layer.bias[neuron][None])
    asked = margin_network(alone, x, output=0, value=0.0)
    if margins_at(asked, x)[0] == 0:
        return None
    boundary = BoundarySearch(asked, space_of(asked.network, x, None, norm), None, upper=radius)
    for guess in candidates(asked, x, norm):
        if np.isfinite(guess).all():
            boundary.descend(guess)

    def report(_found: int, _waiting: int) -> None:
        if boundary.point is not None:
            raise _Reached

    status = Status.COMPLETE
    if boundary.point is None:
        with suppress(_Reached):
            status = search_signs(boundary, region_patterns(alone, x[None], None)[0], max_regions, report).status
    if status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    if boundary.point is not None:
        return True if _is_across(asked, boundary.point, x, radius, norm) else None
    if status is not Status.COMPLETE:
        return None
    best = boundary.nearest_exactly()
    if best is None or best.power >= power_of([rational(radius)], norm):
        return False
    nearest = np.array([nearest_float(v) for v in best.point])
    return True if _is_across(asked, nearest, x, radius, norm) else None


def _is_across(asked: Margins, point: Floats, x: Floats, radius: float, norm: float) -> bool:
    """Whether a point of the boundary, or one a little behind it in the ball, is proved to have the other sign."""
    _, (gradient,) = linear(asked, point[None])
    # At a corner of regions it may be across in some of them only.
    ways = np.vstack([point - x, gradient, _points_around(np.zeros_like(x), radius, norm)[1:]])
    lengths = np.linalg.norm(ways, norm, axis=1)
    ways = ways[lengths > 0] / lengths[lengths > 0, None] * radius
    for share in BEHIND:
        tried = point + share * ways
        values = evaluate(asked.network, tried)[:, 0]
        for i in np.argsort(-values)[:TRIED]:
            if is_near(tried[i], x, radius, norm) and margins_at(asked, tried[i])[0] > 0:
                return True
    return False
