"""The findings of docs/findings.md: train, measure, print the numbers, draw docs/images/finding_*.png.

``python docs/findings.py`` reads the measurements in docs/data and takes seconds; ``--rerun`` trains all networks again
and measures them anew, which needs torch and about twenty minutes of one core, and gives the same numbers but for the
last bits of areas. Names of findings after it restrict it to these: creases, pulse, edge, points, change, counts. The
pictures were looked at; colours are those of Okabe and Ito.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from scipy.signal import detrend
from scipy.stats import spearmanr
from tqdm import tqdm

from polytope_lens.engines.enumerate import partition
from polytope_lens.experiments import disc, mlp, pixel_coordinates, ring, sample, train
from polytope_lens.experiments.findings.change import change
from polytope_lens.experiments.findings.creases import DISTANCES, bundling, creases
from polytope_lens.experiments.findings.edge import along_circle
from polytope_lens.experiments.findings.gathering import Contrast, gathering, homes, length_near_circle
from polytope_lens.experiments.findings.pulse import autocorrelation, bursts, rhythm
from polytope_lens.network.network import evaluate, from_arrays
from polytope_lens.render.scene import boundary_segments
from polytope_lens.training import Recorder, Recording, measure
from polytope_lens.training.recorded_domain import SQUARE

HERE = Path(__file__).parent
BLUE, VERMILLION, GREEN, ORANGE, GREY = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#7f7f7f"
SIZE = 512
DEEP = (2, *[10] * 10, 1)
DEEPEST = (2, *[30] * 30, 1)
SIX = (2, *[14] * 6, 1)

# Optimisers of the pulse: full batches, constant learning rates.
OPTIMISERS = {
    "Adam 0.01": ("Adam", {"lr": 0.01}),
    "Adam 0.001": ("Adam", {"lr": 0.001}),
    "Adam 0.01 beta2 0.99": ("Adam", {"lr": 0.01, "betas": (0.9, 0.99)}),
    "Adam 0.01 beta2 0.9": ("Adam", {"lr": 0.01, "betas": (0.9, 0.9)}),
    "Adam 0.01 beta1 0": ("Adam", {"lr": 0.01, "betas": (0.0, 0.999)}),
    "SGD": ("SGD", {"lr": 0.05}),
    "SGD momentum": ("SGD", {"lr": 0.02, "momentum": 0.9}),
}


def fit(shape, target, *, seed, n_train=5000, steps=6000, every=None, learning_rate=0.01) -> Recording:
    """Train with the library's trainer: Adam, batches of 512, a learning rate that falls along a cosine."""
    samples = sample(target, n_train, 1000, seed=seed)
    model = mlp(shape, seed=seed)
    recorder = Recorder(model, every=every or steps, samples=samples, target=target)
    train(model, samples, steps=steps, seed=seed, on_step=recorder, learning_rate=learning_rate)
    return recorder.recording()


def fit_with(name, options, shape, target, *, seed, steps, every=1, n_train=5000):
    """Train with any of torch's optimisers on full batches; the recording, the loss and the length of each step."""
    import torch
    from torch.nn.functional import mse_loss
    from torch.nn.utils import parameters_to_vector

    torch.set_num_threads(1)
    samples = sample(target, n_train, 1000, seed=seed)
    model = mlp(shape, seed=seed)
    points, values = (
        torch.tensor(array, dtype=torch.float32) for array in (samples.train_points, samples.train_values)
    )
    optimizer = getattr(torch.optim, name)(model.parameters(), **options)
    kept, networks, losses, lengths = [], [], [], []
    for step in tqdm(range(steps + 1), desc=name):
        if step % every == 0:
            arrays = [parameter.detach().numpy().astype(float) for parameter in model.parameters()]
            networks.append(from_arrays(arrays[::2], arrays[1::2]))
            kept.append(step)
        optimizer.zero_grad()
        loss = mse_loss(model(points).squeeze(1), values)
        losses.append(loss.item())
        if step < steps:
            loss.backward()
            before = parameters_to_vector(model.parameters()).detach().clone()
            optimizer.step()
            lengths.append((parameters_to_vector(model.parameters()).detach() - before).norm().item())
    recording = Recording(np.array(kept), tuple(networks), samples=samples, target=target)
    return recording, np.array(losses), np.array(lengths)


