"""Where a search from a point takes place: in the inputs, or in fewer coordinates that say the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.cells.interior_proposals import slacks, surely_inside
from polytope_lens.cells.region_facets import DomainSides, domain_sides, in_first_layer_coordinates
from polytope_lens.exact.forward import affine, quiet
from polytope_lens.lp.nearest_in_norm import nearest_in_norm
from polytope_lens.polytope.batch.nearest_points import nearest_points

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats
    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network


# A hyperplane's distance in a norm is measured by its normal in the dual one.
DUAL = {1.0: np.inf, 2.0: 2.0, np.inf: 1.0}


@dataclass(frozen=True, slots=True, eq=False)
class SearchSpace:
    """A network with k inputs, the walls of its domain, and a point.

    Parameters
    ----------
    network : Network
        The network itself, or the network as a function of its first pre-activations.
    around : DomainSides
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
    norm : 1, 2 or inf
        What distances among the inputs are measured in.
    gram, size : (k, k) arrays or None
        ``weight @ weight.T``, and the same of absolute values; rounded.
    """

    network: Network
    around: DomainSides
    x: Floats
    start: Floats
    start_error: Floats
    weight: Floats | None = None
    bias: Floats | None = None
    frame: Floats | None = None
    stretch: Floats | None = None
    norm: float = 2.0
    gram: Floats | None = None
    size: Floats | None = None


def space_of(network: Network, x: Floats, domain: Domain, norm: float = 2.0) -> SearchSpace:
    """Where to search around x: in the first pre-activations, if they are fewer than the inputs and independent."""
    inner = in_first_layer_coordinates(network) if domain is None else None
    if inner is None:
        return SearchSpace(network, domain_sides(domain, network.input_dim), x, x, np.zeros_like(x), norm=norm)
    weight, bias = network.layers[0].dense_weight(), network.layers[0].bias
    start, error = _forward(weight, bias, x[None])
    frame, triangle = np.linalg.qr(weight.T)
    stretch = np.ascontiguousarray(triangle.T)
    gram, size = weight @ weight.T, np.abs(weight) @ np.abs(weight).T
    return SearchSpace(
        inner, domain_sides(None, len(weight)), x, start[0], error[0], weight, bias, frame, stretch, norm, gram, size
    )


def _forward(weight: Floats, bias: Floats, X: Floats) -> tuple[Floats, Floats]:
    """Coordinates of inputs (n, d) in the space, (n, k), and bounds on their error."""
    with quiet():
        value, bound = affine(weight, bias, X.T, np.zeros(X.T.shape))
    return value.T, bound.T


def lift(space: SearchSpace, points: Floats) -> Floats:
    """Inputs that points of the space stand for, (n, k) -> (n, d): the nearest ones to x; rounded.

    Coordinates that no float can hold are those of x.
    """
    if space.frame is None or space.stretch is None:
        return points
    with quiet():
        found = space.x + np.linalg.solve(space.stretch, (points - space.start).T).T @ space.frame.T
    return np.where(np.isfinite(found), found, space.x)


def are_inside(space: SearchSpace, rows: Floats, error: Floats, points: Floats) -> Bools:
    """Which points are proved to be inside regions given by rows, and so the inputs that they are lifted to."""
    inside = surely_inside(rows, error, points)
    if space.weight is None or space.bias is None:
        return inside
    with np.errstate(all="ignore"):
        again, doubt = _forward(space.weight, space.bias, lift(space, points))
        return inside & surely_inside(rows, error, again, doubt)


def start_slacks(space: SearchSpace, rows: Floats, error: Floats) -> tuple[Floats, Floats]:
    """``-(a . u + c)`` of rows (n, m, k + 1) at the start, (n, m), and bounds on their error."""
    slack, slack_error = slacks(rows, error, np.broadcast_to(space.start, (len(rows), len(space.start))))
    moved = (np.abs(rows[:, :, :-1]) + error[:, :, :-1]) @ space.start_error
    return slack, (slack_error + moved) * BOUND_SLACK


def nearest(
    space: SearchSpace, rows: Floats, error: Floats, limit: float = np.inf
) -> tuple[Floats, Floats, Floats, Floats]:
    """Distances of n regions from the start, lower bounds on them, multipliers that prove these, and nearest inputs.

    (n,), (n,), (n, m) and (n, d); all but the bounds are rounded. Where the method gives up, as in empty regions, the
    distance is too small; so it may be where that of a region is proved to be `limit` at least.
    """
    slack, _ = start_slacks(space, rows, error)
    normals = rows[:, :, :-1]
    normals = normals if space.stretch is None else normals @ space.stretch
    distance, multipliers = nearest_points(normals, slack)
    step = -np.einsum("nm,nmk->nk", multipliers, normals)
    step = step if space.frame is None else step @ space.frame.T
    shown = shown_distances(space, rows, error, multipliers)
    if space.norm != 2:
        distance = np.maximum(distance / (1.0 if space.norm == 1 else step.shape[1] ** 0.5), shown)
        near = np.flatnonzero(shown < limit)
        for i in near:
            found = nearest_in_norm(_among_inputs(space, rows[i, :, :-1]), slack[i], space.norm)
            if found is not None:
                step[i], multipliers[i] = found
                distance[i] = np.linalg.norm(step[i], space.norm)
        shown[near] = np.maximum(shown[near], shown_distances(space, rows[near], error[near], multipliers[near]))
    return distance, shown, multipliers, space.x + step


def _among_inputs(space: SearchSpace, normals: Floats) -> Floats:
    return normals if space.weight is None else normals @ space.weight


def shown_distances(space: SearchSpace, rows: Floats, error: Floats, multipliers: Floats) -> Floats:
    """Lower bounds, (n,), on the distances of n regions from x, proved by nonnegative multipliers of their rows.

    The sum of a region's inequalities times nonnegative multipliers is an inequality that the region satisfies; its
    halfspace is as far from x as the value at x divided by the dual norm of its normal. Both are computed with bounds.
    """
    slack, slack_error = start_slacks(space, rows, error)
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
        return _quotient(space, value, normal, doubt)


def shown_by_row(space: SearchSpace, slack: Floats, slack_error: Floats, normal: Floats, doubt: Floats) -> Floats:
    """The same for what lies across n hyperplanes, which are `slack` away from the start in their rows' units."""
    with np.errstate(all="ignore"):
        return _quotient(space, slack - slack_error, normal, doubt)


