"""One run of an experiment, at tiny settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from polytope_lens import Lens
from polytope_lens.errors import OptionError
from polytope_lens.experiments import pixel_coordinates
from polytope_lens.experiments.run import RunSetting, learn, record
from polytope_lens.experiments.toy.models import mlp
from polytope_lens.network.network import evaluate
from refusals import NO_COUNTS, NO_NUMBERS, NO_TEXTS, refuses

pytest.importorskip("torch")


def test_a_run_is_measured_by_a_second_road():
    run = learn(
        RunSetting(shape="5x2", n_points=60, n_validation=20, steps=7, frames=2, target_size=16),
        workers=1,
        progress=False,
    )
    assert run.recording.steps.tolist() == [0, 4, 7]
    trained, samples = run.recording.networks[-1], run.recording.samples
    dense = evaluate(trained, pixel_coordinates(16))[:, 0]
    assert run.measures.true_error[-1] == pytest.approx(np.mean((dense - run.image.ravel()) ** 2))
    residues = evaluate(trained, samples.train_points)[:, 0] - samples.train_values
    assert run.measures.train_loss[-1] == pytest.approx(np.mean(residues**2))
    assert run.history.train_loss[-1] == pytest.approx(run.measures.train_loss[-1], rel=1e-4)  # torch, in float32
    assert run.n_regions == len(run.partition) == run.measures.counts[-1, -1]
    assert run.n_inhabited == len({tuple(bits) for bits in Lens(trained).patterns(samples.train_points)})


@pytest.mark.parametrize(
    ("steps", "frames", "pace", "recorded"),
    [(6, 2, 1, [0, 3, 6]), (3, 5, 1, [0, 1, 2, 3]), (100, 4, 2, [0, 6, 25, 56, 100]), (10, 1, 3, [0, 10])],
)
def test_steps_are_recorded_at_a_pace(steps, frames, pace, recorded):
    assert RunSetting(steps=steps, frames=frames, pace=pace).recorded_steps.tolist() == recorded
    if steps < 20:
        setting = RunSetting(
            shape="3", n_points=20, n_validation=5, target_size=8, steps=steps, frames=frames, pace=pace
        )
        assert record(setting, progress=False)[0].steps.tolist() == recorded


def test_the_same_seed_gives_the_same_run():
    setting = RunSetting(shape="4", n_points=40, n_validation=5, steps=5, frames=5, target_size=16)
    one, other = (record(setting, progress=False)[0].networks[-1] for _ in range(2))
    different = record(replace(setting, seed=1), progress=False)[0].networks[-1]
    X = pixel_coordinates(5)
    assert np.array_equal(evaluate(one, X), evaluate(other, X))
    assert not np.array_equal(evaluate(one, X), evaluate(different, X))


def test_a_setting_counts_its_parameters_and_names_its_files():
    setting = RunSetting(shape="10x2,3", categories=3, target="text:A b/c", seed=2)
    assert setting.n_parameters == sum(p.numel() for p in mlp(setting.layers).parameters())
    assert setting.layers == (2, 10, 10, 3, 3)
    assert "/" not in setting.slug and " " not in setting.slug
    assert RunSetting().slug == "ring_14x6_5000"
    slugs = {
        replace(setting, **{name: value}).slug for name, value in (("seed", 0), ("categories", 0), ("n_points", 7))
    }
    assert len(slugs) == 3


def test_options_of_another_kind_are_refused():
    for name in ("n_points", "n_validation", "steps", "batch", "seed", "frames", "target_size", "categories"):
        refuses(RunSetting, name, NO_COUNTS, f"`{name}` should be a whole number of at least")
    for name in ("learning_rate", "pace"):
        refuses(RunSetting, name, NO_NUMBERS, f"`{name}` should be a positive number")
    refuses(RunSetting, "target", NO_TEXTS, "`target` should be a text")
    refuses(RunSetting, "shape", NO_TEXTS, "the shape of a network should be a text")
    with pytest.raises(OptionError, match="`categories` should be 0, for grey levels, or at least 2"):
        RunSetting(categories=1)
    assert RunSetting(target=Path("a", "b.png")) == RunSetting(target="a/b.png")
