"""Recordings refuse what does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.errors import DimensionError, DomainError, OptionError
from polytope_lens.network.network import from_arrays
from polytope_lens.training import Recording
from refusals import NO_OBJECTS, refuses


def test_recordings_refuse_what_does_not_fit():
    network = from_arrays([[[1.0, 2.0]]], [[0.0]])
    for steps in ([0, 0], [1, 0], [0], [0, 0.5]):
        with pytest.raises(DimensionError, match="its 2 networks, whole numbers in increasing order, but received"):
            Recording(np.array(steps), (network, network))
    with pytest.raises(DimensionError, match="the steps of a recording should be a 1-D array"):
        Recording([[0, 1]], (network, network))
    with pytest.raises(DomainError, match="a Box as domain, but received list"):
        Recording(np.array([0]), (network,), [-1, 1])
    with pytest.raises(DimensionError, match="3 channels"):
        Recording(np.array([0]), (network,), target=np.zeros((4, 4, 3)))
    assert repr(Recording(np.array([], dtype=int), ())) == "Recording(0 steps)"
    for networks in (None, 3, "a", (network, 3), ("a", "b")):
        with pytest.raises(OptionError, match="network"):
            Recording([0, 1], networks)
    refuses(lambda samples: Recording([], (), samples=samples), "samples", NO_OBJECTS, "`samples` should be a Samples")
    assert Recording([0.0, 3.0], [network, None]).steps.tolist() == [0, 3]
