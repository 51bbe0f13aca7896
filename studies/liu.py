"""Liu, Caglar, Peterson and Kirby 2023, "Integrating geometries of ReLU feedforward neural networks".

Frontiers in Big Data 6:1274831. Bit vectors of polyhedra, their active bits and neighbours; Hamming distances along
paths between data and to adversarial points; Chebyshev centres and radii. The short version takes a minute on one core,
`--full` five: more images, and the paper's size, five layers of 340.

Open in the paper's abstract and code, so chosen here: where their bisection stops (Hamming distance 1 or 0, or floats
that cannot be halved), the size of gradient-sign steps (0.1 of the range of a pixel), and what clips unbounded
polyhedra, most of which hold balls of any size (the cube of images, [0, 1]^64). Digits stand for MNIST. Their weights
are files beside their code, which are not kept here: put `demo_8_nodes.pth` and `demo_8_nodes_2.pth` into
`studies/nets/liu`, and their polyhedra are counted as well.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import linprog

from digits import Split, digits, perceptron, train
from polytope_lens import Box, Lens
from report import BLUE, GREEN, GREY, ORANGE, VERMILLION, arguments, draw, keep, show

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

THEIRS = Path(__file__).parent / "nets" / "liu"
SHAPES = {"2-4-4-1": (2, 4, 4, 1), "3-4-4-1": (3, 4, 4, 1)}
# The networks beside their code, in all of space.
NOTED = {"2-4-4-1": 30, "3-4-4-1": 68}
FAMILIES = ("as PyTorch draws it", "a neuron twice", "no bias in layer 2", "no biases")
STEP = 0.1
SMALL, LARGE = "64-3x32-10", "64-5x340-10"
TRAINED = {SMALL: ((64, 32, 32, 32, 10), 1000), LARGE: ((64, *[340] * 5, 10), 400)}
KINDS = ("same digit", "other digit", "gradient sign", "nearest boundary")


# ------------------------------------------------------------------------------------- one bit between neighbours


def small_network(widths: tuple[int, ...], seed: int, family: str) -> Lens:
    """A small network with default weights, made degenerate in one of the ways of FAMILIES."""
    model = perceptron(widths, seed, init="default")
    arrays = [p.detach().double().numpy().copy() for p in model.parameters()]
    weights, biases = arrays[::2], arrays[1::2]
    if family == "a neuron twice":
        weights[0][1], biases[0][1] = 2 * weights[0][0], 2 * biases[0][0]
    if family == "no bias in layer 2":
        biases[1][:] = 0
    if family == "no biases":
        biases = [np.zeros_like(bias) for bias in biases]
    return Lens.from_arrays(weights, biases)


def halfspaces(lens: Lens, bits: Bools) -> tuple[Floats, Floats]:
    """``A @ x <= b`` of a bit vector, whether or not it is that of a polyhedron; floats, a row for each neuron."""
    rows, at = np.eye(lens.network.input_dim + 1), 0
    A = []
    for layer in lens.network.layers:
        n = len(layer.bias)
        rows = layer.dense_weight() @ rows[: layer.dense_weight().shape[1]]
        rows[:, -1] += layer.bias
        on = bits[at : at + n]
        A.append(np.where(on[:, None], -rows, rows))
        rows, at = rows * on[:, None], at + n
    stacked = np.concatenate(A)
    return stacked[:, :-1], -stacked[:, -1]


def active_bits(lens: Lens, bits: Bools) -> list[int]:
    """The rows that some point violates which meets the others: a linear program each, in floats, without tolerance."""
    A, b = halfspaces(lens, bits)
    found = []
    for i in range(len(A)):
        rest = np.arange(len(A)) != i
        best = linprog(-A[i], A[rest], b[rest], bounds=(None, None), method="highs")
        # 3: unbounded. 4: HiGHS cannot tell unbounded from infeasible, hence no decision.
        if best.status == 3 or (best.status == 0 and -best.fun > b[i]):
            found.append(i)
    return found


def by_flipping_bits(lens: Lens, x: Floats) -> dict[bytes, list[int]]:
    """The bit vectors that are reached from that of x by flipping one active bit after the other.

    The search that rests on the sentence that neighbours differ in exactly one bit. Keys are bytes of the vectors.
    """
    start = lens.patterns(x[None])[0]
    found: dict[bytes, list[int]] = {}
    waiting = [start]
    while waiting:
        bits = waiting.pop()
        if bits.tobytes() in found:
            continue
        found[bits.tobytes()] = active_bits(lens, bits)
        for bit in found[bits.tobytes()]:
            flipped = bits.copy()
            flipped[bit] ^= True
            waiting.append(flipped)
    return found


def counts(lens: Lens) -> dict[str, Any]:
    """Polyhedra, neighbours and one-bit pairs, exactly, and what flipping single bits finds of them."""
    partition = lens.partition()
    bits = partition.patterns()
    near = partition.adjacency().tocoo()
    apart = (bits[near.row] != bits[near.col]).sum(axis=1)[near.row < near.col]
    touching = set(zip(near.row.tolist(), near.col.tolist(), strict=True))
    one_bit = [(i, j) for i, j in combinations(range(len(bits)), 2) if (bits[i] != bits[j]).sum() == 1]
    flipped = by_flipping_bits(lens, partition.witnesses[0])
    true = {row.tobytes() for row in bits}
    return {
        "polyhedra": len(partition),
        "by_flips": len(true & set(flipped)),
        "by_flips_empty": len(set(flipped) - true),
        "neighbours": len(apart),
        "in_one_bit": int((apart == 1).sum()),
        "one_bit_pairs": len(one_bit),
        "that_do_not_touch": sum(pair not in touching for pair in one_bit),
        "mean_active": float(np.bincount(near.row, minlength=len(bits)).mean()),
    }


def count_rows(n_networks: int) -> list[dict[str, Any]]:
    """The sums of :func:`counts` over networks of each shape and family, and the range of numbers of polyhedra."""
    rows = []
    for shape, widths in SHAPES.items():
        for family in FAMILIES:
            each = [counts(small_network(widths, seed, family)) for seed in range(n_networks)]
            of_all = [one["polyhedra"] for one in each]
            sums = {name: sum(one[name] for one in each) for name in each[0] if name != "mean_active"}
            active = sum(one["mean_active"] * one["polyhedra"] for one in each) / sums["polyhedra"]
            rows.append({
                "shape": shape, "family": family, "networks": n_networks, "least": min(of_all), "most": max(of_all),
                **sums, "mean_active": active,
            })  # fmt: skip
    return rows


def theirs() -> dict[str, int]:
    """Polyhedra of the networks beside the paper's code, if they are there."""
    files = {"2-4-4-1": THEIRS / "demo_8_nodes.pth", "3-4-4-1": THEIRS / "demo_8_nodes_2.pth"}
    return {shape: int(Lens(path, architecture="relu").count()) for shape, path in files.items() if path.exists()}


