"""Points spread evenly over a polytope, and estimates of its volume."""

from __future__ import annotations

from dataclasses import dataclass
from math import gamma, log2, pi
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens.arithmetic.rational import nearest_float
from polytope_lens.errors import DomainError, IntractableError
from polytope_lens.polytope.membership import inside_mask
from polytope_lens.polytope.metric.hit_and_run import GROUPS, TOO_THIN, WALKERS, Walkers, raise_flat
from polytope_lens.polytope.metric.volume import cut

if TYPE_CHECKING:
    from collections.abc import Callable

    from polytope_lens._types import Floats
    from polytope_lens.polytope.polytope import Polytope


# Steps before the first point of a ball, and between points for each coordinate.
WARM_UP, THINNING = 20, 4
# Draws for each point that is wanted, after which a polytope is taken for one that holds no floats.
PATIENCE = 100


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number found by sampling: no bound, and no proof.

    Parameters
    ----------
    value : float
    standard_error : float
        From the scatter of independent parts of the sample.
    n_samples : int
    """

    value: float
    standard_error: float
    n_samples: int


def sample(poly: Polytope, n: int, rng: np.random.Generator) -> Floats:
    """Points of a bounded polytope with interior, uniformly distributed, (n, d); each proved to lie in it.

    Raises
    ------
    UnboundedPolytopeError, DomainError

    Notes
    -----
    Where vertices are at hand (see `volume.volume`), a simplex is drawn by its exact volume and a point in it by
    weights that are uniform among those that add up to 1 (Devroye 1986, *Non-Uniform Random Variate Generation*,
    section XI.2): independent points, uniform but for rounding. Elsewhere by walks along random lines (hit and run,
    Smith 1984), whose points are correlated, and uniform only in the limit of long walks. Points that rounding puts
    outside are drawn again.
    """
    try:
        found, parts = cut("uniform sample", poly, insist=False)
    except IntractableError:
        return _accepted(poly, n, lambda count: walk(poly, count, rng))
    if parts.dim < poly.dim:
        raise_flat()
    vertices = found.rounded(poly.dim)
    if not np.isfinite(vertices).all():
        raise DomainError(
            "points all over a polytope were asked for whose corners are beyond the largest float. Scale it down."
        )
    sizes = np.array([nearest_float(size / sum(parts.sizes, fmpq(0))) for size in parts.sizes])
    simplices = np.array(parts.simplices)

    def draw(count: int) -> Floats:
        chosen = rng.choice(len(sizes), count, p=sizes / sizes.sum())
        weights = rng.standard_exponential((count, poly.dim + 1))
        weights /= weights.sum(axis=1, keepdims=True)
        return np.asarray(np.einsum("nk,nkd->nd", weights, vertices[simplices[chosen]]))

    return _accepted(poly, n, draw)


def _accepted(poly: Polytope, n: int, draw: Callable[[int], Floats]) -> Floats:
    """The first n points drawn that are inside."""
    kept, count = [np.empty((0, poly.dim))], 0
    for _ in range(PATIENCE):
        points = draw(n - count)
        points = points[inside_mask(poly, points)]
        kept.append(points)
        count += len(points)
        if count >= n:
            return np.concatenate(kept)
    raise DomainError(TOO_THIN)


def walk(poly: Polytope, n: int, rng: np.random.Generator) -> Floats:
    """Points of a bounded polytope with interior, by walks along random lines, (n, d); see `sample`."""
    walkers = Walkers(poly, rng)
    rounds = -(-n // WALKERS)
    parts = []
    for _ in range(rounds):
        walkers.wander(THINNING)
        parts.append(walkers.points.copy())
    return walkers.original(np.concatenate(parts)[:n]) if parts else np.empty((0, poly.dim))


def estimate_volume(poly: Polytope, n: int, rng: np.random.Generator) -> Estimate:
    """The volume of a bounded polytope, estimated by sampling; in any dimension.

    Raises
    ------
    UnboundedPolytopeError, DomainError

    Notes
    -----
    The volume is that of a ball inside, times the ratios of the volumes of the polytope's parts in balls that grow by a
    factor of 2 in volume, each the share of a sample of the larger that lies in the smaller. Samples come from walks
    along random lines, in coordinates in which the polytope is about as long as wide. `n` is the number of points for
    each ball. The standard error is the scatter of 8 independent groups of walks, which may be too small where these
    are too short.
    Source: Dyer, Frieze and Kannan 1991, *A random polynomial-time algorithm for approximating the
    volume of convex bodies*; Emiris and Fisikopoulos 2014, *Practical polytope volume approximation*.
    """
    walkers, d = Walkers(poly, rng), poly.dim
    radius, farthest = walkers.room(), walkers.reach()
    stages = max(0, int(np.ceil(d * log2(farthest / radius))))
    rounds = max(1, -(-n // WALKERS))
    logs, drawn = np.zeros(GROUPS), 0
    for stage in range(stages, 0, -1):
        smaller = radius * 2.0 ** ((stage - 1) / d)
        hits = np.zeros(WALKERS)
        for _ in range(rounds):
            walkers.step(THINNING, radius * 2.0 ** (stage / d) if stage < stages else np.inf)
            hits += np.linalg.norm(walkers.points, axis=1) <= smaller
        drawn += rounds * WALKERS
        logs += np.log(np.maximum(hits.reshape(GROUPS, -1).mean(axis=1), 0.5) / rounds)
        # The next ones walk in the smaller ball, and start from where some were found there.
        inner = np.linalg.norm(walkers.points, axis=1) <= smaller
        walkers.points[~inner] *= (smaller / np.linalg.norm(walkers.points[~inner], axis=1))[:, None]
        walkers.step(WARM_UP, smaller)
    values = np.exp(-logs) * pi ** (d / 2) / gamma(d / 2 + 1) * radius**d * walkers.scale
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(GROUPS)), drawn)
