"""Memory of walks that have come to an end, for others that need as much: to make its arrays takes longer than they do.

How much room a state needs depends on sizes alone. So a walk through another box, or of another network of the same
widths, can have that of an earlier one, with all numbers as they were before that one began. A walk takes a room, so
nobody else has it meanwhile, and leaves it at its end. That there may be others is assumed of the second one that asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, cast

from polytope_lens._compiled.words import NOTHING_APART, Apart, parts_apart
from polytope_lens.engines.kernel import State, in_one_piece, n_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import numpy as np
    from numpy.typing import NDArray

# Bytes of a room that is kept, and how many of them in a process.
MOST_BYTES, MOST_KEPT = 2**17, 16


class Room(NamedTuple, Generic[State]):
    """A state in which nothing has been written yet.

    If it will be kept, `memory` is that of its arrays, and what is there before a walk; `apart` are its parts as
    compiled code is given them.
    """

    sizes: Hashable
    state: State
    memory: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None
    apart: Apart = NOTHING_APART


# By sizes; None for what has been asked for before.
_rooms: dict[Hashable, Room[Any] | None] = {}


def taken(sizes: Hashable, make: Callable[[], State]) -> Room[State]:
    """A room of these sizes: made now, unless one is kept."""
    is_known, room = take(_rooms, sizes)
    if room is not None:
        return cast("Room[State]", room)
    state = make()
    if not is_known or n_bytes(state) > MOST_BYTES:
        return Room(sizes, state)
    state, memory = in_one_piece(state)
    return Room(sizes, state, (memory, memory.copy()), parts_apart(state))


def left(room: Room[Any]) -> None:
    """A walk has come to its end."""
    leave(_rooms, room.sizes, room, MOST_KEPT)


def take(kept: dict[Hashable, Any], key: Hashable) -> tuple[bool, Any]:
    """Whether a key was asked for before, and what is kept for it, its memory as it was before a walk; or None."""
    is_known, found = key in kept, kept.pop(key, None)
    if found is not None:
        memory, fresh = found.memory
        memory[:] = fresh
    return is_known, found


def leave(kept: dict[Hashable, Any], key: Hashable, one: Any, most: int) -> None:
    """Keep something for a key if it has memory of its own, or else that it was asked for, and let the oldest go."""
    kept[key] = None if one.memory is None else one
    for oldest in list(kept)[:-most]:  # a list, as other threads may leave theirs meanwhile
        kept.pop(oldest, None)
