"""Published bounds on numbers of regions beside exact counts.

For each shape of network all upper bounds that are known, the numbers of regions of five networks with torch's initial
weights, of networks trained on two interleaved spirals (in the plane), and the folded or zigzag networks that were made
to have many. Bounds depend on the shape alone, but for one that looks at signs of weights.

Sources: Montufar et al. 2014, proposition 3 (2^N) and theorem 5 (folding); Raghu et al. 2017, proof of theorem 1;
Montufar 2017, proposition 3; Serra et al. 2018, theorem 1; Hinz 2021 in the framework of Hinz and van de Geer 2019;
Serra and Ramalingam 2020. No count is printed in these papers for networks that can be had, so there is nothing to meet
but the bounds' own values. Hinz's for six shapes come from another implementation of the papers, and agree.

Takes half a minute; with `--full` also 5-16-16-16 and the like, two minutes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import torch

from polytope_lens import Lens
from report import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION, arguments, draw, keep, kept, show

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

SHAPES = [
    "1-3-3-3", "2-4-4", "2-8-8", "2-16-16", "2-8-8-8", "2-16-16-16", "2-4-4-4-4", "2-16-2-16", "3-4-4-4", "3-8-8-8",
    "3-16-16", "4-4-4-4-4", "4-6-6-6", "4-8-8", "5-4-4-4",
]  # fmt: skip
MORE = ["3-16-16-16", "4-8-8-8-8", "4-16-16", "5-8-8-8-8", "5-16-16", "5-16-16-16", "6-8-8-8"]
# What another implementation of Hinz's bound says.
HINZ = {
    "2-4-4": 109,
    "3-4-4-4": 1559,
    "4-6-6-6": 91538,
    "4-4-4-4-4": 14485,
    "5-8-8-8-8": 801118901,
    "2-8-8": 1369,
    "3-16-16": 485809,
    "1-3-3-3": 64,
}
BOUNDS = ["all patterns", "arrangements", "bottlenecks", "Serra et al.", "Hinz"]
TRIALS = 5


def sizes_of(shape: str) -> list[int]:
    """The numbers of inputs and neurons."""
    return [int(n) for n in shape.split("-")]


def initial(shape: str, seed: int) -> torch.nn.Sequential:
    """A network with torch's initial weights and two outputs."""
    torch.manual_seed(seed)
    sizes = sizes_of(shape)
    layers = [part for n, m in pairwise(sizes) for part in (torch.nn.Linear(n, m), torch.nn.ReLU())]
    return torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], 2))


def trained(shape: str, seed: int, steps: int = 800) -> torch.nn.Sequential:
    """The same, trained to tell two spirals from each other: Adam, learning rate 0.01, all points at once."""
    network = initial(shape, seed)
    turn = torch.linspace(0.5, 3.5 * np.pi, 200)
    arm = torch.stack([turn * torch.cos(turn), turn * torch.sin(turn)], dim=1) / turn.max()
    inputs, labels = torch.cat([arm, -arm]), torch.arange(2).repeat_interleave(200)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(inputs), labels).backward()
        optimizer.step()
    return network


def zigzag(depth: int) -> Lens:
    """Three neurons a layer whose sum goes up and down four times over (0, 1): 4^depth regions (Serra et al. 2018)."""
    turns, facing, slopes = np.array([0.25, 0.5, 0.75]), np.array([1.0, 1.0, -1.0]), np.array([-12.0, 8.0, -8.0])
    weights = [facing[:, None], *[facing[:, None] * slopes] * (depth - 1), np.ones((1, 3))]
    biases = [-facing * turns, *[facing * (5.0 - turns)] * (depth - 1), np.zeros(1)]
    return Lens.from_arrays(weights, biases)


def row(shape: str, kind: str, seed: int, lens: Lens) -> dict[str, str | int]:
    """The number of regions of a network in all of R^d, and every upper bound."""
    found = lens.region_count_bounds()
    values = {bound.name: bound.value for bound in found.bounds if bound.kind == "upper"}
    return {"shape": shape, "kind": kind, "seed": seed, "regions": lens.count().total, **values}


def measure(shape: str, trials: int = TRIALS) -> list[dict[str, str | int]]:
    """Networks of a shape: as initialised; in the plane also trained ones; and one made to have many regions."""
    rows = [row(shape, "initial", seed, Lens(initial(shape, seed))) for seed in range(trials)]
    if shape.startswith("2-"):
        rows += [row(shape, "trained", seed, Lens(trained(shape, seed))) for seed in range(min(trials, 3))]
    if shape == "1-3-3-3":
        rows.append(row(shape, "zigzag", 0, zigzag(3)))
    return rows


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each shape: mean counts, and the bounds; means of the one that looks at weights."""
    counts = rows.pivot_table(index="shape", columns="kind", values="regions", sort=False)
    signs = rows.pivot_table(index="shape", columns="kind", values="signs of weights", sort=False).add_prefix("signs: ")
    bounds = rows.groupby("shape", sort=False)[BOUNDS].first()
    return counts.join(bounds).join(signs).sort_values("Hinz").reset_index()


def picture(rows: pd.DataFrame, pages: Path) -> None:
    """Bounds and counts of each shape on a line of its own."""
    shapes = rows.groupby("shape")["Hinz"].first().sort_values(ascending=False).index.tolist()
    place = rows["shape"].map(shapes.index)
    figure, ax = plt.subplots(figsize=(9, 0.34 * len(shapes) + 1.6), layout="constrained")
    look = {
        "bottlenecks": ("|", GREY, 11), "Serra et al.": ("|", ORANGE, 11), "Hinz": ("|", "black", 15),
        "signs of weights": (".", PURPLE, 5),
    }  # fmt: skip
    for name, (marker, color, size) in look.items():
        label = "signs of weights, each network" if name == "signs of weights" else name
        ax.plot(rows[name], place, marker, color=color, ms=size, mew=1.8, label=label)
    for kind, marker, color in (("initial", "o", BLUE), ("trained", "s", VERMILLION), ("zigzag", "*", GREEN)):
        of = rows["kind"] == kind
        label = f"exact: {kind}"
        ax.plot(rows.loc[of, "regions"], place[of], marker, color=color, ms=5 if marker != "*" else 10, label=label)
    ax.set(xscale="log", xlabel="regions of R^d", yticks=range(len(shapes)), yticklabels=shapes)
    ax.set_ylabel("inputs and layers")
    ax.grid(axis="y", color="#eeeeee")
    ax.set_axisbelow(True)
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    draw("upper_bounds", figure, pages)
    plt.close(figure)


def main() -> None:
    """Count, bound, draw, and print the table."""
    options = arguments(__doc__)
    torch.set_num_threads(1)
    for shape in SHAPES + (MORE if options.full else []):
        keep("upper_bounds", ["shape", "kind", "seed"], measure(shape), options.pages)
    rows = kept("upper_bounds", options.pages)
    picture(rows, options.pages)
    show("Regions of all of R^d, and bounds on them", summary(rows))
    met = {
        shape: int(rows.loc[rows["shape"] == shape, "Hinz"].iloc[0]) for shape in HINZ if shape in set(rows["shape"])
    }
    print("\nHinz's bound here and elsewhere:", ", ".join(f"{k} {v} {HINZ[k]}" for k, v in met.items()))


if __name__ == "__main__":
    main()
