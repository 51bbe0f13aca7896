"""How finely a network cuts its input space around a point."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens._arrays import validate
from polytope_lens._arrays.batches import batches
from polytope_lens._arrays.ragged import starts
from polytope_lens.arithmetic.rational import dot, rational, rationals
from polytope_lens.cells.interior_proposals import surely_inside
from polytope_lens.cells.region_facets import domain_sides, region_rows
from polytope_lens.cells.search_space import SearchSpace, nearest
from polytope_lens.domain import Box
from polytope_lens.engines.enumerate import partition
from polytope_lens.errors import Status
from polytope_lens.exact.point_signs import point_signs
from polytope_lens.exact.rows import ExactRows, cell_rows
from polytope_lens.lp.rational_nearest import exact_nearest, power_of
from polytope_lens.lp.rational_simplex import Halfspace
from polytope_lens.network.network import bit_starts
from polytope_lens.network.pattern import pack, unpack
from polytope_lens.network.subspace import restrict, spanned_by
from polytope_lens.search.explore import explore

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from polytope_lens._types import Bools, Floats, Ints, Words
    from polytope_lens.network.network import Network


# Up to this many inputs, all regions of the box around the ball are listed first; with more, it holds too many.
BOXED = 4


@dataclass(frozen=True, slots=True, eq=False)
class LocalComplexity:
    """What a network does inside the open ball of some radius around a point.

    Parameters
    ----------
    n_regions : int
        Regions that meet the ball.
    regions : (L,) int array
        Entry l is the number of regions of layers 0 ... l together that do; the last one is `n_regions`.
    neurons : (L,) int array
        Neurons of each layer whose boundary, a bent hyperplane, cuts the ball: they are on in some of these regions and
        off in others.
    pieces : (L,) int array
        Flat pieces of these boundaries: one for each neuron and each region of the layers before it, where the neuron
        changes its sign inside the ball.
    packed_patterns : (n_regions, n_words) uint64 array
        Activation patterns of the regions, 64 bits to a word.
    norm, radius : float
        Of the ball.
    status : Status
        COMPLETE; otherwise all numbers are lower bounds.
    """

    n_regions: int
    regions: Ints
    neurons: Ints
    pieces: Ints
    packed_patterns: Words
    norm: float
    radius: float
    status: Status

    @property
    def n_creases(self) -> int:
        """Neurons of all layers whose boundary cuts the ball."""
        return int(self.neurons.sum())

    def __repr__(self) -> str:
        least = "" if self.status is Status.COMPLETE else "at least "
        return (
            f"LocalComplexity({least}{self.n_regions} regions, per layer: regions {self.regions.tolist()}, neurons "
            f"{self.neurons.tolist()}, pieces {self.pieces.tolist()})"
        )


@dataclass(frozen=True, slots=True, eq=False)
class ComplexityEstimate:
    """An estimate of `LocalComplexity.neurons` from the corners of a random cross-polytope.

    Parameters
    ----------
    neurons : (L,) int array
        Neurons of each layer that are on at some of the corners and off at others.
    corners : (n, d) array
    """

    neurons: Ints
    corners: Floats

    def __repr__(self) -> str:
        return f"ComplexityEstimate(neurons per layer {self.neurons.tolist()}, from {len(self.corners)} corners)"


def local_complexity(
    network: Network, x: ArrayLike, radius: float, *, norm: float = 2, max_regions: int | None = None
) -> LocalComplexity:
    """Regions that meet the open ball around a point, and boundaries of neurons that cut it; exact.

    Parameters
    ----------
    network : Network
    x : (d,) array
    radius : float
    norm : 1, 2 or inf
        The ball is a cross-polytope, a ball or a cube.
    max_regions : int, optional
        With more than 4 inputs, look at this many regions at most, the nearest ones.

    Raises
    ------
    OptionError, DimensionError

    Notes
    -----
    Exactness: a region counts iff its distance from x is less than `radius`; those that touch the ball from outside do
    not. This is proved in floats, by multipliers of the region's rows or by a point inside both, and else decided by
    the distance as a fraction. x and `radius` are the floats given; the cube is not rounded.
    Cost: up to 4 inputs, that of a partition of the cube around the ball, and with norms other than inf a projection or
    linear program for each of its regions; with more, that of `explore`.

    Examples
    --------
    The diamond does not reach the corner at (1, 1), where the two lines meet; the ball is too small by a hair, and the
    square holds it.

    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[-1, -1], [0]])
    >>> [lens.local_complexity([0, 0], 1.4142, norm=norm).n_regions for norm in (1, 2, float("inf"))]
    [3, 3, 4]
    """
    norm = validate.norm(norm)
    point = validate.point(x, network.input_dim, what="`local_complexity`")
    radius = validate.number(radius, name="`radius`", positive=True)
    if max_regions is not None:
        max_regions = validate.count(max_regions, name="`max_regions`")
    d, status = network.input_dim, Status.COMPLETE
    if d <= BOXED:
        # In units of the radius the cube's corners are floats, so that nothing is rounded.
        zoomed = restrict(network, spanned_by(point, radius * np.eye(d), d))
        found = partition(zoomed, Box([-1] * d, [1] * d), progress=False)
        words, inside = found.packed_patterns, point + radius * found.witnesses
    else:
        found = explore(network, point, max_regions=max_regions, radius=radius, norm=norm)
        words, inside = found.packed_patterns, found.witnesses
        if found.status is not Status.RADIUS_REACHED:
            status = found.status
    if d > BOXED or norm != inf:
        words = words[_meet_ball(network, point, radius, norm, words, inside)]
    bits = unpack(words, network.n_neurons)
    regions, neurons, pieces = _per_layer(bits, bit_starts(network))
    return LocalComplexity(len(words), regions, neurons, pieces, words, norm, radius, status)


def local_complexity_estimate(
    network: Network, x: ArrayLike, radius: float, *, n_directions: int | None = None, seed: int = 0
) -> ComplexityEstimate:
    """The usual approximation: neurons whose sign differs among the corners of a small cross-polytope.

    Parameters
    ----------
    network : Network
    x : (d,) array
    radius : float
        Distance of the corners from x.
    n_directions : int, optional
        Number of random orthonormal directions, at most d, which is the default; there are two corners for each.
    seed : int

    Raises
    ------
    OptionError, DimensionError

    Notes
    -----
    An estimate of the number of neurons whose boundary cuts the convex hull of the corners, which lies in the ball of
    norm 2 and is much thinner. For the first layer it is that number itself; behind, where boundaries bend, it may be
    less. `cutting_neurons` has the number in the ball, and on the flat of the directions that in the hull.
    Signs are exact. Cost: a forward pass for the corners.
    Source: Humayun, Balestriero and Baraniuk 2024, *Deep networks always grok and here is why*, section 2.
    """
    point = validate.point(x, network.input_dim, what="`local_complexity`")
    radius = validate.number(radius, name="`radius`", positive=True)
    d = len(point)
    n = d if n_directions is None else validate.count(n_directions, name="`n_directions`")
    directions, _ = np.linalg.qr(np.random.default_rng(validate.seed(seed)).standard_normal((d, min(n, d))))
    corners = point + radius * np.vstack([directions.T, -directions.T])
    mixed = _are_mixed(point_signs(network, corners) > 0)
    return ComplexityEstimate(sums_by_layer(mixed, bit_starts(network)), corners)


def _are_mixed(bits: Bools) -> Bools:
    """Which bits are 1 in some rows and 0 in others."""
    return np.asarray(bits.any(axis=0) & ~bits.all(axis=0))


def sums_by_layer(values: Bools, of_layers: Ints) -> Ints:
    """How many of each layer's bits are set, given where its bits start."""
    return np.asarray(np.diff(starts(values.astype(np.int64))[of_layers]), dtype=np.int64)


