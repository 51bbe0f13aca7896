"""A partition to measure."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from polytope_lens.engines.enumerate import partition
from polytope_lens.network.network import from_arrays
from polytope_lens.training.recorded_domain import SQUARE


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(1)
    shape = (2, 9, 7, 1)
    weights = [rng.normal(size=(n, m)) for m, n in pairwise(shape)]
    return partition(from_arrays(weights, [rng.normal(0, 0.5, len(w)) for w in weights]), SQUARE, progress=False)
