"""Draw the figures of the user guide: ``python docs/guide.py [NAME ...]`` writes docs/images/NAME.png."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Box, Lens, Property

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polytope_lens import Partition, Region

IMAGES = Path(__file__).parent / "images"
BLUE, ORANGE, GREEN, RED, INK = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#333333"
SQUARE = Box([-1, -1], [1, 1])


def getting_started() -> plt.Figure:
    """Every polytope of the example."""
    return Lens.example().partition(SQUARE).plot().figure


def objects() -> plt.Figure:
    """A partition, a path through it, and one region with its neighbours and the owners of its facets."""
    lens = Lens.example()
    box = Box([-0.15, -0.65], [0.75, 0.25])
    partition = lens.partition(box)
    region = lens.at([0.3, -0.2], box)
    start, end = [-0.1, -0.6], [0.7, 0.1]
    path = lens.path(start, end)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
    _polygons(left, partition)
    _fill(left, path.regions, GREEN, 0.35)
    _fill(left, [region], RED, 0.9)
    left.plot(*np.transpose([start, end]), color=INK, lw=1.5)
    left.set_title(f"{len(partition)} regions; {len(path)} on a path; one around a point")
    neighbors = region.neighbors()
    _fill(right, neighbors, GREEN, 0.25)
    _fill(right, [region], RED, 0.5)
    facets = region.inequalities().facets()
    for a, b, layer, neuron in zip(facets.A, facets.b, facets.layer, facets.neuron, strict=True):
        ends = [v for v in region.vertices() if abs(a @ v - b) < 1e-9]
        middle = np.mean(ends, axis=0)
        outwards = middle + 0.012 * a / np.linalg.norm(a)
        right.text(*outwards, f"layer {layer}\nneuron {neuron}", ha="center", va="center", fontsize=8, color=INK)
    right.plot(0.3, -0.2, "o", color=INK, ms=5)
    low, high = region.vertices().min(axis=0), region.vertices().max(axis=0)
    right.set(xlim=(low[0] - 0.03, high[0] + 0.03), ylim=(low[1] - 0.02, high[1] + 0.02))
    right.set_title("the region, its neighbours, and who owns its facets")
    left.set(xlim=(-0.15, 0.75), ylim=(-0.65, 0.25), aspect="equal")
    return figure


def polytopes() -> plt.Figure:
    """One polytope and what can be asked of it."""
    P = Lens.example().at([-0.7, 0.75], SQUARE).polytope
    figure, ax = plt.subplots(figsize=(7, 5), layout="constrained")
    corners = P.vertices()
    ax.fill(*corners.T, color=BLUE, alpha=0.15, lw=0)
    ax.plot(*np.vstack([corners, corners[:1]]).T, color=BLUE, lw=2)
    ax.plot(*corners.T, "o", color=BLUE, ms=5, label="vertices()")
    ball = P.chebyshev_ball()
    ax.add_patch(plt.Circle(ball.center, ball.radius, fill=False, color=ORANGE, lw=2, label="chebyshev_ball()"))
    angles = np.linspace(0, 2 * np.pi, 200)
    for ellipsoid, color, name in (
        (P.max_volume_ellipsoid(), GREEN, "max_volume_ellipsoid()"),
        (P.min_volume_ellipsoid(), RED, "min_volume_ellipsoid()"),
    ):
        curve = ellipsoid.center + np.c_[np.cos(angles), np.sin(angles)] @ ellipsoid.axes
        ax.plot(*curve.T, color=color, lw=1.5, label=name)
    ax.plot(*P.centroid(), "+", color=INK, ms=12, mew=2, label="centroid()")
    ax.plot(*P.sample(200, seed=0).T, ".", color=INK, ms=2, alpha=0.6, label="sample(200)")
    ax.set_aspect("equal")
    ax.locator_params(axis="x", nbins=5)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return figure


def points() -> plt.Figure:
    """A point, the ball up to the decision boundary, and what changes in it."""
    lens = Lens.example()
    x = np.array([0.3, -0.2])
    partition = lens.partition(SQUARE)
    found = lens.robustness_radius(x, value=0)
    around = lens.local_complexity(x, 0.15, norm=2)
    figure, ax = plt.subplots(figsize=(7, 6), layout="constrained")
    _polygons(ax, partition)
    for k, line in enumerate(partition.level_set(value=0)):
        ax.plot(*line.T, color=RED, lw=2.5, label="the output is 0" if k == 0 else None)
    ax.add_patch(
        plt.Circle(x, found.radius, fill=False, color=BLUE, lw=2, label=f"robustness_radius: {found.radius:.4f}")
    )
    ax.add_patch(plt.Circle(x, 0.15, color=GREEN, alpha=0.35, label=f"local_complexity: {around.n_regions} regions"))
    ax.plot(*x, "o", color=INK)
    ax.plot(*found.point, "*", color=INK, ms=13, label="nearest point of the boundary")
    ax.set(xlim=(-0.35, 1), ylim=(-0.8, 0.55), aspect="equal")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.06), ncols=2, frameon=False)
    return figure


def exactness() -> plt.Figure:
    """Three lines around a triangle of size 2^-33: what a picture shows, and what is there."""
    lens = Lens(Path(__file__).parents[1] / "benchmarks" / "nets" / "triangle_33.npz")
    partition = lens.partition(SQUARE)
    small = int(np.argmin(partition.volumes()))
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.8), layout="constrained")
    _polygons(left, partition, color=BLUE)
    left.set_title(f"{len(partition)} regions, of which six are seen")
    corners = np.array(partition.vertices(small, exact=True))
    middle = corners.sum(axis=0) / len(corners)
    triangle = ((corners - middle) * 2**33).astype(float)
    right.fill(*triangle.T, color=ORANGE, alpha=0.6)
    right.plot(*np.vstack([triangle, triangle[:1]]).T, color=BLUE, lw=2)
    right.set_title("the seventh, enlarged $2^{33}$ times, from exact corners")
    for ax in (left, right):
        ax.set_aspect("equal")
    return figure


def verification() -> plt.Figure:
    """A domain, its image, and the target that some input reaches."""
    rng = np.random.default_rng(3)
    lens = Lens.from_arrays([rng.normal(size=(8, 2)), rng.normal(size=(2, 8)) / 2], [rng.normal(size=8) / 2, [0, 0]])
    partition = lens.partition(SQUARE)
    images = [lens(partition.vertices(i)) for i in range(len(partition))]
    top = lens.maximum([1, 1], SQUARE)
    bound = float(top.value) - 0.4
    result = lens.check(Property.of(SQUARE, ([[-1, -1]], [-bound])))
    x = np.array([float(v) for v in result.counterexample.point])
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
    colors = plt.get_cmap("viridis")(np.linspace(0.1, 0.95, len(partition)))
    for i, color in enumerate(colors):
        left.fill(*partition.vertices(i).T, color=color, alpha=0.75, ec="white")
        right.fill(*images[i].T, color=color, alpha=0.75, ec="white", lw=0.5)
    low, high = np.vstack(images).min(axis=0) - 0.1, np.vstack(images).max(axis=0) + 0.1
    right.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    ends = np.array([low[0], high[0]])
    right.fill_between(ends, bound - ends, high[1], color=RED, alpha=0.2)
    right.plot(ends, bound - ends, color=RED, lw=2)
    for ax, at in ((left, x), (right, lens([x])[0])):
        ax.plot(*at, "*", color=RED, ms=15, mec="white")
    left.set(title="the domain, region by region", aspect="equal", xticks=[-1, -0.5, 0, 0.5, 1])
    right.set(title="its image, and a target: VIOLATED, with a point", xlabel="output 0", ylabel="output 1")
    return figure


def sizes() -> plt.Figure:
    """Estimated numbers of regions, and times to count them, of random networks of two hidden layers."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
    from estimates import random_lens

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.9, 6))
    for d, color in zip((2, 3, 4, 6, 10, 20), colors, strict=True):
        neurons, rows = [8, 16, 32, 64, 128, 256], []
        for n in neurons:
            lens, box = random_lens("He", d, (n // 2, n // 2)), Box([-1] * d, [1] * d)
            if rows and rows[-1][0] > 1e9:  # the next ones are too many to be looked at for some seconds
                break
            found = lens.estimate(box, probes=8, cells=256)
            is_quick = found.regions < 20_000
            seconds = min(_count_seconds(lens, box) for _ in range(4)) if is_quick else found.seconds
            rows.append((found.regions, found.low, found.high, seconds))
        regions, low, high, seconds = np.array(rows, dtype=float).T
        shown = neurons[: len(rows)]
        left.errorbar(
            shown, regions, [regions - low, high - regions], color=color, marker="o", ms=4, label=f"{d} inputs"
        )
        right.plot(shown, np.maximum(seconds, 1e-4), color=color, marker="o", ms=4)
    for seconds, name in ((3600, "hour"), (86_400, "day")):
        right.axhline(seconds, color=INK, ls="--", lw=0.8)
        right.text(8, seconds * 1.4, name, fontsize=9, color=INK)
    for ax, title in ((left, "regions"), (right, "seconds to count them")):
        ax.set(xscale="log", yscale="log", xlabel="neurons, in two hidden layers", title=title)
        ax.set_xticks(neurons, neurons)
        ax.minorticks_off()
    left.legend(frameon=False)
    return figure


def _count_seconds(lens: Lens, box: Box) -> float:
    """What a count takes of a processor; the first one compiles."""
    began = time.process_time()
    lens.count(box)
    return time.process_time() - began


def _polygons(ax: plt.Axes, partition: Partition, color: str = "#888888") -> None:
    """The outlines of all regions."""
    for polygon in partition.polygons():
        ax.plot(*polygon.exterior.xy, color=color, lw=0.6)


def _fill(ax: plt.Axes, regions: Iterable[Region], color: str, alpha: float) -> None:
    for region in regions:
        corners = region.vertices()
        ax.fill(*corners.T, facecolor=color, alpha=alpha, edgecolor="white", lw=0.8)


def main(names: list[str]) -> None:
    """Draw all figures, or those named."""
    figures = {figure.__name__: figure for figure in FIGURES}
    for name in names or figures:
        figures[name]().savefig(IMAGES / f"{name}.png", dpi=110)
        plt.close("all")


FIGURES = (getting_started, objects, polytopes, points, exactness, verification, sizes)

if __name__ == "__main__":
    main(sys.argv[1:])
