"""Where a search from a point takes place: in the inputs, or in fewer coordinates that say the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.engines.inside import surely_inside
from polytope_lens.exact.signs import UNDERFLOW_GUARD, summation_bound
from polytope_lens.polytope.codes import BOUND_SLACK
from polytope_lens.query.inequalities import beneath
from polytope_lens.query.sides import Walls, slacks, walls

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens.domain import Domain
    from polytope_lens.network import Network

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A network with k inputs, the walls of its domain, and a point.

    Parameters
    ----------
    network : Network
        The network itself, or the network as a function of its first pre-activations.
    around : Walls
    x : (d,) array
        The point among the inputs.
    start, start_error : (k,) arrays
        The same point here, rounded, and a bound on each number's error.
    weight, bias : (k, d) and (k,) arrays, or None for the inputs themselves
        ``u = weight @ x + bias`` are the coordinates here.
    frame : (d, k) array or None
        Orthonormal columns that span the rows of `weight`; rounded.
    stretch : (k, k) array or None
        ``a @ stretch`` are the coordinates of the normal ``a @ weight`` in that frame; rounded.
    """

    network: Network
    around: Walls
    x: Floats
    start: Floats
    start_error: Floats
    weight: Floats | None = None
    bias: Floats | None = None
    frame: Floats | None = None
    stretch: Floats | None = None


def place_of(network: Network, x: Floats, domain: Domain) -> Place:
    """Where to search around x: in the first pre-activations, if they are fewer than the inputs and independent."""
    inner = beneath(network) if domain is None else None
    if inner is None:
        return Place(network, walls(domain, network.input_dim), x, x, np.zeros_like(x))
    weight, bias = network.layers[0].weight, network.layers[0].bias
    start, error = _forward(weight, bias, x[None])
    frame, triangle = np.linalg.qr(weight.T)
    stretch = np.ascontiguousarray(triangle.T)
    return Place(inner, walls(None, len(weight)), x, start[0], error[0], weight, bias, frame, stretch)


def _forward(weight: Floats, bias: Floats, X: Floats) -> tuple[Floats, Floats]:
    """Coordinates of inputs (n, d) in the place, (n, k), and bounds on their error."""
    size = np.abs(X) @ np.abs(weight).T + np.abs(bias)
    return X @ weight.T + bias, summation_bound(X.shape[1] + 1) * size * BOUND_SLACK + UNDERFLOW_GUARD


def lift(place: Place, points: Floats) -> Floats:
    """Inputs that points of the place stand for, (n, k) -> (n, d): the nearest ones to x; rounded."""
    if place.frame is None or place.stretch is None:
        return points
    return np.asarray(place.x + np.linalg.solve(place.stretch, (points - place.start).T).T @ place.frame.T)


def are_inside(place: Place, rows: Floats, error: Floats, points: Floats) -> Bools:
    """Which points are proved to be inside regions given by rows, and so the inputs that they are lifted to."""
    inside = surely_inside(rows, error, points)
    if place.weight is None or place.bias is None:
        return inside
    with np.errstate(all="ignore"):
        again, doubt = _forward(place.weight, place.bias, lift(place, points))
        return inside & surely_inside(rows, error, again, doubt)


def metric_normals(place: Place, normals: Floats) -> Floats:
    """Normals (n, m, k) in coordinates in which their lengths are those among the inputs; rounded."""
    return normals if place.stretch is None else normals @ place.stretch


def start_slacks(place: Place, rows: Floats, error: Floats) -> tuple[Floats, Floats]:
    """``-(a . u + c)`` of rows (n, m, k + 1) at the start, (n, m), and bounds on their error."""
    slack, slack_error = slacks(rows, error, np.broadcast_to(place.start, (len(rows), len(place.start))))
    moved = (np.abs(rows[:, :, :-1]) + error[:, :, :-1]) @ place.start_error
    return slack, (slack_error + moved) * BOUND_SLACK


def are_beyond(place: Place, radius: float, rows: Floats, error: Floats, multipliers: Floats) -> Bools:
    """Which of n regions are proved to have no point nearer to x than `radius`.

    The sum of a region's inequalities times nonnegative multipliers is an inequality that the region satisfies; its
    halfspace is as far from x as the value at x divided by the length of its normal. Both are computed with bounds.
    """
    slack, slack_error = start_slacks(place, rows, error)
    unit = summation_bound(rows.shape[1] + 1)
    used = multipliers > 0
    slack, slack_error = np.where(used, slack, 0.0), np.where(used, slack_error, 0.0)
    with np.errstate(all="ignore"):
        value = -np.einsum("nm,nm->n", multipliers, slack)
        value -= np.einsum("nm,nm->n", multipliers, slack_error + unit * np.abs(slack)) * BOUND_SLACK + UNDERFLOW_GUARD
        normal = np.einsum("nm,nmk->nk", multipliers, rows[:, :, :-1])
        size = np.einsum("nm,nmk->nk", multipliers, np.abs(rows[:, :, :-1]))
        doubt = np.einsum("nm,nmk->nk", multipliers, error[:, :, :-1])
        doubt = (doubt + unit * size) * BOUND_SLACK + UNDERFLOW_GUARD
        if place.weight is not None:
            magnitude, unit = np.abs(place.weight), summation_bound(len(place.weight))
            doubt = (doubt @ magnitude + unit * (np.abs(normal) @ magnitude)) * BOUND_SLACK + UNDERFLOW_GUARD
            normal = normal @ place.weight
        length = np.linalg.norm(np.abs(normal) + doubt, axis=1) * BOUND_SLACK
        return np.asarray(value > radius * length * BOUND_SLACK)
