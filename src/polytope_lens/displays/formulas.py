"""LaTeX of numbers, and of an affine map."""

from __future__ import annotations

import math
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from polytope_lens.arithmetic import rational as exact

if TYPE_CHECKING:
    from polytope_lens._types import Floats

MOST_ROWS, MOST_COLUMNS = 10, 10
"""Entries of a matrix that are shown."""


def latex_number(value: Fraction, digits: int | None) -> str:
    r"""A number that is not negative, rounded to some digits, or as a fraction.

    Examples
    --------
    >>> print(latex_number(Fraction(1, 3), 4), latex_number(Fraction(1, 3), None), latex_number(Fraction(1, 10**9), 4))
    0.3333 \tfrac{1}{3} 10^{-9}
    """
    p, q = value.as_integer_ratio()
    if digits is None:
        return exact.digits(p) if q == 1 else rf"\tfrac{{{exact.digits(p)}}}{{{exact.digits(q)}}}"
    rounded = Context(prec=digits).divide(Decimal(p), Decimal(q)).normalize()
    exponent = rounded.adjusted()
    if -4 <= exponent < max(digits, 4):
        return format(rounded, "f")
    mantissa, power = format(rounded.scaleb(-exponent), "f"), f"10^{{{exponent}}}"
    return power if mantissa == "1" else rf"{mantissa} \cdot {power}"


def affine_formula(A: Floats, b: Floats) -> str:
    r"""``x -> A x + b`` as a displayed formula, each number rounded to four digits; dots stand for what is left out.

    Examples
    --------
    >>> import numpy as np
    >>> print(affine_formula(np.array([[1.0, -0.5]]), np.array([0.25])))
    $$
    x \mapsto \begin{pmatrix} 1 & -0.5 \end{pmatrix} x + \begin{pmatrix} 0.25 \end{pmatrix}
    $$
    """
    return f"$$\nx \\mapsto {_matrix(A)} x + {_matrix(b[:, None])}\n$$"


def _matrix(entries: Floats) -> str:
    n, m = entries.shape
    rows = [[_entry(value) for value in row[:MOST_COLUMNS]] for row in entries[:MOST_ROWS].tolist()]
    if m > MOST_COLUMNS:
        rows = [[*row, r"\cdots"] for row in rows]
    if n > MOST_ROWS:
        rows.append([r"\vdots"] * len(rows[0]))
    inside = r" \\ ".join(" & ".join(row) for row in rows)
    return rf"\begin{{pmatrix}} {inside} \end{{pmatrix}}"


def _entry(value: float) -> str:
    if math.isnan(value):  # a map whose numbers overflowed
        return r"\text{NaN}"
    size = r"\infty" if math.isinf(value) else latex_number(abs(Fraction(value)), 4)
    return "-" * (value < 0) + size
