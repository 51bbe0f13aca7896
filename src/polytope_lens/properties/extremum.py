"""The greatest and the least value of a combination of outputs on a domain; see `best_first`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from polytope_lens._arrays import validate
from polytope_lens.errors import DimensionError
from polytope_lens.properties.best_first import best_value
from polytope_lens.properties.property import exact_number

if TYPE_CHECKING:
    import os
    from fractions import Fraction

    from polytope_lens._types import ExactVector
    from polytope_lens.network.network import Network
    from polytope_lens.properties.best_first import ExtremeValue
    from polytope_lens.properties.property import InputSets


def maximum(
    network: Network,
    c: ExactVector,
    domain: InputSets,
    *,
    max_seconds: float | None = None,
    workers: int = 1,
    proof: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> ExtremeValue:
    """The greatest value of ``c . y`` over the outputs y of a domain, and where it is taken.

    Parameters
    ----------
    network : Network
    c : (out,) array
        Numbers, fractions, or decimals in text.
    domain : Box, Polytope, pair of sequences, or list of these
        As in `Property.of`; bounded, and it may be flat.
    max_seconds, workers, progress
        As in `property_check.check`.
    proof : str or path-like, optional
        Also write a log that proves the value; see docs/proofs.md. It is found on its own, when the answer is known, at
        the cost of a check with a proof, of a call that is as close as can be. Of `max_seconds`, half is for the
        search; where it ends first, the log is about the bound that was reached. ``is_logged`` says whether time was
        left to write it.

    Returns
    -------
    ExtremeValue

    Raises
    ------
    DimensionError, DomainError, IntractableError, OptionError

    Notes
    -----
    Exact: the value is a fraction, taken at a point in fractions, and proved not to be exceeded. Where the budget ends
    before that, it is still taken at the point, and `bound` is proved. Cost: that of a check of a property, or of some.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[3, 0], [0, 1], [1, 1]], [[1, 1, -2]]], [[-1, 0, -1], [0]])
    >>> found = lens.maximum([1], Box([0, 0], [1, 1]))
    >>> found.value, found.point
    (Fraction(2, 1), (Fraction(1, 1), Fraction(0, 1)))
    """
    row = coefficients(network, c)
    return best_value(network, [row], domain, max_seconds=max_seconds, workers=workers, proof=proof, progress=progress)


def minimum(
    network: Network,
    c: ExactVector,
    domain: InputSets,
    *,
    max_seconds: float | None = None,
    workers: int = 1,
    proof: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> ExtremeValue:
    """The least value of ``c . y`` over the outputs y of a domain, and where it is taken; see `maximum`.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[3, 0], [0, 1], [1, 1]], [[1, 1, -2]]], [[-1, 0, -1], [0]])
    >>> lens.minimum([1], (["0.1", 0], ["0.2", 1])).value
    Fraction(0, 1)
    """
    negative = [-v for v in coefficients(network, c)]
    found = best_value(
        network, [negative], domain, max_seconds=max_seconds, workers=workers, proof=proof, progress=progress,
        is_least=True,
    )  # fmt: skip
    return replace(found, value=-found.value, bound=-found.bound)


def coefficients(network: Network, c: ExactVector) -> list[Fraction]:
    """A combination of outputs, as users give it, in exact numbers.

    Raises
    ------
    DimensionError, DomainError
    """
    given = validate.sequence(c, name="`c`")
    if len(given) != network.output_dim:
        raise DimensionError(
            f"`c` needs a number for each of the {network.output_dim} outputs, but received {len(given)}."
        )
    return [exact_number(v, "a number of `c`") for v in given]
