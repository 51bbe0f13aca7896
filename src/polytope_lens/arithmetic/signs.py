"""Constants of bounds on rounding."""

from __future__ import annotations

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