def measure_creases(seeds=5, draws=499) -> dict[str, np.ndarray]:
    """Bundling of 10, 100 and 500 creases before and after 6000 steps; with SGD as well."""
    kept: dict[str, np.ndarray] = {"distance": np.array(DISTANCES)}
    for width in (10, 100, 500):
        for seed in range(seeds):
            networks = fit((2, width, 1), disc(SIZE), seed=seed).networks
            for when, network in zip(("start", "end"), (networks[0], networks[-1]), strict=True):
                keep_creases(kept, f"{width}_{when}_{seed}", network, draws)
    options = {"lr": 0.005, "momentum": 0.9}
    recording, _, _ = fit_with("SGD", options, (2, 500, 1), disc(SIZE), seed=0, steps=6000, every=6000)
    keep_creases(kept, "sgd_end_0", recording.networks[-1], draws)
    return kept


def keep_creases(kept, name, network, draws) -> None:
    """Add the bundling of a network's creases, and the creases themselves of seed 0, to what is kept."""
    lines = creases(network)
    if len(lines) < 2:
        return
    found = bundling(lines, draws=draws)
    for field in ("pairs", "expected", "low", "high", "p", "alike"):
        kept[f"{name}_{field}"] = getattr(found, field).astype(np.float32)
    kept[f"{name}_one"] = np.array([found.n_lines, found.p_overall, found.fourfold, found.fourfold_p])
    if name.endswith("_0"):
        kept[f"{name}_lines"] = np.stack([lines.angle, lines.offset, lines.bend]).astype(np.float32)


def measure_pulse(seeds=3, start=1000, n=200) -> dict[str, np.ndarray]:
    """Loss, length of the step and area swept by boundaries, for `n` steps of each optimiser; bursts in all steps."""
    kept = {}
    for label, (name, options) in OPTIMISERS.items():
        for seed in range(seeds):
            recording, losses, lengths = fit_with(name, options, (2, 50, 1), disc(SIZE), seed=seed, steps=2000)
            networks = recording.networks[start : start + n + 1]
            partitions = [partition(network, SQUARE, progress=False) for network in networks]
            changes = [change(*pair) for pair in pairwise(partitions)]
            at = slice(start, start + n)
            rows = [losses[at], lengths[at], [found.swept for found in changes], [found.moved for found in changes]]
            kept[f"{label}_{seed}"] = np.array(rows, dtype=np.float32)
            kept[f"bursts_{label}_{seed}"] = 300 + bursts(lengths[300:])
    return kept


def measure_edge(seeds=5) -> dict[str, np.ndarray]:
    """Slope, width and rise along both edges of the ring, every 500 steps, for six layers of 14."""
    kept = {}
    for seed in range(seeds):
        recording = fit(SIX, ring(SIZE), seed=seed, every=250)
        rows = []
        for step, network in recording:
            if step % 500 == 0 or step == 250:
                found = partition(network, SQUARE, progress=False)
                for radius in (0.4, 0.7):
                    along = along_circle(found, radius)
                    numbers = [along.quantile(name, q) for name in ("slope", "width", "rise") for q in (0.1, 0.5, 0.9)]
                    steep = along.slope * along.width
                    shares = [along.share[along.rise >= 0.9].sum(), along.share[along.rise >= 0.5].sum()]
                    best = int(np.argmax(along.rise))
                    rows.append(
                        [step, radius, *numbers, *shares, along.slope.max(), along.rise[best], steep.max(), len(along)]
                    )
                    if seed == 0 and step in (0, 250, 6000):
                        pieces = [along.slope, along.width, along.rise, along.share]
                        kept[f"pieces_{step}_{radius}"] = np.array(pieces, dtype=np.float32)
        kept[f"rows_{seed}"] = np.array(rows)
    return kept


