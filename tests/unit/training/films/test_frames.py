"""What a frame says beside its panels: diverged steps, curves."""

from __future__ import annotations

import pytest

from polytope_lens.training.films.film import PANELS
from polytope_lens.training.films.layout import layout
from recordings import frames_of, learnt, panel, recorded


@pytest.mark.parametrize("names", [PANELS[:4], PANELS[4:]])
def test_a_diverged_step_is_told_and_the_film_goes_on(tmp_path, names):
    recording = learnt(4, diverged=[1])
    frames = frames_of(tmp_path, recording, panels=names, size=(900, 480))
    assert len(frames) == 4
    for k, name in enumerate(names):
        shown = panel(frames[1], k, recording, names, curves=True, size=(900, 480))
        if name == "target":
            assert (shown == panel(frames[0], k, recording, names, curves=True, size=(900, 480))).all()
        else:
            assert (shown[:20] == 229).all()
            assert shown.min() < 100  # the words
            assert (panel(frames[2], k, recording, names, curves=True, size=(900, 480)) != shown).any()


def test_a_recording_of_nothing_but_diverged_steps(tmp_path):
    frames = frames_of(tmp_path, recorded(2, diverged=[0, 1]), panels=["partition"])
    assert len(frames) == 2


def test_curves_stop_at_the_step(tmp_path):
    recording = learnt(3)
    frames = frames_of(tmp_path, recording, size=(1280, 480))
    left = layout(3, (1280, 480), (2.0, 2.0), True).curves[0][0]
    ink = [(frame[:, left + 2 :] < 250).any(axis=2) for frame in frames]
    assert [mask.sum() for mask in ink] == sorted(mask.sum() for mask in ink)
    assert ink[0].sum() < ink[1].sum() < ink[2].sum()
