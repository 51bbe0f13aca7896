"""Whether two networks are the same function on a domain, up to some amount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polytope_lens.errors import DomainError, Status
from polytope_lens.network.pair import difference, has_equal_halves
from polytope_lens.properties.best_first import above, both_signs, is_everywhere
from polytope_lens.properties.property import exact_number
from polytope_lens.properties.property_check import CheckResult, Verdict, check

if TYPE_CHECKING:
    import os

    from polytope_lens._types import ExactNumber
    from polytope_lens.network.network import Network
    from polytope_lens.properties.property import InputSets


def is_equal(
    first: Network,
    second: Network,
    domain: InputSets,
    *,
    within: ExactNumber = 0,
    max_seconds: float | None = None,
    workers: int = 1,
    proof: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> CheckResult:
    """Whether no output of two networks differs anywhere on a domain, or by no more than some amount.

    Parameters
    ----------
    first, second : Network
        With as many inputs and outputs.
    domain : Box, Polytope, pair of sequences, or list of these
        As in `Property.of`; bounded, and it may be flat.
    within : number, fraction, or decimal in text
        By how much they may differ.
    max_seconds, workers, proof, progress
        As in `property_check.check`.

    Returns
    -------
    CheckResult
        HOLDS: they agree. VIOLATED: they do not, at its `point`; the counterexample's outputs are the differences,
        those of the first network less those of the second. OPEN: neither is known.

    Raises
    ------
    DimensionError
        Different numbers of inputs or outputs.
    DomainError, IntractableError, OptionError

    Notes
    -----
    Exact, as a check of any property. Cost: that of a check of the difference, which is a network. Where networks are
    equal, and `within` is 0, all regions of both are listed, but for those of neurons that both have, or multiples of
    them; if these are all, none is.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> one = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> other = Lens.from_arrays([[[0, 4], [2, 0]], [[0.25, 0.5]]], [[0, 0], [0]])  # neurons exchanged and scaled
    >>> one.is_equal(other, Box([-1, -1], [1, 1])).verdict
    Verdict.HOLDS
    >>> found = one.is_equal(Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0.25]]), Box([-1, -1], [1, 1]))
    >>> found.verdict, found.counterexample.outputs
    (Verdict.VIOLATED, (Fraction(-1, 4),))
    """
    both, most = difference(first, second), exact_number(within, "`within`")
    if most < 0:
        raise DomainError(f"`within` should be 0 or more, but is {most}.")
    rows = both_signs(both.output_dim)
    asked = above(domain, rows, most)
    if proof is None and has_equal_halves(both) and asked.input_dim == both.input_dim:
        return CheckResult(Verdict.HOLDS, None, 0, 0, 1.0, (), Status.COMPLETE, 0.0)
    return check(
        both, asked, max_seconds=max_seconds, workers=workers, proof=proof, progress=progress, pair=(first, second),
        by_twins=asked.input_dim == both.input_dim and not is_everywhere(both, rows, asked, most),
    )  # fmt: skip