def measure_points(sizes=(312, 625, 1250, 2500, 5000), seeds=3, others=19) -> dict[str, np.ndarray]:
    """Polytopes that hold training points, and boundaries near them and near the ring: 30 layers of 30."""
    kept, target = {}, ring(SIZE)
    pixels = pixel_coordinates(SIZE)
    for size in sizes:
        for seed in range(seeds):
            network = fit(DEEPEST, target, seed=seed, n_train=size, learning_rate=0.001).networks[-1]
            kept[f"{size}_{seed}"] = points_numbers(network, target, pixels, size, seed, others)
    return kept


def points_numbers(network, target, pixels, size, seed, n_others) -> np.ndarray:
    """One row of numbers about a network and its training points; see `POINTS`."""
    samples = sample(target, size, 1000, seed=seed)
    found = partition(network, SQUARE, progress=False)
    rng = np.random.default_rng(1000 + seed)
    others = [pixels[rng.choice(len(pixels), size, replace=False)] for _ in range(n_others)]
    ours, theirs = homes(found, samples.train_points), [homes(found, points) for points in others]
    contrasts = [
        Contrast(ours.n_polytopes, tuple(each.n_polytopes for each in theirs)),
        Contrast(float(np.median(ours.area)), tuple(float(np.median(each.area)) for each in theirs)),
        Contrast(float(np.median(ours.slope)), tuple(float(np.median(each.slope)) for each in theirs)),
        gathering(found, samples.train_points, others, 0.1 * np.sqrt(4 / size)),
    ]
    segments = boundary_segments(found).segments
    length = np.hypot(*(segments[:, 1] - segments[:, 0]).T).sum()
    margin = 0.02
    ring_area = 4 * np.pi * margin * (0.4 + 0.7)
    near_ring = sum(length_near_circle(segments, radius, margin) for radius in (0.4, 0.7)) / ring_area * 4 / length
    errors = [
        np.mean((evaluate(network, points)[:, 0] - values) ** 2)
        for points, values in ((samples.train_points, samples.train_values), (pixels, target.ravel()))
    ]
    row = [len(found), float(np.median(found.volumes())), ours.n_alone / size, near_ring, *errors]
    return np.array(row + [number for each in contrasts for number in (each.value, np.mean(each.others), each.p)])


def measure_change(seeds=3) -> dict[str, np.ndarray]:
    """What survives one step of ten layers of 10, at the greatest jumps of the loss and at quiet steps."""
    kept = {}
    for seed in range(seeds):
        recording, losses, lengths = fit_with(
            "Adam", {"lr": 0.003}, DEEP, ring(SIZE), seed=seed, steps=3000, n_train=2000
        )
        if seed == 0:
            kept["loss_0"] = losses.astype(np.float32)
        growth = np.diff(np.log(losses))
        growth[:100] = 0  # the first steps, on the way from random weights
        jumps = []
        for step in np.argsort(-growth):
            if len(jumps) < 10 and all(abs(step - other) > 20 for other in jumps):
                jumps.append(int(step))
        quiet = np.flatnonzero(np.abs(growth) <= np.median(np.abs(growth[100:])))
        quiet = np.random.default_rng(seed).choice(quiet[quiet >= 100], 20, replace=False).tolist()
        rows = []
        for kind, chosen in ((1, jumps), (0, quiet)):
            for step in chosen:
                pair = [partition(recording.networks[at], SQUARE, progress=False) for at in (step, step + 1)]
                found = change(*pair)
                rows.append(
                    [kind, step, growth[step], lengths[step], found.n_before, found.n_after, found.n_same_pattern,
                     found.n_same_place, found.area_same_pattern, found.area_same_place, found.swept]
                )  # fmt: skip
        kept[f"rows_{seed}"] = np.array(rows)
    return kept


def measure_counts(seeds=3) -> dict[str, np.ndarray]:
    """Regions after each layer and the error over the whole image, every 500 steps, for four shapes."""
    kept, target = {}, ring(SIZE)
    shapes = {
        "1 x 84": (2, 84, 1), "3 x 28": (2, 28, 28, 28, 1), "6 x 14": SIX,
        "10 x 10, 2, 3 x 10": (2, *[10] * 10, 2, *[10] * 3, 1),
    }  # fmt: skip
    for label, shape in shapes.items():
        for seed in range(seeds):
            found = measure(fit(shape, target, seed=seed, every=500), workers=1, progress=False)
            kept[f"{label}_{seed}"] = np.column_stack([found.step, found.true_error, found.counts])
    return kept


