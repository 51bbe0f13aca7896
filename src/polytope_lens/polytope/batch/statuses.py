"""What is known of a row of a polytope."""

from __future__ import annotations

# REDUNDANT rows are no facets; CONSTANT ones say nothing about x.
OPEN, FACET, REDUNDANT, CONSTANT = 0, 1, 2, 3
