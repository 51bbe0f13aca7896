"""The compiled bounds: :mod:`.test_region_maxima` holds each against rationals; here is what makes them end early."""

from __future__ import annotations

import numpy as np

from families import random_deep
from polytope_lens import Box, Lens
from polytope_lens.function.region_maxima import _Proposals, _Regions


def test_bounds_end_where_they_are_low_enough():
    """Bounds are at most what suffices, or those of the optimum."""
    partition = Lens(random_deep((4, 8, 8), 0, 0.1)).partition(Box([-1] * 4, [1] * 4))
    n = len(partition)
    search = _Regions(partition, 0)

    def bounds(start):
        enough = np.full(2, start)
        found = _Proposals(np.full((n, 2), np.inf), np.zeros((n, 2, 4), dtype=np.int64))
        search._bound(np.arange(n), enough, found)
        return found.bound, enough

    loose, reached = bounds(-np.inf)
    assert (reached > -np.inf).all() and (reached < loose.max(axis=0)).all()
    tight, same = bounds(100.0)
    assert (tight <= 100.0).all() and (same == 100.0).all()
    # A value that some regions attain splits them into those below it and those that are solved.
    level = float(np.median(loose))
    middle, _ = bounds(level)
    assert ((middle <= level) | (middle >= level)).all() and (middle <= np.maximum(loose, level) + 1e-9).all()