def draw_creases(data) -> None:
    """Lines as points of angle and offset before and after; pairs of close lines against chance."""
    figure, axes = plt.subplots(1, 3, figsize=(12.5, 4.1), layout="constrained")
    for ax, when, title in zip(axes, ("start", "end"), ("before training", "after 6000 steps"), strict=False):
        angle, offset, bend = data[f"500_{when}_0_lines"]
        turns = np.floor(angle / np.pi)
        folded, side = angle - turns * np.pi, np.where(turns % 2 == 0, offset, -offset)
        for mask, colour, marker, label in (
            (bend > 0, ORANGE, "o", "folds upwards"),
            (bend < 0, BLUE, "^", "folds downwards"),
        ):
            ax.scatter(folded[mask], side[mask], s=13, c=colour, marker=marker, alpha=0.75, lw=0, label=label)
        ax.axhline(0.6, color=GREY, lw=0.8, ls=":")
        ax.axhline(-0.6, color=GREY, lw=0.8, ls=":")
        ax.set(
            xlim=(0, np.pi), ylim=(-1.4, 1.4), xlabel="direction of the line (radians)", title=f"500 creases {title}"
        )
        ax.set_xticks([0, np.pi / 2, np.pi], ["0", "π/2", "π"])
    axes[0].set_ylabel("offset from the centre")
    axes[0].legend(loc="upper center", ncol=2, fontsize=8, framealpha=0.9, handletextpad=0.1)
    ax = axes[2]
    for name, colour, marker, label in (
        ("500_start", GREY, "s", "500, before training"),
        ("100_end", GREEN, "^", "100, Adam"),
        ("500_end", VERMILLION, "o", "500, Adam"),
        ("sgd_end", BLUE, "D", "500, SGD with momentum"),
    ):
        pairs, expected = (
            sum(value for key, value in data.items() if key.startswith(name) and key.endswith(field))
            for field in ("_pairs", "_expected")
        )
        enough = expected >= 0.5
        ratio = np.where(pairs > 0, pairs, np.nan) / expected
        ax.plot(data["distance"][enough], ratio[enough], marker=marker, ms=4, color=colour, label=label)
    ax.axhline(1, color="black", lw=0.8)
    ax.set(xscale="log", yscale="log", xlabel="distance of two lines", title="close pairs of lines, relative to chance")
    ax.set_ylim(0.1, None)
    ax.text(0.0011, 1.1, "chance", fontsize=8)
    ax.legend(fontsize=8, frameon=False)
    save(figure, "creases")


def print_creases(data) -> None:
    """Pairs, ratios and p for each width; how alike close pairs bend."""
    at = int(np.argmin(np.abs(data["distance"] - 0.01)))
    near = float(data["distance"][at])
    for name in ("10_start", "10_end", "100_start", "100_end", "500_start", "500_end", "sgd_end"):
        seeds = [key.removesuffix("_one") for key in data if key.startswith(name) and key.endswith("_one")]
        one = np.array([data[f"{each}_one"] for each in seeds])
        pairs, expected, alike = (
            np.array([data[f"{each}_{field}"][at] for each in seeds]) for field in ("pairs", "expected", "alike")
        )
        print(
            f"{name:10} lines {one[:, 0].astype(int)}; pairs within {near:.3g}: {pairs.astype(int)} expected "
            f"{expected.round(2)}; bend alike {alike.round(3)}; p {one[:, 1].round(3)}; fourfold p {one[:, 3].round(3)}"
        )


