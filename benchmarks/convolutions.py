"""Paths and slices through a convolutional network: seconds, milliseconds for each region, and peak memory.

    python benchmarks/convolutions.py [--depth 10] [--channels 16] [--size 32] [--steps 60] [--only trained] [--fast]

Ten convolutions of 3 x 3 on 3 x 32 x 32 images, each of 16 channels behind a ReLU, then a mean over the image and two
outputs: 163,840 neurons. The network is measured as it is born, and after some steps of training to tell discs from
squares, drawn at random sizes and colours with noise. Both ways are measured: seconds on the clock, and those that the
processor spent, which on a busy machine are fewer. `--fast` leaves out the way from image to image.

The peak is that of the process up to there, with torch and the module, which are about 0.5 GB.
"""

from __future__ import annotations

import argparse
import resource
import time
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch
from torch import nn

from polytope_lens import Box, Lens

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--depth", type=int, default=10)
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--steps", type=int, default=60, help="of training")
    parser.add_argument("--only", choices=("random", "trained"), help="one of the two networks")
    parser.add_argument("--fast", action="store_true", help="without the way from image to image")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    size = arguments.size
    warm_up()
    for kind, steps in (("random", 0), ("trained", arguments.steps)):
        if arguments.only not in (None, kind):
            continue
        module = network(arguments.depth, arguments.channels)
        train(module, steps, size)
        print(f"\n{kind}, {steps} steps")
        print(f"{'':<28}{'regions':>9}{'seconds':>9}{'cpu s':>9}{'ms/region':>11}{'peak MB':>9}")
        measure(module, size, with_images=not arguments.fast)


def warm_up() -> None:
    """Load the compiled code, on a network of a few pixels."""
    lens = Lens(network(2, 16), input_shape=(3, 12, 12))
    X = np.random.default_rng(0).standard_normal((4, 432))
    lens.path(X[0], X[1])
    for k in (2, 3):
        lens.slice(origin=X[0], basis=X[1 : k + 1]).partition(Box([0] * k, [1e-3] * k))


def measure(module: nn.Module, size: int, *, with_images: bool) -> None:
    lens = timed("lowering", lambda: Lens(module, input_shape=(3, size, size)))
    x, y = images(2, size)[0].numpy().reshape(2, -1).astype(float)
    u, v, w = np.random.default_rng(0).standard_normal((3, len(x)))
    timed("at", lambda: [lens.at(x)])
    for step in (1e-2, 1e-1):
        timed(f"path, {step:g}", lambda step=step: lens.path(x, x + step * u))
    if with_images:
        timed("path from image to image", lambda: lens.path(x, y))
    plane, space = lens.slice(origin=x, basis=[u, v]), lens.slice(origin=x, basis=[u, v, w])
    for width in (1e-3, 3e-3):
        timed(f"slice, {width:g}", lambda width=width: plane.partition(Box([0, 0], [width] * 2)))
    timed("slice of three dimensions", lambda: space.partition(Box([0, 0, 0], [4e-4] * 3)))
    # Last, since they need more memory, which the peak would tell of what follows.
    timed("inequalities", lambda: [lens.at(x).inequalities(facets=False)])
    timed("nearest boundary", lambda: [lens.at(x).nearest_boundary()])


def timed(what: str, run: Callable[[], T]) -> T:
    clock, processor = time.perf_counter(), time.process_time()
    result = run()
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    n = 0 if isinstance(result, Lens) else len(result)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    share = f"{processor / n * 1e3:>11.2f}" if n else f"{'':>11}"
    print(f"{what:<28}{n or '':>9}{clock:>9.1f}{processor:>9.1f}{share}{peak:>9}", flush=True)
    return result


def network(depth: int, channels: int) -> nn.Module:
    layers: list[nn.Module] = []
    for index in range(depth):
        layers += [nn.Conv2d(channels if index else 3, channels, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 2))


def train(module: nn.Module, steps: int, size: int) -> None:
    optimizer = torch.optim.Adam(module.parameters(), 1e-3)
    for _ in range(steps):
        X, kind = images(32, size)
        loss = nn.functional.cross_entropy(module(X), kind)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    module.eval()


def images(n: int, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Discs (0) and squares (1) of random size and colour on noise."""
    kind = torch.randint(0, 2, (n,))
    axis = torch.linspace(-1, 1, size)
    down, across = torch.meshgrid(axis, axis, indexing="ij")
    reach = torch.rand(n, 1, 1) * 0.5 + 0.3
    disc, square = down**2 + across**2 < reach**2, torch.maximum(down.abs(), across.abs()) < reach
    shape = torch.where(kind[:, None, None] == 0, disc, square).float()
    return shape[:, None] * torch.rand(n, 3, 1, 1) + 0.1 * torch.randn(n, 3, size, size), kind


if __name__ == "__main__":
    main()
