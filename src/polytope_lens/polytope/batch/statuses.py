"""What is known of a row of a polytope."""

from __future__ import annotations

# REDUNDANT rows are no facets; CONSTANT ones say nothing about x. Of rows that are NOT_ASKED nobody wants to know, but
# they bound the polytope like any other.
OPEN, FACET, REDUNDANT, CONSTANT, NOT_ASKED = 0, 1, 2, 3, 4
