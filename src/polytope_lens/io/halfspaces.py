"""The inequalities of one polytope as fractions: what the formats of this package write, and what is read back."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from polytope_lens.arithmetic.rational import fraction
from polytope_lens.errors import DimensionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Floats

    Term: TypeAlias = tuple[Fraction, int]

Owner: TypeAlias = tuple[int, int]

LARGEST, SMALLEST = Fraction(sys.float_info.max), Fraction(sys.float_info.min)


@dataclass(frozen=True, slots=True, eq=False)
class Halfspaces:
    """``{x : A @ x <= b}`` in fractions; nothing is rounded.

    Parameters
    ----------
    A : (m, d) array of :class:`fractions.Fraction`
    b : (m,) array of :class:`fractions.Fraction`
    owners : m tuples of (layer, neuron)
        The neurons whose hyperplane bounds each halfspace, as in :class:`.Inequalities`: layer -1 is the domain, and
        neuron then the number of the domain's row. Empty for a polytope of its own.
    """

    A: NDArray[np.object_]
    b: NDArray[np.object_]
    owners: tuple[tuple[Owner, ...], ...]

    def __post_init__(self) -> None:
        if self.A.ndim != 2 or self.b.shape != (len(self.A),) or len(self.owners) != len(self.A):
            raise DimensionError(
                f"halfspaces need A of shape (m, d), and b and owners of length m, but received A of shape "
                f"{self.A.shape}, b of shape {self.b.shape} and owners of length {len(self.owners)}."
            )
        for name in ("A", "b"):
            array = getattr(self, name).view()
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def dim(self) -> int:
        """Number of coordinates, d."""
        return int(self.A.shape[1])

    def __len__(self) -> int:
        return len(self.b)

    def names(self) -> list[str]:
        """A name for each row that formats allow: ``layer_0_neuron_3``, ``domain_row_2``; ``row_0`` without owners."""
        names = [owner_name(*owners[0]).replace(",", "").replace(" ", "_") for owners in self.owners if owners]
        return names if len(set(names)) == len(self) else [f"row_{i}" for i in range(len(self))]

    def comments(self) -> list[str]:
        """All owners of each row in words; empty without owners."""
        return [", and ".join(owner_name(*owner) for owner in owners) for owners in self.owners]

    def terms(self) -> Iterator[tuple[list[Term], Fraction]]:
        """For each row, the coefficients other than zero with the numbers of their variables, and the right side."""
        for row, bound in zip(self.A, self.b, strict=True):
            yield [(value, k) for k, value in enumerate(row) if value], bound

    def rounded(self) -> tuple[Floats, Floats]:
        """``A`` and ``b`` as floats, each number rounded once.

        A row whose largest number no float can hold, or only with fewer digits, is first multiplied by a power of two,
        which leaves its halfspace as it is.
        """
        rows = [_rounded([*row, bound]) for row, bound in zip(self.A, self.b, strict=True)]
        floats = np.array(rows, dtype=np.float64).reshape(len(self), self.dim + 1)
        return floats[:, :-1].copy(), floats[:, -1].copy()

    def __repr__(self) -> str:
        return f"Halfspaces({len(self)} inequalities of fractions in R^{self.dim})"


def exactly(A: Floats, b: Floats) -> Halfspaces:
    """The numbers of ``A @ x <= b`` as the fractions that floats are."""
    values = np.empty((len(b), A.shape[1] + 1), dtype=object)
    for i, row in enumerate(np.column_stack([A, b]).tolist()):
        values[i] = [fraction(v) for v in row]
    return Halfspaces(values[:, :-1], values[:, -1], ((),) * len(b))


def owner_name(layer: int, neuron: int) -> str:
    """A neuron or a side of the domain in words."""
    return f"domain, row {neuron}" if layer < 0 else f"layer {layer}, neuron {neuron}"


def _rounded(row: Sequence[Fraction]) -> list[float]:
    largest = max(map(abs, row))
    if largest and not SMALLEST <= largest <= LARGEST:
        exponent = largest.numerator.bit_length() - largest.denominator.bit_length()
        row = [value * Fraction(2) ** -exponent for value in row]
    return [float(value) for value in row]