def _quotient(space: SearchSpace, value: Floats, normal: Floats, doubt: Floats) -> Floats:
    """``value`` divided by the dual norm of ``normal``, (n,) and (n, k), known up to ``doubt``; rounded down.

    Infinite for rows of zeros that nothing satisfies.
    """
    length = _lengths_above(space, normal, doubt)
    shown = np.where(value < np.inf, value / length * (1 - 4 * UNIT_ROUNDOFF), 0.0)
    return np.asarray(np.where(shown > 0, shown, 0.0))


def _lengths_above(space: SearchSpace, normal: Floats, doubt: Floats) -> Floats:
    """Upper bounds, (n,), on dual norms among the inputs.

    In fewer coordinates, a normal n that is known up to e has a length of ``sqrt(n . gram n) + sqrt(e . size e)`` at
    most, since ``|e . weight|`` is at most ``e . |weight|``, number for number.
    """
    if space.gram is not None and space.size is not None and space.weight is not None and space.norm == 2:
        unit = summation_bound(space.weight.shape[1]) + summation_bound(2 * len(space.weight) + 2)
        square = np.einsum("nk,nk->n", normal @ space.gram, normal)
        square += unit * np.einsum("nk,nk->n", np.abs(normal) @ space.size, np.abs(normal)) * BOUND_SLACK
        rest = np.einsum("nk,nk->n", doubt @ space.size, doubt) * BOUND_SLACK + UNDERFLOW_GUARD
        return np.asarray((np.sqrt(np.maximum(square, 0.0)) + np.sqrt(rest)) * (1 + 8 * UNIT_ROUNDOFF))
    if space.weight is not None:
        magnitude, unit = np.abs(space.weight), summation_bound(len(space.weight))
        doubt = (doubt @ magnitude + unit * (np.abs(normal) @ magnitude)) * BOUND_SLACK + UNDERFLOW_GUARD
        normal = normal @ space.weight
    rounding = 1 + 2 * summation_bound(normal.shape[1] + 4)
    # Squares of very small numbers vanish, those of very large ones are infinite, which leaves nothing shown.
    return np.asarray((np.linalg.norm(np.abs(normal) + doubt, DUAL[space.norm], axis=1) + 2.0**-500) * rounding)


