"""What a compiled walk looks like to those who run it: a module of `_kernels`, and a state made of named parts.

A state is a named tuple of arrays, numbers, and further named tuples of the same kind. Whatever has an entry for each
frame of the stack is in the part called `frames`, first axis first, so that states can be copied and given more room
without a list of names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from polytope_lens._compiled.jit import Arguments
    from polytope_lens._types import Ints, Words
    from polytope_lens.engines._kernels.spans import SpanBounds

Parts = TypeVar("Parts")
# Bytes of an array from which on it is looked at for rows that have not been used
SPARSE = 2**16
# Arrays in one piece of memory begin at multiples of so many bytes.
ALIGNED = 64


class WalkState(Protocol):
    """All that a walk needs to go on; see the kernels for what else each has."""

    @property
    def scalars(self) -> Ints:
        """See `outcomes`."""

    @property
    def layer_counts(self) -> Ints:
        """Regions after each layer, so far."""

    @property
    def bits(self) -> Words:
        """Pattern of the top cell, as far as it is known; after a region has been found, that region's."""

    @property
    def span(self) -> SpanBounds:
        """Which patterns are wanted."""

    @property
    def frames(self) -> Any:
        """The stack, each first axis being the frame."""


State = TypeVar("State", bound=WalkState)
Output = TypeVar("Output")
AnyOutput = TypeVar("AnyOutput", contravariant=True)


class CompiledWalk(Protocol[AnyOutput]):
    """A walk that goes on until `limit` regions are in the output or something stops it; returns which (`outcomes`)."""

    def prepared(self, out: AnyOutput, limit: int, want_output: bool, /, *, first: Arguments) -> Callable[[], int]:
        """A call, to be made until it is through; `first` are the packed network and the state."""


class Kernel(Protocol[Output]):
    """A module with a compiled walk, and an output for walks that only count."""

    @property
    def walk(self) -> CompiledWalk[Output]:
        """The compiled walk."""

    @property
    def NO_OUTPUT(self) -> Output:
        """An output without room."""


def copied(part: Parts) -> Parts:
    """The same with arrays of its own, of which rows of zeros take no memory before they are used."""
    return _each(_sparsely_copied, part)


def _sparsely_copied(array: Any) -> Any:
    if array.nbytes < SPARSE:
        return array.copy()
    copy, used = np.zeros(array.shape, array.dtype), array.reshape(len(array), -1).view(np.uint8).any(axis=1)
    copy[used] = array[used]
    return copy


def arrays(part: object) -> list[NDArray[Any]]:
    """All arrays."""
    if isinstance(part, np.ndarray):
        return [part]
    return [array for field in part for array in arrays(field)] if isinstance(part, tuple) else []


def n_bytes(part: object) -> int:
    """Memory of all arrays, once all of it is in use."""
    return sum(array.nbytes for array in arrays(part))


def in_one_piece(part: Parts) -> tuple[Parts, NDArray[np.uint8]]:
    """The same with arrays that lie one after the other in memory, and this memory.

    Those not to be written to stay where they are.
    """
    memory, at = np.zeros(sum(_room(array) for array in arrays(part)), np.uint8), 0

    def moved(array: Any) -> Any:
        nonlocal at
        if not array.flags.writeable:
            return array
        place: Any = np.ndarray(array.shape, array.dtype, memory, at)
        place[...] = array
        at += _room(array)
        return place

    return _each(moved, part), memory


def _room(array: NDArray[Any]) -> int:
    return -(-array.nbytes // ALIGNED) * ALIGNED


def only_frame(frames: Parts, f: int) -> Parts:
    """Frames of which only one is filled in: the memory of the others is not there before it is used."""

    def alone(entries: Any) -> Any:
        others = np.zeros(entries.shape, entries.dtype)
        others[f] = entries[f]
        return others

    return _each(alone, frames)


def doubled(part: Parts, axis: int = 0) -> Parts:
    """The same with arrays twice as long."""
    return _each(lambda array: np.concatenate([array, np.zeros_like(array)], axis=axis), part)


def copy_with_frame(state: State, f: int) -> State:
    """A state of its own, on whose stack there is only one of the frames."""
    return _with(copied(_with(state, frames=None)), frames=only_frame(state.frames, f))


def with_larger_stack(state: State) -> State:
    """The same state with twice the room for cells."""
    return _with(state, frames=doubled(state.frames))


def _with(state: State, **parts: Any) -> State:
    """States are named tuples, whose methods no protocol can state."""
    named: Any = state
    changed: State = named._replace(**parts)
    return changed


def _each(change: Callable[[Any], Any], part: Parts) -> Parts:
    """Nested named tuples with all their arrays changed."""
    if isinstance(part, np.ndarray):
        changed: Parts = change(part)
        return changed
    fields: Any = part
    return type(part)(*(_each(change, field) for field in fields)) if isinstance(part, tuple) else part
