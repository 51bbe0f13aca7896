"""Gaines and Bi 2026 (arXiv 2606.07728), Table 3: how many polyhedra, with how many facets, how many of them bounded.

The table has 48 cells: inputs d = 2 ... 5, hidden layers of width 4, 8, 16, depth 1 ... 4, three outputs; five trials
each. For d = 2 ... 4 (but for d = 4, depth 4, width 16) the printed numbers of regions are those of the networks that
the authors' script draws after `torch.manual_seed(1)`, before any training: torch's initial weights, one network after
the other. They are drawn here in the same order and counted in all of R^d.

The short version counts cells of up to some ten thousand regions, measures the geometry of smaller ones, and trains
some by the recipes of paper and repository, in a minute. With `--full`: all 48 cells, 55 million regions, in three
minutes of one core; facets, boundedness, largest balls and exact diameters of networks of up to 100 000 regions, and
volumes for d = 2 and 3, in two more; larger samples where print does not match, and searches in floats, in another two.
With `--longest`: the geometry of networks of up to a million regions, too, half a minute to three for each of 20.
"""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise, product
from typing import TYPE_CHECKING, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from scipy.optimize import linprog

from data_cells import RECIPES, blobs, train
from polytope_lens import Box, Lens, Partition
from polytope_lens.network.pattern import find
from polytope_lens.polyhedral_complex import dual_graph
from report import BLUE, GREEN, GREY, ORANGE, arguments, draw, keep, kept, show

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

CELL = ["d", "depth", "width"]
NETWORK = [*CELL, "trial"]
TRIALS = 5
# A cell is left to the full version where its networks have more regions than this, by print.
SHORT_COUNTS, SHORT_GEOMETRY, FULL_GEOMETRY, LONGEST_GEOMETRY = 60_000, 2_500, 100_000, 1_000_000
# Volumes that the authors' notebook leaves out of its sums.
LARGEST_SUMMED = 10_000
# Numbers of regions from here on have three digits in print, but for one.
ROUNDED_FROM = 15_000
# How far from zero pre-activations have to be somewhere in a region for the print to count it, as it seems.
TOLERANCE = 1e-5
# How many networks are drawn where print does not match.
MANY = {(5, 2, 4): 1000, (5, 3, 4): 1000, (5, 4, 4): 1000}
MORE = {(5, 2, 8): 300, (5, 3, 8): 100, (5, 4, 8): 20}
# Networks that are searched in floats: all of whose regions contain a line; and some with regions missing in print.
SEARCHED = {(4, 2, 4, 0), (4, 2, 4, 1), (5, 2, 4, 0), (5, 2, 4, 1)}
SEARCHED_LONG = {(2, 2, 16, 0), (3, 2, 8, 1)}
# Cells that are trained.
TRAINED = {(d, depth, 4) for d in range(2, 6) for depth in (2, 3, 4)} | {(2, depth, 8) for depth in (2, 3, 4)}
# So many trials seem to stand behind the means in print for five inputs, by their last digits.
TRIALS_OF_FIVE = 10
# Half the side of the boxes in which volumes are found all at once.
INNER = 1024.0


class Printed(NamedTuple):
    """A cell of Table 3: means over the trials."""

    regions: float
    facets: float
    volume: float
    finite: float
    diameter: float