def highest_in_ball(
    space: SearchSpace, rows: Floats, error: Floats, radius: float, cut: Floats, cut_error: Floats
) -> Floats:
    """Upper bounds, (n, j), on rows (n, j, k + 1) at the inputs within a radius around x where a cut is not negative.

    `cut` (n, k + 1) is a row for each of the n; zeros cut nothing. Any nonnegative multiple of it may be added to a row
    before its maximum on the ball is taken, which is its value at x and the radius times its normal's dual norm. The
    multiple is chosen in floats and decides nothing.
    """
    with quiet():
        share = _share_of_cut(space, rows, cut, radius)[:, :, None]
        added = share * cut[:, None, :]
        total = rows + added
        error = error + share * cut_error[:, None, :]
        rounded = 2 * UNIT_ROUNDOFF * (np.abs(added) + np.abs(total))
        error = np.where(added == 0, error, (error + rounded) * BOUND_SLACK + UNDERFLOW_GUARD)
        slack, slack_error = start_slacks(space, total, error)
        shape = (-1, space.network.input_dim)
        normal, doubt = total[:, :, :-1].reshape(shape), error[:, :, :-1].reshape(shape)
        length = _lengths_above(space, normal, doubt).reshape(slack.shape)
        constant = ~((total[:, :, :-1] != 0) | (error[:, :, :-1] != 0)).any(axis=2)
        reach = np.where(constant, 0.0, radius * length)
        size = np.abs(slack) + slack_error + reach
        high = slack_error - slack + reach + 4 * UNIT_ROUNDOFF * size
    return np.where(np.isnan(high), np.inf, high)


def _share_of_cut(space: SearchSpace, rows: Floats, cut: Floats, radius: float) -> Floats:
    """How much of a cut to add to rows for the least maximum on the ball, (n, j); rounded.

    In norm 2, with the cut's normal taken at length 1 and its hyperplane at a distance D from x, let a row have the
    parts p along that normal and r at right angles to it. The maximum ``-t D + R sqrt((p + t)^2 + r^2)`` is least where
    ``p + t = r D / sqrt(R^2 - D^2)``.
    """
    normal, of_cut = rows[:, :, :-1], cut[:, :-1]
    if space.norm != 2:
        normal, of_cut = _among_inputs(space, normal), _among_inputs(space, of_cut)
    elif space.stretch is not None:
        normal, of_cut = normal @ space.stretch, of_cut @ space.stretch
    length = np.linalg.norm(of_cut, axis=1)
    with np.errstate(all="ignore"):
        unit = of_cut / length[:, None]
        distance = -(cut[:, :-1] @ space.start + cut[:, -1]) / length
        along = np.einsum("njk,nk->nj", normal, unit)
        across = np.sqrt(np.maximum(np.einsum("njk,njk->nj", normal, normal) - along * along, 0.0))
        if space.norm == 2:
            share = across * (distance / np.sqrt(radius * radius - distance * distance))[:, None] - along
            share /= length[:, None]
        else:
            share = np.zeros(along.shape)
    return np.where(np.isfinite(share) & (share > 0), share, 0.0)


def dual_norms(space: SearchSpace, normals: Floats) -> Floats:
    """What divides the value of a row into the distance of its hyperplane, normals (n, k) -> (n,); rounded."""
    if space.norm == 2 and space.stretch is not None:
        return np.asarray(np.linalg.norm(normals @ space.stretch, axis=1))
    return np.asarray(np.linalg.norm(_among_inputs(space, normals), DUAL[space.norm], axis=1))
