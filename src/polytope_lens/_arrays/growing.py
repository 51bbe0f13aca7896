"""Arrays that grow at their end, in about the memory of what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)


class GrowingArray(Generic[Scalar]):
    """Rows that come in batches, to be one array in the end.

    Keeping the batches and joining them needs twice the memory, and so does copying to a larger array. Here the array
    itself is extended by a quarter when it is full, which moves large arrays by changing their address only.
    """

    def __init__(self) -> None:
        self._rows: NDArray[Any] | None = None
        self._n = 0

    def __len__(self) -> int:
        return self._n

    def append(self, rows: NDArray[Scalar]) -> None:
        """Add rows, all of one shape and type; they may be kept, so they should not be changed afterwards."""
        needed = self._n + len(rows)
        if self._rows is None:
            self._rows = rows
        else:
            if needed > len(self._rows):
                if not self._rows.flags.owndata or not self._rows.flags.writeable:
                    self._rows = self._rows.copy()
                self._rows.resize((needed + needed // 4, *rows.shape[1:]), refcheck=False)
            self._rows[self._n : needed] = rows
        self._n = needed

    def array(self) -> NDArray[Scalar]:
        """All rows; the last call."""
        assert self._rows is not None  # something was appended
        rows, self._rows = self._rows, None
        if len(rows) > self._n:
            rows.resize((self._n, *rows.shape[1:]), refcheck=False)
        return rows
