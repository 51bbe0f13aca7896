"""How much the network's affine map changes at each boundary that a path crosses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays.batches import batches
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNIT_ROUNDOFF, summation_bound
from polytope_lens.exact.forward import product_bound, quiet
from polytope_lens.function.jumps import Bends, bends, change_along, product_with_error, vector_norms
from polytope_lens.network.pattern import flips, unpack

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.network.network import Network
    from polytope_lens.path.sweep import Trace

    # A number for each crossing, and bounds on their errors
    Known = tuple[Floats, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class PathJumps:
    """The change of the affine map at each breakpoint of a path, in Euclidean norms.

    Parameters
    ----------
    sizes : (k,) array
        Operator norm of the difference of the two matrices: the greatest change of slope in any direction.
    turns : (k,) array
        Length of the difference of the outputs' slopes along the path, per unit of length: how much the graph over the
        path turns. Where the path grazes a boundary it is much smaller than the size.
    size_errors, turn_errors : (k,) arrays
        Proved bounds on how far each is from the exact one.
    """

    sizes: Floats
    size_errors: Floats
    turns: Floats
    turn_errors: Floats

    def __len__(self) -> int:
        return len(self.sizes)

    def __repr__(self) -> str:
        if not len(self):
            return "PathJumps(0 crossings)"
        return f"PathJumps({len(self)} crossings, sizes {self.sizes.min():.6g} to {self.sizes.max():.6g})"


def path_jumps(network: Network, points: Floats, found: Trace) -> PathJumps:
    """How much the affine map changes at each breakpoint.

    A breakpoint at a corner of the path counts to the segment that begins there, as in `segments`.

    Parameters
    ----------
    network : Network
    points : (n + 1, d) array
        Start, corners and end of the path.
    found : Trace

    Notes
    -----
    Proved: floats with bounds on their errors. Where one neuron flips, the difference of the two matrices is a product
    of a column and a row, see `function.jumps`; where several do at once, it is found column by column.
    Cost: two products of a matrix and a vector for each layer and breakpoint, none for a single layer, and as many more
    as there are inputs where several neurons flip at once. 10 000 breakpoints of a 768-3072-768 block: a fifth of a
    second.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[3, 4], [0, 1]], [[2, 7]]], [[0, -1], [0]])
    >>> found = lens.path([-1, 0], [1, 0], [1, 2]).jumps()
    >>> found.sizes, found.turns
    (array([10.,  7.]), array([6., 7.]))
    """
    n = len(found.breakpoints)
    row, bit = flips(found.packed_patterns)
    breakpoint = row - 1
    is_lone = np.bincount(breakpoint, minlength=n) == 1
    first = bit[np.searchsorted(breakpoint, np.arange(n))]
    directions = _directions(points)
    numbers = np.zeros((4, n))
    lone = np.flatnonzero(is_lone)
    # In a single layer, boundaries do not depend on where they are crossed.
    _, one, place = np.unique(first[lone] if len(network.layers) == 1 else lone, return_index=True, return_inverse=True)
    each = 4 * max(network.input_dim, network.output_dim, *network.widths, 1)
    for at in batches(len(one), each):
        bent = bends(network, *_bits(found, lone[one[at]]))
        crossings = np.flatnonzero((place >= at.start) & (place < at.stop))
        where = lone[crossings]
        numbers[:, where] = _of_rank_one(bent, place[crossings] - at.start, found.segments[where], directions)
    for i in np.flatnonzero(~is_lone).tolist():
        along, along_error = (array[:, found.segments[i : i + 1]] for array in directions)
        numbers[:, i] = _of_any_rank(network, *_bits(found, np.array([i])), along, along_error)
    for array in numbers:
        array.flags.writeable = False
    return PathJumps(*numbers)


def _bits(found: Trace, crossings: Ints) -> tuple[Bools, Bools]:
    """Patterns before and after some breakpoints."""
    before, after = (unpack(found.packed_patterns[crossings + k], found.n_neurons) for k in range(2))
    return before, after


def _directions(points: Floats) -> Known:
    """Unit vectors along the segments as columns, (d, n), and bounds on their errors; zero where nothing is moved."""
    steps = np.diff(points, axis=0).T
    lengths, length_errors = vector_norms(steps, UNIT_ROUNDOFF * np.abs(steps), 2)
    with quiet():
        share = steps / np.where(lengths > 0, lengths, 1.0)
        relative = length_errors / np.where(lengths > 0, lengths, 1.0) + 4 * UNIT_ROUNDOFF
        return share, np.abs(share) * relative * BOUND_SLACK * 2


def _of_rank_one(found: Bends, place: Ints, segment: Ints, directions: Known) -> Floats:
    """Sizes, their errors, turns and their errors, (4, n), at crossings of some boundaries on some segments."""
    change, normal = (
        vector_norms(found.changes, found.change_errors, 2),
        vector_norms(found.normals, found.normal_errors, 2),
    )
    sizes = product_with_error(*change, *normal)
    along, along_error = _products(found, directions, place, segment)
    turns = product_with_error(change[0][place], change[1][place], along, along_error)
    return np.stack([sizes[0][place], sizes[1][place], *turns])


def _products(found: Bends, directions: Known, place: Ints, segment: Ints) -> Known:
    """Absolute values of scalar products of normals and directions, and bounds on the errors."""
    n_segments = directions[0].shape[1]
    if n_segments * found.normals.shape[1] <= 4 * len(place):
        at: tuple[Ints, ...] = (place, segment)

        def multiplied(a: Floats, b: Floats) -> Floats:
            return np.asarray(a.T @ b)[at]
    else:

        def multiplied(a: Floats, b: Floats) -> Floats:
            return np.asarray(np.einsum("dn,dn->n", a[:, place], b[:, segment]))

    a, a_error, (b, b_error) = found.normals, found.normal_errors, directions
    with quiet():
        size = multiplied(np.abs(a), np.abs(b))
        inherited = multiplied(np.abs(a), b_error) + multiplied(a_error, np.abs(b) + b_error)
        return np.abs(multiplied(a, b)), product_bound(inherited, size, len(a))


def _of_any_rank(network: Network, before: Bools, after: Bools, direction: Floats, direction_error: Floats) -> Floats:
    """The same for one crossing where several neurons flip, (4,)."""
    size, size_error = _whole(network, before, after)
    value, error = vector_norms(*change_along(network, direction, before, after), 2)
    # What the direction's own error makes of the difference is at most as much as its norm.
    slack = float(np.linalg.norm(direction_error)) * 2
    return np.array([size, size_error, value[0], error[0] + slack * (size + size_error)])


def _whole(network: Network, before: Bools, after: Bools) -> tuple[float, float]:
    """Norm of the difference of two maps' matrices of any rank, and a bound on the error.

    With ``A = U S V' + R``, the norm of A is at most ``s_1 |U| |V| + |R|``, where ``|U|^2 <= 1 + |U' U - 1|``, and at
    least ``|A v| / |v|`` for any v.
    """
    d = network.input_dim
    matrix, error = change_along(network, np.eye(d), np.repeat(before, d, axis=0), np.repeat(after, d, axis=0))
    unit = summation_bound(sum(matrix.shape) + 4)
    if not (np.isfinite(matrix).all() and np.isfinite(error).all()):
        return float("inf"), float("inf")
    left, sizes, right = np.linalg.svd(matrix, full_matrices=False)
    rank, size = len(sizes), float(sizes[0])
    rest = np.linalg.norm(matrix - (left * sizes) @ right) + 4 * rank * unit * size
    bend = sum(np.linalg.norm(v.T @ v - np.eye(rank)) + 4 * rank * unit for v in (left, right.T))
    attained = np.linalg.norm(matrix @ right[0]) * (1 - 4 * unit) / np.linalg.norm(right[0])
    attained -= unit * np.linalg.norm(matrix)
    off = max(size * bend + rest, size - attained) + np.linalg.norm(error)
    return size, float(off * BOUND_SLACK * (1 + 4 * unit))
