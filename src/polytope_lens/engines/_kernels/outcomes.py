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
N_SCALARS = 10
STOP_IT = 2


@inlined
def is_to_stop(scalars: Any) -> bool:  # pragma: no cover - compiled
    """Whether a walk that is `WANTED` should stop, or has something to share."""
    if scalars[WANTED] == STOP_IT:
        return True
    return bool(scalars[TOP] - scalars[FLOOR] >= 2 and scalars[N_REGIONS] >= scalars[SHARE_AT])