def _per_layer(bits: Bools, of_layers: Ints) -> tuple[Ints, Ints, Ints]:
    """Regions of the first layers, neurons with both signs, and pieces of their boundaries, from all patterns.

    Where the layers before it have one pattern, the part of a convex set is convex and a neuron is affine, so that it
    cuts there iff it has both signs.
    """
    regions, pieces = [], []
    for start, stop in pairwise(of_layers):
        _, group = np.unique(pack(bits[:, :start]), axis=0, return_inverse=True)
        size = np.bincount(group)
        on = np.zeros((len(size), stop - start), dtype=np.int64)
        np.add.at(on, group, bits[:, start:stop])
        pieces.append(int(((on > 0) & (on < size[:, None])).sum()))
        regions.append(len(np.unique(pack(bits[:, :stop]), axis=0)))
    neurons = sums_by_layer(_are_mixed(bits), of_layers)
    return np.array(regions, dtype=np.int64), neurons, np.array(pieces, dtype=np.int64)


def _meet_ball(network: Network, x: Floats, radius: float, norm: float, words: Words, inside: Floats) -> Bools:
    """Which regions, known by points inside, meet the open ball; exact."""
    d, around = len(x), domain_sides(None, len(x))
    space = SearchSpace(network, around, x, x, np.zeros(d), norm=norm)
    source = ExactRows(network)
    answer = np.zeros(len(words), dtype=bool)
    for part in batches(len(words), (network.n_neurons + 1) * (d + 1)):
        bits = unpack(words[part], network.n_neurons)
        rows, error = region_rows(network, around, bits)
        distance, shown, multipliers, points = nearest(space, rows, error, radius)
        # From the nearest point a little way to the point inside, half as far as the ball may reach.
        way = inside[part] - points
        length = np.linalg.norm(way, norm, axis=1)
        with np.errstate(all="ignore"):
            share = np.clip((radius - distance) / (2 * length), 0.0, 1.0)
        points_inside = points + np.where(length > 0, share, 0.0)[:, None] * way
        answer[part] = (shown < radius) & surely_inside(rows, error, points_inside)
        answer[part] &= np.array([is_near(p, x, radius, norm) for p in points_inside], dtype=bool)
        for i in np.flatnonzero(~answer[part] & (shown < radius)):
            start_point = rationals(x)
            exact = [
                Halfspace([fmpq(v) for v in row[:-1]], -dot(row[:-1], start_point) - row[-1])
                for row in cell_rows(network, source, bits[i])
            ]
            found = exact_nearest(exact, d, norm, multipliers[i], points[i] - x)
            assert found is not None  # regions are not empty
            answer[part.start + i] = found.power < power_of([rational(radius)], norm)
    return answer


def is_near(point: Floats, x: Floats, radius: float, norm: float) -> bool:
    """Whether a point is proved to be in the open ball; exact where floats are close."""
    if not np.isfinite(point).all():
        return False
    if np.linalg.norm(point - x, norm) < radius * (1 - 2.0**-30):
        return True
    step = [v - w for v, w in zip(rationals(point), rationals(x), strict=True)]
    return bool(power_of(step, norm) < power_of([rational(radius)], norm))
