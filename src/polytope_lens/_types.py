"""Names for arrays in annotations: the number of dimensions and what they mean stand in docstrings."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Indices: TypeAlias = NDArray[np.int32]
Bools: TypeAlias = NDArray[np.bool_]
# Numbers that are not rounded: `fractions.Fraction`, or whole numbers.
Fractions: TypeAlias = NDArray[np.object_]
# Numbers that users give and that are taken as they are: a text is a decimal or a fraction, "0.1" or "1/3".
ExactNumber: TypeAlias = float | Fraction | Decimal | str | np.number[Any]
ExactVector: TypeAlias = Sequence[ExactNumber] | NDArray[Any]
ExactMatrix: TypeAlias = Sequence[ExactVector] | NDArray[Any]
# Packed bits, 64 to a number; the first bit is the highest.
Words: TypeAlias = NDArray[np.uint64]
# A matrix of a layer: dense, or mostly zeros.
Sparse: TypeAlias = "csr_array[Any, tuple[int, int]]"
Matrix: TypeAlias = "Floats | Sparse"
Signs: TypeAlias = NDArray[np.int8]
# What is known of each row: one of the codes of the module at hand.
Statuses: TypeAlias = NDArray[np.int8]
# One point, (d,), and many, (n, d), as users give them: an array of unknown shape is either.
Point: TypeAlias = Sequence[float] | np.ndarray[tuple[int], np.dtype[Any]]
Points: TypeAlias = Sequence[Sequence[float]] | Sequence[NDArray[Any]] | np.ndarray[tuple[int, int], np.dtype[Any]]
# Pixels, (height, width, 3).
Frame: TypeAlias = NDArray[np.uint8]
