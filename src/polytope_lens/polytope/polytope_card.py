"""A polytope in a notebook: its rows, and a drawing in the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.displays.cards import FEW, row_table
from polytope_lens.displays.markup import beside, card, note
from polytope_lens.displays.phrases import linear_form, many, owner_names
from polytope_lens.displays.sketch import frame_around, polygon

if TYPE_CHECKING:
    from polytope_lens._types import Floats
    from polytope_lens.polytope.polytope import Polytope

MOST_SIDES = 200
"""Rows of a polygon that is drawn."""
MOST_NAMED = 12
"""Rows of a polygon whose sides are numbered."""
MOST_NUMBERS = 400
"""Numbers of a system of inequalities that is written as a formula."""
NO_POINTS = np.zeros((0, 2))


def polytope_card(poly: Polytope) -> str:
    """The first rows in their order, and a drawing."""
    drawing = polytope_drawing(poly)
    is_flat = _may_be_drawn(poly) and not poly.has_interior
    told = note("It has no interior: there is nothing to draw.") if is_flat else ""
    return card(repr(poly), told, beside(drawing, rows_table(poly)))


def rows_table(poly: Polytope, point: Floats | None = None) -> str:
    """The first rows, with their distances from a point if there is one."""
    A, b = poly.A[:FEW], poly.b[:FEW]
    distances = [""] * len(b)
    if point is not None:
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            distances = [f"{v:.3g}" for v in np.abs(A @ point - b) / np.linalg.norm(A, axis=1)]
    rows = [
        (linear_form(row), f"{bound:.3g}", owner_names(owners), distance)
        for row, bound, owners, distance in zip(A, b, poly.owners[:FEW], distances, strict=True)
    ]
    return row_table(rows, len(poly.owners) - FEW, "" if point is None else ", farther away")


def polytope_drawing(poly: Polytope, points: Floats = NO_POINTS) -> str:
    """A polygon with the numbers of its rows, and points; "" if it is none with interior, or has too many rows."""
    if not _may_be_drawn(poly) or not poly.has_interior:
        return ""
    n, table = len(poly.owners), np.column_stack([poly.A, poly.b])
    lengths = np.abs(table[:, :-1]).max(axis=1)
    with np.errstate(all="ignore"):  # what is too large for a drawing is left out of it
        table = table[lengths > 0] / lengths[lengths > 0, None]
        frame = frame_around(_extent(poly, table, points), 0.04 if poly.is_bounded else 0.4)
    if frame is None or not np.isfinite(table).all():
        return ""
    names = [str(i) for i in np.flatnonzero(lengths)] if n <= MOST_NAMED else []
    return polygon(frame, table[:, :-1], table[:, -1], points, names, f"polygon with {many(n, 'row')}")


def polytope_formula(poly: Polytope) -> str | None:
    """All rows with their owners as a displayed formula; None where they are too many."""
    if not 0 < len(poly.owners) * (poly.dim + 1) <= MOST_NUMBERS:
        return None
    return f"$$\n{poly.export.latex()}\n$$"


def _may_be_drawn(poly: Polytope) -> bool:
    return poly.dim == 2 and 0 < len(poly.owners) <= MOST_SIDES


def _extent(poly: Polytope, table: Floats, points: Floats) -> Floats:
    """Points that a drawing should hold: corners, or what there is instead if there are none."""
    found = np.concatenate([poly.vertices(), points])
    if not len(found):  # a half-plane or a strip: the points of its lines nearest to the origin
        A, b = table[:, :-1], table[:, -1]
        found = A * (b / (A**2).sum(axis=1))[:, None] if len(A) else np.zeros((1, 2))
    if (found == found[0]).all():
        found = found[0] + max(1.0, float(np.abs(found[0]).max())) * np.array([[-1.0, -1.0], [1.0, 1.0]])
    return found
