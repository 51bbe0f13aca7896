"""Solids with a part cut away, so that the inside is seen. Needs no drawing library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.errors import DimensionError, OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from numpy.typing import ArrayLike

    from polytope_lens._types import Bools, Floats

    Halfspaces: TypeAlias = tuple[Floats, Floats]
    Cut: TypeAlias = Literal["corner"] | tuple[ArrayLike, ArrayLike] | None

SEAM = -3  # instead of a layer
FAR = 1e-9
"""Parts of a drawing, relative to its size, that are too thin to be drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Facet:
    """A flat convex polygon of a drawing in space.

    Parameters
    ----------
    ring : (n, 3) array
        Its corners; of a solid's face counter-clockwise as seen from outside.
    drawn : (n,) bool array
        Whether there is an edge of the solid between each corner and the next: seams of a cut are none.
    region : int
    layer : int
        Of the neuron whose face it is; -1 for sides of the domain and where the solid is cut.
    piece : int
        A region that is cut has several: piece i lies beyond the planes before i, and on this side of plane i.
    """

    ring: Floats
    drawn: Bools
    region: int
    layer: int
    piece: int = 0


def checked_cut(cut: Any, lower: Floats, upper: Floats, towards: Floats) -> Halfspaces | None:
    """The halfspaces whose common part is removed, ``A @ x > b``, (m, 3) and (m,); None for nothing.

    Parameters
    ----------
    cut : "corner", pair (A, b) or None
    lower, upper : (3,) arrays
        The domain's bounding box, from whose middle a corner is removed.
    towards : (3,) array
        The direction that it is seen from: the corner is the one in front.

    Raises
    ------
    OptionError, DimensionError
    """
    if cut is None:
        return None
    if isinstance(cut, str):
        validate.option(cut, name="`cut`", allowed=("corner",))
        signs = np.where(towards < 0, -1.0, 1.0)
        return np.diag(signs), signs * (lower + upper) / 2
    if not isinstance(cut, tuple | list) or len(cut) != 2:
        raise OptionError(
            f'`cut` should be "corner", None, or (A, b), which removes where A @ x > b; received {validate.shown(cut)}.'
        )
    is_one = validate.n_axes(cut[1]) == 0
    A = validate.float_array([cut[0]] if is_one else cut[0], name="A of `cut`", ndim=2)
    b = validate.float_array([cut[1]] if is_one else cut[1], name="b of `cut`", ndim=1)
    if A.shape != (len(b), 3):
        raise DimensionError(
            f"`cut` needs a row of 3 numbers for each entry of b, but received A of shape {A.shape} and b of shape "
            f"{b.shape}."
        )
    if not (np.abs(A).max(axis=1, initial=0) > 0).all():
        raise OptionError("`cut` should be (A, b) without rows of zeros in A.")
    lengths = np.linalg.norm(A, axis=1)
    return A / lengths[:, None], b / lengths


def cut_solid(faces: Sequence[Facet], planes: Halfspaces, *, capped: bool = True) -> list[Facet]:
    """What is left of a convex solid, given by its faces, when the common part of some halfspaces is removed.

    With `capped`, it gets faces where it is cut; without, the faces may be any polygons.

    Notes
    -----
    The planes cut off one piece after the other, each convex. Their seams are drawn no edges.
    Rounded: it is a drawing.
    """
    A, b = planes
    heights = [A @ facet.ring.T - b[:, None] for facet in faces]
    most, least = (f([f(h, axis=1) for h in heights], axis=0) for f in (np.max, np.min))
    thin = FAR * max(float(np.abs(np.concatenate(heights, axis=1)).max()), 1e-300)
    if (most <= thin).any():
        return list(faces)
    if (least >= -thin).all():
        return []
    rest, found = list(faces), []
    for i, (normal, offset) in enumerate(zip(A, b, strict=True)):
        cap = _cap(rest, normal, offset, thin, i) if capped else None
        found += [part for facet in rest if (part := _clipped(facet, normal, offset, thin, i)) is not None]
        rest = [part for facet in rest if (part := _clipped(facet, -normal, -offset, thin, i + 1)) is not None]
        if cap is None:
            continue
        # The rest is closed by a face that nobody sees, or the next planes would not find its corners.
        rest.append(Facet(cap.ring[::-1], np.zeros(len(cap.ring), dtype=bool), cap.region, SEAM))
        for other, height in zip(A[i + 1 :], b[i + 1 :], strict=True):
            cap = None if cap is None else _clipped(cap, -other, -height, thin, i, edge=True)
        found += [] if cap is None else [cap]
    return [facet for facet in found if facet.layer != SEAM]


def _clipped(facet: Facet, normal: Floats, offset: float, thin: float, piece: int, edge: bool = False) -> Facet | None:
    """The part of a polygon where ``normal @ x <= offset``; `edge` says whether the new side is drawn."""
    height = facet.ring @ normal - offset
    height[np.abs(height) <= thin] = 0.0
    if not (height < 0).any():
        return None
    if not (height > 0).any():
        return Facet(facet.ring, facet.drawn, facet.region, facet.layer, piece)
    points, drawn = [], []
    n = len(height)
    for k in range(n):
        here, there, point = height[k], height[(k + 1) % n], facet.ring[k]
        if here <= 0:
            points.append(point)
            # From the cutting plane on, along it, the side is new.
            drawn.append(bool(facet.drawn[k]) if here < 0 or there <= 0 else edge)
        if here * there < 0:
            points.append(point + here / (here - there) * (facet.ring[(k + 1) % n] - point))
            drawn.append(bool(facet.drawn[k]) if there < 0 else edge)
    return Facet(np.array(points), np.array(drawn), facet.region, facet.layer, piece)


def _cap(faces: Sequence[Facet], normal: Floats, offset: float, thin: float, piece: int) -> Facet | None:
    """The face that a convex solid gets on a plane: counter-clockwise as seen from where the normal points."""
    found = []
    for facet in faces:
        height = facet.ring @ normal - offset
        height[np.abs(height) <= thin] = 0.0
        there, after = np.roll(height, -1), np.roll(facet.ring, -1, axis=0)
        found.append(facet.ring[height == 0])
        crossed = height * there < 0
        part = (height[crossed] / (height[crossed] - there[crossed]))[:, None]
        found.append(facet.ring[crossed] + part * (after[crossed] - facet.ring[crossed]))
    points = np.concatenate([np.zeros((0, 3)), *found])  # each corner was found on several faces
    if len(points) < 3:
        return None
    middle = points.mean(axis=0)
    first = np.eye(3)[np.abs(normal).argmin()]
    first = np.cross(normal, first)
    second = np.cross(normal, first)
    x, y = (points - middle) @ first, (points - middle) @ second
    if min(np.ptp(x), np.ptp(y)) <= thin:
        return None
    ring = points[np.argsort(np.arctan2(y, x))]
    apart = np.abs(ring - np.roll(ring, 1, axis=0)).max(axis=1) > thin
    ring = ring[apart]
    return Facet(ring, np.ones(len(ring), dtype=bool), faces[0].region, -1, piece) if len(ring) > 2 else None
