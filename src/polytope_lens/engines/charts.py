"""Problems that together cover a domain.

A bounded domain is one problem. An unbounded one is homogenised: its regions are the full-dimensional cones with t > 0
of the network in d + 1 variables whose biases multiply t, and each such cone meets one of the 2 d + 1 facets of the box
``|x_i| <= 1, 0 <= t <= 1`` that do not hold the origin. So 2 d + 1 bounded problems cover it, in which a region may
come up more than once. Engines that can walk to infinity take it whole, as one. No large box stands in for infinity.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.arithmetic.rational import integer_matrix
from polytope_lens.domain import Box, Domain, is_bounded
from polytope_lens.errors import DomainError
from polytope_lens.exact.owner_rows import float_sides
from polytope_lens.polytope import Polytope
from polytope_lens.polytope.facets import rows_are_independent

if TYPE_CHECKING:
    from polytope_lens._types import Floats
    from polytope_lens.network.network import Network


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A piece ``{u in R^k : A @ u <= b}`` and where it lies: ``[x; t] = matrix @ [u; 1]``.

    Parameters
    ----------
    matrix : (d + 1, k + 1) array
        Entries 0, 1 and -1, at most one in each row, one in each column.
    box : Box
        A box around a bounded piece; in an unbounded one, where most happens: bounds on errors are stated for it.
    A, b : (m, k), (m,) arrays
        The domain's own sides come first, in their order.
    is_bounded : bool
    """

    matrix: Floats
    box: Box
    A: Floats
    b: Floats
    is_bounded: bool

    @property
    def is_input_space(self) -> bool:
        """Whether the coordinates are among those of the input space."""
        return bool(self.matrix[-1, -1] == 1.0)

    @property
    def key(self) -> tuple[bytes, ...]:
        """Equal for charts that are."""
        arrays = self.matrix, self.box.lower, self.box.upper, self.A, self.b, np.array(self.is_bounded)
        return tuple(array.tobytes() for array in arrays)

    @property
    def has_all_coordinates(self) -> bool:
        """Whether there are as many as in the input space, so that `matrix` is a permutation, up to signs."""
        return bool(self.matrix.shape[0] == self.matrix.shape[1])


def whole(network: Network, domain: Domain) -> Chart:
    """The domain in one piece, bounded or not.

    Where the first layer and the domain do not change along some directions, nothing does: all of it repeats along
    them, and it is enough to look where as many coordinates are zero. They are chosen exactly: as few as possible
    without which the other columns of the first layer and of the domain's sides are linearly independent.
    """
    dim = network.input_dim
    if is_bounded(domain):
        return pieces(domain, dim)[0]
    weight, bias = (
        (network.layers[0].dense_weight(), network.layers[0].bias)
        if network.layers
        else (network.dense_output_weight(), np.zeros(0))
    )
    A, b = (np.zeros((0, dim)), np.zeros(0)) if domain is None else (domain.A, domain.b)
    kept = _independent_columns(np.vstack([weight, A]))
    size = np.full(len(kept), _scale(weight[:, kept], bias))
    return Chart(np.eye(dim + 1)[:, [*kept, dim]], Box(-size, size), A[:, kept], b, False)


def central_size(network: Network) -> float:
    """A power of two, at least 1, that leaves little for the other charts if the central one has this size."""
    if not network.layers:
        return 1.0
    first = network.layers[0]
    return max(1.0, (32 if network.input_dim == 2 else 4096) * _scale(first.dense_weight(), first.bias))


def _independent_columns(matrix: Floats) -> list[int]:
    """Columns (one at least) that span all; exact."""
    columns = range(matrix.shape[1])
    if len(matrix) >= len(columns) and rows_are_independent(matrix.T):
        return list(columns)
    if not matrix.any():
        return [0]
    echelon, _, rank = integer_matrix(matrix).rref()
    return [next(j for j in columns if echelon[i, j] != 0) for i in range(rank)]


def _scale(weight: Floats, bias: Floats) -> float:
    """A power of two about as far from the origin as the hyperplanes are; 1 where that says nothing."""
    if len(bias) < len(weight):
        return 1.0
    with np.errstate(all="ignore"):
        distance = np.abs(bias) / np.linalg.norm(weight, axis=1)
        typical = np.log2(distance[np.isfinite(distance) & (distance > 0)])
    return float(2.0 ** np.clip(np.round(np.median(typical)), -100, 100)) if typical.size else 1.0


def charts(domain: Domain, dim: int, size: float = 1.0) -> list[Chart]:
    """One chart for a bounded domain, at most 2 d + 1 for an unbounded one (pieces without interior left out)."""
    found = list(_of_the_whole_space(dim, size)) if domain is None else pieces(domain, dim, size)
    return found if domain is None or len(found) == 1 else [c for c in found if Polytope(c.A, c.b).has_interior]


@lru_cache(maxsize=16)
def _of_the_whole_space(dim: int, size: float) -> tuple[Chart, ...]:
    return tuple(pieces(None, dim, size))


def _box_around(domain: Polytope) -> Box:
    """A box of floats that holds a bounded polytope."""
    lower, upper = domain.bounding_box()
    if not (np.isfinite(lower).all() and np.isfinite(upper).all()):
        k = int(np.flatnonzero(~(np.isfinite(lower) & np.isfinite(upper)))[0])
        raise DomainError(
            f"the domain is bounded, but its coordinate {k} goes beyond the largest float, about 1.8e308, and regions "
            "have points in floats. Choose a smaller domain, for example one with the sides of a `Box` among its rows."
        )
    return Box(lower, upper)


def pieces(domain: Domain, dim: int, size: float = 1.0) -> list[Chart]:
    """One chart for a bounded domain, 2 d + 1 for an unbounded one, some of which may be empty.

    The central chart is the box |x_k| <= `size`, a power of two and at least 1; the others hold what is outside.
    """
    if isinstance(domain, Box):
        return [Chart(np.eye(dim + 1), domain, domain.A, domain.b, True)]
    if isinstance(domain, Polytope) and domain.is_bounded:
        return [Chart(np.eye(dim + 1), _box_around(domain), domain.A, domain.b, True)]
    sides = float_sides(domain, dim)
    places = [(np.eye(dim + 1), Box(np.full(dim, -size), np.full(dim, size)))]
    for k in range(dim):
        for sign in (1.0, -1.0):
            # u runs over the other coordinates and then t; the constant is x_k.
            matrix = np.zeros((dim + 1, dim + 1))
            matrix[np.delete(np.arange(dim + 1), k), np.arange(dim)] = 1.0
            matrix[k, dim] = sign
            lower, upper = -np.ones(dim), np.ones(dim)
            lower[-1], upper[-1] = 0.0, 1.0 / size
            places.append((matrix, Box(lower, upper)))
    found = []
    for matrix, box in places:
        cone = sides @ matrix
        found.append(Chart(matrix, box, np.vstack([cone[:, :-1], box.A]), np.concatenate([-cone[:, -1], box.b]), True))
    return found
