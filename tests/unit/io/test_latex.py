"""LaTeX: to the letter, and set by matplotlib."""

from __future__ import annotations

import re

import numpy as np
import pytest

from polytope_lens import Polytope
from polytope_lens.errors import OptionError
from polytope_lens.io.latex import to_latex
from written import DEEP, DOUBLED


def test_latex_is_made_to_read():
    assert DOUBLED.export.latex() == (
        "\\begin{aligned}\n"
        "-0.5\\,x_{0} &\\le -0.1 && \\text{layer 0, neuron 2} \\\\\n"
        "-x_{0} - 3\\,x_{1} &\\le 0 && \\text{layer 0, neuron 0, and layer 0, neuron 1}\n"
        "\\end{aligned}"
    )
    plain = DOUBLED.export.latex(owners=False, digits=None)
    assert "text" not in plain
    assert r"-\tfrac{1}{2}\,x_{0} &\le -\tfrac{3602879701896397}{36028797018963968} \\" in plain
    shown = to_latex(Polytope([[123456.0, -0.00012345678, 3.0], [0, 0, 0], [1200, 5e-324, 1e308]], np.zeros(3)))
    assert r"1.235 \cdot 10^{5}\,x_{0} - 0.0001235\,x_{1} + 3\,x_{2} &\le 0" in shown
    assert r"0 &\le 0" in shown
    assert r"1200\,x_{0} + 4.941 \cdot 10^{-324}\,x_{1} + 10^{308}\,x_{2}" in shown
    with pytest.raises(OptionError, match="`digits`"):
        DOUBLED.export.latex(digits=0)


def test_matplotlib_can_set_each_line_of_the_latex():
    from matplotlib.mathtext import MathTextParser

    for line in DEEP.export.latex().splitlines()[1:-1]:
        formula = re.sub(r"&+ ?|\\\\$", "", line).replace(r"\le", r"\leq")
        MathTextParser("path").parse(f"${formula}$")
