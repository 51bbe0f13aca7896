"""Local complexity: Humayun et al. 2023 and 2024; and polytopes between classes: Black et al. 2022.

"Deep networks always grok and here is why", arXiv 2402.15555: through training, how many neurons have a boundary near a
point, estimated by the corners of a cross-polytope; beside it here the exact number of neurons whose boundary meets the
hull of these corners, and the ball around them. "Interpreting neural networks through the polytope lens", arXiv
2211.12312: whether boundaries lie between classes rather than within. The short version takes a minute on one core,
`--full` five.

From the code of the former: squared error on one-hot labels, AdamW at a rate of 1e-3 with a decay of 0.01, batches of
200, 50 random directions, 1000 images to learn from. Not so here: digits for MNIST, three layers of 32 (theirs: of
200), 4000 steps (20000 with `--full`; theirs: 10^6), and a radius of 0.1, in one table 0.05 to 0.8, on images whose
pixels are between 0 and 1 (theirs: 0.005 to 5, on pixels scaled otherwise). Unknown: how weights are scaled at first to
make the descent, ascent and descent show; factors of 1 and 4 here. Black et al. give no numbers for networks that can
be had here: only their claim is tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
import torch

from digits import Split, accuracy, digits, perceptron, train
from report import BLUE, GREEN, GREY, ORANGE, VERMILLION, arguments, draw, keep, show

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from polytope_lens import Lens

    Floats = NDArray[np.float64]

WIDTHS = (64, 32, 32, 32, 10)
N_DIRECTIONS = 50
N_LEARNT = 1000
# Sets of regions that are looked at for one neuron.
BUDGET = 50
RADIUS = 0.1
HULL_RADII = (0.05, 0.1, 0.2, 0.4, 0.8)
STOPS = (0, 100, 1000, 4000)
MORE_STOPS = (0, 20, 100, 400, 1000, 4000, 10000, 20000)
SCALES = (1.0, 4.0)
PLACES = ("train", "test", "random")
COLORS = dict(zip(PLACES, (BLUE, GREEN, VERMILLION), strict=True))


def on_hull(lens: Lens, x: Floats, radius: float, seed: int) -> tuple[int, int, int]:
    """The published estimate, the exact number of neurons that cut the corners' hull, and how many are left open."""
    estimate = lens.local_complexity(x, radius, estimate=True, n_directions=N_DIRECTIONS, seed=seed)
    basis = estimate.corners[:N_DIRECTIONS] - x
    # On the flat of these directions the hull is the unit ball of norm 1.
    hull = lens.slice(origin=x, basis=basis).cutting_neurons(np.zeros(len(basis)), 1.0, norm=1, max_regions=BUDGET)
    return int(estimate.neurons.sum()), hull.n_cutting, int(hull.n_open.sum())


def of_point(lens: Lens, x: Floats, radius: float, seed: int) -> dict[str, int]:
    """The same, and the exact number in the ball of norm 2 around the corners."""
    estimate, hull, still_open = on_hull(lens, x, radius, seed)
    ball = lens.cutting_neurons(x, radius, max_regions=BUDGET)
    return {
        "estimate": estimate, "hull": hull, "hull_open": still_open,
        "ball": ball.n_cutting, "ball_open": int(ball.n_open.sum()),
    }  # fmt: skip


def points_of(data: Split, n: int) -> dict[str, Floats]:
    """Training images, test images, and points drawn from the cube of images."""
    random = np.random.default_rng(0).random((n, 64))
    return {"train": data.X[:n], "test": data.X_test[:n], "random": random}


def network(scale: float, seed: int) -> torch.nn.Sequential:
    """A network whose weights and biases are PyTorch's times a factor."""
    model = perceptron(WIDTHS, seed, init="default")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= scale
    return model


def training_rows(stops: tuple[int, ...], n_points: int) -> list[dict[str, Any]]:
    """Means over points of each kind, through training."""
    data, rows = digits().first(N_LEARNT), []
    for scale in SCALES:
        for step, lens in train(network(scale, 0), data, stops, batch=200, decay=0.01, loss="squares"):
            told = {"train": accuracy(lens, data.X, data.y), "test": accuracy(lens, data.X_test, data.y_test)}
            for place, X in points_of(data, n_points).items():
                each = [of_point(lens, x, RADIUS, i) for i, x in enumerate(X)]
                means = {name: float(np.mean([one[name] for one in each])) for name in each[0]}
                rows.append({
                    "points": n_points, "scale": scale, "place": place, "step": step, **means,
                    "accuracy_train": told["train"], "accuracy_test": told["test"],
                })  # fmt: skip
    return rows


def hull_rows(n_points: int) -> list[dict[str, Any]]:
    """The estimate and the exact number on the corners' hull as it grows, for test images of a trained network."""
    rows = []
    ((_, lens),) = train(network(1.0, 0), digits().first(N_LEARNT), [1000], batch=200, decay=0.01, loss="squares")
    for radius in HULL_RADII:
        each = [on_hull(lens, x, radius, i) for i, x in enumerate(digits().X_test[:n_points])]
        estimate, hull, still_open = (np.array(column) for column in zip(*each, strict=True))
        rows.append({
            "points": n_points, "radius": radius, "estimate": estimate.mean(), "hull": hull.mean(),
            "hull_open": still_open.mean(), "points_that_differ": int((hull > estimate).sum()),
        })  # fmt: skip
    return rows


