"""Recordings refuse what does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.errors import DimensionError, DomainError
from polytope_lens.network.network import from_arrays
from polytope_lens.training import Recording


def test_recordings_refuse_what_does_not_fit():
    network = from_arrays([[[1.0, 2.0]]], [[0.0]])
    for steps in ([0, 0], [1, 0], [0], [[0, 1]]):
        with pytest.raises(DimensionError, match="one step for each of its 2 networks, in increasing order"):
            Recording(np.array(steps), (network, network))
    with pytest.raises(DomainError, match="a Box as domain, but received NoneType"):
        Recording(np.array([0]), (network,), None)
    with pytest.raises(DimensionError, match="3 channels"):
        Recording(np.array([0]), (network,), target=np.zeros((4, 4, 3)))
    assert repr(Recording(np.array([], dtype=int), ())) == "Recording(0 steps)"