def draw_pulse(data) -> None:
    """Step, loss and movement of boundaries on one axis, and how they repeat."""
    figure = plt.figure(figsize=(12.5, 6.2), layout="constrained")
    grid = figure.add_gridspec(2, 3)
    ax = figure.add_subplot(grid[0, :])
    losses, lengths, swept, _ = data["Adam 0.01_0"][:, :160]
    steps = 1000 + np.arange(160)
    for values, colour, style, label in (
        (swept, VERMILLION, "-", "area swept by all boundaries"),
        (lengths, BLUE, "--", "length of the step"),
        (losses, "black", ":", "loss"),
    ):
        ax.plot(steps, values / np.mean(values), color=colour, ls=style, lw=1.6, label=label)
    ax.set(xlabel="step", ylabel="relative to the mean", title="Adam, learning rate 0.01, full batches: 50 creases")
    ax.set_xlim(steps[0], steps[-1])
    ax.legend(ncol=3, frameon=False, loc="upper right", fontsize=9)
    for column, group in enumerate(
        (("Adam 0.01", "Adam 0.001"), ("Adam 0.01 beta2 0.9", "Adam 0.01 beta1 0"), ("SGD", "SGD momentum"))
    ):
        ax = figure.add_subplot(grid[1, column])
        for label, colour, style in zip(group, (VERMILLION, BLUE), ("-", "--"), strict=True):
            found = np.mean([autocorrelation(data[f"{label}_{seed}"][2], 40) for seed in seeds_of(data, label)], axis=0)
            ax.plot(
                found, color=colour, ls=style, lw=1.6, label=label.replace("beta1", "β₁ =").replace("beta2", "β₂ =")
            )
        ax.axhline(0, color="black", lw=0.6)
        ax.set(xlim=(0, 40), ylim=(-1.05, 1.05), xlabel="lag (steps)")
        ax.legend(frameon=False, fontsize=9, loc="lower right")
        if column == 0:
            ax.set_ylabel("autocorrelation of\nthe area swept")
    save(figure, "pulse")


def seeds_of(data, label) -> list[int]:
    """Seeds that were measured under a label."""
    return [seed for seed in range(10) if f"{label}_{seed}" in data]


def print_pulse(data) -> None:
    """How far the movement swings, its period, and what goes with it."""
    for label in OPTIMISERS:
        rows = []
        for seed in seeds_of(data, label):
            losses, lengths, swept, moved = data[f"{label}_{seed}"].astype(float)
            found = rhythm(swept)
            flat = [detrend(np.log(each)) for each in (losses, lengths, swept)]
            growth = np.diff(np.log(losses))
            together = np.corrcoef(flat[1], flat[2])[0, 1], np.corrcoef(growth, flat[2][:-1])[0, 1]
            rows.append(
                [found.period, found.share, found.p, found.swing, swept.mean(), moved.mean(), *together, losses[-1]]
            )
            starts = data[f"bursts_{label}_{seed}"]
            gap = np.median(np.diff(starts)) if len(starts) > 1 else np.nan
            print(f"{label:20} seed {seed}: {len(starts)} bursts from step 300 to 2000, {gap:.0f} steps apart")
        names = ("period", "share", "p", "swing", "swept", "moved", "step and swept", "growth and swept", "loss")
        table = np.array(rows).T
        print(f"{label:20}", "; ".join(f"{n} {np.round(v, 4).tolist()}" for n, v in zip(names, table, strict=True)))