def crossing_rows(stops: tuple[int, ...], n_pairs: int) -> list[dict[str, Any]]:
    """Boundaries on the ways between images of one digit and of two, through training with cross-entropy."""
    data, rng = digits(), np.random.default_rng(0)
    X, y = data.X_test, data.y_test
    first = rng.choice(len(X), n_pairs)
    ends = {
        "within": np.array([rng.choice(np.flatnonzero((y == y[i]) & (np.arange(len(y)) != i))) for i in first]),
        "between": np.array([rng.choice(np.flatnonzero(y != y[i])) for i in first]),
    }
    rows = []
    for step, lens in train(perceptron(WIDTHS, 0, init="default"), data, stops):
        for kind, last in ends.items():
            found = lens.crossings(X[first], X[last])
            length = np.linalg.norm(X[last] - X[first], axis=1)
            shares = sum(around_the_change(lens, X[i], X[j]) for i, j in zip(first, last, strict=True))
            changed, elsewhere = shares
            rows.append({
                "pairs": n_pairs, "kind": kind, "step": step, "crossings": found.crossings.mean(),
                "hamming": found.hamming.sum(axis=1).mean(), "per_length": found.crossings.sum() / length.sum(),
                "monotone": found.is_monotone.mean(), "accuracy": accuracy(lens, X, y),
                "near_a_change": changed[0] / changed[1] if changed[1] else np.nan,
                "elsewhere": elsewhere[0] / elsewhere[1],
            })  # fmt: skip
    return rows


def around_the_change(lens: Lens, x: Floats, y: Floats) -> Floats:
    """Boundaries and length in the tenths of a way in which the answer changes, and in the others; (2, 2).

    Between two boundaries the network is affine, where each answer has an interval: it changes iff the ends differ.
    """
    path = lens.path(x, y)
    at = np.unique(np.concatenate([path.breakpoints, np.linspace(0, 1, 11)]))
    answers = lens(path.embed(at)).argmax(axis=1)
    tenth = np.minimum((10 * (at[1:] + at[:-1]) / 2).astype(int), 9)
    changes = np.bincount(tenth[answers[1:] != answers[:-1]], minlength=10) > 0
    boundaries = np.histogram(path.breakpoints, np.linspace(0, 1, 11))[0]
    return np.array([[boundaries[some].sum(), some.sum() * path.length / 10] for some in (changes, ~changes)])


def figure(training: pd.DataFrame, crossing: pd.DataFrame) -> plt.Figure:
    """Estimates and exact numbers through training, a panel for each scale; and crossings."""
    drawn, axes = plt.subplots(1, len(SCALES) + 1, figsize=(5 * (len(SCALES) + 1), 4.4))
    for axis, scale in zip(axes, SCALES, strict=False):
        for place, color in COLORS.items():
            some = training[(training.scale == scale) & (training.place == place)]
            x = np.maximum(some.step, 10)
            axis.fill_between(x, some.ball, some.ball + some.ball_open, color=color, alpha=0.15, linewidth=0)
            axis.plot(x, some.ball, "o-", color=color, label=f"{place} points")
            axis.plot(x, some.hull, "--", color=color)
            axis.plot(x, some.estimate, "x", color=color)
        for style, label in (("o-", "exact, in the ball"), ("--", "exact, in the corners' hull"), ("x", "estimate")):
            axis.plot([], [], style, color=GREY, label=label)
        axis.set(xscale="log", xlabel="step (10 stands for 0)", title=f"Radius {RADIUS}, weights times {scale:g}")
        axis.set_ylim(0, 1.35 * training.ball.max())
        axis.legend(frameon=False, fontsize=8, ncols=2, loc="upper left")
    axes[0].set_ylabel("neurons whose boundary is met")
    last = axes[-1]
    lines = [
        ("between", "per_length", VERMILLION, "o-", "between classes"),
        ("within", "per_length", BLUE, "o-", "within a class"),
        ("between", "near_a_change", ORANGE, "s:", "between, where the answer changes"),
        ("between", "elsewhere", GREY, "s:", "between, elsewhere"),
    ]
    for kind, column, color, style, label in lines:
        some = crossing[crossing.kind == kind]
        last.plot(np.maximum(some.step, 10), some[column], style, color=color, label=label)
    last.set(xscale="log", ylim=(0, 8), xlabel="step (10 stands for 0)", ylabel="boundaries for a unit of length")
    last.set_title("On the way from image to image")
    last.legend(frameon=False, fontsize=8)
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
    drawn.tight_layout()
    return drawn


def main() -> None:
    """Rows, tables and the figure."""
    asked = arguments(__doc__)
    full = asked.full
    stops, n_points = (MORE_STOPS, 8) if full else (STOPS, 3)
    keys = ["points", "scale", "place", "step"]
    training = keep("local_complexity", keys, training_rows(stops, n_points), asked.pages)
    training = training[training.points == training.points.max()]
    show("Neurons whose boundary is met, means over points", training.drop(columns="points"))
    keys, rows = ["pairs", "kind", "step"], crossing_rows(MORE_STOPS, 200 if full else 30)
    crossing = keep("local_complexity_crossings", keys, rows, asked.pages)
    crossing = crossing[crossing.pairs == crossing.pairs.max()]
    show("Boundaries between images", crossing)
    hulls = keep("local_complexity_hulls", ["points", "radius"], hull_rows(8 if full else 3), asked.pages)
    show("Test images of a trained network, by radius, means", hulls)
    draw("local_complexity", figure(training, crossing), asked.pages)


if __name__ == "__main__":
    main()
