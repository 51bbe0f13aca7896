"""Seconds for a film of a network's training: 600 frames of six layers of 14 neurons at 1280 x 480, as MP4.

    python benchmarks/film.py [--frames 600] [--workers 2] [--kind .mp4]

Trains the network on the ring, then writes the film with its three panels and the curves, enumeration and encoding
included. Processor seconds are those of all processes; "enumeration" is the share of them for finding the regions,
each step twice.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def main() -> None:
    from polytope_lens.engines.enumerate import partition
    from polytope_lens.experiments import RING_SHAPE, mlp, ring, sample, train
    from polytope_lens.training import Recorder
    from polytope_lens.training.films.film import film

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kind", choices=(".mp4", ".gif", ".webp"), default=".mp4")
    options = parser.parse_args()

    every = 10
    target = ring()
    samples = sample(target)
    model = mlp(RING_SHAPE)
    recorder = Recorder(model, every=every, samples=samples, target=target)
    train(model, samples, steps=every * (options.frames - 1), on_step=recorder, progress=False)
    recording = recorder.recording()
    assert len(recording) == options.frames

    partition(recording.networks[0], recording.domain, progress=False)  # compiled code is loaded
    started = time.process_time()
    n_regions = sum(len(partition(network, recording.domain, progress=False)) for _, network in recording)
    enumeration = 2 * (time.process_time() - started)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"ring{options.kind}"
        started, before = time.perf_counter(), sum(os.times()[:4])
        film(recording, path, workers=options.workers, fps=30, progress=False)
        seconds, spent = time.perf_counter() - started, sum(os.times()[:4]) - before
        megabytes = path.stat().st_size / 1e6
    print(f"{options.frames} frames, {n_regions / options.frames:.0f} regions each, {options.kind}, {megabytes:.1f} MB")
    print(f"{seconds:.1f} s with {options.workers} workers, {options.frames / seconds:.1f} frames per second")
    print(f"{spent:.1f} processor seconds, {1000 * spent / options.frames:.0f} ms for each frame")
    print(f"enumeration {100 * enumeration / spent:.0f} %")


if __name__ == "__main__":
    main()
