"""Recordings refuse what does not fit."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from polytope_lens.domain import Box
from polytope_lens.errors import DimensionError, DomainError, OptionError
from polytope_lens.network.network import evaluate, from_arrays
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


def test_films_of_any_model_are_those_of_a_plane(tmp_path):
    rng = np.random.default_rng(0)
    models = [
        from_arrays([rng.normal(size=(6, 4)), rng.normal(size=(2, 6))], [rng.normal(size=6), [0, 1]]) for _ in "ab"
    ]
    recording = Recording([0, 3, 4], (*models, None))
    corners = rng.normal(size=(3, 4))
    with pytest.raises(DimensionError, match=r"these have 4.*recording\.slice\(p, q, r"):
        recording.film(tmp_path / "no.gif", domain=Box([0] * 4, [1] * 4))
    plane = recording.slice(*corners, domain=Box([-1, -1], [2, 2]))
    assert repr(plane) == "Recording(3 steps from 0 to 4 on Box([-1.0, -1.0], [2.0, 2.0]), 1 of them diverged)"
    for model, network in zip(models, plane.networks, strict=False):
        assert np.allclose(evaluate(network, [[0, 0], [1, 0], [0, 1]]), evaluate(model, corners))
    plane.film(tmp_path / "plane.gif", fps=1, workers=1, progress=False)
    assert (tmp_path / "plane.gif").stat().st_size > 1000
    labels = [
        axis.get_text() for axis in plane.measure(workers=1, progress=False).plot(Figure()).axes[0].get_legend().texts
    ]
    assert labels == ["after layer 0", "after layer 2"]  # layer 1 mixes points, and cuts nothing
    assert Recording([0], (None,)).slice(*corners).networks == (None,)
    with pytest.raises(DomainError, match="line"):
        recording.slice([0] * 4, [1] * 4, [2] * 4)
