"""The demonstration: train a network on a ring and look at its true polytopes.

The setting is that of the blog posts *Some experiments to help me understand Neural Nets better* (2024 to 2025): six
layers of 14 neurons learn a black ring on white ground, 1024 x 1024 pixels, from 5000 of them.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.experiments.toy.models import RING_SHAPE, mlp
from polytope_lens.experiments.toy.pixel_samples import sample
from polytope_lens.experiments.toy.targets import ring
from polytope_lens.experiments.toy.trainer import train
from polytope_lens.importers.npz import save_npz
from polytope_lens.lens import Lens
from polytope_lens.training.films.film import film
from polytope_lens.training.recorded_domain import SQUARE
from polytope_lens.training.recorder import Recorder

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

FRAMES = 80


def run(
    folder: str | os.PathLike[str],
    *,
    steps: int = 6000,
    seed: int = 0,
    workers: int = 2,
    live: bool = False,
    progress: bool = True,
) -> list[Path]:
    """Train, enumerate, draw; returns the files written: picture, vector picture, film, network.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    steps : int
        Updates of the optimiser, at least one.
    seed : int
        Of the sampled pixels, the initial weights and the batches.
    workers : int
        Processes that draw the film's frames.
    live : bool
        Show the polytopes in a page while it trains; its address is written to standard error.
    progress : bool
        Whether to draw progress bars.

    Notes
    -----
    Needs torch. About half a minute on two cores. Prints what it does and how long each step took.
    """
    validate.count(steps, name="`steps`")
    validate.workers(workers)
    validate.seed(seed)
    validate.flag(live, name="`live`")
    validate.flag(progress, name="`progress`")
    from polytope_lens.render import matplotlib as render

    folder = validate.path(folder, name="the folder")
    folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    print(
        f"A network of {len(RING_SHAPE) - 2} layers of {RING_SHAPE[1]} neurons learns a ring from 5000 of its pixels."
    )
    with _timed(f"trained for {steps} steps"):
        target = ring()
        samples = sample(target, seed=seed)
        model = mlp(RING_SHAPE, seed=seed)
        every = max(1, steps // FRAMES)
        with Recorder(model, every, samples=samples, target=target, live=live) as recorder:
            history = train(model, samples, steps=steps, seed=seed, progress=progress)
    losses = f"{history.train_loss[-1]:.4f} on training points, {history.validation_loss[-1]:.4f} on validation points"
    print(f"  mean squared error {losses}")

    lens = Lens(model)
    point = samples.train_points[0]
    with _timed("found the polytope of a training point"):
        inequalities = lens.at(point).inequalities()
    print(
        f"\nThe training point {np.round(point, 4).tolist()} lies on a polytope with {len(inequalities)} inequalities"
    )
    print(f"A @ x <= b, of which these {len(inequalities.facets())} are facets:")
    print(inequalities)

    print()
    with _timed("found every polytope in the square"):
        found = lens.partition(SQUARE, progress=None if progress else False)
    for layer, count in enumerate(found.counts_per_layer):
        print(f"  after layer {layer}: {count:6d} regions")
    decisions = found.certificate
    print(
        f"  {decisions.total} decisions proved: {decisions.float64} in float64, {decisions.double_double} in "
        f"double-double, {decisions.rational} in rational arithmetic"
    )

    paths = [folder / name for name in ("ring.png", "ring.svg", "ring.gif", "ring.npz")]
    print()
    with _timed("drew the picture"):
        figure = render.three_panels(found, target, samples.train_points, samples.validation_points)
        render.save_figure(figure, paths[0], 200)
    with _timed("drew the vector picture"):
        render.save_figure(figure, paths[1], 200)

    with _timed(f"drew a film of {len(recorder.steps)} frames"):
        film(recorder.recording(), paths[2], fps=10.0, workers=workers, progress=progress)
    save_npz(lens.network, paths[3], SQUARE)

    print(f"\nDone in {time.perf_counter() - started:.1f} s. Look at")
    for path, what in zip(paths, ("value and polytopes", "the same as vectors", "the training as a film",
                                  "the network: polytope-lens count " + str(paths[3])), strict=True):  # fmt: skip
        print(f"  {path}   ({what})")
    return paths


@contextmanager
def _timed(what: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    print(f"[{time.perf_counter() - started:6.2f} s] {what}", flush=True)
