"""Signs of ``A @ x - b`` at given points, proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.arithmetic.rational import dot, rationals, sign

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Floats


UNIT_ROUNDOFF = 2.0**-53
# Added wherever a product may have underflowed: far above every absolute error of gradual underflow (2**-1074 each),
# far below everything that can be told apart from zero otherwise.
UNDERFLOW_GUARD = 2.0**-1000
# Bounds are sums of at most 2**20 positive terms, each addition of which errs by a factor 1 + 2**-53.
BOUND_SLACK = 1 + 2.0**-30


def summation_bound(n_terms: int) -> float:
    """A bound on the error of a sum of `n_terms` rounded products, relative to the sum of their absolute values.

    gamma_n = n u / (1 - n u) bounds an inner product of length n in any order of summation (Higham 2002, *Accuracy and
    Stability of Numerical Algorithms*, section 3.1); two more units pay for the rounding of the bound itself.
    """
    n = n_terms + 2
    return n * UNIT_ROUNDOFF / (1 - n * UNIT_ROUNDOFF)


def halfspace_signs(A: Floats, b: Floats, X: Floats) -> NDArray[np.int8]:
    """Signs of ``A @ x - b`` for each point (row of `X`) and halfspace, shape (n, m), exact.

    Floats with an error bound decide nearly all of them; the rest goes to rational arithmetic.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        value = X @ A.T - b
        bound = summation_bound(A.shape[1] + 1) * (np.abs(X) @ np.abs(A).T + np.abs(b)) + UNDERFLOW_GUARD
        signs = np.where(value > bound, 1, np.where(value < -bound, -1, 0)).astype(np.int8)
        open_questions = ~(np.abs(value) > bound)
    for i, j in np.argwhere(open_questions):
        signs[i, j] = sign(dot(rationals(A[j]), rationals(X[i])) - rationals(b[j : j + 1])[0])
    return signs
