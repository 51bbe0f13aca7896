"""Draws the images of training.md: frames of films, ages and events of regions, a surface, classes. A minute.

Run it from the root of the repository: ``python docs/training.py``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from matplotlib.figure import Figure
from PIL import Image

from polytope_lens.engines.enumerate import partition
from polytope_lens.experiments import RING_SHAPE, mlp, ring, sample, train
from polytope_lens.experiments.pictures import creases
from polytope_lens.experiments.run import RunSetting, learn
from polytope_lens.training import Recorder, Recording, Samples, ages
from polytope_lens.training.films.tracks import plot_ages, plot_events

IMAGES = Path(__file__).parent / "images"


def main() -> None:
    """Train twice, and draw everything."""
    target = ring()
    samples = sample(target)
    model = mlp(RING_SHAPE)
    with Recorder(model, every=400, samples=samples, target=target) as recorder:
        train(model, samples)
    recording = recorder.recording()
    draw_frame(recording, 10, "film.png")
    draw_frame(own_data(), -1, "own_data.png")
    draw_events(recording)
    draw_surface(recording)
    draw_classes()


def own_data() -> Recording:
    """A loop of torch as anybody writes it, on two classes of points."""
    torch.manual_seed(0)
    points = 3 * torch.rand(300, 2)
    classes = ((points - 1.5).norm(dim=1) < 1).long()
    model = mlp((2, 16, 16, 2), seed=0)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with Recorder(model, every=20, samples=Samples(points, classes)) as recorder:
        for _ in range(400):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(points), classes).backward()
            optimizer.step()
    return recorder.recording()


def draw_frame(recording: Recording, index: int, name: str) -> None:
    """One frame of the film, as it comes out of the encoder."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "film.webp")
        recording.film(path)
        with Image.open(path) as film:
            film.seek(index % film.n_frames)
            film.convert("RGB").save(IMAGES / name, optimize=True)


def draw_events(recording: Recording) -> None:
    """Regions by age at the end, beside the events of the whole training."""
    events = recording.events()
    print(events)
    figure = Figure(figsize=(12.8, 5.0), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.1))
    last = recording.networks[-1]
    assert last is not None
    plot_ages(partition(last, recording.domain), ages(events)[-1], left.add_subplot())
    plot_events(events, right)
    figure.savefig(IMAGES / "events.png", dpi=100)


def draw_surface(recording: Recording) -> None:
    """The graph of the last network, creases by layer."""
    last = recording.networks[-1]
    assert last is not None
    figure = Figure(figsize=(8.0, 6.4), layout="constrained")
    partition(last, recording.domain).plot.surface(figure.add_subplot(projection="3d"))
    figure.savefig(IMAGES / "surface.png", dpi=100)


def draw_classes() -> None:
    """Three classes, the polytopes of the network that tells them apart, and its decision boundary."""
    run = learn(RunSetting(target="moons", categories=3, learning_rate=0.003, frames=1))
    assert run.partition is not None
    creases(run.partition, run.image).savefig(IMAGES / "classes.png", dpi=100)


if __name__ == "__main__":
    main()
