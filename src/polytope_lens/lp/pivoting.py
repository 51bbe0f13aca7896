"""What steers the pivots of the float simplex methods, and decides nothing: proofs come after.

Which method is for what is told in ``README.md`` beside this file.
"""

from __future__ import annotations

# A sum that is less than this part of its terms' sizes is no pivot (where rows have length 1, less than this), and one
# that is less than the second number is no violation.
TINY_PIVOT, VIOLATED = 2.0**-36, 2.0**-40
# A walk takes Bland's rule, which cannot cycle, after so many pivots (and one for each dimension); after the second
# number it gives up.
PATIENCE, EXHAUSTED = 30, 1000
