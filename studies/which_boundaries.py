"""Which boundaries matter, and how many of its polytopes a trained network uses.

Networks of one seed after the other are drawn, looked at, trained and looked at again. In the plane (a ring, a wave)
and in four inputs, whole domains are partitioned, and regions merged to few pieces, on each of which one affine
function stays within a budget of the network; the budget is a share of the network's range on the domain. For digits,
the same is done along straight lines between two test images, where the least number of pieces is found exactly.

    python studies/which_boundaries.py          # three seeds, 40 lines: about a minute
    python studies/which_boundaries.py --full   # ten seeds, wider networks, 300 lines: about 8 minutes

Settings are ours: no paper is reproduced here. Weights are torch's default ones, trainings Adam with full batches.
"""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.collections import LineCollection
from matplotlib.ticker import PercentFormatter
from sklearn.datasets import load_digits
from torch import nn

from polytope_lens import Box, Lens
from report import BLUE, GREEN, PAGES, VERMILLION, arguments, draw, keep, show

if TYPE_CHECKING:
    from pathlib import Path

NAME = "which_boundaries"
SHARES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
STATES = ("initial", "trained")
LEARNING_RATE = 0.01


class Problem(NamedTuple):
    """What is learnt, the widths of the hidden layers, the number of inputs, and steps of training."""

    target: str
    hidden: tuple[int, ...]
    inputs: int
    steps: int

    @property
    def name(self) -> str:
        """Target and widths."""
        return f"{self.target} {'-'.join(map(str, (self.inputs, *self.hidden, 1)))}"


PLANES = (Problem("ring", (16, 16, 16), 2, 2000), Problem("wave", (32, 32), 2, 2000))
PROBLEMS = (*PLANES, Problem("four inputs", (8, 8), 4, 2000))
WIDER = (Problem("ring", (32, 32, 32), 2, 3000), Problem("wave", (64, 64), 2, 3000))
DIGITS = (64, 64, 64, 10)


def perceptron(widths: tuple[int, ...]) -> nn.Sequential:
    """Linear layers with ReLU between them."""
    parts: list[nn.Module] = []
    for n, m in pairwise(widths):
        parts += [nn.Linear(n, m), nn.ReLU()]
    return nn.Sequential(*parts[:-1])


def sample(problem: Problem, n: int = 2000) -> tuple[torch.Tensor, torch.Tensor]:
    """Points of the box [-1, 1]^d and their targets."""
    X = 2 * torch.rand((n, problem.inputs)) - 1
    if problem.target == "ring":
        radius = X.norm(dim=1, keepdim=True)
        return X, ((radius > 0.4) & (radius < 0.8)).float()
    if problem.target == "wave":
        return X, torch.sin(3 * X[:, :1]) * torch.cos(3 * X[:, 1:])
    x = X.T[:, :, None]
    return X, torch.sin(3 * x[0] * x[1]) + (x[2] - 0.3) ** 2 + x[3] / 2


