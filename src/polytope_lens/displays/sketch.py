"""Small drawings as SVG: a polygon, curves in the plane. Lines have the colour of the text around, nothing is white.

Coordinates are floats and rounded to a tenth of a pixel: a drawing shows, it decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Floats, Ints

SIZE = 220
"""The longer side in pixels."""
FLATTEST = 0.25
"""What is flatter is stretched to this share of the longer side."""
MARGIN = 3.0
MOST_POINTS = 20_000
"""Points of curves that are drawn."""
ALONE = "#808080"
"""The colour of lines where no text is around, as in a file: seen on white and on black."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Where a drawing lies in the plane, and how large it is.

    Parameters
    ----------
    lower, upper : (2,) arrays
    """

    lower: Floats
    upper: Floats

    @property
    def size(self) -> Floats:
        """Width and height in pixels, without margins."""
        span = self.upper - self.lower
        return np.asarray(np.maximum(span / span.max(), FLATTEST) * SIZE)

    def places(self, points: Floats) -> Floats:
        """Pixels of points, (n, 2); y goes down."""
        x, y = ((points - self.lower) / (self.upper - self.lower) * self.size).T
        return np.column_stack([x, self.size[1] - y]) + MARGIN

    def line(self, points: Floats) -> str:
        """The ``d`` of a path through points."""
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in self.places(points).tolist())

    def dots(self, points: Floats) -> str:
        """Circles at points."""
        places = self.places(points).tolist()
        return "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="currentColor"/>' for x, y in places)

    def svg(self, elements: str, told: str) -> str:
        """A whole drawing, which says to those who do not see it what it shows."""
        width, height = (self.size + 2 * MARGIN).round().astype(int).tolist()
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            f'role="img" aria-label="{escape(told)}" fill="none" stroke="currentColor" stroke-linejoin="round">'
            f"{elements}</svg>"
        )


def frame_around(points: NDArray[np.floating], room: float = 0.0) -> Frame | None:
    """The frame around points, with room on each side by shares of its span; None where it would have no interior."""
    if not len(points):
        return None
    lower, upper = points.min(axis=0), points.max(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):
        span = float((upper - lower).max())
        lower, upper = (
            np.where(upper - lower > span * 1e-6, bound, (lower + upper) / 2 + side * span / 2) + side * room * span
            for bound, side in ((lower, -1), (upper, 1))
        )
        usable = np.isfinite(upper - lower) & (upper - lower > np.finfo(float).tiny)
    return Frame(lower, upper) if usable.all() else None


def alone(drawing: str) -> str:
    """A drawing to be shown as a picture of its own, where the colour of the text around it is not known."""
    return drawing.replace("<svg ", f'<svg color="{ALONE}" ', 1) if drawing else ""


def clipped(A: Floats, b: Floats, frame: Frame) -> tuple[Floats, Ints]:
    """The part of a frame where ``A @ x <= b``: corners in order, and the row of the side behind each, -1 the frame's.

    Source: Sutherland and Hodgman 1974, *Reentrant polygon clipping*.
    """
    (x, y), (z, w) = frame.lower, frame.upper
    corners, sides = [np.array(p) for p in ((x, y), (z, y), (z, w), (x, w))], [-1] * 4
    for i, (row, bound) in enumerate(zip(A, b, strict=True)):
        heights = [float(row @ corner - bound) for corner in corners]
        kept, kept_sides = [], []
        for k, height in enumerate(heights):
            after = (k + 1) % len(corners)
            if height <= 0:
                kept.append(corners[k])
                kept_sides.append(sides[k])
            if (height <= 0) != (heights[after] <= 0):
                t = height / (height - heights[after])
                kept.append(corners[k] + t * (corners[after] - corners[k]))
                kept_sides.append(i if height <= 0 else sides[k])
        corners, sides = kept, kept_sides
    return np.array(corners).reshape(-1, 2), np.array(sides, dtype=np.int64)


def polygon(frame: Frame, A: Floats, b: Floats, points: Floats, names: Sequence[str], told: str) -> str:
    """What of ``A @ x <= b`` is in a frame, shaded, its sides with their names, and points; "" where it is nothing."""
    corners, sides = clipped(A, b, frame)
    if len(corners) < 3:
        return ""
    after = np.roll(corners, -1, axis=0)
    edges = "".join(frame.line(np.array([corners[k], after[k]])) for k in np.flatnonzero(sides >= 0))
    drawn = f'<path d="{frame.line(corners)}Z" fill="currentColor" fill-opacity="0.12" stroke="none"/>'
    drawn += f'<path d="{edges}"/>{frame.dots(points)}'
    if names:
        drawn += _side_names(frame.places(corners), sides, names)
    return frame.svg(drawn, told)


def _side_names(corners: Floats, sides: Ints, names: Sequence[str]) -> str:
    """Names inside of the polygon, at the middles of its sides."""
    center, shown = corners.mean(axis=0), []
    for k in np.flatnonzero(sides >= 0).tolist():
        one, other = corners[k], corners[(k + 1) % len(corners)]
        if np.hypot(*(other - one)) < 14:
            continue  # no room
        middle = (one + other) / 2
        inward = center - middle
        x, y = middle + inward * min(0.5, 9 / max(float(np.hypot(*inward)), 1e-9))
        shown.append(f'<text x="{x:.1f}" y="{y + 3:.1f}">{names[sides[k]]}</text>')
    style = 'fill="currentColor" stroke="none" font-size="10" font-family="sans-serif" text-anchor="middle"'
    return f"<g {style}>{''.join(shown)}</g>"


def curves(lines: Iterable[Floats], points: Floats, told: str) -> str:
    """Polylines, and points; "" where there is nothing to draw, or too much."""
    drawn = [line.astype(np.float64) for line in lines]
    if sum(map(len, drawn)) > MOST_POINTS:
        return ""
    frame = frame_around(np.concatenate([*drawn, points.astype(np.float64)]), 0.02)
    if frame is None:
        return ""
    path = "".join(map(frame.line, drawn))
    return frame.svg(f'<path d="{path}"/>{frame.dots(points.astype(np.float64))}', told)
