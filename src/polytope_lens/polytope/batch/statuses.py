"""What is known of a row of a polytope."""

from __future__ import annotations

# IMPLIED rows are no facets; FLAT ones say nothing about x.
OPEN, FACET, REDUNDANT, CONSTANT = 0, 1, 2, 3
