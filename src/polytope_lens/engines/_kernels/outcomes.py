"""What a walk returns, and the numbers it keeps in a state's ``scalars``; the same for every kernel."""

from __future__ import annotations

from typing import Any

from polytope_lens._compiled.jit import inlined

# Why a walk stopped
DONE, FULL, UNDECIDED, SHARE, CRAMPED = 0, 1, 2, 3, 4
# Frames on the stack, the first of them that is this walk's own, regions and corners in the output
TOP, FLOOR, N_REGIONS, N_CORNERS = 0, 1, 2, 3
# The caller's answer
ANSWER = 4
# Decisions by rung
FLOAT_DECISIONS, DOUBLE_DECISIONS, RATIONAL_DECISIONS = 5, 6, 7
# Whether somebody wants to share the work (or that it is to stop), and after how many regions a walk may be shared
WANTED, SHARE_AT = 8, 9
# Where a walk is about a part of the tree (see `spans`): the bounds that its paths run along, the place of the last 1
# of the upper one, and whether a mark is kept
ALONG, LAST, MARKED = 10, 11, 12
# Decisions by rung when the last region was found
DECIDED = 13
N_RUNGS = 3
N_SCALARS = DECIDED + N_RUNGS
STOP_IT = 2


@inlined
def note_decisions(scalars: Any) -> None:  # pragma: no cover - compiled
    """A region has been found: what was decided up to now belongs to it and those before it."""
    for i in range(N_RUNGS):
        scalars[DECIDED + i] = scalars[FLOAT_DECISIONS + i]


@inlined
def is_to_stop(scalars: Any) -> bool:  # pragma: no cover - compiled
    """Whether a walk that is `WANTED` should stop, or has something to share."""
    if scalars[WANTED] == STOP_IT:
        return True
    return bool(scalars[TOP] - scalars[FLOOR] >= 2 and scalars[N_REGIONS] >= scalars[SHARE_AT])
