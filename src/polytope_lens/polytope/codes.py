"""What is known of a row of a polytope, and the factor that pays for rounding in bounds on errors."""

from __future__ import annotations

# IMPLIED rows are no facets; FLAT ones say nothing about x.
OPEN, FACET, IMPLIED, FLAT = 0, 1, 2, 3
# Bounds are sums of positive terms: each addition errs by a factor 1 + 2**-53, and there are less than 2**20.
BOUND_SLACK = 1 + 2.0**-30