# ------------------------------------------------------------------------------------------------- paths and balls


def trained(widths: tuple[int, ...], steps: int) -> Lens:
    """A network that has learnt the digits."""
    model = perceptron(widths, 0, init="default")
    ((_, lens),) = train(model, digits(), [steps])
    return lens


def gradient_sign(lens: Lens, X: Floats, y: Any) -> Floats:
    """A step in the direction of the sign of the loss's gradient; of cross-entropy, by the affine map at each point."""
    moved = []
    for x, digit in zip(X, y, strict=True):
        A = lens.at(x).affine_map.A
        logits = lens(x)
        share = np.exp(logits - logits.max())
        share /= share.sum()
        moved.append(np.clip(x + STEP * np.sign(A.T @ (share - np.eye(len(A))[digit])), 0, 1))
    return np.array(moved)


def pairs(lens: Lens, data: Split, n: int, *, nearest: bool) -> dict[str, tuple[Floats, Floats]]:
    """Starts and ends of paths of each kind, n at most: ends of the last kind are just across the decision boundary."""
    X, y = data.X_test, data.y_test
    chosen = np.flatnonzero(lens(X).argmax(axis=1) == y)[:n]
    # Of an image's own seed: the first of many paths are those of a few.
    same = [np.random.default_rng(i).choice(np.flatnonzero((y == y[i]) & (np.arange(len(y)) != i))) for i in chosen]
    other = [np.random.default_rng(i).choice(np.flatnonzero(y != y[i])) for i in chosen]
    found = {
        "same digit": (X[chosen], X[same]),
        "other digit": (X[chosen], X[other]),
        "gradient sign": (X[chosen], gradient_sign(lens, X[chosen], y[chosen])),
    }
    if nearest:
        radii = lens.robustness_radius(X[chosen], domain=None, max_regions=300, progress=False)
        known = [i for i, one in enumerate(radii) if one.is_complete]
        found["nearest boundary"] = (X[chosen][known], np.array([radii[i].point for i in known]))
    return found


def by_bisection(lens: Lens, x: Floats, y: Floats) -> int:
    """How many bit vectors are seen if a segment is halved wherever its ends differ in more than one bit."""
    ends = [(0.0, 1.0)]
    patterns = dict(zip((0.0, 1.0), lens.patterns(np.array([x, y])), strict=True))
    while ends:
        wide = [(s, t) for s, t in ends if (patterns[s] != patterns[t]).sum() > 1 and s < (s + t) / 2 < t]
        middles = [(s + t) / 2 for s, t in wide]
        if middles:
            found = lens.patterns(np.array([(1 - t) * x + t * y for t in middles]))
            patterns.update(zip(middles, found, strict=True))
        ends = [part for (s, t), m in zip(wide, middles, strict=True) for part in ((s, m), (m, t))]
    return len({pattern.tobytes() for pattern in patterns.values()})


