"""SMT-LIB 2: the format of solvers for satisfiability modulo theories, such as z3, cvc5 and MathSAT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polytope_lens.arithmetic.rational import digits
from polytope_lens.io.row_text import row_comments, row_names, row_terms

if TYPE_CHECKING:
    from fractions import Fraction

    from polytope_lens.io.row_text import Term
    from polytope_lens.polytope import Polytope


def to_smtlib(poly: Polytope) -> str:
    """A polytope as a script in the logic QF_LRA, over real constants ``x0, x1, ...``.

    Each inequality is an assertion with its owner as a name, so that unsatisfiable cores speak of neurons.

    Notes
    -----
    Exact: coefficients are fractions.
    Source: Barrett, Fontaine and Tinelli, *The SMT-LIB standard*, version 2.6; for coefficients, the logic LRA.

    Examples
    --------
    >>> from polytope_lens import Polytope
    >>> print(Polytope([[-1, 0.5]], [2]).export.smtlib())
    (set-logic QF_LRA)
    (declare-fun x0 () Real)
    (declare-fun x1 () Real)
    (assert (! (<= (+ (* (- 1.0) x0) (* (/ 1 2) x1)) 2.0) :named row_0))
    (check-sat)
    <BLANKLINE>
    """
    lines = ["(set-logic QF_LRA)", *(f"(declare-fun x{k} () Real)" for k in range(poly.dim))]
    for name, comment, (terms, bound) in zip(row_names(poly), row_comments(poly), row_terms(poly), strict=True):
        if comment:
            lines.append(f"; {comment}")
        lines.append(f"(assert (! (<= {_sum(terms)} {_number(bound)}) :named {name}))")
    return "\n".join([*lines, "(check-sat)", ""])


def _sum(terms: list[Term]) -> str:
    products = [f"(* {_number(value)} x{k})" for value, k in terms]
    if len(products) > 1:
        return f"(+ {' '.join(products)})"
    return products[0] if products else "0.0"


def _number(value: Fraction) -> str:
    p, q = value.as_integer_ratio()
    above = digits(abs(p)) + ".0" * (q == 1)
    signed = above if p >= 0 else f"(- {above})"
    return signed if q == 1 else f"(/ {signed} {digits(q)})"
