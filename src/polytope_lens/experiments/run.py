"""One run of an experiment: a network learns an image from some of its pixels, and is recorded as it does."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.engines.enumerate import partition
from polytope_lens.errors import OptionError
from polytope_lens.experiments.toy.images import categories
from polytope_lens.experiments.toy.models import mlp, n_parameters, shape_of
from polytope_lens.experiments.toy.pixel_samples import sample
from polytope_lens.experiments.toy.targets import named
from polytope_lens.experiments.toy.trainer import TrainingHistory, train
from polytope_lens.training.measures import Measures, measure
from polytope_lens.training.recorder import Recorder

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints
    from polytope_lens.partition.partition import Partition
    from polytope_lens.training.recording import Recording


@dataclass(frozen=True, slots=True)
class RunSetting:
    """What learns what, and how.

    Parameters
    ----------
    target : str
        An image, as `targets.named` takes it.
    shape : str
        The hidden layers, as `models.shape_of` takes them.
    n_points : int
        Training points, pixels of the image.
    n_validation : int
        Validation points, other pixels.
    steps : int
        Of Adam.
    learning_rate : float
        Of the first step; it falls to 0 along half a cosine.
    batch : int
        Training points in each step; all of them if there are fewer.
    seed : int
        Of the points, the initial weights and the batches.
    frames : int
        So many steps are recorded after step 0, or all if there are fewer.
    pace : float
        Step k of n recorded ones is at the share ``(k / n) ** pace`` of the training: 1 spaces them evenly, 2 has them
        closer together at the start, where most happens.
    target_size : int
        Pixels per side of the image.
    categories : int
        0: the grey levels are learnt, by mean squared error. Otherwise the image is turned into so many classes by
        equal steps of grey, and the network, with an output for each, learns them by cross-entropy.
    """

    target: str = "ring"
    shape: str = "14x6"
    n_points: int = 5000
    n_validation: int = 1000
    steps: int = 6000
    learning_rate: float = 0.01
    batch: int = 512
    seed: int = 0
    frames: int = 120
    pace: float = 1.0
    target_size: int = 1024
    categories: int = 0

    def __post_init__(self) -> None:
        named = isinstance(self.target, os.PathLike)
        object.__setattr__(self, "target", os.fspath(self.target) if named else self.target)
        validate.text(self.target, name="`target`")
        for name in ("n_points", "steps", "batch", "frames", "target_size"):
            validate.count(getattr(self, name), name=f"`{name}`")
        for name in ("n_validation", "categories"):
            validate.count(getattr(self, name), name=f"`{name}`", least=0)
        if self.categories == 1:
            raise OptionError("`categories` should be 0, for grey levels, or at least 2, but received 1.")
        validate.seed(self.seed)
        for name in ("learning_rate", "pace"):
            validate.number(getattr(self, name), name=f"`{name}`", positive=True)
        shape_of(self.shape)

    @property
    def layers(self) -> tuple[int, ...]:
        """Inputs, widths of the hidden layers, outputs, as `models.mlp` takes them."""
        return shape_of(self.shape, n_outputs=self.categories or 1)

    @property
    def n_parameters(self) -> int:
        """Weights and biases of the network."""
        return n_parameters(self.layers)

    @property
    def recorded_steps(self) -> Ints:
        """The steps that are recorded, in order; the first is 0 and the last that of the trained network."""
        share = np.linspace(0, 1, self.frames + 1) ** self.pace
        return np.unique(np.rint(self.steps * share).astype(np.int64))

    @property
    def slug(self) -> str:
        """What the run's files are called."""
        parts = [Path(self.target).stem, self.shape, str(self.n_points)]
        parts += [f"{self.categories}classes"] if self.categories else []
        parts += [f"seed{self.seed}"] if self.seed else []
        return "_".join(re.sub(r"[^\w.-]+", "-", part) for part in parts)


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What came of it.

    Parameters
    ----------
    setting : RunSetting
    recording : Recording
        With the samples and the image; the last network is the trained one.
    history : TrainingHistory
    measures : Measures
        Losses, true error over the whole image and numbers of regions at each recorded step.
    partition : Partition or None
        Every region of the trained network in [-1, 1]^2; None if its weights are not finite.
    n_inhabited : int
        How many of these regions hold a training point.
    """

    setting: RunSetting
    recording: Recording
    history: TrainingHistory
    measures: Measures = field(repr=False)
    partition: Partition | None
    n_inhabited: int

    @property
    def image(self) -> Floats | Ints:
        """What was to be learnt: grey levels or categories."""
        assert self.recording.target is not None
        return self.recording.target

    @property
    def n_regions(self) -> int:
        """Regions of the trained network; 0 if its weights are not finite."""
        return 0 if self.partition is None else len(self.partition)


def record(setting: RunSetting, *, progress: bool = True) -> tuple[Recording, TrainingHistory]:
    """Train a network and record it.

    Raises
    ------
    OptionError, FileFormatError
        A target that is no image, more points than pixels.
    MissingExtraError
        torch is not installed.
    """
    grey = named(setting.target, setting.target_size)
    image = categories(grey, setting.categories) if setting.categories else grey
    samples = sample(image, setting.n_points, setting.n_validation, setting.seed)
    model = mlp(setting.layers, seed=setting.seed)
    recorder, recorded = Recorder(model, samples=samples, target=image), set(setting.recorded_steps.tolist())
    history = train(
        model,
        samples,
        steps=setting.steps,
        learning_rate=setting.learning_rate,
        batch_size=setting.batch,
        seed=setting.seed,
        on_step=lambda step: recorder(step) if step in recorded else None,
        progress=progress,
    )
    return recorder.recording(), history


def learn(setting: RunSetting, *, workers: int = 2, progress: bool = True) -> Run:
    """Train a network, record it, and measure every step recorded, in so many processes; raises what `record` does.

    Examples
    --------
    >>> setting = RunSetting(shape="4", n_points=50, n_validation=10, steps=20, frames=2, target_size=16)
    >>> run = learn(setting, progress=False)
    >>> run.recording.steps
    array([ 0, 10, 20])
    """
    recording, history = record(setting, progress=progress)
    measures = measure(recording, workers=workers, progress=progress)
    trained, samples = recording.networks[-1], recording.samples
    if trained is None or samples is None:
        return Run(setting, recording, history, measures, None, 0)
    found = partition(trained, recording.domain, progress=False)
    inhabited = len(np.unique(found.locate(samples.train_points)))
    return Run(setting, recording, history, measures, found, inhabited)
