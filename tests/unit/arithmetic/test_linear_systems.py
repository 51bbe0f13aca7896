"""Linear systems: against FLINT's own ways, and in steps short enough for Ctrl-C."""

from __future__ import annotations

import random

import pytest
from flint import fmpq_mat, fmpz_mat

from polytope_lens.arithmetic import linear_systems
from polytope_lens.arithmetic.linear_systems import PRIME, identity, independent_rows, solutions


def matrix(rows, columns, rank, seed, bits=5):
    rng = random.Random(seed)

    def drawn(m, n):
        return fmpz_mat([[rng.randrange(-(2**bits), 2**bits) for _ in range(n)] for _ in range(m)])

    return drawn(rows, rank) * drawn(rank, columns)


@pytest.mark.parametrize("shape", [(3, 3, 3), (5, 3, 2), (4, 6, 3), (9, 4, 4), (2, 7, 1)])
@pytest.mark.parametrize("seed", range(3))
def test_rows_are_the_first_that_are_independent(shape, seed):
    A = matrix(*shape, seed)
    ranks = [0, *(fmpz_mat(A.tolist()[:n]).rank() for n in range(1, A.nrows() + 1))]
    assert independent_rows(A) == [i for i in range(A.nrows()) if ranks[i + 1] > ranks[i]]


def test_a_prime_that_divides_everything_misleads_nobody():
    A = fmpz_mat([[PRIME, 0], [0, 1], [1, 1]])
    assert independent_rows(A) in ([0, 1], [1, 2])
    assert independent_rows(fmpz_mat([[PRIME, 0, 0], [0, PRIME, 0]])) == [0, 1]


@pytest.mark.parametrize("at_once", [2**22, 1])
def test_solutions_are_those_of_the_inverse(monkeypatch, at_once):
    monkeypatch.setattr(linear_systems, "AT_ONCE", at_once)
    A, B = matrix(4, 4, 4, 1), matrix(4, 3, 3, 2)
    assert [list(column) for column in zip(*(fmpq_mat(A).inv() * fmpq_mat(B)).tolist(), strict=True)] == [
        *solutions(A, B)
    ]
    columns = [*solutions(A, identity(4))]
    assert fmpq_mat([list(row) for row in zip(*columns, strict=True)]) == fmpq_mat(A).inv()
