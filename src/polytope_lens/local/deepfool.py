"""Points across the decision boundary, guessed from the gradients of the margins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.exact.point_signs import point_signs
from polytope_lens.network import network as net
from polytope_lens.network.affine import affine_maps
from polytope_lens.network.pattern import pack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Floats
    from polytope_lens.local.margins import Margins


# Rivals that are followed, steps towards each, halvings on the way back, and how far steps go beyond their aim.
RIVALS, STEPS, HALVINGS, BEYOND = 16, 20, 50, 1.02


def candidates(margins: Margins, x: Floats, norm: float) -> Floats:
    """Points (n, d) at which some rival may have taken over, the nearest first; n is 0 if none was found.

    Each step goes to where the margin would be zero if its affine map here were the one everywhere; then the way back
    to x is halved. Nothing is proved. Source: Moosavi-Dezfooli, Fawzi and Frossard 2016, *DeepFool: a simple and
    accurate method to fool deep neural networks*, algorithm 2; section 3 for other norms.
    """
    with np.errstate(all="ignore"):
        margin, gradient = linear(margins, x[None])
        step = _steps(margin[0], gradient[0], norm)
        size = np.linalg.norm(step, norm, axis=1)
        rival = np.argsort(np.where(np.isfinite(size), size, np.inf), kind="stable")[:RIVALS]
        points, at = np.repeat(x[None], len(rival), axis=0), np.arange(len(rival))
        for _ in range(STEPS):
            margin, gradient = linear(margins, points)
            behind = margin[at, rival] < 0
            step = _steps(margin[at, rival], gradient[at, rival], norm)
            points = np.where(behind[:, None], points + BEYOND * step, points)
            points = np.where(np.isfinite(points), points, x)
        across = np.flatnonzero(_margin(margins, points, rival) >= 0)
        far, rival = points[across], rival[across]
        low, high = np.zeros(len(far)), np.ones(len(far))
        for _ in range(HALVINGS):
            half = (low + high) / 2
            over = _margin(margins, x + half[:, None] * (far - x), rival) >= 0
            low, high = np.where(over, low, half), np.where(over, half, high)
    found = x + high[:, None] * (far - x)
    return np.asarray(found[np.argsort(np.linalg.norm(found - x, norm, axis=1), kind="stable")])


def _margin(margins: Margins, points: Floats, rival: NDArray[np.int64]) -> Floats:
    return np.asarray(net.evaluate(margins.network, points)[np.arange(len(points)), rival])


def linear(margins: Margins, points: Floats) -> tuple[Floats, Floats]:
    """All margins at n points, and their gradients, (n, J) and (n, J, d)."""
    maps = affine_maps(margins.network, pack(point_signs(margins.network, points) > 0))
    return net.evaluate(margins.network, points), maps[:, :, :-1]


def _steps(margin: Floats, gradient: Floats, norm: float) -> Floats:
    """The shortest steps (n, d) that raise margins (n,) to 0."""
    if norm == 2:
        way = gradient / np.einsum("nd,nd->n", gradient, gradient)[:, None]
    elif norm == np.inf:
        way = np.sign(gradient) / np.abs(gradient).sum(axis=1)[:, None]
    else:
        steepest = np.abs(gradient).argmax(axis=1)[:, None]
        way = np.zeros_like(gradient)
        np.put_along_axis(way, steepest, 1 / np.take_along_axis(gradient, steepest, axis=1), axis=1)
    return np.asarray(-margin[:, None] * way)