# d, depth: widths 4, 8, 16.
TABLE = {
    (2, 1): [(11, 2.91, 0.63, 0.27, 4.5), (37, 3.46, 1.45, 0.57, 9.1), (137, 3.74, 3.34, 0.77, 19.2)],
    (2, 2): [(30.8, 3.37, 33.75, 0.57, 8.7), (135.2, 3.75, 13.19, 0.78, 18.5), (541.2, 3.87, 4.81, 0.88, 41.8)],
    (2, 3): [(58.2, 3.52, 116.7, 0.67, 11.7), (275.2, 3.82, 45.2, 0.84, 27.1), (1141.2, 3.91, 11.43, 0.92, 60.4)],
    (2, 4): [(87.8, 3.63, 153.5, 0.81, 14.4), (497.2, 3.85, 109.1, 0.86, 37.0), (2128.4, 3.94, 28.05, 0.94, 80.9)],
    (3, 1): [(15, 3.73, 0.49, 0.07, 5.0), (93, 4.99, 3.17, 0.38, 10.1), (696.8, 5.55, 3.08, 0.65, 21.8)],
    (3, 2): [(62, 4.68, 5.07, 0.45, 8.8), (710, 5.56, 20.3, 0.68, 20.2), (5628.4, 5.80, 13.8, 0.82, 41.8)],
    (3, 3): [(118.8, 4.91, 60.3, 0.60, 11.0), (1806.8, 5.70, 56.2, 0.76, 26.9), (2.00e4, 5.88, 30.7, 0.89, 59.0)],
    (3, 4): [(291.4, 5.13, 314, 0.66, 14.9), (4073.4, 5.76, 205, 0.82, 34.2), (5.49e4, 5.91, 91.6, 0.91, 81.7)],
    (4, 1): [(16, 4, 0, 0, 5.5), (163, 6.28, 4.78, 0.21, 10.6), (2517, 7.32, 4.33, 0.54, 22.5)],
    (4, 2): [(72.6, 5.21, 16.9, 0.33, 8.7), (2244.8, 7.25, 36.2, 0.56, 20.4), (42243, 7.72, 13.1, 0.78, 41.1)],
    (4, 3): [(227.6, 5.85, 31.6, 0.63, 12.5), (9340.8, 7.47, 143.8, 0.69, 27.6), (2.23e5, 7.82, 49.9, 0.85, 57.7)],
    (4, 4): [(448, 6.17, 62.7, 0.72, 15.9), (3.58e4, 7.70, 233.8, 0.85, 37.4), (6.24e5, 7.85, 107.3, 0.86, 76.35)],
    (5, 1): [(16, 4, 0, 0, 5.5), (219, 7.23, 6.80, 0.10, 10.75), (6884.87, 9.02, 4.35, 0.44, 23.17)],
    (5, 2): [(89.5, 5.34, 0, 0.31, 9.3), (5802.6, 8.77, 62.3, 0.45, 21.75), (2.69e5, 9.61, 21.7, 0.71, 42.57)],
    (5, 3): [(389.6, 5.65, 2.11, 0.55, 14.65), (3.66e4, 8.54, 156.8, 0.68, 31.5), (1.78e6, 9.78, 39.9, 0.82, 57.44)],
    (5, 4): [(1206.7, 5.50, 1.38, 0.77, 18.6), (1.82e5, 8.25, 192, 0.84, 48.35), (5.03e6, 9.80, 152.5, 0.84, 70.88)],
}  # fmt: skip
PRINTED = {
    (d, depth, width): Printed(*numbers)
    for (d, depth), row in TABLE.items()
    for width, numbers in zip((4, 8, 16), row, strict=True)
}


def drawn(d: int, depth: int, width: int) -> torch.nn.Sequential:
    """A network with torch's initial weights, drawn next, and three outputs."""
    sizes = [d, *[width] * depth]
    hidden = [part for n, m in pairwise(sizes) for part in (torch.nn.Linear(n, m), torch.nn.ReLU())]
    return torch.nn.Sequential(*hidden, torch.nn.Linear(width, 3))


def models() -> Iterator[tuple[dict[str, int], torch.nn.Sequential]]:
    """The 240 networks in the order in which they are drawn."""
    torch.manual_seed(1)
    for d, width, depth, trial in product(range(2, 6), (4, 8, 16), range(1, 5), range(TRIALS)):
        yield {"d": d, "depth": depth, "width": width, "trial": trial}, drawn(d, depth, width)


def networks() -> Iterator[tuple[dict[str, int], Lens]]:
    """The same, to be asked."""
    for key, model in models():
        linear = [layer for layer in model if isinstance(layer, torch.nn.Linear)]
        weights, biases = ([getattr(layer, of).detach().numpy() for layer in linear] for of in ("weight", "bias"))
        yield key, Lens.from_arrays(weights, biases)


