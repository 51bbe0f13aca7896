"""Hanin and Rolnick 2019: "Deep ReLU networks have surprisingly few activation patterns", and the paper before it.

arXiv 1906.00904 counts regions in the plane through the origin and two training images, exactly, at initialisation and
through training; "Complexity of linear regions in deep networks", arXiv 1901.09021, those met by a line, and how far a
point is from the nearest boundary. The short version takes a minute on one core, `--full` ten: ten runs each of five
planes, as in the paper (five runs of each training), and networks of up to 384 neurons.

From the paper: He's normal weights, biases of variance 1e-6, Adam at a rate of 1e-3 with batches of 128, five planes
for each run, theorem 5's scale N^d / d!, and 4608 for three layers of 32. Not known to us, so chosen here: how long
they train (3000 steps), how pixels are scaled (0 to 1), how many images are memorised (500), all plotted values; MNIST
is replaced by scikit-learn's digits. The settings of 1901.09021 are taken to be the same.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np

from digits import accuracy, digits, perceptron, train
from polytope_lens import Box
from report import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION, arguments, draw, keep, show

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from polytope_lens import Lens

    Floats = NDArray[np.float64]

BIAS = 1e-3  # a standard deviation
DEPTHS = (1, 2, 3, 4, 6)
BIASES = (0.0, 1e-3, 1e-2, 1e-1, 1.0)
WIDTHS = (64, 32, 32, 32, 10)
STOPS = (0, 10, 20, 40, 80, 150, 300, 600, 1000, 2000, 3000)
N_MEMORISED = 500
UNIT = Box([0, 0], [1, 1])


def shape(neurons: int, depth: int) -> tuple[int, ...]:
    """Widths of a network for the digits, with so many neurons in layers of one width."""
    assert neurons % depth == 0
    return (64, *[neurons // depth] * depth, 10)


def planes(n: int, run: int) -> Iterator[tuple[Floats, Floats, Floats]]:
    """The origin and two training images, n times."""
    X, rng = digits().X, np.random.default_rng(run)
    for _ in range(n):
        i, j = rng.choice(len(X), 2, replace=False)
        yield np.zeros(64), X[i], X[j]


def met(lens: Lens, run: int, n: int, *, lines: bool = True) -> dict[str, float]:
    """Mean numbers of regions met by n planes, by the parts of them between the images, and by lines through images."""
    found = []
    for origin, x, y in planes(n, run):
        plane = lens.slice(origin, x, y)
        numbers = {"plane": int(plane.count()), "window": int(plane.count(UNIT))}
        if lines:
            line = lens.slice(x, y)
            numbers |= {"line": int(line.count()), "segment": int(line.count(Box([0], [1])))}
        found.append(numbers)
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


def initial_rows(sizes: Sequence[int], n_runs: int) -> list[dict[str, Any]]:
    """Regions at initialisation by depth and number of neurons."""
    rows = []
    for neurons, depth, run in product(sizes, DEPTHS, range(n_runs)):
        lens = _untrained(shape(neurons, depth), run, BIAS)
        rows.append({"neurons": neurons, "depth": depth, "run": run, **met(lens, run, 5)})
    return rows


def bias_rows(n_runs: int) -> list[dict[str, Any]]:
    """The same for three layers of 32, by the scale of biases; those of one run are multiples of each other."""
    return [
        {"bias": bias, "run": run, **met(_untrained(WIDTHS, run, bias), run, 5)}
        for bias, run in product(BIASES, range(n_runs))
    ]


def training_rows(n_runs: int) -> list[dict[str, Any]]:
    """Regions in five planes through training: by learning rate, and by the share of labels that are random."""
    settings = [("all", rate, 0.0) for rate in (1e-4, 1e-3, 1e-2)]
    settings += [("memorised", 1e-3, share) for share in (0.0, 0.5, 1.0)]
    rows = []
    for (images, rate, random), run in product(settings, range(n_runs)):
        data = digits() if images == "all" else digits().first(N_MEMORISED).relabelled(random, run)
        model = perceptron(WIDTHS, run, bias=BIAS)
        for step, lens in train(model, data, STOPS, rate=rate, batch=128, seed=run):
            rows.append({
                "images": images, "rate": rate, "random": random, "run": run, "step": step,
                **met(lens, run, 5, lines=False),
                "train": accuracy(lens, data.X, data.y), "test": accuracy(lens, data.X_test, data.y_test),
            })  # fmt: skip
    return rows


def distance_rows(sizes: Sequence[int], n_runs: int, n_points: int) -> list[dict[str, Any]]:
    """Mean distance from test images to the nearest boundary, at initialisation."""
    rows = []
    for neurons, depth, run in product(sizes, (1, 3), range(n_runs)):
        lens = _untrained(shape(neurons, depth), run, BIAS)
        distances = [region.nearest_boundary().distance for region in lens.at(digits().X_test[:n_points])]
        rows.append({
            "neurons": neurons, "depth": depth, "run": run, "distance": float(np.mean(distances)),
            "times_neurons": float(np.mean(distances) * neurons), "points": n_points,
        })  # fmt: skip
    return rows


def _untrained(widths: Sequence[int], seed: int, bias: float) -> Lens:
    """A network at initialisation, with normal biases of this standard deviation."""
    ((_, lens),) = train(perceptron(widths, seed, bias=bias), digits(), [0])
    return lens


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Of the least-squares line through logarithms."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def figure(initial: pd.DataFrame, bias: pd.DataFrame, training: pd.DataFrame, distance: pd.DataFrame) -> plt.Figure:
    """Four panels: depth, scale of biases, training, and distances."""
    drawn, axes = plt.subplots(2, 2, figsize=(11, 8))
    (by_depth, by_bias), (through, near) = axes
    for neurons, color in zip(sorted(initial.neurons.unique()), (SKY, BLUE, PURPLE, GREY), strict=False):
        mean = initial[initial.neurons == neurons].groupby("depth").mean()
        by_depth.plot(mean.index, mean.plane / (neurons**2 / 2), "o-", color=color, label=f"plane, {neurons} neurons")
        by_depth.plot(mean.index, mean.line / neurons, "s:", color=color, label=f"line, {neurons} neurons")
    by_depth.axhline(1, color=GREY, linewidth=0.8)
    by_depth.set(xlabel="hidden layers", ylabel="regions / (N^d / d!)", title="At initialisation", ylim=0)
    by_depth.legend(frameon=False, fontsize=8)
    mean = bias.groupby("bias").mean()
    places = np.arange(len(mean))
    by_bias.semilogy(places, mean.plane, "o-", color=BLUE, label="the whole plane")
    by_bias.semilogy(places, mean.window, "s-", color=VERMILLION, label="the parallelogram of the images")
    by_bias.axhline(96**2 / 2, color=GREY, linewidth=0.8)
    by_bias.text(0.1, 96**2 / 2 * 1.06, "96$^2$ / 2", color=GREY)
    by_bias.set_xticks(places, [f"{value:g}" for value in mean.index])
    by_bias.set(xlabel="standard deviation of biases", ylabel="regions", title="Three layers of 32: scale of biases")
    by_bias.legend(frameon=False)
    lines = [
        ("all", 1e-4, 0.0, SKY, "-", "rate 1e-4"), ("all", 1e-3, 0.0, BLUE, "-", "rate 1e-3"),
        ("all", 1e-2, 0.0, PURPLE, "-", "rate 1e-2"), ("memorised", 1e-3, 0.0, GREEN, "--", "500 images, true labels"),
        ("memorised", 1e-3, 0.5, ORANGE, "--", "half of them random"),
        ("memorised", 1e-3, 1.0, VERMILLION, "--", "all of them random"),
    ]  # fmt: skip
    for images, rate, random, color, style, label in lines:
        some = training[(training.images == images) & (training.rate == rate) & (training.random == random)]
        mean = some.groupby("step").plane.mean()
        through.plot(np.maximum(mean.index, 5), mean, style, color=color, label=label)
    through.axhline(96**2 / 2, color=GREY, linewidth=0.8)
    through.set_xscale("log")
    through.set(xlabel="step (5 stands for 0)", ylabel="regions of the plane", title="Through training", ylim=0)
    through.legend(frameon=False, fontsize=8)
    for depth, color in ((1, BLUE), (3, VERMILLION)):
        some = distance[distance.depth == depth]
        mean = some.groupby("neurons").distance.mean()
        near.loglog(mean.index, mean, "o-", color=color, label=f"hidden layers: {depth}")
        near.loglog(mean.index, some.times_neurons.mean() / mean.index, ":", color=color)
    near.set(xlabel="neurons", ylabel="mean distance", title="From images to the nearest boundary (dotted: c / N)")
    near.set_xticks(mean.index, [str(n) for n in mean.index])
    near.minorticks_off()
    near.legend(frameon=False)
    for one in axes.flat:
        one.spines[["top", "right"]].set_visible(False)
    drawn.tight_layout()
    return drawn


def main() -> None:
    """Rows, tables and the figure."""
    asked = arguments(__doc__)
    full = asked.full
    n_runs, sizes = (10, (48, 96, 192)) if full else (2, (48, 96))
    initial = keep("hanin_initial", ["neurons", "depth", "run"], initial_rows(sizes, n_runs), asked.pages)
    mean = initial.groupby(["neurons", "depth"], as_index=False).mean().drop(columns="run")
    mean["of_scale"] = mean.plane / (mean.neurons**2 / 2)
    show("At initialisation (5 planes a run)", mean)
    bias = keep("hanin_bias", ["bias", "run"], bias_rows(n_runs), asked.pages)
    show("Three layers of 32, by scale of biases", bias.groupby("bias", as_index=False).mean().drop(columns="run"))
    keys = ["images", "rate", "random", "run", "step"]
    training = keep("hanin_training", keys, training_rows(min(n_runs, 5)), asked.pages)
    mean = training.groupby(["images", "rate", "random", "step"]).mean().drop(columns="run")
    show("Through training (paper: 4608 is the scale)", mean.reset_index())
    sizes = (24, 48, 96, 192, 384) if full else (24, 48, 96, 192)
    found = distance_rows(sizes, n_runs, 50 if full else 20)
    distance = keep("hanin_distance", ["neurons", "depth", "run"], found, asked.pages, sample="points")
    mean = distance.groupby(["depth", "neurons"], as_index=False).mean().drop(columns=["run", "points"])
    show("Distance from images to the nearest boundary", mean)
    for depth, some in mean.groupby("depth"):
        print(f"depth {depth}: the distance falls like N to the power {slope(some.neurons, some.distance):.2f}")
    draw("hanin_rolnick", figure(initial, bias, training, distance), asked.pages)


if __name__ == "__main__":
    main()
