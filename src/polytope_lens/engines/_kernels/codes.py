"""What a walk returns, and the numbers it keeps in ``State.scalars``; the same for every kernel."""

from __future__ import annotations

# Why a walk stopped
DONE, FULL, UNDECIDED = 0, 1, 2
# Frames on the stack, regions in the output, the caller's answer, decisions by rung, corners in the output
TOP, N_REGIONS, ANSWER, FLOAT_DECISIONS, DOUBLE_DECISIONS, RATIONAL_DECISIONS, N_CORNERS, N_SCALARS = range(8)
