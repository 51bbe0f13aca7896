"""LaTeX of numbers, matrices and systems."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from polytope_lens import AffineMap
from polytope_lens.displays.formulas import MOST_COLUMNS, affine_formula, latex_number


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (Fraction(0), 4, "0"),
        (Fraction(5, 4), 4, "1.25"),
        (Fraction(2, 3), None, r"\tfrac{2}{3}"),
        (Fraction(3), None, "3"),
        (Fraction(10**12), 4, "10^{12}"),
        (Fraction(123456, 10**11), 3, r"1.23 \cdot 10^{-6}"),
    ],
)
def test_numbers_are_rounded_or_fractions(value, digits, text):
    assert latex_number(value, digits) == text


def test_maps_of_any_size_and_numbers():
    shown = AffineMap([[-0.1, 1e-12], [3, 0]], [1e300, -7])._repr_latex_()
    assert r"\begin{pmatrix} -0.1 & 10^{-12} \\ 3 & 0 \end{pmatrix} x" in shown
    assert r"\begin{pmatrix} 10^{300} \\ -7 \end{pmatrix}" in shown
    large = affine_formula(np.ones((50, 100)), np.ones(50))
    assert large.count(r"\cdots") == 10 and r"\vdots" in large
    assert large.count("&") < MOST_COLUMNS * 20


def test_maps_that_overflowed():
    shown = affine_formula(np.array([[np.inf, -np.inf]]), np.array([np.nan]))
    assert r"\infty & -\infty" in shown and r"\text{NaN}" in shown