def trained(problem: Problem, seed: int) -> tuple[Lens, Lens]:
    """A network as it is drawn, and after training on squared errors."""
    torch.manual_seed(seed)
    module = perceptron((problem.inputs, *problem.hidden, 1))
    X, y = sample(problem)
    initial = Lens(module)
    optimizer = torch.optim.Adam(module.parameters(), lr=LEARNING_RATE)
    for _ in range(problem.steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(module(X), y).backward()
        optimizer.step()
    return initial, Lens(module)


def partition_of(lens: Lens):
    """All regions of the box [-1, 1]^d."""
    d = lens.network.input_dim
    return lens.partition(Box([-1] * d, [1] * d), progress=False)


def measured(partition, shares=SHARES) -> tuple[list[dict], dict]:
    """Pieces for each budget, and what there is to say about jumps."""
    extrema = partition.extrema()
    span = extrema.maximum.value - extrema.minimum.value
    rows = []
    for share in shares:
        found = partition.function.pieces(share * span)
        rows.append(
            {
                "share": share, "regions": len(partition), "pieces": found.n_pieces, "at_least": found.at_least,
                "forgotten": 1 - found.n_kept / max(found.n_boundaries, 1),
            }
        )  # fmt: skip
    sizes = partition.function.jumps().sizes
    return rows, {
        "boundaries": len(sizes), "top_tenth": top_tenth(sizes), "median_to_greatest": np.median(sizes) / sizes.max()
    }  # fmt: skip


def top_tenth(sizes: np.ndarray) -> float:
    """The share that the greatest tenth has of the sum of some numbers."""
    return float(np.sort(sizes)[::-1][: max(1, round(len(sizes) / 10))].sum() / sizes.sum())


def study(problem: Problem, seeds: int, pages: Path = PAGES) -> None:
    """Measure one problem and keep the rows."""
    rows, jumps = [], []
    for seed in range(seeds):
        for state, lens in zip(STATES, trained(problem, seed), strict=True):
            pieces, told = measured(partition_of(lens))
            key = {"network": problem.name, "state": state, "seed": seed}
            rows += [key | row for row in pieces]
            jumps.append(key | told)
    keep(NAME, ("network", "state", "seed", "share"), rows, pages)
    keep(f"{NAME}_jumps", ("network", "state", "seed"), jumps, pages)


def digits(seed: int, steps: int = 300) -> tuple[Lens, Lens, np.ndarray, float]:
    """A classifier of 8 x 8 digits before and after training, test images, and its accuracy on them."""
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(images))
    X, y = torch.tensor(images[order] / 16, dtype=torch.float32), torch.tensor(labels[order])
    torch.manual_seed(seed)
    module = perceptron(DIGITS)
    initial = Lens(module)
    optimizer = torch.optim.Adam(module.parameters(), lr=LEARNING_RATE)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(module(X[:1400]), y[:1400]).backward()
        optimizer.step()
    with torch.no_grad():
        accuracy = float((module(X[1400:]).argmax(dim=1) == y[1400:]).float().mean())
    return initial, Lens(module), X[1400:].double().numpy(), accuracy


def along_lines(lenses: tuple[Lens, Lens], images: np.ndarray, lines: int, shares=SHARES) -> list[dict]:
    """Pieces of straight lines between test images, summed up over all lines."""
    ends = np.random.default_rng(0).choice(len(images), (lines, 2))
    rows = []
    for state, lens in zip(STATES, lenses, strict=True):
        paths = [lens.path(images[i], images[j]) for i, j in ends.tolist() if i != j]
        spans = [np.ptp(lens(path.embed(np.r_[0, path.breakpoints, 1])), axis=0).max() for path in paths]
        concentrated = np.mean([top_tenth(path.jumps().turns) for path in paths])
        for share in shares:
            found = [path.pieces(share * span) for path, span in zip(paths, spans, strict=True)]
            rows.append(
                {
                    "state": state, "share": share, "lines": len(paths), "regions": sum(map(len, paths)),
                    "pieces": sum(map(len, found)), "top_tenth": concentrated,
                }
            )  # fmt: skip
    return rows


def study_of_digits(seeds: int, lines: int, pages: Path = PAGES) -> None:
    """Measure the classifier and keep the rows."""
    rows = []
    for seed in range(seeds):
        initial, final, images, accuracy = digits(seed)
        known = {"initial": np.nan, "trained": accuracy}
        found = along_lines((initial, final), images, lines)
        rows += [{"seed": seed, "accuracy": known[row["state"]]} | row for row in found]
    keep(f"{NAME}_digits", ("state", "seed", "share"), rows, pages, sample="lines")


def block() -> dict:
    """A random 768-3072-768 block along seven legs: crossings, and how long their jumps take."""
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((3072, 768)) / 768**0.5, rng.standard_normal((768, 3072)) / 3072**0.5]
    lens = Lens.from_arrays(weights, [rng.standard_normal(3072) / 10, rng.standard_normal(768) / 10])
    corners = rng.standard_normal((8, 768))
    lens.path(*corners[:2]).jumps()
    start = time.process_time()
    path = lens.path(*corners)
    middle = time.process_time()
    jumps = path.jumps()
    return {"crossings": len(jumps), "path, s": middle - start, "jumps, s": time.process_time() - middle}