def draw_edge(data) -> None:
    """Slope against width of the polytopes along the ring, and how both and the rise go over training."""
    figure, axes = plt.subplots(1, 3, figsize=(12.5, 4.1), layout="constrained")
    ax = axes[0]
    for step, colour, marker in ((0, GREY, "s"), (250, BLUE, "^"), (6000, VERMILLION, "o")):
        slope, width, _, _ = np.concatenate([data[f"pieces_{step}_{radius}"] for radius in (0.4, 0.7)], axis=1)
        ax.scatter(width, slope, s=9, c=colour, marker=marker, alpha=0.6, lw=0, label=f"step {step}")
    line = np.array([3e-4, 1])
    ax.plot(line, 1 / line, color="black", lw=1)
    ax.text(0.06, 24, "slope × width = 1", rotation=-42, fontsize=8, ha="center", va="center")
    ax.set(xscale="log", yscale="log", xlim=(1e-4, 1), ylim=(1e-2, 2e3), xlabel="width of the polytope")
    ax.set(ylabel="slope on it", title="polytopes along the ring's edges")
    ax.legend(fontsize=8, frameon=False, loc="lower left")
    rows = np.array([data[f"rows_{seed}"] for seed in seeds_of(data, "rows")])
    for radius, colour, style in ((0.4, VERMILLION, "-"), (0.7, BLUE, "--")):
        at = rows[0, :, 1] == radius
        step = rows[0, at, 0]
        curves = (axes[1], 13, "steepest"), (axes[1], 3, "median"), (axes[2], 14, "greatest"), (axes[2], 9, "median")
        for ax, column, name in curves:
            values = rows[:, at, column]
            wide = 2.0 if name != "median" else 1.0
            ax.plot(step, np.median(values, axis=0), color=colour, ls=style, lw=wide, label=f"{name}, radius {radius}")
            ax.fill_between(step, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.12, lw=0)
    axes[1].axhline(SIZE / 2, color="black", lw=0.8, ls=":")
    axes[1].text(200, SIZE / 2 * 1.12, "a jump within one pixel", fontsize=8)
    axes[1].set(yscale="log", ylim=(0.3, 1500), xlabel="step", title="slope along the edges")
    axes[2].set(ylim=(0, 1.3), xlabel="step", title="rise of the output within one polytope")
    axes[1].legend(fontsize=8, frameon=False, loc="lower right")
    axes[2].legend(fontsize=8, frameon=False, loc="upper center", ncol=2)
    save(figure, "edge")


EDGE = (
    "step", "radius", *(f"{name} {q}%" for name in ("slope", "width", "rise") for q in (10, 50, 90)),
    "share of rise >= 0.9", "share of rise >= 0.5", "steepest", "greatest rise", "greatest slope x width", "pieces",
)  # fmt: skip


def print_edge(data) -> None:
    """Median, least and greatest over seeds, at a few steps."""
    rows = np.array([data[f"rows_{seed}"] for seed in seeds_of(data, "rows")])
    for k in np.flatnonzero(np.isin(rows[0, :, 0], (0, 250, 1000, 3000, 6000))):
        spread = zip(EDGE[2:], *(f(rows[:, k, 2:], axis=0) for f in (np.median, np.min, np.max)), strict=True)
        print(rows[0, k, :2], "; ".join(f"{name} {m:.3g} ({a:.3g}..{b:.3g})" for name, m, a, b in spread))


POINTS = (
    "regions", "median area", "alone", "near the ring", "training error", "true error",
    *(f"{name} {what}" for name in ("polytopes", "area", "slope", "boundary")
      for what in ("at training points", "elsewhere", "p")),
)  # fmt: skip


def points_table(data) -> dict[str, dict[int, np.ndarray]]:
    """Each number of `POINTS` by training size, an entry for each seed."""
    sizes = sorted({int(key.split("_")[0]) for key in data})
    return {
        name: {size: np.array([data[f"{size}_{seed}"][k] for seed in seeds_of(data, size)]) for size in sizes}
        for k, name in enumerate(POINTS)
    }


