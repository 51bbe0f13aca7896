"""What a walk returns, and the numbers it keeps in ``State.scalars``; the same for every kernel."""

from __future__ import annotations

# Why a walk stopped
DONE, FULL, UNDECIDED = 0, 1, 2
# Frames on the stack, the first of them that is this walk's own, regions and corners in the output
TOP, FLOOR, N_REGIONS, N_CORNERS = 0, 1, 2, 3
# The neuron in question, the caller's answer
ASKED, ANSWER = 4, 5
# Decisions by rung
FLOAT_DECISIONS, DOUBLE_DECISIONS, RATIONAL_DECISIONS = 6, 7, 8
N_SCALARS = 9
