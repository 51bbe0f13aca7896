"""The double description method: extreme rays of a cone, row by row, in integers.

A cone of as many independent rows as there are coordinates is cut by the others one by one. Each keeps the rays inside
it and adds one for each two neighbours on either side of it. Two rays are neighbours if and only if no third one lies
on all rows that both lie on (Motzkin et al. 1953; Fukuda and Prodon 1996, *Double description method revisited*,
proposition 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import fmpq, fmpz, fmpz_mat

from polytope_lens._compiled.bits import count_bits
from polytope_lens._compiled.jit import jit
from polytope_lens.arithmetic.linear_systems import bits_of_a_solution, identity, independent_rows, solutions
from polytope_lens.errors import IntractableError
from polytope_lens.polytope.facets import primitive

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polytope_lens._types import Bools, Words

    Vector = tuple[int, ...]

# Pairs of rays times rays that are compared at once by compiled code: less than half a second, in which Ctrl-C waits.
TRIPLES = 2**28
# So few pairs that it does not pay.
FEW = 32
# Bits of the first rays beyond which the method is not begun where there is a limit: some ten seconds.
MOST_BITS = 2**26


@dataclass(frozen=True, slots=True)
class Vertex:
    """A vertex [x_1 ... x_d, t] in homogeneous integer coordinates, t > 0, and the rows that vanish there."""

    coordinates: Vector
    tight: frozenset[int]


def extreme_rays(rows: Sequence[Sequence[fmpz]], most: int | None = None) -> tuple[list[Vector], Bools]:
    """Extreme rays of ``{y : a . y <= 0 for all rows a}``, which has no line, and the rows that they lie on; exact.

    Parameters
    ----------
    rows : m integer rows
        They span the space. Those that come first make the first cone, so far as they are independent; the others cut
        it in their order.
    most : int, optional
        Give up when there are more rays than this, or when those of the first cone alone would take too long.

    Raises
    ------
    IntractableError

    Returns
    -------
    rays : list of tuples of integers without a common divisor
    tight : (n_rays, m) bool array
        Which rows are zero on each ray.

    Notes
    -----
    Cost: for each row, a scalar product with each ray, and a comparison of bits for each pair of rays on either side.
    The rays on the way may be many more than there are in the end.
    """
    matrix = fmpz_mat([list(row) for row in rows])
    m, k = matrix.nrows(), matrix.ncols()
    first = independent_rows(matrix)
    assert len(first) == k
    square = fmpz_mat([list(rows[q]) for q in first])
    if most is not None:
        check_size(square, k)
    rays = [primitive_fractions([-v for v in column]) for column in solutions(square, identity(k))]
    taken = sum(1 << q for q in first)
    zeros = [taken & ~(1 << q) for q in first]
    for q in range(m):
        if not taken >> q & 1:
            rays, zeros = _cut(rays, zeros, rows[q], q)
            if most is not None and len(rays) > most:
                raise IntractableError(
                    f"there are more than {most} on the way to them. Allow for more of them, or leave out coordinates "
                    "or rows."
                )
    if not rays:
        return [], np.zeros((0, m), dtype=bool)
    values = (fmpz_mat(rays) * matrix.transpose()).entries()
    return rays, np.array([v == 0 for v in values]).reshape(len(rays), m)


def check_size(first: fmpz_mat, n: int) -> None:
    """Refuse to solve so many systems, for the rays of the first cone or for lines, that would take too long.

    Raises
    ------
    IntractableError
    """
    k, bits = first.nrows(), bits_of_a_solution(first)
    if n * bits > MOST_BITS:
        raise IntractableError(
            f"the first {n} of them have {k} coordinates of up to {bits // k * 3 // 10:,} digits each. Fix some "
            "coordinates, by a box with equal bounds, or ask what needs none of them: `facets()`, `chebyshev_ball()`."
        )


def bounded_vertices(rows: Sequence[Sequence[fmpz]]) -> list[Vertex]:
    """Vertices of a bounded ``{x : a . x + c <= 0 for all rows [a, c]}`` with interior; exact.

    Rows without a normal never are among those that vanish at a vertex.
    """
    proper = [q for q, row in enumerate(rows) if any(row[:-1])]
    points, tight = extreme_rays([rows[q] for q in proper])
    return [Vertex(x, frozenset(proper[i] for i in np.flatnonzero(at))) for x, at in zip(points, tight, strict=True)]


def value_at(row: Sequence[fmpz], point: Sequence[fmpz]) -> fmpz:
    """``a . x + c t`` of a row [a, c] at a point [x, t]."""
    return sum((a * x for a, x in zip(row, point, strict=True)), fmpz(0))


def meeting_point(rows: Sequence[Sequence[fmpz]]) -> list[fmpz]:
    """Homogeneous integer coordinates [x, t], t > 0, of the one point where hyperplanes ``a . x + c t = 0`` meet."""
    basis, nullity = fmpz_mat([list(row) for row in rows]).nullspace()
    assert nullity == 1  # they meet in a vertex
    vertex = [basis[i, 0] for i in range(basis.nrows())]
    return vertex if vertex[-1] > 0 else [-v for v in vertex]


def _cut(rays: list[Vector], zeros: list[int], row: Sequence[fmpz], q: int) -> tuple[list[Vector], list[int]]:
    """What a row leaves of a cone, whose rays have bits for the rows that they lie on."""
    if not rays:
        return rays, zeros
    values = [int(v) for v in (fmpz_mat(rays) * fmpz_mat([[v] for v in row])).entries()]
    bit = 1 << q
    zeros = [at if v else at | bit for at, v in zip(zeros, values, strict=True)]
    outside = [i for i, v in enumerate(values) if v > 0]
    if not outside:
        return rays, zeros
    inside = [i for i, v in enumerate(values) if v < 0]
    kept = [i for i, v in enumerate(values) if v <= 0]
    new_rays, new_zeros = [rays[i] for i in kept], [zeros[i] for i in kept]
    for i, j in _neighbors(zeros, inside, outside, len(row) - 2):
        near, far = values[i], values[j]
        new_rays.append(primitive([far * a - near * b for a, b in zip(rays[i], rays[j], strict=True)]))
        new_zeros.append(zeros[i] & zeros[j] | bit)
    return new_rays, new_zeros


def _neighbors(zeros: list[int], inside: list[int], outside: list[int], least: int) -> Iterator[tuple[int, int]]:
    """Pairs of neighbours on either side of a row; they have at least so many rows in common."""
    if len(inside) * len(outside) <= FEW:
        for j in outside:
            for i in inside:
                common = zeros[i] & zeros[j]
                if common.bit_count() >= least and sum(third & common == common for third in zeros) == 2:
                    yield i, j
        return
    size = 1 + max(zeros).bit_length() // 64
    words = np.frombuffer(b"".join(at.to_bytes(8 * size, "little") for at in zeros), "<u8").reshape(-1, size)
    within = np.array(inside)
    step = max(1, TRIPLES // (max(1, len(inside)) * len(zeros)))
    for start in range(0, len(outside), step):
        some = outside[start : start + step]
        joined = np.zeros((len(some), len(inside)), dtype=np.bool_)
        _join(words.astype(np.uint64), within, np.array(some), least, joined, np.zeros(size, dtype=np.uint64))
        for b, a in np.argwhere(joined).tolist():
            yield inside[a], some[b]


@jit
def _join(
    zeros: Words, inside: Any, outside: Any, least: int, joined: Any, common: Words
) -> None:  # pragma: no cover - compiled
    n, words = zeros.shape
    for j in range(outside.shape[0]):
        for i in range(inside.shape[0]):
            p, r = inside[i], outside[j]
            size = 0
            for w in range(words):
                common[w] = zeros[p, w] & zeros[r, w]
                size += count_bits(common[w])
            if size < least:
                continue
            alone = True
            for third in range(n):
                if third in (p, r):
                    continue
                holds = True
                for w in range(words):
                    if zeros[third, w] & common[w] != common[w]:
                        holds = False
                        break
                if holds:
                    alone = False
                    break
            joined[j, i] = alone


def primitive_fractions(vector: Sequence[fmpq]) -> Vector:
    """The integers without a common divisor that are a positive multiple of some fractions."""
    common = fmpz(1)
    for v in vector:
        common = common.lcm(v.q)
    return primitive([(v * common).p for v in vector])