def draw_points(data) -> None:
    """Polytopes of the training points beside those of other pixels, for each number of training points."""
    table = points_table(data)
    sizes = list(table["regions"])
    figure, axes = plt.subplots(1, 4, figsize=(13, 3.7), layout="constrained")
    for ax, name, title in zip(
        axes,
        ("area", "slope", "boundary"),
        ("median area of a point's polytope", "median slope at a point", "length of boundary per area"),
        strict=False,
    ):
        for k, (what, colour, marker) in enumerate((("at training points", VERMILLION, "o"), ("elsewhere", BLUE, "^"))):
            for size in sizes:
                values = table[f"{name} {what}"][size]
                ax.scatter(np.full(len(values), size) * 1.12 ** (2 * k - 1), values, c=colour, marker=marker, s=30,
                           label=what if size == sizes[0] else None)  # fmt: skip
        scale = "linear" if name == "boundary" else "log"
        ax.set(xscale="log", yscale=scale, xlabel="training points", title=title)
    for size in sizes:
        values = table["median area"][size]
        axes[0].scatter(np.full(len(values), size), values, c=GREY, marker="s", s=20,
                        label="of all polytopes" if size == sizes[0] else None)  # fmt: skip
        values = table["near the ring"][size]
        axes[2].scatter(np.full(len(values), size), values, c=GREEN, marker="D", s=25,
                        label="within 0.02 of the ring's edges" if size == sizes[0] else None)  # fmt: skip
        for name, colour, marker in (("training error", VERMILLION, "o"), ("true error", "black", "x")):
            values = table[name][size]
            axes[3].scatter(np.full(len(values), size), values, c=colour, marker=marker, s=30,
                            label=name if size == sizes[0] else None)  # fmt: skip
    axes[2].axhline(1, color="black", lw=0.8)
    axes[1].set_ylim(0.005, 0.5)
    axes[2].set_ylim(0, None)
    axes[3].set(xscale="log", yscale="log", xlabel="training points", title="mean squared error")
    for ax in axes:
        ax.set(xlim=(sizes[0] / 1.7, sizes[-1] * 1.7))
        ax.set_xticks(sizes, [str(size) for size in sizes])
        ax.minorticks_off()
        ax.legend(fontsize=8, frameon=False, loc="center left" if ax is axes[3] else "best")
    save(figure, "points")


def print_points(data) -> None:
    """Every number, seed by seed."""
    for name, by_size in points_table(data).items():
        print(
            f"{name:32}",
            "; ".join(f"{size}: {[float(f'{v:.4g}') for v in values]}" for size, values in by_size.items()),
        )


CHANGE = (
    "jump", "step", "growth of log loss", "length", "regions", "regions after", "same pattern", "same place",
    "area of same pattern", "area of same place", "swept",
)  # fmt: skip


def draw_change(data) -> None:
    """The loss, and what survives one step against how far the loss jumps in it."""
    figure, axes = plt.subplots(1, 3, figsize=(12.5, 3.9), layout="constrained")
    rows = data["rows_0"]
    axes[0].plot(data["loss_0"], color="black", lw=0.6)
    for kind, colour, marker, label in ((1, VERMILLION, "o", "jumps"), (0, BLUE, "^", "quiet steps")):
        at = rows[rows[:, 0] == kind, 1].astype(int)
        axes[0].scatter(at, data["loss_0"][at], c=colour, marker=marker, s=22, zorder=3, label=label)
    axes[0].set(yscale="log", xlabel="step", title="training loss, ten layers of 10, seed 0")
    everything = np.concatenate([data[f"rows_{seed}"] for seed in seeds_of(data, "rows")])
    for ax, columns, title in (
        (axes[1], (6, 7), "share of regions that survive the step"),
        (axes[2], (8, 9), "share of the area that survives the step"),
    ):
        for kind, colour, marker in ((1, VERMILLION, "o"), (0, BLUE, "^")):
            part = everything[everything[:, 0] == kind]
            shares = part[:, columns] / (part[:, 4:5] if columns[0] == 6 else 1)
            ax.scatter(*shares.T, c=colour, marker=marker, s=22, alpha=0.8)
        ax.plot([0, 1], [0, 1], color="black", lw=0.6)
        ax.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="by pattern", ylabel="by place", title=title)
    axes[0].legend(frameon=False, fontsize=9)
    save(figure, "change")


def print_change(data) -> None:
    """Shares that survive at jumps and at quiet steps: median over steps, for each seed."""
    for seed in seeds_of(data, "rows"):
        rows = data[f"rows_{seed}"]
        for kind, name in ((1, "jumps"), (0, "quiet")):
            part = rows[rows[:, 0] == kind]
            shares = np.column_stack([part[:, 6:8] / part[:, 4:5], part[:, 8:]])
            median, least, most = (np.round(f(shares, axis=0), 3).tolist() for f in (np.median, np.min, np.max))
            print(
                f"seed {seed} {name}: {len(part)} steps, loss x {np.exp(np.median(part[:, 2])):.3f} "
                f"(to {np.exp(part[:, 2].max()):.2f}), regions {np.median(part[:, 4]):.0f}, "
                f"length {np.median(part[:, 3]):.4f}; median of {CHANGE[6:]}: {median}, from {least} to {most}"
            )


