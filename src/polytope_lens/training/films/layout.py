"""Where the panels and curves of a film's frames go."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from polytope_lens.errors import OptionError

Rectangle: TypeAlias = tuple[int, int, int, int]
"""Left, bottom, width, height, in pixels."""

MARGIN, GAP, TOP, HEAD, FOOT = 20, 16, 30, 18, 32
SIDE, BELOW = 250, 150  # least width of the curves at the right, height of those below
LABELS = 36  # room for the labels of an axis
LEAST = 60  # pixels on a side of a panel


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where the title's upper edge goes, the panels, and the two plots of curves, if any."""

    title: int
    panels: tuple[Rectangle, ...]
    curves: tuple[Rectangle, ...]


def layout(n_panels: int, size: tuple[int, int], sides: tuple[float, float], curves: bool) -> Layout:
    """The arrangement in rows and columns, with the curves at the right or below, that has the largest panels.

    `sides` are those of the domain.

    Raises
    ------
    OptionError
        No room for the panels.
    """
    width, height = size
    best: tuple[float, int, int, bool] = (0.0, 1, 1, False)
    for columns in range(1, n_panels + 1):
        rows = math.ceil(n_panels / columns)
        for at_right in (True, False) if curves else (False,):
            across = width - 2 * MARGIN - (columns - 1) * GAP - (SIDE + GAP) * at_right
            up = height - TOP - rows * (HEAD + FOOT) - BELOW * (curves and not at_right)
            scale = min(across / columns / sides[0], up / rows / sides[1])
            best = max(best, (scale, columns, rows, at_right))
    scale, columns, rows, at_right = best
    across, up = int(scale * sides[0]), int(scale * sides[1])
    if min(across, up) < LEAST:
        raise OptionError(
            f"a frame of {width} x {height} pixels has no room for {n_panels} panels{' and curves' * curves}. Choose "
            "a larger size or fewer panels."
        )
    used = TOP + rows * (HEAD + up + FOOT) + BELOW * (curves and not at_right)
    top = height - (height - used) // 2 - TOP  # of the panels and their titles
    low = top + TOP - used
    breadth = columns * across + (columns - 1) * GAP
    first = MARGIN if curves and at_right else (width - breadth) // 2
    panels = []
    for k in range(n_panels):
        row, column = divmod(k, columns)
        bottom = top - row * (HEAD + up + FOOT) - HEAD - up
        panels.append((first + column * (across + GAP), bottom, across, up))
    plots: tuple[Rectangle, ...] = ()
    if curves and at_right:
        left, high = first + breadth + GAP + LABELS, (top - low - 2 * HEAD - LABELS) // 2
        breadth = width - MARGIN - left  # all that the panels leave
        plots = ((left, low + LABELS // 2 + HEAD + high + 8, breadth, high), (left, low + LABELS // 2, breadth, high))
    elif curves:
        breadth = (width - 2 * MARGIN - 2 * LABELS - GAP) // 2
        lefts = (MARGIN + LABELS, width - MARGIN - breadth)
        plots = tuple((left, low + LABELS // 2 + 8, breadth, BELOW - LABELS // 2 - 8 - HEAD) for left in lefts)
    return Layout(top + TOP - 8, tuple(panels), plots)
