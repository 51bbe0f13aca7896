"""Memory of walks that have come to an end, for others that need as much: to make its arrays takes longer than they do.

How much room a state needs depends on sizes alone. So a walk through another box, or of another network of the same
widths, can have that of an earlier one, with all numbers as they were before that one began. A walk takes a room, so
nobody else has it meanwhile, and leaves it at its end. That there may be others is assumed of the second one that asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NamedTuple

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
    is_known = sizes in _rooms
    room: Room[State] | None = _rooms.pop(sizes, None)
    if room is not None and room.memory is not None:
        memory, fresh = room.memory
        memory[:] = fresh
        return room
    state = make()
    if not is_known or n_bytes(state) > MOST_BYTES:
        return Room(sizes, state)
    state, memory = in_one_piece(state)
    return Room(sizes, state, (memory, memory.copy()), parts_apart(state))


def left(room: Room[Any]) -> None:
    """A walk has come to its end."""
    _rooms[room.sizes] = None if room.memory is None else room
    for oldest in list(_rooms)[:-MOST_KEPT]:  # a list, as other threads may leave theirs meanwhile
        _rooms.pop(oldest, None)