def path_rows(name: str, lens: Lens, found: dict[str, tuple[Floats, Floats]]) -> list[dict[str, Any]]:
    """Hamming distance, crossings and what a bisection sees of each path."""
    rows = []
    for kind, (starts, ends) in found.items():
        crossed = lens.crossings(starts, ends)
        for i, (x, y) in enumerate(zip(starts, ends, strict=True)):
            rows.append({
                "network": name, "kind": kind, "path": i, "distance": float(np.linalg.norm(y - x)),
                "hamming": int(crossed.hamming[i].sum()), "flips": int(crossed.flips[i].sum()),
                "regions": int(crossed.crossings[i]) + 1, "bisection": by_bisection(lens, x, y),
            })  # fmt: skip
    return rows


def ball_rows(name: str, lens: Lens, found: dict[str, tuple[Floats, Floats]], n: int) -> list[dict[str, Any]]:
    """The largest ball of the polyhedra of images, of points half way to another, and of adversarial points."""
    X, other = found["other digit"]
    places = {"image": X, "half way to another": (X + other) / 2, "gradient sign": found["gradient sign"][1]}
    cube = Box(np.zeros(X.shape[1]), np.ones(X.shape[1]))
    rows = []
    for place, points in places.items():
        for i, x in enumerate(points[:n]):
            region = lens.at(x, cube)
            ball = region.chebyshev_ball()
            assert ball.bound <= ball.radius * (1 + 1e-6)  # proved to be the largest
            owners = region.polytope.owners
            rows.append({
                "network": name, "place": place, "point": i, "radius": ball.radius,
                "from_centre": float(np.linalg.norm(ball.center - x)),
                "nearest_boundary": lens.at(x).nearest_boundary().distance,
                "active_bits": sum(owner[0][0] >= 0 for owner in owners), "bits": lens.network.n_neurons,
                "unbounded_ball": bool(np.isinf(lens.at(x).chebyshev_ball().radius)),
            })  # fmt: skip
    return rows


# --------------------------------------------------------------------------------------------------------- the page


def figure(paths: pd.DataFrame, balls: pd.DataFrame) -> plt.Figure:
    """Hamming distance against flips on each path, and distances inside the polyhedra of points."""
    drawn, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4))
    colors = dict(zip(KINDS, (BLUE, VERMILLION, GREEN, ORANGE), strict=True))
    for kind, color in colors.items():
        for name, mark in ((SMALL, "."), (LARGE, "+")):
            some = paths[(paths.kind == kind) & (paths.network == name)]
            label = kind if name == SMALL else None
            left.loglog(some.flips.clip(lower=0.8), some.hamming.clip(lower=0.8), mark, color=color, label=label)
    left.plot([], [], "+", color=GREY, label=f"the same, {LARGE}")
    end = paths.flips.max()
    left.plot([0.8, end], [0.8, end], color=GREY, linewidth=0.8, zorder=0)
    left.set_xlabel("neurons that flip on the way")
    left.set_ylabel("Hamming distance of the ends")
    left.set_title("What the Hamming distance misses")
    left.legend(frameon=False)
    places = ["image", "half way to another", "gradient sign"]
    columns = [
        ("nearest_boundary", "to the nearest boundary", VERMILLION),
        ("radius", "radius of the largest ball", BLUE),
        ("from_centre", "to that ball's centre", GREEN),
    ]
    for k, (column, label, color) in enumerate(columns):
        for p, place in enumerate(places):
            values = balls[balls.place == place][column]
            at = p + 0.22 * (k - 1) + np.linspace(-0.07, 0.07, len(values))
            right.semilogy(at, values, ".", color=color, alpha=0.6, label=label if p == 0 else None)
    right.set_xticks(range(3), places)
    right.set_ylabel("distance (an image has a side of 1)")
    right.set_title("Where a point lies in its polyhedron")
    right.set_ylim(1e-4)
    right.legend(frameon=False, loc="lower right")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    return drawn


def main() -> None:
    """Rows, tables and the figure."""
    asked = arguments(__doc__)
    counted = keep("liu_counts", ["networks", "shape", "family"], count_rows(15 if asked.full else 3), asked.pages)
    show("Neighbours and one-bit pairs, all of space", counted[counted.networks == counted.networks.max()])
    for shape, n in theirs().items():
        print(f"their {shape}: {n} polyhedra, noted {NOTED[shape]}")
    n = 60 if asked.full else 20
    for name, (widths, steps) in TRAINED.items():
        is_small, lens = name == SMALL, trained(widths, steps)
        found = pairs(lens, digits(), n if is_small else n // 3, nearest=is_small)
        paths = keep("liu_paths", ["network", "kind", "path"], path_rows(name, lens, found), asked.pages)
        if is_small:
            balls = keep("liu_balls", ["network", "place", "point"], ball_rows(name, lens, found, n), asked.pages)
    show("Paths, medians", paths.groupby(["network", "kind"], sort=False).median(numeric_only=True).reset_index())
    sums = paths.groupby(["network", "kind"])[["hamming", "flips", "regions", "bisection", "distance"]].sum()
    sums["flips_per_length"] = sums.flips / sums.distance
    show("Paths, sums", sums.reset_index())
    show("Polyhedra of points, medians", balls.groupby("place").median(numeric_only=True).reset_index())
    draw("liu", figure(paths, balls), asked.pages)


if __name__ == "__main__":
    main()
