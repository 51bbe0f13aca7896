"""Linear systems in whole numbers, in steps: while FLINT computes, it holds the interpreter, and Ctrl-C waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flint import fmpq, fmpz_mat, nmod_mat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

# The greatest prime below 2^63. What is independent modulo a prime is independent.
PRIME = 2**63 - 25
# Bits of all numbers in a solution that are found in one step: less than half a second.
AT_ONCE = 2**22


def independent_rows(matrix: fmpz_mat) -> list[int]:
    """Rows, as many as the rank is, that are linearly independent; in general the first ones."""
    echelon: Any
    echelon, rank = nmod_mat(matrix.transpose(), PRIME).rref()
    if rank < min(matrix.nrows(), matrix.ncols()) and rank < matrix.rank():  # all minors of that size are its multiples
        echelon, _, rank = matrix.transpose().rref()
    found, column = [], 0
    for i in range(rank):
        while echelon[i, column] == 0:
            column += 1
        found.append(column)
    return found


def bits_of_a_solution(matrix: fmpz_mat) -> int:
    """A bound on the bits of all numbers in a solution of one system: they are quotients of determinants."""
    return matrix.nrows() ** 2 * max((int(abs(v)).bit_length() for v in matrix.entries()), default=1)


def solutions(matrix: fmpz_mat, right: fmpz_mat) -> Iterator[list[fmpq]]:
    """The columns x of ``matrix @ x = right``, for a regular matrix; exact."""
    k, n = right.nrows(), right.ncols()
    step = max(1, AT_ONCE // max(1, bits_of_a_solution(matrix)))
    for start in range(0, n, step):
        stop = min(start + step, n)
        found = matrix.solve(fmpz_mat([[right[i, j] for j in range(start, stop)] for i in range(k)]))
        for j in range(stop - start):
            yield [found[i, j] for i in range(k)]


def null_vectors(
    matrix: fmpz_mat, pivots: Sequence[int], free: Sequence[int], allow: Callable[[fmpz_mat, int], object] | None = None
) -> Iterator[list[fmpq]]:
    """For each of some columns, the y with ``matrix @ y = 0`` that is 1 there and else 0 but for the pivots; exact.

    Parameters
    ----------
    matrix : integer matrix
    pivots : columns, as many as the rank is, that are linearly independent
    free : other columns
    allow : function of a regular matrix and a number of systems, optional
        Is called before these are solved, to refuse it.
    """
    table = matrix.tolist()
    some = [table[q] for q in independent_rows(matrix)]
    solved: Iterable[list[fmpq]] = [[]] * len(free)
    if some:
        square = fmpz_mat([[row[k] for k in pivots] for row in some])
        if allow is not None:
            allow(square, len(free))
        solved = solutions(square, fmpz_mat([[-row[k] for k in free] for row in some]))
    for column, shares in zip(free, solved, strict=True):
        found = [fmpq(0)] * matrix.ncols()
        found[column] = fmpq(1)
        for k, share in zip(pivots, shares, strict=True):
            found[k] = share
        yield found


def identity(k: int) -> fmpz_mat:
    """The identity matrix."""
    return fmpz_mat([[int(i == j) for j in range(k)] for i in range(k)])
