"""Affine maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.errors import DimensionError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats


@dataclass(init=False, frozen=True, slots=True, eq=False)
class AffineMap:
    """``x -> A @ x + b``.

    Parameters
    ----------
    A : (out, d) array
    b : (out,) array

    Examples
    --------
    >>> f = AffineMap([[2.0, 0.0]], [1.0])
    >>> f([3.0, 4.0]), f.augmented.tolist()
    (array([7.]), [[2.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    """

    A: Floats
    b: Floats

    def __init__(self, A: ArrayLike, b: ArrayLike) -> None:
        A = validate.float_array(A, name="the matrix of an affine map", ndim=2)
        b = validate.float_array(b, name="the offset of an affine map", ndim=1)
        if A.shape[0] != b.shape[0]:
            raise DimensionError(
                f"an affine map with A of shape {A.shape} needs b of shape ({A.shape[0]},), but received {b.shape}."
            )
        object.__setattr__(self, "A", A)
        object.__setattr__(self, "b", b)

    @property
    def augmented(self) -> Floats:
        """``[[A, b], [0 ... 0, 1]]``, shape (out + 1, d + 1)."""
        last = np.zeros((1, self.A.shape[1] + 1))
        last[0, -1] = 1.0
        return np.vstack([np.column_stack([self.A, self.b]), last])

    def __call__(self, X: ArrayLike) -> Floats:
        """Value at one point, (d,) -> (out,), or at rows, (n, d) -> (n, out); rounded."""
        rows = validate.points(X, self.A.shape[1], what="this affine map")
        values = rows @ self.A.T + self.b
        return values[0] if np.ndim(X) == 1 else values

    def __repr__(self) -> str:
        return f"AffineMap(R^{self.A.shape[1]} -> R^{self.A.shape[0]})"
