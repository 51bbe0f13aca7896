"""VNN-LIB: the format of properties of networks, which verifiers read."""

from __future__ import annotations

from math import lcm
from typing import TYPE_CHECKING, Literal, get_args

from polytope_lens._arrays import validate
from polytope_lens.arithmetic.rational import digits
from polytope_lens.io.row_text import row_comments, row_terms

if TYPE_CHECKING:
    from fractions import Fraction

    from polytope_lens.io.row_text import Term
    from polytope_lens.polytope import Polytope

VnnlibVersion = Literal["2.0", "1.0"]
VERSIONS: tuple[VnnlibVersion, ...] = get_args(VnnlibVersion)


def to_vnnlib(poly: Polytope, *, n_outputs: int = 1, version: VnnlibVersion = "2.0") -> str:
    """A polytope as a condition on the inputs of a network, to which one on the outputs may be added.

    Parameters
    ----------
    poly : Polytope
    n_outputs : int
        Number of outputs of the network, which are declared and not restricted.
    version : "2.0" or "1.0"
        Inputs and outputs are ``X[0], X[1], ...`` and ``Y[0], ...`` in version 2.0, which declares a network with
        tensors of one axis; constants ``X_0, X_1, ...`` and ``Y_0, ...`` in version 1.0, which most verifiers read.

    Notes
    -----
    Exact: numbers are decimals, which floats, and all rows of networks, are. A row of other fractions is multiplied by
    a whole number first. What a verifier makes of digits that its own numbers do not have is another matter.
    Source: *The VNN-LIB standard*, version 2.0.

    Examples
    --------
    >>> from polytope_lens import Polytope
    >>> print(Polytope([[-1, 0.5]], [2]).export.vnnlib())
    (vnnlib-version <2.0>)
    (declare-network f
      (declare-input X real [2])
      (declare-output Y real [1])
    )
    (assert (<= (+ (* -1.0 X[0]) (* 0.5 X[1])) 2.0))
    <BLANKLINE>
    """
    n_outputs = validate.count(n_outputs, name="`n_outputs`")
    if validate.option(version, name="`version`", allowed=VERSIONS) == "2.0":
        lines = [
            "(vnnlib-version <2.0>)",
            "(declare-network f",
            f"  (declare-input X real [{poly.dim}])",
            f"  (declare-output Y real [{n_outputs}])",
            ")",
        ]
        variable = "X[{}]"
    else:
        lines = [f"(declare-const X_{k} Real)" for k in range(poly.dim)]
        lines += [f"(declare-const Y_{k} Real)" for k in range(n_outputs)]
        variable = "X_{}"
    for comment, (terms, bound) in zip(row_comments(poly), row_terms(poly), strict=True):
        if comment:
            lines.append(f"; {comment}")
        factor = lcm(_odd_part(bound), *(_odd_part(value) for value, _ in terms))
        left = _sum([(value * factor, k) for value, k in terms], variable)
        lines.append(f"(assert (<= {left} {_decimal(bound * factor)}))")
    return "\n".join([*lines, ""])


def _sum(terms: list[Term], variable: str) -> str:
    products = [f"(* {_decimal(value)} {variable.format(k)})" for value, k in terms]
    if len(products) > 1:
        return f"(+ {' '.join(products)})"
    return products[0] if products else "0.0"


def _odd_part(value: Fraction) -> int:
    """What is left of the denominator without its powers of two."""
    n = value.denominator
    return n // (n & -n)


def _decimal(value: Fraction) -> str:
    """All digits of a fraction whose denominator is a power of two."""
    places = value.denominator.bit_length() - 1
    whole = digits(abs(value.numerator) * 5**places).rjust(places + 1, "0")
    split = len(whole) - places
    return f"{'-' * (value < 0)}{whole[:split]}.{whole[split:] or '0'}"