def table(frame: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds, a row for each network and state."""
    means = frame.groupby(["network", "state", "share"])[["regions", "pieces", "at_least", "forgotten"]].mean()
    return means.reset_index()


def figure(frame: pd.DataFrame, lines: pd.DataFrame, pages: Path = PAGES) -> None:
    """A plane with the boundaries that are kept; pieces and boundaries over budgets; pieces of lines."""
    drawn, axes = plt.subplots(2, 2, figsize=(11, 9.5), layout="constrained")
    _plane(axes[0, 0])
    budget = "budget, as a share of the range of the output"
    for problem, color in zip(PROBLEMS, (BLUE, VERMILLION, GREEN), strict=True):
        for state, style in zip(STATES, (":", "-"), strict=True):
            some = table(frame[(frame.network == problem.name) & (frame.state == state)])
            label = f"{problem.name}, {state}: {some.regions.iloc[0]:.0f} regions"
            axes[0, 1].fill_between(some.share, some.at_least, some.pieces, color=color, alpha=0.3, lw=0)
            axes[0, 1].plot(some.share, some.pieces, style, color=color, label=label)
            axes[1, 0].plot(some.share, some.forgotten, style, color=color, label=f"{problem.name}, {state}")
    axes[0, 1].set(title="Pieces found, and down to the proved bound", xlabel=budget, ylabel="pieces", yscale="log")
    axes[1, 0].set(
        title="Boundaries that can be forgotten", xlabel=budget, ylabel="share of all boundaries", ylim=(0, 1)
    )
    for state, style in zip(STATES, (":", "-"), strict=True):
        some = lines[lines.state == state].groupby("share")[["regions", "pieces", "lines"]].sum().reset_index()
        label = f"{state}: {(some.regions / some.lines).iloc[0]:.0f} regions"
        axes[1, 1].plot(some.share, some.pieces / some.lines, style, color=BLUE, label=label)
    axes[1, 1].set(
        title=f"Digits {'-'.join(map(str, DIGITS))}, lines between test images: exact",
        xlabel="budget, as a share of the greatest range of a logit", ylabel="pieces on a line", ylim=0,
    )  # fmt: skip
    for ax in axes.ravel()[1:]:
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(PercentFormatter(1))
        ax.grid(alpha=0.3)
        ax.legend(frameon=False, fontsize=8)
    draw(NAME, drawn, pages)
    plt.close(drawn)


def _plane(ax, share: float = 0.05) -> None:
    """The boundaries of a trained ring, those between two pieces in colour."""
    partition = partition_of(trained(PLANES[0], 0)[1])
    extrema = partition.extrema()
    found = partition.function.pieces(share * (extrema.maximum.value - extrema.minimum.value))
    mesh, facets = partition.mesh, partition.complex.facets()
    inner = facets.regions[facets.regions[:, 1] >= 0]
    edges = {}
    for region in range(len(partition)):
        ring = mesh.corners[mesh.entries(region)].tolist()
        for pair in zip(ring, ring[1:] + ring[:1], strict=True):
            edges.setdefault(frozenset(pair), []).append(region)
    kept, others = [], []
    for ends, regions in edges.items():
        if len(regions) == 2:
            apart = found.labels[regions[0]] != found.labels[regions[1]]
            (kept if apart else others).append(mesh.points[list(ends)])
    ax.add_collection(LineCollection(others, colors="0.8", linewidths=0.5))
    ax.add_collection(LineCollection(kept, colors=BLUE, linewidths=0.9))
    ax.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal", xticks=(-1, 0, 1), yticks=(-1, 0, 1), xlabel="x", ylabel="y")
    ax.set_title(
        f"Trained ring, budget {share:.0%}: {found.n_pieces} pieces (at least {found.at_least}) of {len(partition)}\n"
        f"regions; {found.n_kept} of {len(inner)} boundaries kept"
    )


def main() -> None:
    """Measure, print, draw."""
    asked = arguments(__doc__)
    torch.set_num_threads(1)
    for problem in (*PROBLEMS, *(WIDER if asked.full else ())):
        study(problem, 10 if asked.full else 3, asked.pages)
    study_of_digits(10 if asked.full else 3, 300 if asked.full else 40, asked.pages)
    frame, jumps, lines = (
        pd.read_csv(asked.pages / "data" / f"{NAME}{part}.csv") for part in ("", "_jumps", "_digits")
    )
    show("Pieces by budget, means over seeds", table(frame))
    show("Jumps, means over seeds", jumps.drop(columns="seed").groupby(["network", "state"]).mean().reset_index())
    show("Digits, all lines", lines.drop(columns="seed").groupby(["state", "share"]).mean().reset_index())
    show("A random 768-3072-768 block", pd.DataFrame([block()]))
    figure(frame, lines, asked.pages)


if __name__ == "__main__":
    main()
