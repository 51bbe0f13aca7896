"""Polytopes and regions that are written in the formats of other programs, and what these programs should read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from families import golden, random_deep
from polytope_lens import Box, Lens, Polytope

# Numbers that need all digits, and sizes that need exponents.
ODD = Polytope([[-1, 0, 0], [0.1, 1 / 3, -2e-30], [1e30, 0, -5.0], [0, 0, 1]], [0, 1e-7, 1e22, 3])
# One hyperplane twice, so that a facet has two owners.
DOUBLED = Lens.from_arrays([[[1, 3], [2, 6], [0.5, 0]], [[1, 1, 1]]], [[0, 0, -0.1], [0]]).at([0.5, 1])
TWO_OUTPUTS = {"output_weight": np.ones((2, 6)), "output_bias": np.zeros(2)}
DEEP = Lens(replace(random_deep((3, 6, 6, 6), 4, 0.1), **TWO_OUTPUTS)).at([0.3, -0.2, 0.1])
CLIPPED = Lens(golden((2, 4, 4), 1)).partition(Box([-5, -5], [5, 5]))[3]
CELLS = {"polytope": ODD, "doubled": DOUBLED, "deep": DEEP, "clipped": CLIPPED}


def polytope_of(cell) -> Polytope:
    return cell if isinstance(cell, Polytope) else cell.polytope


def rows_of(poly: Polytope) -> tuple[list, list]:
    A, b = poly.fractions()
    return A.tolist(), b.tolist()


def same(one: Polytope, other: Polytope) -> bool:
    """Not the same set only, but the same rows in the same order."""
    return rows_of(one) == rows_of(other)


def solver_of(z3, text: str):
    solver = z3.Solver()
    solver.from_string(text)
    return solver


def holds(z3, cell) -> list:
    """The inequalities as formulas of z3, made without any text."""
    system = polytope_of(cell)
    x = [z3.Real(f"x{k}") for k in range(system.dim)]
    rows = zip(*rows_of(system), strict=True)
    return [
        z3.Sum([z3.Q(*v.as_integer_ratio()) * y for v, y in zip(a, x, strict=True)]) <= z3.Q(*b.as_integer_ratio())
        for a, b in rows
    ]
