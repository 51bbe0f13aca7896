"""Creases of a first layer: whether they bundle, and more than chance would have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from polytope_lens._arrays import validate
from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.exact.point_signs import point_signs
from polytope_lens.network.network import Network
from polytope_lens.training.recorded_domain import SQUARE

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats, Ints
    from polytope_lens.domain import Box


DISTANCES = tuple(np.geomspace(0.001, 0.3, 13).tolist())


@dataclass(frozen=True, slots=True, eq=False)
class Creases:
    """The lines of a first layer that pass through a box: ``cos(angle) x + sin(angle) y = offset`` around its centre.

    Parameters
    ----------
    angle : (n,) array
        Of the normal that points to where the neuron is positive, from -pi to pi; rounded.
    offset : (n,) array
        Signed distance of the line from the centre of the box, along that normal; rounded.
    bend : (n,) array
        By how much the slope of the output changes across the line; rounded. Positive where the sheet folds upwards, as
        a valley does, on whichever side the neuron is on. NaN unless the network has one hidden layer and one output.
    neuron : (n,) int array
        Rows of the first layer.
    domain : Box
    """

    angle: Floats
    offset: Floats
    bend: Floats
    neuron: Ints
    domain: Box

    def __len__(self) -> int:
        return len(self.angle)


@dataclass(frozen=True, slots=True, eq=False)
class Bundling:
    """Pairs of lines that are close, counted and compared with chance.

    Parameters
    ----------
    n_lines : int
    distance : (k,) array
    pairs : (k,) int array
        How many pairs of lines are at most so far apart.
    expected, low, high : (k,) arrays
        By chance: the mean, and the range of 95 percent of the draws.
    p : (k,) array
        How often chance gives as many pairs, for each distance by itself.
    p_overall : float
        How often chance strays upwards at any of the distances as far, in its own standard deviations.
    alike : (k,) array
        Share of these pairs whose bends have one sign; NaN where it is not known, or there are no pairs.
    fourfold : float
        Length of the mean of ``exp(4 i angle)``: 1 if all lines are at right angles or parallel, near 0 if directions
        are spread evenly. The square domain has this symmetry; a disc has no direction of its own.
    fourfold_p : float
        How often chance gives as much.
    """

    n_lines: int
    distance: Floats
    pairs: Ints
    expected: Floats
    low: Floats
    high: Floats
    p: Floats
    p_overall: float
    alike: Floats
    fourfold: float
    fourfold_p: float

    @property
    def ratio(self) -> Floats:
        """Pairs over those expected, (k,); NaN where chance has none."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(self.expected > 0, self.pairs / self.expected, np.nan))


def creases(network: Network, domain: Box = SQUARE) -> Creases:
    """Lines of the first layer's neurons that pass through the interior of a box.

    Raises
    ------
    DimensionError
        Other than two inputs, or no hidden layer.

    Notes
    -----
    Which lines do is exact: those with corners of the box strictly on both sides.

    Examples
    --------
    >>> from polytope_lens.network.network import from_arrays
    >>> network = from_arrays([[[0, 2], [1, 0], [0, -4]], [[1, 1, 1]]], [[1, -3, 1], [0]])
    >>> found = creases(network)
    >>> found.neuron, found.offset
    (array([0, 2]), array([-0.5 , -0.25]))
    """
    if network.input_dim != 2 or not network.layers:
        raise DimensionError(
            f"creases are the lines of a first layer in the plane, but the network has {network.input_dim} inputs and "
            f"{len(network.layers)} hidden layers."
        )
    layer = network.layers[0]
    first = Network((layer,), np.zeros((1, layer.width)), np.zeros(1))
    corners = np.array([[x, y] for x in (domain.lower[0], domain.upper[0]) for y in (domain.lower[1], domain.upper[1])])
    signs = point_signs(first, corners)
    neuron = np.flatnonzero(layer.cuts)[(signs > 0).any(axis=0) & (signs < 0).any(axis=0)]
    normal, bias = layer.dense_weight()[neuron], layer.bias[neuron]
    length = np.hypot(*normal.T)
    offset = -(normal @ (domain.lower + domain.upper) / 2 + bias) / length
    bend = np.full(len(neuron), np.nan)
    if len(network.layers) == 1 and network.output_dim == 1:
        jump = layer.positive_slope[neuron] - layer.negative_slope[neuron]
        bend = network.dense_output_weight()[0, neuron] * length * jump
    return Creases(np.arctan2(normal[:, 1], normal[:, 0]), offset, bend, neuron, domain)


