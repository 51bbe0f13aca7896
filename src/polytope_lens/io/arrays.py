"""Taking what was expected out of an archive of arrays, or saying what is wrong with it."""

from __future__ import annotations

from typing import Any

import numpy as np

from polytope_lens.errors import FileFormatError

Arrays = dict[str, Any]

INT = np.dtype(np.int64)
MOST = 2**63 - 1


class ArrayReader:
    """Takes arrays out of an archive if they are what was expected."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def kind(self, name: str) -> str:
        """What an array holds, as NumPy's one letter for it; empty if there is none."""
        return str(self._arrays[name].dtype.kind) if name in self else ""

    def array(self, name: str, dtype: np.dtype[Any], *shape: int | None) -> Any:
        """The array of that name, read-only; None stands for any length."""
        if name not in self._arrays:
            raise FileFormatError(f"array {name} is missing.")
        found = np.asarray(self._arrays[name])
        fits = found.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, found.shape, strict=True))
        if not fits or found.dtype.newbyteorder("=") != dtype:
            wanted = ", ".join("any" if n is None else str(n) for n in shape)
            raise FileFormatError(
                f"array {name} should be of {dtype} and shape ({wanted}), but is of {found.dtype} and shape "
                f"{found.shape}."
            )
        found = found.astype(dtype, order="C", copy=False)
        found.flags.writeable = False
        return found

    def floats(self, name: str, *shape: int | None) -> Any:
        """An array of floats as float64; in the archive it may have been `narrowed`."""
        if self.kind(name) == "f" and self._arrays[name].dtype.itemsize == 4:
            return self.array(name, np.dtype(np.float32), *shape).astype(np.float64)
        return self.array(name, np.dtype(np.float64), *shape)

    def indices(self, name: str, low: int, high: int, *shape: int | None, dtype: np.dtype[Any] = INT) -> Any:
        """An array of integers with ``low <= i < high``."""
        found = self.array(name, dtype, *shape)
        if found.size and not (found.min() >= low and found.max() < high):
            raise FileFormatError(f"array {name} should hold numbers from {low} to {high - 1}, but holds others.")
        return found

    def text(self, name: str) -> str:
        """A text."""
        if name not in self._arrays or self._arrays[name].dtype.kind != "U" or self._arrays[name].ndim:
            raise FileFormatError(f"{name} should be a text, but is missing or is none.")
        return str(self._arrays[name])

    def starts(self, name: str, n: int, stop: int, least: int) -> Any:
        """Where n lists of so many entries at least begin, (n + 1,), which together are all entries up to a number."""
        found = self.indices(name, 0, stop + 1, n + 1)
        if found[0] != 0 or found[-1] != stop or (np.diff(found) < least).any():
            raise FileFormatError(f"{name} should give at least {least} entries to each list, and all of them.")
        return found


def narrowed(array: Any) -> Any:
    """Floats in 32 bits if that rounds none of them, else as they are."""
    with np.errstate(over="ignore"):
        narrow = array.astype(np.float32)
    return narrow if np.array_equal(narrow, array) else array
