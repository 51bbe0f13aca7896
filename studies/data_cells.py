"""Whether regions with data have more neighbours, and whether that emerges in training or is a matter of size.

Gaines and Bi 2026 (arXiv 2606.07728) find that polyhedra that hold data have more neighbours than others. Reviewers
asked whether training makes them so, or whether regions that are hit by points are simply large ones. Here networks
are trained by the paper's recipe (SGD, learning rate 0.01, batches of 64) on its kind of data, three Gaussian blobs, in
the two variants that paper and repository give:

- *paper*: 10 epochs, standard deviation 1, centres in a cube of side 10.
- *repository*: 20 epochs, standard deviation 0.5, centres in a cube of side 20.
- *long*: the repository's data for 400 epochs; ours, to see what more training does.

Each is measured before and after, in all of R^d: the mean number of neighbours of all regions, of those that hold
training data, of those that hold as many points of *other* blobs of the same kind, and of those that hold points drawn
evenly from the data's bounding box. Points hit regions in proportion to their size, whatever was learnt.

The paper does not say: whether a region counts once or once for each of its points. Here it counts once.

Takes half a minute; with `--full`, three times as many trials and also depth 4, four minutes.
"""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import make_blobs

from polytope_lens import Lens
from polytope_lens.polyhedral_complex import dual_graph
from report import BLUE, GREEN, GREY, VERMILLION, arguments, draw, keep, kept, show

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

KEYS = ["recipe", "d", "depth", "width", "trial", "state"]
POINTS = ["data", "other", "even"]


class Recipe(NamedTuple):
    """How long is trained, on which blobs."""

    epochs: int
    deviation: float
    half_side: float


RECIPES = {"paper": Recipe(10, 1.0, 5.0), "repository": Recipe(20, 0.5, 10.0), "long": Recipe(400, 0.5, 10.0)}


def blobs(recipe: Recipe, d: int, trial: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Three hundred points around three centres, of which four fifths are trained on."""
    X, y = make_blobs(
        300,
        d,
        centers=3,
        cluster_std=recipe.deviation,
        center_box=(-recipe.half_side, recipe.half_side),
        random_state=trial,
    )
    return X[:240], y[:240]


def model(d: int, depth: int, width: int, trial: int) -> torch.nn.Sequential:
    """A network with torch's initial weights."""
    torch.manual_seed(trial)
    sizes = [d, *[width] * depth]
    layers = [part for n, m in pairwise(sizes) for part in (torch.nn.Linear(n, m), torch.nn.ReLU())]
    return torch.nn.Sequential(*layers, torch.nn.Linear(width, 3))


def train(network: torch.nn.Sequential, X: NDArray[np.float64], y: NDArray[np.int64], epochs: int) -> None:
    """Stochastic gradient descent as in the paper: no momentum, learning rate 0.01, batches of 64."""
    inputs, labels = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    for _ in range(epochs):
        for batch in torch.randperm(len(inputs)).split(64):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(inputs[batch]), labels[batch]).backward()
            optimizer.step()


def neighbours(network: torch.nn.Sequential, points: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    """Mean numbers of neighbours: of all regions, and of those that hold points of each kind; how many these are."""
    partition = Lens(network).partition()
    degree = dual_graph.degrees(partition.adjacency())
    found: dict[str, float] = {"regions": len(partition), "all": degree.mean()}
    for kind, X in points.items():
        held = np.unique(partition.locate(X))
        found[kind], found[f"n_{kind}"] = degree[held].mean(), len(held)
    return found


def measure(name: str, d: int, depth: int, width: int, trial: int) -> list[dict[str, float]]:
    """One network before and after training."""
    recipe = RECIPES[name]
    X, y = blobs(recipe, d, trial)
    rng = np.random.default_rng(trial)
    points = {
        "data": X,
        "other": blobs(recipe, d, 1000 + trial)[0],
        "even": rng.uniform(X.min(axis=0), X.max(axis=0), X.shape),
    }
    network = model(d, depth, width, trial)
    key = {"recipe": name, "d": d, "depth": depth, "width": width, "trial": trial}
    before = neighbours(network, points)
    train(network, X, y, recipe.epochs)
    after = neighbours(network, points)
    accuracy = (Lens(network)(X).argmax(axis=1) == y).mean()
    return [{**key, "state": "before", **before}, {**key, "state": "after", **after, "accuracy": accuracy}]


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Means over networks, and by how much regions with data exceed the others, with standard errors."""
    rows = rows.assign(
        over_all=rows["data"] - rows["all"],
        over_other=rows["data"] - rows["other"],
        over_even=rows["data"] - rows["even"],
    )
    grouped = rows.groupby(["recipe", "state"])
    over = ["over_all", "over_other", "over_even"]
    found = grouped[["all", *POINTS, *over, "accuracy"]].mean()
    for name in over:
        found[f"{name}_error"] = grouped[name].sem()
    return found.reset_index()


def picture(rows: pd.DataFrame, pages: Path) -> None:
    """Mean numbers of neighbours over 2 d, by depth, before and after training."""
    figure, axes = plt.subplots(1, 3, figsize=(12, 4.4), sharey=True, layout="constrained")
    look = {"all": (GREY, "o", "all regions"), "data": (VERMILLION, "s", "regions with training data")}
    look |= {"other": (BLUE, "^", "with other blobs"), "even": (GREEN, "D", "with even points")}
    for ax, name in zip(axes, RECIPES, strict=True):
        of = rows[rows["recipe"] == name]
        for kind, (color, marker, label) in look.items():
            share = of.assign(share=of[kind] / (2 * of["d"])).groupby(["state", "depth"])["share"].mean()
            ax.plot(share["before"], marker=marker, color=color, ls="--", mfc="white")
            ax.plot(share["after"], marker=marker, color=color, ls="-", label=label)
        ax.set(title=f"{name}: {RECIPES[name].epochs} epochs", xlabel="depth", xticks=sorted(of["depth"].unique()))
    axes[0].set_ylabel("mean number of neighbours / 2d")
    lines = axes[0].get_legend_handles_labels()[0]
    dashed = plt.Line2D([], [], color=GREY, ls="--", marker="o", mfc="white", label="the same before training")
    figure.legend(handles=[*lines, dashed], loc="outside upper center", ncols=5, frameon=False)
    draw("data_cells", figure, pages)
    plt.close(figure)


def main() -> None:
    """Train, measure, draw, and print the table."""
    options = arguments(__doc__)
    torch.set_num_threads(1)
    depths, trials = (range(1, 5), range(6)) if options.full else (range(1, 4), range(2))
    for name in RECIPES:
        rows = [
            row
            for d, depth, width, trial in product((2, 3, 4), depths, (8, 16), trials)
            if (d, width) != (4, 16)
            for row in measure(name, d, depth, width, trial)
        ]
        keep("data_cells", KEYS, rows, options.pages)
    found = kept("data_cells", options.pages)
    picture(found, options.pages)
    show("Neighbours of regions that hold points, and by how much those with data exceed the others", summary(found))


if __name__ == "__main__":
    main()
