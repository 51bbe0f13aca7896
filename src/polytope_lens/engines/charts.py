"""Bounded problems that together cover a domain.

A bounded domain is one problem. An unbounded one is homogenised: its regions are the full-dimensional cones with t > 0
of the network in d + 1 variables whose biases multiply t, and each such cone meets one of the 2 d + 1 facets of the box
``|x_i| <= 1, 0 <= t <= 1`` that do not hold the origin. No large box stands in for infinity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.domain import Box, Domain
from polytope_lens.polytope import Polytope

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A bounded piece ``{u in R^d : A @ u <= b}`` and where it lies: ``[x; t] = matrix @ [u; 1]``.

    Parameters
    ----------
    matrix : (d + 1, d + 1) array
        Entries 0, 1 and -1, one in each row and column, so that its inverse is its transpose.
    box : Box
        A box around the piece.
    A, b : (m, d), (m,) arrays
        The domain's own sides come first, in their order.
    """

    matrix: Floats
    box: Box
    A: Floats
    b: Floats

    @property
    def is_input_space(self) -> bool:
        """Whether the coordinates are those of the input space."""
        return bool((self.matrix == np.eye(len(self.matrix))).all())


def charts(domain: Domain, dim: int) -> list[Chart]:
    """One chart for a bounded domain, at most 2 d + 1 for an unbounded one (pieces without interior left out)."""
    found = pieces(domain, dim)
    return found if len(found) == 1 else [chart for chart in found if Polytope(chart.A, chart.b).has_interior]


def pieces(domain: Domain, dim: int) -> list[Chart]:
    """One chart for a bounded domain, 2 d + 1 for an unbounded one, some of which may be empty."""
    if isinstance(domain, Box):
        return [Chart(np.eye(dim + 1), domain, domain.A, domain.b)]
    if isinstance(domain, Polytope) and domain.is_bounded:
        return [Chart(np.eye(dim + 1), Box(*domain.bounding_box()), domain.A, domain.b)]
    sides = np.zeros((0, dim + 1)) if domain is None else np.column_stack([domain.A, -domain.b])
    places = [(np.eye(dim + 1), Box(-np.ones(dim), np.ones(dim)))]
    for k in range(dim):
        for sign in (1.0, -1.0):
            # u runs over the other coordinates and then t; the constant is x_k.
            matrix = np.zeros((dim + 1, dim + 1))
            matrix[np.delete(np.arange(dim + 1), k), np.arange(dim)] = 1.0
            matrix[k, dim] = sign
            lower = -np.ones(dim)
            lower[-1] = 0.0
            places.append((matrix, Box(lower, np.ones(dim))))
    found = []
    for matrix, box in places:
        cone = sides @ matrix
        found.append(Chart(matrix, box, np.vstack([cone[:, :-1], box.A]), np.concatenate([-cone[:, -1], box.b])))
    return found
