"""Where a search from a point takes place: in the inputs, or in fewer coordinates that say the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays.products import times_each
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNDERFLOW_GUARD, UNIT_ROUNDOFF, summation_bound
from polytope_lens.cells.interior_proposals import surely_inside
from polytope_lens.cells.region_facets import DomainSides, domain_sides, in_first_layer_coordinates
from polytope_lens.exact.bounded_rows import slacks
from polytope_lens.exact.forward import affine, quiet
from polytope_lens.lp.nearest_in_norm import nearest_in_norm
from polytope_lens.polytope.batch.nearest_points import nearest_points

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network


# Halvings in which the share of a cut is found in the norms 1 and inf.
BISECTIONS = 10
# How often each of several cuts is taken anew.
SWEEPS = 2
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


def about_nearest(space: SearchSpace, rows: Floats, limit: float = np.inf) -> Floats:
    """Distances of n regions, given by rounded rows, from x, (n,); rounded, and too small where the method gives up.

    Also those greater than `limit` may be too small, but are greater.
    """
    if space.norm != 2:
        return nearest(space, rows, np.zeros_like(rows))[0]
    with quiet():
        distance, _ = nearest_points(_in_frame(space, rows), _about_slacks(space, rows), rows.shape[2] - 1, limit)
    return distance


def _about_slacks(space: SearchSpace, rows: Floats) -> Floats:
    """``-(a . u + c)`` of rows (n, m, k + 1) at the start, (n, m); rounded."""
    with quiet():
        return np.asarray(-(rows[:, :, :-1] @ space.start + rows[:, :, -1]))


def _in_frame(space: SearchSpace, rows: Floats) -> Floats:
    """Rows (n, m, k + 1) or their normals, in an orthonormal frame, so that lengths are those among the inputs."""
    return rows if space.stretch is None else rows[:, :, :-1] @ space.stretch


def point_distances(space: SearchSpace, points: Floats) -> Floats:
    """How far points (n, k), or the inputs they are lifted to, are from x, (n,); rounded, infinite if not known."""
    with quiet():
        if space.norm == 2 and space.stretch is not None:
            step = np.linalg.solve(space.stretch, (points - space.start).T).T
        else:
            step = lift(space, points) - space.x
        distance = np.linalg.norm(step, space.norm, axis=1)
    return np.where(np.isfinite(distance) & np.isfinite(points).all(axis=1), distance, np.inf)


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
    space: SearchSpace, rows: Floats, error: Floats, limit: float = np.inf, *, hasty: bool = False
) -> tuple[Floats, Floats, Floats, Floats]:
    """Distances of n regions from the start, lower bounds on them, multipliers that prove these, and nearest inputs.

    (n,), (n,), (n, m) and (n, d); all but the bounds are rounded. Where the method gives up, as in empty regions, the
    distance is too small; so it may be where that of a region is proved to be `limit` at least. With `hasty` it gives
    up sooner.
    """
    slack = _about_slacks(space, rows)
    in_frame, k = _in_frame(space, rows), rows.shape[2] - 1
    distance, multipliers = nearest_points(in_frame, slack, k)
    step = -times_each(in_frame[:, :, :k].transpose(0, 2, 1), multipliers)
    step = step if space.frame is None else step @ space.frame.T
    shown = shown_distances(space, rows, error, multipliers)
    if space.norm != 2:
        distance = np.maximum(distance / (1.0 if space.norm == 1 else step.shape[1] ** 0.5), shown)
        near = np.flatnonzero(shown < limit)
        for i in near:
            found = nearest_in_norm(_among_inputs(space, rows[i, :, :-1]), slack[i], space.norm, hasty=hasty)
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
    space: SearchSpace, rows: Floats, error: Floats, radius: float, cuts: Floats, cuts_error: Floats
) -> Floats:
    """Upper bounds, (n, j), on rows (n, j, k + 1) at the inputs within a radius of x where no cut is negative.

    `cuts` (n, m, k + 1) are rows, too; those of zeros cut nothing. Nonnegative multiples of them may be added to a row
    before its maximum on the ball is taken, which is its value at x and the radius times its normal's dual norm. They
    are chosen in floats and decide nothing.
    """
    unit = summation_bound(cuts.shape[1] + 2)
    with quiet():
        share = _shares_of_cuts(space, rows, cuts, radius)
        total = rows + share @ cuts
        size = np.abs(rows) + share @ np.abs(cuts)
        error = (
            error + share @ cuts_error + unit * np.where((share != 0).any(axis=2, keepdims=True), size, 0.0)
        ) * BOUND_SLACK
        slack, slack_error = start_slacks(space, total, error)
        shape = (-1, space.network.input_dim)
        normal, doubt = total[:, :, :-1].reshape(shape), error[:, :, :-1].reshape(shape)
        length = _lengths_above(space, normal, doubt).reshape(slack.shape)
        constant = ~((total[:, :, :-1] != 0) | (error[:, :, :-1] != 0)).any(axis=2)
        reach = np.where(constant, 0.0, radius * length)
        high = slack_error - slack + reach + 4 * UNIT_ROUNDOFF * (np.abs(slack) + slack_error + reach)
    return np.where(np.isnan(high), np.inf, high)


def _shares_of_cuts(space: SearchSpace, rows: Floats, cuts: Floats, radius: float) -> Floats:
    """How much of each cut to add to rows for about the least maximum on the ball, (n, j, m); rounded.

    One cut after the other. In norm 2, with a cut's normal taken at length 1 and its hyperplane at a distance D from x,
    let a row have the parts p along that normal and r at right angles to it. The maximum ``-t D + R sqrt((p + t)^2 +
    r^2)`` is least where ``p + t = r D / sqrt(R^2 - D^2)``. In the other norms only the first cut is used.
    """
    normal, of_cut = rows[:, :, :-1], cuts[:, :, :-1]
    shares = np.zeros((*rows.shape[:2], cuts.shape[1]))
    if not np.isfinite(radius):
        return shares
    depth = -(cuts[:, :, :-1] @ space.start + cuts[:, :, -1])
    if space.norm != 2:
        normal, of_cut = _among_inputs(space, normal), _among_inputs(space, of_cut[:, 0])
        with np.errstate(all="ignore"):
            share = _bisected(space.norm, normal, of_cut, depth[:, 0], radius)
        shares[:, :, 0] = np.where(np.isfinite(share) & (share > 0), share, 0.0)
        return shares
    if space.stretch is not None:
        normal, of_cut = normal @ space.stretch, of_cut @ space.stretch
    with np.errstate(all="ignore"):
        length = np.linalg.norm(of_cut, axis=2)
        unit = np.where(length > 0, of_cut.transpose(2, 0, 1) / length, 0.0).transpose(1, 2, 0)
        away = depth / length
        usable = (length > 0) & (np.abs(away) < radius)
        pull = np.where(usable, away / np.sqrt(radius * radius - away * away), 0.0)
        gram = unit @ unit.transpose(0, 2, 1)
        along = normal @ unit.transpose(0, 2, 1)
        square = np.einsum("njk,njk->nj", normal, normal)
        for _ in range(SWEEPS if cuts.shape[1] > 1 else 1):
            for c in range(cuts.shape[1]):
                if not usable[:, c].any():
                    continue
                p = along[:, :, c]
                across = np.sqrt(np.maximum(square - p * p, 0.0))
                step = np.maximum(across * pull[:, c, None] - p, -shares[:, :, c])
                step = np.where(usable[:, c, None], step, 0.0)
                square += step * (2 * p + step)
                along += step[:, :, None] * gram[:, None, c]
                shares[:, :, c] += step
        shares /= np.where(length > 0, length, 1.0)[:, None, :]
    return np.where(np.isfinite(shares) & (shares > 0), shares, 0.0)


def _bisected(norm: float, normal: Floats, of_cut: Floats, depth: Floats, radius: float) -> Floats:
    """The share t of cuts at which ``-t depth + radius |normal + t of_cut|``, in the dual norm, is about least."""
    greatest = np.linalg.norm(normal, DUAL[norm], axis=2)
    room = radius * np.linalg.norm(of_cut, DUAL[norm], axis=1) - depth
    low, high = np.zeros(greatest.shape), 2 * radius * greatest / room[:, None]
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        total = normal + middle[:, :, None] * of_cut[:, None, :]
        if norm == np.inf:
            rate = np.einsum("njk,nk->nj", np.sign(total), of_cut)
        else:
            steepest = np.abs(total).argmax(axis=2)[:, :, None]
            rate = np.sign(np.take_along_axis(total, steepest, axis=2)) * np.take_along_axis(
                np.broadcast_to(of_cut[:, None, :], total.shape), steepest, axis=2
            )
            rate = rate[:, :, 0]
        rising = radius * rate > depth[:, None]
        low, high = np.where(rising, low, middle), np.where(rising, middle, high)
    return low


def distances_across(space: SearchSpace, rows: Floats, layer: Ints) -> Floats:
    """About how far from x at least is what lies across each row of n regions, (n, m); ends of the domain are layer -1.

    Rows of one layer follow each other. It is across the row's hyperplane, and the rows of the same layer and those
    before it are the same there, but for signs. Of these, those that keep the region itself away from x add up to a
    halfspace, and so, in norm 2, it is at least as far as the corner of two halfspaces. In the other norms the row's
    own is taken alone.
    """
    with np.errstate(all="ignore"):
        slack = _about_slacks(space, rows)
        if space.norm != 2:
            length = np.linalg.norm(_among_inputs(space, rows[:, :, :-1]), DUAL[space.norm], axis=2)
            return np.asarray(np.nan_to_num(slack / length, posinf=0.0))
        in_frame, k = _in_frame(space, rows), rows.shape[2] - 1
        normals = in_frame[:, :, :k]
        own = slack / np.sqrt(np.einsum("nmk,nmk->nm", normals, normals))
        _, multipliers = nearest_points(in_frame, slack, k)
        found = np.zeros(slack.shape)
        for index in np.unique(layer):
            its = np.flatnonzero(layer == index)
            here = slice(its[0], its[-1] + 1)
            weights = np.where(layer <= index, multipliers, 0.0)
            normal = times_each(normals.transpose(0, 2, 1), weights)
            length = np.sqrt(np.einsum("nk,nk->n", normal, normal))[:, None]
            away = -np.einsum("nm,nm->n", weights, slack)[:, None] / length
            cosine = -times_each(normals[:, here], normal) / length * (own[:, here] / slack[:, here])
            # A row that keeps the region away from x itself is turned round.
            away = np.where(weights[:, here] > 0, -np.inf, away)
            found[:, here] = _corner(away, own[:, here], cosine)
    return np.nan_to_num(found, posinf=0.0)


def _corner(one: Floats, other: Floats, cosine: Floats) -> Floats:
    """About the distance of what two halfspaces have in common, given their own and the cosine of their normals."""
    greater = np.fmax(one, other)
    square = (one * one + other * other - 2 * cosine * one * other) / (1 - cosine * cosine)
    is_corner = (cosine * one < other) & (cosine * other < one) & (np.abs(cosine) < 1 - 2.0**-20)
    # A little less, for rounding, which is great where the normals are nearly parallel.
    return np.where(is_corner, np.fmax(greater, np.sqrt(square) * (1 - 2.0**-24)), greater)
