"""LaTeX: a system of inequalities to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polytope_lens._arrays import validate
from polytope_lens.displays.formulas import latex_number
from polytope_lens.io.row_text import row_comments, row_terms

if TYPE_CHECKING:
    from polytope_lens.polytope import Polytope

MOST = 10_000
"""Digits of a number."""


def to_latex(poly: Polytope, *, digits: int | None = 4, owners: bool = True) -> str:
    r"""A polytope as an ``aligned`` system, for use inside a formula; needs the package amsmath.

    Parameters
    ----------
    poly : Polytope
    digits : int or None
        Significant digits of the numbers, which are rounded; None for exact fractions.
    owners : bool
        Whether to name the owners of each row.

    Examples
    --------
    >>> from polytope_lens import Polytope
    >>> print(Polytope([[-1, 0.5], [0, 1e-9]], [2, 1]).export.latex(digits=3))
    \begin{aligned}
    -x_{0} + 0.5\,x_{1} &\le 2 \\
    10^{-9}\,x_{1} &\le 1
    \end{aligned}
    """
    if digits is not None:
        digits = validate.count(digits, name="`digits`", most=MOST)
    rows = []
    for comment, (terms, bound) in zip(row_comments(poly), row_terms(poly), strict=True):
        left = ""
        for value, k in terms:
            factor = latex_number(abs(value), digits)
            product = f"x_{{{k}}}" if factor == "1" else rf"{factor}\,x_{{{k}}}"
            joint = (" - " if value < 0 else " + ") if left else "-" * (value < 0)
            left += joint + product
        right = "-" * (bound < 0) + latex_number(abs(bound), digits)
        named = rf" && \text{{{comment}}}" if owners and comment else ""
        rows.append(rf"{left or '0'} &\le {right}{named}")
    return "\n".join([r"\begin{aligned}", " \\\\\n".join(rows), r"\end{aligned}"])