def bundling(lines: Creases, distances: ArrayLike = DISTANCES, *, draws: int = 999, seed: int = 0) -> Bundling:
    """Count pairs of nearly the same line, and compare with lines of the same offsets in random directions.

    Two lines are ``hypot(difference of direction, difference of offset)`` apart, the direction in radians up to half a
    turn (so the side on which a neuron is positive does not matter) and the offset in units of the plane.

    Parameters
    ----------
    lines : Creases
    distances : (k,) array-like
        Positive, ascending, at most 1.
    draws : int
        Of the null hypothesis, which is invariant under rotation: each line keeps its offset and takes a direction by
        itself, uniform among those in which it meets the box. So lines that gather at one distance from the centre are
        no surprise; lines that gather in direction, too, are.
    seed : int

    Raises
    ------
    OptionError
        Distances out of their range, or fewer than two lines.

    Notes
    -----
    A Monte Carlo test: p = (1 + draws that reach the data) / (1 + draws), so it is at least 1 / (1 + draws).
    Cost: a k-d tree for each draw, 2 ms for 500 lines.

    Examples
    --------
    >>> angle = np.repeat([0.1, 0.2, 0.6, 1.4], 5) + np.tile([0, 0.001, 0.002, 0.003, 0.004], 4)
    >>> found = bundling(Creases(angle, np.full(20, 0.5), np.ones(20), np.arange(20), SQUARE), [0.01, 0.02])
    >>> found.pairs, found.p_overall
    (array([40, 40]), 0.001)
    """
    steps = validate.float_array(distances, name="distances", ndim=1)
    if not len(steps) or (np.diff(steps) <= 0).any() or steps[0] <= 0 or steps[-1] > 1:
        raise OptionError(
            f"distances between lines should ascend from above 0 to at most 1, but received {steps.tolist()}."
        )
    draws = validate.count(draws, name="`draws`")
    if len(lines) < 2:
        raise OptionError(f"lines bundle if there are at least two, but {len(lines)} of this layer meet the box.")
    rng = np.random.default_rng(validate.seed(seed))
    rounds = [lines.angle, *(random_angles(lines, rng) for _ in range(draws))]
    counts = np.array([close_pairs(angle, lines.offset, steps) for angle in rounds])
    fourfold = np.array([np.abs(np.exp(4j * angle).mean()) for angle in rounds])
    chance = counts[1:]
    spread = counts.std(axis=0)
    excess = ((counts - counts.mean(axis=0)) / np.where(spread > 0, spread, 1)).max(axis=1)
    low, high = np.quantile(chance, [0.025, 0.975], axis=0)
    return Bundling(
        len(lines),
        steps,
        counts[0],
        chance.mean(axis=0),
        low,
        high,
        (counts >= counts[0]).mean(axis=0),
        float((excess >= excess[0]).mean()),
        _alike(lines, steps),
        float(fourfold[0]),
        float((fourfold >= fourfold[0]).mean()),
    )


def _alike(lines: Creases, distances: Floats) -> Floats:
    """Share of close pairs that bend the sheet the same way, (k,)."""
    pairs = close_pairs(lines.angle, lines.offset, distances)
    parts = [lines.bend > 0, lines.bend < 0]
    same = np.sum([close_pairs(lines.angle[part], lines.offset[part], distances) for part in parts], axis=0)
    known = (pairs > 0) & bool(np.isfinite(lines.bend).all())
    return np.where(known, same / np.maximum(pairs, 1), np.nan)


def close_pairs(angle: Floats, offset: Floats, distances: Floats) -> Ints:
    """Number of pairs of lines that are at most so far apart, (k,), for distances up to 1; see `bundling`."""
    if not len(angle):
        return np.zeros(len(distances), dtype=np.int64)
    # A line is a point of a strip of width pi whose sides are glued with a twist: (a, p) and (a + pi, -p) are one.
    turns = np.floor(angle / np.pi)
    folded = np.column_stack([angle - turns * np.pi, np.where(turns % 2 == 0, offset, -offset)])
    copies = [np.column_stack([folded[:, 0] + side, -folded[:, 1]]) for side in (-np.pi, np.pi)]
    found = cKDTree(folded).count_neighbors(cKDTree(np.concatenate([folded, *copies])), distances)
    return np.asarray((found - len(angle)) // 2, dtype=np.int64)


def random_angles(lines: Creases, rng: np.random.Generator) -> Floats:
    """A direction for each line, uniform among those in which it meets the box with its offset."""
    half = (lines.domain.upper - lines.domain.lower) / 2
    angle = np.empty(len(lines))
    left = np.arange(len(lines))
    while len(left):
        angle[left] = rng.uniform(-np.pi, np.pi, len(left))
        reach = np.abs(np.cos(angle[left])) * half[0] + np.abs(np.sin(angle[left])) * half[1]
        left = left[np.abs(lines.offset[left]) >= reach]
    return angle
