"""Many things at a time, but not all: the arrays of a batch should fit into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Numbers in each array of one batch: 16 MB of floats.
MOST_NUMBERS = 2**21


def batch_size(numbers_each: int, most: int = MOST_NUMBERS) -> int:
    """How many things a batch holds whose arrays have so many numbers for each of them; one at least."""
    return max(1, most // max(1, numbers_each))


def batches(n: int, numbers_each: int, most: int = MOST_NUMBERS) -> Iterator[slice]:
    """Slices of n things, one batch after the other.

    Examples
    --------
    >>> list(batches(5, 10, most=20))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = batch_size(numbers_each, most)
    return (slice(start, min(start + step, n)) for start in range(0, n, step))