def draw_counts(data) -> None:
    """Regions and true error over training, and regions after each layer at its end."""
    labels = sorted({key.rsplit("_", 1)[0] for key in data})
    figure, axes = plt.subplots(1, 3, figsize=(12.5, 3.9), layout="constrained")
    for label, colour, style, marker in zip(
        labels, (BLUE, GREEN, VERMILLION, ORANGE), ("-", "--", "-.", ":"), "o^sD", strict=False
    ):
        runs = [data[f"{label}_{seed}"] for seed in seeds_of(data, label)]
        step = runs[0][:, 0]
        for ax, column in ((axes[0], -1), (axes[1], 1)):
            values = np.array([run[:, column] for run in runs])
            ax.plot(step, np.median(values, axis=0), color=colour, ls=style, lw=1.8, label=label)
            ax.fill_between(step, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.15, lw=0)
        last = np.array([run[-1, 2:] for run in runs])
        axes[2].plot(np.arange(last.shape[1]), np.median(last, axis=0), color=colour, ls=style, marker=marker, ms=4)
    axes[0].axhline(84**2 / 2, color="black", lw=0.8, ls=":")
    axes[0].text(step[-1], 84**2 / 2 * 1.03, "N²/2 for N = 84", ha="right", va="bottom", fontsize=8)
    axes[0].set(yscale="log", xlabel="step", title="regions in the square")
    axes[1].set(yscale="log", xlabel="step", title="mean squared error over the whole image")
    axes[2].set(yscale="log", xlabel="layer", title="regions after each layer, at the end")
    axes[1].legend(frameon=False, fontsize=9)
    save(figure, "counts")


def print_counts(data) -> None:
    """Counts at the start and the end, N^2/2, and rank correlations with the error."""
    neurons = {"1 x 84": 84, "3 x 28": 84, "6 x 14": 84, "10 x 10, 2, 3 x 10": 132}
    for label in sorted({key.rsplit("_", 1)[0] for key in data}):
        runs = [data[f"{label}_{seed}"] for seed in seeds_of(data, label)]
        within = [spearmanr(run[1:, -1], run[1:, 1]).statistic for run in runs]
        print(
            f"{label}: N^2/2 = {neurons[label] ** 2 // 2}; regions at start {[int(r[0, -1]) for r in runs]}, end "
            f"{[int(r[-1, -1]) for r in runs]}, most {[int(r[:, -1].max()) for r in runs]}; error at end "
            f"{[round(float(r[-1, 1]), 5) for r in runs]}; rank correlation of count and error over steps 500..6000 "
            f"{np.round(within, 2).tolist()}; per layer of seed 0 at start {runs[0][0, 2:].astype(int).tolist()}, end "
            f"{runs[0][-1, 2:].astype(int).tolist()}"
        )


def save(figure, name) -> None:
    """Write a figure, and say where."""
    path = HERE / "images" / f"finding_{name}.png"
    figure.savefig(path, dpi=100)
    plt.close(figure)
    print(path)


FINDINGS = ("creases", "pulse", "edge", "points", "change", "counts")


def main() -> None:
    """Measure again where that is asked for; print and draw."""
    parser = argparse.ArgumentParser(description="Numbers and figures of docs/findings.md.")
    parser.add_argument("names", nargs="*", choices=[*FINDINGS, []], help="all by default")
    parser.add_argument("--rerun", action="store_true", help="train and measure again; takes about 20 minutes")
    arguments = parser.parse_args()
    for name in arguments.names or FINDINGS:
        path = HERE / "data" / f"finding_{name}.npz"
        if arguments.rerun:
            np.savez_compressed(path, **globals()[f"measure_{name}"]())
        with np.load(path) as file:
            data = dict(file)
        print(f"\n{name}")
        globals()[f"print_{name}"](data)
        globals()[f"draw_{name}"](data)


if __name__ == "__main__":
    main()
