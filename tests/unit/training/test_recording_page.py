from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explored import payloads
from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.training import Recording, ages
from polytope_lens.training.recorded_domain import SQUARE
from recordings import labelled, random_network, recorded


def test_each_step_is_a_frame():
    recording = recorded(4, diverged=(1,))
    page = recording.explorer(progress=False)
    (told, _), *frames = payloads(page)
    kept = [0, 2, 3]
    assert told["steps"] == recording.steps[kept].tolist()
    old = ages(recording)
    for k, (about, frame) in zip(kept, frames, strict=True):
        assert about["python"] == f"Lens(recording.networks[{k}]).partition(recording.domain)"
        np.testing.assert_array_equal(frame["ages"], old[k])
    assert page.n_regions == tuple(about["regions"] for about, _ in frames)
    low, high = told["ranges"]["values"][0]
    assert low == min(frame["values"].min() for _, frame in frames)
    assert high == max(frame["values"].max() for _, frame in frames)


def test_categories_have_a_purity(tmp_path):
    recording = labelled(2)
    recording.explorer(tmp_path / "classes.html", "purity", progress=False)
    samples = recording.samples
    far = np.vstack([samples.train_points, [[7.0, 7.0]]])
    values = np.append(samples.train_values, samples.train_values[0])
    wider = replace(recording, samples=replace(samples, train_points=far, train_values=values))
    (_, page), *_ = payloads(wider.explorer(progress=False))
    assert len(page["data"]) == len(samples.train_points)  # what is outside is not seen


def test_what_makes_no_sense_is_refused():
    with pytest.raises(DimensionError, match="this one has none"):
        Recording([], [], SQUARE).explorer()
    with pytest.raises(DimensionError, match="this one has none"):
        Recording([3], [None], SQUARE).explorer()
    with pytest.raises(OptionError, match="differ in their weights only"):
        Recording([0, 1], [random_network(), random_network(widths=(3,))], SQUARE).explorer()
    with pytest.raises(OptionError, match=r"ends in \.html"):
        recorded(2).explorer("ring.mp4")
    with pytest.raises(OptionError, match="labels of points"):
        recorded(2).explorer(color="purity", progress=False)
