"""Recordings of random networks, and the frames of their films."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PIL import Image

from polytope_lens.experiments import pixel_coordinates, ring
from polytope_lens.network import network as net
from polytope_lens.training import Recording, Samples
from polytope_lens.training.films.film import film
from polytope_lens.training.films.layout import layout
from polytope_lens.training.recorded_domain import SQUARE

SIZE = (400, 300)


POINTS = pixel_coordinates(30)


def random_network(k=0.0, outputs=1, inputs=2, widths=(8, 7)):
    """A path of networks: near numbers, near networks."""
    first, second = np.random.default_rng(0), np.random.default_rng(1)
    sizes = [inputs, *widths, outputs]
    weights, biases = [], []
    for m, n in pairwise(sizes):
        weights.append((first.normal(size=(n, m)) + k * second.normal(size=(n, m))) / np.sqrt(m))
        biases.append(0.3 * first.normal(size=n))
    if inputs == 2:  # so that each output is the greatest somewhere
        biases[-1] = 0.5 - net.evaluate(net.from_arrays(weights, [*biases[:-1], np.zeros(outputs)]), POINTS).mean(
            axis=0
        )
    return net.from_arrays(weights, biases)


def recorded(n=3, *, diverged=(), outputs=1, **options):
    networks = [None if k in diverged else random_network(0.05 * k, outputs) for k in range(n)]
    return Recording(np.arange(n) * 10, tuple(networks), **{"domain": SQUARE, **options})


def learnt(n=3, **options):
    target = ring(30)
    samples = Samples(POINTS[::9], target.ravel()[::9], POINTS[4::50], target.ravel()[4::50])
    return recorded(n, samples=samples, target=target, **options)


def labelled(n=2):
    target = np.add.outer(np.arange(30) // 10, np.arange(30) // 10) % 3
    samples = Samples(POINTS[::9], target.ravel()[::9], POINTS[4::50], target.ravel()[4::50])
    return recorded(n, outputs=3, samples=samples, target=target)


def frames_of(tmp_path, recording, **options):
    path = tmp_path / "film.webp"
    film(recording, path, progress=False, **{"workers": 1, "size": SIZE, **options})
    with Image.open(path) as image:
        frames = []
        for k in range(image.n_frames):
            image.seek(k)
            frames.append(np.asarray(image.convert("RGB")).copy())
    return frames


def panel(frame, k, recording, names, *, curves=False, size=SIZE):
    sides = tuple((recording.domain.upper - recording.domain.lower).tolist())
    left, bottom, across, up = layout(len(names), size, sides, curves).panels[k]
    top = len(frame) - bottom - up
    return frame[top : top + up, left : left + across].astype(int)
