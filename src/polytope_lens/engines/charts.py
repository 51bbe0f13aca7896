"""Problems that together cover a domain.

A bounded domain is one problem. An unbounded one is homogenised: its regions are the full-dimensional cones with t > 0
of the network in d + 1 variables whose biases multiply t, and each such cone meets one of the 2 d + 1 facets of the box
``|x_i| <= 1, 0 <= t <= 1`` that do not hold the origin. So 2 d + 1 bounded problems cover it, in which a region may come
up more than once. Engines that can walk to infinity take it whole, as one. No large box stands in for infinity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.domain import Box, Domain
from polytope_lens.exact.rational import integer_matrix
from polytope_lens.polytope import Polytope
from polytope_lens.polytope.facets import rows_are_independent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens.network import Network

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A piece ``{u in R^d : A @ u <= b}`` and where it lies: ``[x; t] = matrix @ [u; 1]``.

    Parameters
    ----------
    matrix : (d + 1, d + 1) array
        Entries 0, 1 and -1, one in each row and column, so that its inverse is its transpose.
    box : Box
        A box around a bounded piece; in an unbounded one, where most happens: bounds on errors are stated for it.
    A, b : (m, d), (m,) arrays
        The domain's own sides come first, in their order.
    extent : (d,) array
        Bound on ``|u_k|`` in the piece; infinite where there is none. Where it is finite, so are the sides of the box.
    """

    matrix: Floats
    box: Box
    A: Floats
    b: Floats
    extent: Floats

    @property
    def is_bounded(self) -> bool:
        """Whether the piece is bounded."""
        return bool(np.isfinite(self.extent).all())

    @property
    def is_input_space(self) -> bool:
        """Whether the coordinates are those of the input space."""
        return bool((self.matrix == np.eye(len(self.matrix))).all())


def whole(network: Network, domain: Domain) -> Chart:
    """The domain in one piece, bounded or not.

    Where the first layer and the domain do not change along some directions, neither does any region: each is as wide
    as the domain there. So it is enough to look at a slab ``|x_j| <= s`` for as many coordinates as there are such
    directions, and regions have corners in it. The coordinates are those that depend on the others, chosen exactly.
    """
    dim = network.input_dim
    if isinstance(domain, Box) or (isinstance(domain, Polytope) and domain.is_bounded):
        return pieces(domain, dim)[0]
    first = network.layers[0] if network.layers else None
    sides = np.zeros((0, dim)) if domain is None else domain.A
    offsets = np.zeros(0) if domain is None else domain.b
    normals = sides if first is None else np.vstack([first.weight, sides])
    extent = np.full(dim, np.inf)
    size = 1.0 if first is None else _scale(first.weight, first.bias)
    extent[_dependent_columns(normals)] = size
    return Chart(np.eye(dim + 1), Box(np.full(dim, -size), np.full(dim, size)), sides, offsets, extent)


def _dependent_columns(matrix: Floats) -> list[int]:
    """As few columns as possible without which the others are linearly independent; exact."""
    columns = matrix.shape[1]
    if len(matrix) >= columns and rows_are_independent(matrix.T):
        return []
    echelon, rank = integer_matrix(matrix).rref()[::2] if matrix.size else (None, 0)
    if echelon is None:
        return list(range(columns))
    pivots = {next(j for j in range(columns) if echelon[i, j] != 0) for i in range(rank)}
    return [j for j in range(columns) if j not in pivots]


def _scale(weight: Floats, bias: Floats) -> float:
    """A power of two about as far from the origin as the hyperplanes are; 1 where that says nothing."""
    with np.errstate(all="ignore"):
        distance = np.abs(bias) / np.linalg.norm(weight, axis=1)
        typical = np.log2(distance[np.isfinite(distance) & (distance > 0)])
    return float(2.0 ** np.clip(np.round(np.median(typical)), -100, 100)) if typical.size else 1.0


def charts(domain: Domain, dim: int) -> list[Chart]:
    """One chart for a bounded domain, at most 2 d + 1 for an unbounded one (pieces without interior left out)."""
    found = pieces(domain, dim)
    return found if domain is None or len(found) == 1 else [c for c in found if Polytope(c.A, c.b).has_interior]


def pieces(domain: Domain, dim: int) -> list[Chart]:
    """One chart for a bounded domain, 2 d + 1 for an unbounded one, some of which may be empty."""
    if isinstance(domain, Box):
        return [_bounded(np.eye(dim + 1), domain, domain.A, domain.b)]
    if isinstance(domain, Polytope) and domain.is_bounded:
        return [_bounded(np.eye(dim + 1), Box(*domain.bounding_box()), domain.A, domain.b)]
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
        found.append(_bounded(matrix, box, np.vstack([cone[:, :-1], box.A]), np.concatenate([-cone[:, -1], box.b])))
    return found


def _bounded(matrix: Floats, box: Box, A: Floats, b: Floats) -> Chart:
    return Chart(matrix, box, A, b, np.maximum(np.abs(box.lower), np.abs(box.upper)))
