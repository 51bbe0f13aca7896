"""What a walk returns, and the numbers it keeps in ``State.scalars``; the same for every kernel."""

from __future__ import annotations

# Why a walk stopped
DONE, FULL, UNDECIDED = 0, 1, 2
# Frames on the stack, the first of them that is this walk's own, regions and corners in the output, the caller's
# answer, decisions by rung
TOP, FLOOR, N_REGIONS, N_CORNERS, ANSWER, FLOAT_DECISIONS, DOUBLE_DECISIONS, RATIONAL_DECISIONS, N_SCALARS = range(9)
