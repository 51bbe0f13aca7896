"""Where walks begin, kept with small networks: to make a state takes longer than many a walk that begins there.

A walk takes what is kept with it, so nobody else has it meanwhile, and at its end leaves it to the next one that begins
alike. That there may be one is assumed of what has been asked before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from polytope_lens._compiled.jit import Arguments
from polytope_lens._kept import answers
from polytope_lens.engines import kept_rooms
from polytope_lens.engines.kernel import in_one_piece, n_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import numpy as np
    from numpy.typing import NDArray

    from polytope_lens.network.network import Network

# Bytes of a state that is kept, and how many of them for one network.
MOST_BYTES, MOST_KEPT = 2**17, 8


class Start(NamedTuple):
    """What there is to walk (`driver.Problem`), and a state whose only cell is all of it.

    `arguments` are both as the kernel is given them. If the state will be kept, `memory` is that of its arrays, and
    what is there before a walk.
    """

    problem: Any
    state: Any
    arguments: Arguments
    memory: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None


def taken(network: Network, key: Hashable, make: Callable[[], tuple[Any, Any]]) -> Start:
    """Where a walk begins that is told by `key`: made now, unless it is kept."""
    is_known, start = kept_rooms.take(_of(network), key)
    if start is not None:
        return cast("Start", start)
    problem, state = make()
    if not is_known or n_bytes(state) > MOST_BYTES:
        return Start(problem, state, Arguments.of(problem.net, state, known=problem.room.apart), None)
    state, memory = in_one_piece(state)
    kept_rooms.left(problem.room)
    problem = problem._replace(room=None)
    return Start(problem, state, Arguments.of(problem.net, state), (memory, memory.copy()))


def left(network: Network, key: Hashable, start: Start) -> None:
    """A walk has come to its end."""
    if start.problem.room is not None:
        kept_rooms.left(start.problem.room)
    kept_rooms.leave(_of(network), key, start, MOST_KEPT)


def _of(network: Network) -> dict[Hashable, Start | None]:
    """By key; None for what has been asked about before."""
    starts: dict[Hashable, Start | None] = answers(network).setdefault(Start, {})
    return starts