def is_matched(cell: tuple[int, ...]) -> bool:
    """Whether the printed counts of a cell are those of these networks: d = 2 ... 4, but the last cell."""
    return cell[0] < 5 and cell != (4, 4, 16)


def is_exact(cell: tuple[int, ...]) -> bool:
    """Whether print has all digits of a matched cell's mean, so that one can tell how many regions are missing."""
    regions = PRINTED[cell].regions
    return is_matched(cell) and (regions < ROUNDED_FROM or regions == 42243)


def printed_of(key: dict[str, int]) -> Printed:
    """What the table says about the cell that a network belongs to."""
    return PRINTED[cell_of(key)]


def measure(lens: Lens) -> tuple[dict[str, float], NDArray[np.int64], list[dict[str, float | str]]]:
    """The geometry of all regions of R^d: a row of numbers, the degrees, and a row for each thin region."""
    partition = lens.partition()
    adjacency = partition.adjacency()
    degree = dual_graph.degrees(adjacency)
    bounded, balls = partition.bounded_mask(), partition.chebyshev_balls()
    radii, thin = balls.radii, thin_regions(partition, balls.centers)
    found = {
        "regions": len(partition),
        "facets": degree.mean(),
        "most_facets": int(degree.max()),
        "over_2d": (degree > 2 * lens.network.input_dim).mean(),
        "finite_inradius": np.isfinite(radii).mean(),
        "bounded": bounded.mean(),
        "diameter": dual_graph.diameter(adjacency),
        "one_bit_apart": one_bit_pairs(partition) / (adjacency.nnz // 2) - 1,
        "least_radius": radii.min(),
        "thin": len(thin),
    }
    if lens.network.input_dim <= 3:
        volumes = volumes_of(lens, partition, bounded)
        found["volume_as_printed"] = volumes[volumes <= LARGEST_SUMMED].sum() / len(partition)
        found["volume"] = volumes.mean() if len(volumes) else 0.0
    listed: list[dict[str, float | str]] = [
        {"pattern": f"0x{partition[i].pattern.hex}", "inradius": radii[i], "slack": slack} for i, slack in thin
    ]
    return found, degree, listed


def one_bit_pairs(partition: Partition) -> int:
    """How many pairs of regions have patterns that differ in one bit."""
    patterns, n = partition.packed_patterns, 0
    for neuron in range(partition.network.n_neurons):
        word, bit = divmod(neuron, 64)
        turned = patterns.copy()
        turned[:, word] ^= np.uint64(1) << np.uint64(63 - bit)
        n += int((find(patterns, turned) >= 0).sum())
    return n // 2


def thin_regions(partition: Partition, centers: NDArray[np.float64]) -> list[tuple[int, float]]:
    """Regions where no point has all pre-activations farther from zero than the tolerance; how far they can be."""
    points = np.where(np.isfinite(centers), centers, partition.witnesses)
    away = np.maximum(least_value(partition, points), least_value(partition, partition.witnesses))
    slacks = [(i, greatest_slack(partition, i)) for i in np.flatnonzero(away < TOLERANCE).tolist()]
    return [(i, slack) for i, slack in slacks if slack < TOLERANCE]


def least_value(partition: Partition, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The least absolute value of all pre-activations at each point."""
    least = np.full(len(points), np.inf)
    for layer in partition.network.layers:
        values = points @ layer.dense_weight().T + layer.bias
        least = np.minimum(least, np.abs(values).min(axis=1))
        points = np.maximum(values, 0)
    return least


def greatest_slack(partition: Partition, index: int) -> float:
    """How far from zero all pre-activations of a region can be at once, 1e-4 at most; a linear program in floats."""
    region, scale = partition[index], 1e4
    rows = region.inequalities(facets=False)
    n, d = rows.A.shape
    slack = scale * (rows.b - rows.A @ region.point)
    found = linprog([*[0] * d, -1], np.column_stack([rows.A, np.ones(n)]), slack, bounds=[*[(None, None)] * d, (0, 1)])
    return float(-found.fun / scale)


def found_by_search(lens: Lens, rows_in: type[np.floating]) -> int:
    """How many regions a search from facet to facet finds in floats, with rows rounded to float32 or float64.

    As the authors' package does it: from the origin, in a box of 1e8, a row is a facet if it can be violated by more
    than 1e-6 where all others hold, and all is left to a solver with a tolerance of 1e-6.
    """
    start = lens.patterns(np.zeros((1, lens.network.input_dim)))[0]
    waiting, seen, n = [start], {start.tobytes()}, 0
    options = {"presolve": False, "primal_feasibility_tolerance": 1e-6, "dual_feasibility_tolerance": 1e-6}
    while waiting:
        pattern = waiting.pop()
        rows = rounded_rows(lens, pattern, rows_in)
        A, b, box = rows[:, :-1], -rows[:, -1], (-1e8, 1e8)
        if linprog(0 * A[0], A, b, bounds=box, options=options).status != 0:
            continue
        n += 1
        for i, row in enumerate(A):
            relaxed = b + (np.arange(len(b)) == i)
            best = linprog(-row, A, relaxed, bounds=box, options=options)
            across = pattern ^ (np.arange(len(b)) == i)
            if best.status == 0 and -best.fun - b[i] > 1e-6 and across.tobytes() not in seen:
                seen.add(across.tobytes())
                waiting.append(across)
    return n


def rounded_rows(lens: Lens, pattern: NDArray[np.bool_], rows_in: type[np.floating]) -> NDArray[np.float64]:
    """The rows [a, c], a . x + c <= 0, of a pattern, all operations in the given kind of floats."""
    d = lens.network.input_dim
    passed, rows = np.eye(d, d + 1, dtype=rows_in), []
    for layer in lens.network.layers:
        bits, pattern = pattern[: layer.width], pattern[layer.width :]
        row = layer.dense_weight().astype(rows_in) @ passed
        row[:, -1] += layer.bias.astype(rows_in)
        rows.append(np.where(bits[:, None], -row, row))
        passed = row * bits[:, None].astype(rows_in)
    return np.vstack(rows).astype(np.float64)


def volumes_of(lens: Lens, partition: Partition, bounded: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Volumes of the bounded regions, in any order: of those inside a box from its mesh, of others one by one."""
    d = lens.network.input_dim
    inside = lens.partition(Box([-INNER] * d, [INNER] * d))
    facets = inside.complex.facets()
    is_cut = np.zeros(len(inside), dtype=bool)
    is_cut[facets.regions[facets.regions[:, 1] < 0, 0]] = True
    place = find(inside.packed_patterns, partition.packed_patterns)
    whole = bounded & (place >= 0)
    whole[whole] = ~is_cut[place[whole]]
    others = [region.volume() for region in partition[bounded & ~whole]]
    return np.concatenate([inside.volumes()[place[whole]], others])


def count_all(full: bool, pages: Path) -> None:
    """Count regions network by network."""
    rows = []
    for key, lens in networks():
        if full or printed_of(key).regions <= SHORT_COUNTS:
            rows.append({**key, "regions": lens.count().total})
            if key["trial"] == TRIALS - 1:
                keep("gaines_bi_counts", NETWORK, rows, pages)
    keep("gaines_bi_counts", NETWORK, rows, pages)


def draw_more(full: bool, pages: Path) -> None:
    """Mean and deviation of many more networks, for cells whose print is not that of these networks."""
    rows = []
    for (d, depth, width), n in (MANY | MORE if full else MANY).items():
        torch.manual_seed(0)
        counts = [Lens(drawn(d, depth, width)).count().total for _ in range(n)]
        rows.append(
            {"d": d, "depth": depth, "width": width, "n": n, "mean": np.mean(counts), "std": np.std(counts, ddof=1)}
        )
    keep("gaines_bi_population", CELL, rows, pages)


def measure_all(most: int, pages: Path) -> None:
    """The geometry of networks of so many regions at most, by print; by cell, degrees and thin regions."""
    rows: list[dict[str, float]] = []
    thin: list[dict[str, float | str]] = []
    degrees = np.zeros(64, dtype=np.int64)
    for key, lens in networks():
        if printed_of(key).regions > most:
            continue
        found, degree, listed = measure(lens)
        rows.append({**key, **found})
        degrees += np.bincount(degree, minlength=64)
        cell = cell_of(key)
        if is_exact(cell):
            thin += [{**key, **region} for region in listed]
        if key["trial"] == TRIALS - 1:
            keep("gaines_bi_geometry", NETWORK, rows, pages)
            keep("gaines_bi_degrees", [*CELL, "facets"], counted(cell, degrees), pages)
            degrees[:] = 0
            if thin:
                keep("gaines_bi_thin", [*NETWORK, "pattern"], thin, pages)


def cell_of(key: dict[str, int]) -> tuple[int, ...]:
    """The cell of the table that a network belongs to."""
    return tuple(key[name] for name in CELL)


def counted(cell: tuple[int, ...], degrees: NDArray[np.int64]) -> list[dict[str, int]]:
    """How many regions of a cell's networks have each number of facets."""
    named = dict(zip(CELL, cell, strict=True))
    return [{**named, "facets": k, "regions": n} for k, n in enumerate(degrees.tolist()) if n]


def table(pages: Path) -> pd.DataFrame:
    """All that was found beside print, a row for each cell."""
    counts = kept("gaines_bi_counts", pages).groupby(CELL)["regions"].agg(["mean", "std", "sum"])
    geometry = kept("gaines_bi_geometry", pages).groupby(CELL).mean().drop(columns=["trial", "regions"])
    thin = kept("gaines_bi_geometry", pages).groupby(CELL)["thin"].sum()
    printed = pd.DataFrame.from_dict(PRINTED, orient="index")
    printed.index = pd.MultiIndex.from_tuples(printed.index, names=CELL)
    found = counts.join(geometry.drop(columns="thin")).join(thin).join(printed.add_prefix("printed_")).reset_index()
    exact = [is_exact(cell) for cell in found[CELL].itertuples(index=False, name=None)]
    found["lost"] = np.where(exact, np.rint(found["sum"] - TRIALS * found["printed_regions"]), np.nan)
    return found


def picture(found: pd.DataFrame, degrees: pd.DataFrame, pages: Path) -> None:
    """Shares of bounded regions, diameters and degrees, exact ones beside print; a column for each input dimension."""
    figure, axes = plt.subplots(3, 4, figsize=(13, 9.5), layout="constrained")
    colors = {4: ORANGE, 8: BLUE, 16: GREEN}
    for column, d in enumerate(range(2, 6)):
        top, middle, bottom = axes[:, column]
        for width, color in colors.items():
            cell = found[(found["d"] == d) & (found["width"] == width)].set_index("depth")
            top.plot(cell["bounded"], "o-", color=color)
            top.plot(cell["finite_inradius"], "o--", color=color, mfc="white")
            top.plot(cell["printed_finite"], "x", color=color, ms=9, mew=1.5)
            middle.plot(cell["diameter"], "o-", color=color)
            middle.plot(cell["printed_diameter"], "x", color=color, ms=9, mew=1.5)
            of = degrees[(degrees["d"] == d) & (degrees["width"] == width) & (degrees["depth"] == 2)]
            bottom.plot(of["facets"], of["regions"] / of["regions"].sum(), ".-", color=color)
        bottom.axvline(2 * d, color=GREY, lw=1, ls=":")
        bottom.text(2 * d, 0.98, " 2d", color=GREY, va="top", transform=bottom.get_xaxis_transform())
        bottom.set(xlabel="facets of a region, depth 2")
        bottom.xaxis.get_major_locator().set_params(integer=True)
        top.set(title=f"{d} inputs", ylim=(-0.04, 1), xticks=range(1, 5), xlabel="depth")
        middle.set(ylim=(0, 84), xticks=range(1, 5), xlabel="depth")
    axes[0, 0].set_ylabel("share of regions")
    axes[1, 0].set_ylabel("diameter of the dual graph")
    axes[2, 0].set_ylabel("share of regions")
    handles = [plt.Line2D([], [], color=color, marker="o", ls="-", label=f"width {w}") for w, color in colors.items()]
    handles += [
        plt.Line2D([], [], color=GREY, marker="o", ls="-", label="exact: bounded; diameter"),
        plt.Line2D([], [], color=GREY, marker="o", mfc="white", ls="--", label="exact: finite inradius"),
        plt.Line2D([], [], color=GREY, marker="x", ls="", ms=9, mew=1.5, label="print"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=6, frameon=False)
    draw("gaines_bi", figure, pages)
    plt.close(figure)


def search_all(full: bool, pages: Path) -> None:
    """What a search in floats makes of networks whose regions all contain a line, and of some with thin regions."""
    for key, lens in networks():
        network = (*cell_of(key), key["trial"])
        if network in SEARCHED or (full and network in SEARCHED_LONG):
            found = {np.dtype(kind).name: found_by_search(lens, kind) for kind in (np.float64, np.float32)}
            keep("gaines_bi_searches", NETWORK, [{**key, "exact": lens.count().total, **found}], pages)


def train_all(pages: Path) -> None:
    """Networks that are trained by the paper's recipe and the repository's; once each, on other draws of batches."""
    rows = []
    wanted = [(key, model) for key, model in models() if cell_of(key) in TRAINED]
    for name, (key, model) in product(("paper", "repository"), wanted):
        network = deepcopy(model)
        train(network, *blobs(RECIPES[name], key["d"], key["trial"]), RECIPES[name].epochs)
        partition = Lens(network).partition()
        finite = np.isfinite(partition.chebyshev_balls().radii).mean()
        found = {"regions": len(partition), "finite_inradius": finite, "bounded": partition.bounded_mask().mean()}
        rows.append({"recipe": name, **key, **found})
    keep("gaines_bi_trained", ["recipe", *NETWORK], rows, pages)


def trained_table(pages: Path) -> pd.DataFrame:
    """Means and deviations after training, before it, and in print."""
    trained = kept("gaines_bi_trained", pages).groupby([*CELL, "recipe"])["regions"].agg(["mean", "std"]).unstack()
    trained.columns = [f"{recipe} {of}" for of, recipe in trained.columns]
    before = kept("gaines_bi_counts", pages).groupby(CELL)["regions"].agg(["mean", "std"]).add_prefix("before ")
    found = trained.join(before).reset_index()
    return found.assign(print=[PRINTED[cell].regions for cell in found[CELL].itertuples(index=False, name=None)])


def main() -> None:
    """Measure, draw, and print the table."""
    options = arguments(__doc__)
    count_all(options.full, options.pages)
    draw_more(options.full, options.pages)
    search_all(options.full, options.pages)
    train_all(options.pages)
    most = FULL_GEOMETRY if options.full else SHORT_GEOMETRY
    measure_all(LONGEST_GEOMETRY if options.longest else most, options.pages)
    found = table(options.pages)
    picture(found, kept("gaines_bi_degrees", options.pages), options.pages)
    show(
        "Regions of all of R^d, beside print; thin: where no point has all pre-activations 1e-5 away from zero",
        found[[*CELL, "mean", "std", "printed_regions", "lost", "thin"]],
    )
    more = kept("gaines_bi_population", options.pages)
    more["print"] = [PRINTED[cell].regions for cell in more[CELL].itertuples(index=False, name=None)]
    more["z"] = (more["print"] - more["mean"]) / (more["std"] / TRIALS_OF_FIVE**0.5)
    show(f"Many networks, and print in standard errors of a mean of {TRIALS_OF_FIVE}", more)
    show("Regions after training, before it, and in print", trained_table(options.pages))
    show("Regions found by a search in floats", kept("gaines_bi_searches", options.pages))
    shown = ["facets", "printed_facets", "finite_inradius", "printed_finite", "bounded", "diameter", "printed_diameter"]
    show("Geometry, beside print", found[[*CELL, *shown]].dropna(subset="facets"))
    volumes = ["volume_as_printed", "printed_volume", "volume"]
    show("Volumes: as in print, print, and the mean of bounded regions", found[[*CELL, *volumes]].dropna())
    others = ["over_2d", "most_facets", "one_bit_apart"]
    show("Degrees, and pairs that differ in one bit for each pair that touches", found[[*CELL, *others]].dropna())


if __name__ == "__main__":
    main()
