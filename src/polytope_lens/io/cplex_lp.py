"""The LP format of CPLEX, which solvers of linear programs read: HiGHS, Gurobi, SCIP, CBC, GLPK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polytope_lens.io.row_text import row_comments, row_names

if TYPE_CHECKING:
    from polytope_lens.polytope import Polytope

TERMS_PER_LINE = 8


def to_lp(poly: Polytope) -> str:
    """A polytope as the constraints of a linear program over free variables ``x0, x1, ...``, with objective 0.

    Constraints are named after the owners of the rows.

    Notes
    -----
    Rounded: each number is the float nearest to the exact one, written so that it is read as that float. Solvers have
    tolerances of their own on top; HiGHS drops coefficients below 1e-9.
    Source: IBM, *CPLEX: LP file format*.

    Examples
    --------
    >>> from polytope_lens import Polytope
    >>> print(Polytope([[-1, 0.5]], [2]).export.lp())
    Minimize
     obj: 0 x0
    Subject To
     row_0: - 1.0 x0 + 0.5 x1 <= 2.0
    Bounds
     x0 free
     x1 free
    End
    <BLANKLINE>
    """
    lines = ["Minimize", " obj: 0 x0", "Subject To"]
    floats = poly.A.tolist(), poly.b.tolist()
    for name, comment, row, bound in zip(row_names(poly), row_comments(poly), *floats, strict=True):
        if comment:
            lines.append(f"\\ {comment}")
        terms = [f"{'-' if v < 0 else '+'} {abs(v)!r} x{k}" for k, v in enumerate(row) if v] or ["0 x0"]
        terms[0] = terms[0].removeprefix("+ ")
        broken = [" ".join(terms[i : i + TERMS_PER_LINE]) for i in range(0, len(terms), TERMS_PER_LINE)]
        lines.append(f" {name}: " + "\n  ".join(broken) + f" <= {bound!r}")
    return "\n".join([*lines, "Bounds", *(f" x{k} free" for k in range(poly.dim)), "End", ""])
