"""Fan et al. 2023, "Deep ReLU networks have surprisingly simple polytopes", arXiv 2305.09145.

Histograms of the number of facets over all polytopes, and of the number of simplices that they are cut into (the
paper's first version, and "Beyond counting linear regions", 2022), by initialisation, depth, width, biases, dimension,
before and after training; in a cube with and without the facets that the cube adds, and in all of space. The short
version takes a minute on one core, `--full` ten: ten networks of each kind.

We have the paper's abstracts only. So these are ours: the cube [-1, 1]^d, widths and depths, weights by PyTorch's
functions of those names with their default arguments (a standard deviation of 1 for "normal"), biases uniform on
+-1/sqrt(fan-in) as PyTorch draws them, times a factor, what is learnt (the sign of a product of sines, at 500 points
of the cube, or random signs), and how polytopes are cut into simplices: from a corner, and by Delaunay's rule.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.spatial import Delaunay
from torch import nn

from polytope_lens import Box, Lens
from polytope_lens.polyhedral_complex.simplices import simplices_of
from report import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION, arguments, draw, keep, show

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from polytope_lens import Partition

    Ints = NDArray[np.int64]

INITS = {
    "xavier": nn.init.xavier_uniform_,
    "kaiming": nn.init.kaiming_uniform_,
    "orthogonal": nn.init.orthogonal_,
    "normal": nn.init.normal_,
}
# Histograms end here: so many facets, or more.
MOST = 16
STEPS = 2000


@dataclass(frozen=True)
class Setting:
    """A kind of network: inputs, width, depth, weights, factor of the biases, and what it has learnt."""

    dim: int = 3
    width: int = 12
    depth: int = 3
    init: str = "kaiming"
    bias: float = 1.0
    learnt: str = "nothing"

    def lens(self, seed: int) -> Lens:
        """One network of the kind."""
        torch.manual_seed(seed)
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise([self.dim, *[self.width] * self.depth, 1]):
            layer = nn.Linear(n_in, n_out)
            INITS[self.init](layer.weight)
            with torch.no_grad():
                layer.bias *= self.bias
            layers += [layer, nn.ReLU()]
        model = nn.Sequential(*layers[:-1])
        if self.learnt != "nothing":
            learn(model, self.dim, seed, random=self.learnt == "random signs")
        return Lens(model)


BASE = Setting()
SETTINGS = {
    "initialisation": [Setting(init=init) for init in INITS],
    "depth": [Setting(depth=depth) for depth in (1, 2, 3, 4)],
    "width": [Setting(depth=2, width=width) for width in (6, 12, 24)],
    "biases": [Setting(bias=bias) for bias in (0.0, 0.1, 1.0, 4.0)],
    "dimension": [Setting(dim=dim, depth=2) for dim in (2, 3, 4)],
    "training": [Setting(learnt=learnt) for learnt in ("nothing", "sines", "random signs")],
}


def learn(model: nn.Sequential, dim: int, seed: int, *, random: bool) -> None:
    """Train with Adam on 500 points of the cube, on the squared error of signs."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (500, dim))
    y = rng.choice([-1.0, 1.0], 500) if random else np.sign(np.sin(np.pi * X).prod(axis=1))
    inputs, target = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(STEPS):
        optimizer.zero_grad()
        ((model(inputs)[:, 0] - target) ** 2).mean().backward()
        optimizer.step()


def facet_numbers(partition: Partition) -> tuple[Ints, Ints]:
    """How many facets each region has: between it and another, and on the boundary of the domain."""
    regions, n = partition.complex.facets().regions, len(partition)
    inner = regions[:, 1] >= 0
    return np.bincount(regions[inner].ravel(), minlength=n), np.bincount(regions[~inner, 0], minlength=n)


def simplex_numbers(partition: Partition) -> tuple[Ints, Ints]:
    """Simplices that each region is cut into: from a corner, and by Delaunay's rule, which Qhull follows in floats."""
    mesh = partition.mesh
    assert mesh is not None
    from_corner = np.bincount(simplices_of(mesh)[0], minlength=len(partition))
    delaunay = [len(Delaunay(partition.vertices(i)).simplices) for i in range(len(partition))]
    return from_corner, np.array(delaunay)


def arrangement(setting: Setting, seed: int) -> Lens:
    """As many hyperplanes as the network has neurons, in one layer: nothing deep and nothing learnt."""
    rng, n = np.random.default_rng(seed), setting.width * setting.depth
    return Lens.from_arrays([rng.standard_normal((n, setting.dim)), np.ones((1, n))], [rng.uniform(-1, 1, n), [0]])


def numbers(lens: Lens) -> dict[str, Ints]:
    """Facets of all polytopes, each counted in three ways; simplices of those in the cube, up to three inputs."""
    d = lens.network.input_dim
    space, cube = lens.partition(), lens.partition(Box([-1] * d, [1] * d))
    inner, outer = facet_numbers(cube)
    found = {"space": facet_numbers(space)[0], "cube": inner + outer, "cube, its own left out": inner}
    if d <= 3:
        found["simplices"] = np.bincount(simplices_of(cube.mesh)[0], minlength=len(cube))
    return found


def row(setting: Setting, where: str, values: Ints, n_networks: int, varied: str) -> dict[str, Any]:
    """Mean, mode and histogram of a number over the polytopes of all networks of a kind."""
    shares = np.bincount(np.minimum(values, MOST), minlength=MOST + 1) / len(values)
    return {
        "varied": varied, **asdict(setting), "where": where, "networks": n_networks, "polytopes": len(values),
        "mean": values.mean(), "mode": int(shares.argmax()), "most": int(values.max()),
        "at_most_2d": float((values <= 2 * setting.dim).mean()), **{f"share_{k}": shares[k] for k in range(MOST + 1)},
    }  # fmt: skip


def of_kind(setting: Setting, lenses: Iterable[Lens], varied: str) -> list[dict[str, Any]]:
    """Rows of a kind of network."""
    each = [numbers(lens) for lens in lenses]
    return [row(setting, where, np.concatenate([one[where] for one in each]), len(each), varied) for where in each[0]]


def all_rows(n_networks: int, settings: dict[str, list[Setting]] = SETTINGS) -> list[dict[str, Any]]:
    """Rows of all kinds, and of arrangements of as many hyperplanes as the network that is varied."""
    found: dict[Setting, list[dict[str, Any]]] = {}
    rows = []
    for varied, kinds in settings.items():
        for setting in kinds:
            if setting not in found:
                found[setting] = of_kind(setting, (setting.lens(seed) for seed in range(n_networks)), varied)
            rows += [{**one, "varied": varied} for one in found[setting]]
    rows += of_kind(BASE, (arrangement(BASE, seed) for seed in range(n_networks)), "arrangement")
    return rows


KEYS = ["networks", "varied", "dim", "width", "depth", "init", "bias", "learnt", "where"]


def figure(frame: pd.DataFrame) -> plt.Figure:
    """A panel for each thing that is varied: histograms of facets in all of space; and one for what the cube does."""
    drawn, axes = plt.subplots(2, 3, figsize=(13, 7), sharey=True)
    shares, x = [f"share_{k}" for k in range(MOST + 1)], np.arange(MOST + 1)
    panels = [("initialisation", "init"), ("depth", "depth"), ("biases", "bias"), ("dimension", "dim"),
              ("training", "learnt")]  # fmt: skip
    palette = (BLUE, VERMILLION, GREEN, ORANGE)
    words = {"init": "{}", "depth": "depth {}", "bias": "times {:g}", "dim": "{} inputs", "learnt": "{}"}
    for axis, (varied, column) in zip(axes.flat, panels, strict=False):
        some = frame[(frame.varied == varied) & (frame["where"] == "space")]
        for color, (_, one) in zip(palette, some.sort_values(column).iterrows(), strict=False):
            axis.plot(x, one[shares], "o-", color=color, markersize=4, label=words[column].format(one[column]))
        if varied != "dimension":
            flat = frame[(frame.varied == "arrangement") & (frame["where"] == "space")]
            axis.plot(x, flat[shares].iloc[0], ":", color=GREY, label="36 planes, no network")
            axis.axvline(6, color=GREY, linewidth=0.6)
        axis.set_title(f"By {varied}" if varied != "training" else "By what is learnt")
    last = axes.flat[-1]
    base = frame[(frame.varied == "depth") & (frame.depth == 3)].set_index("where")
    styles = {"space": (BLUE, "all of space"), "cube": (VERMILLION, "the cube"),
              "cube, its own left out": (SKY, "the cube, its own facets left out"),
              "simplices": (PURPLE, "simplices in the cube")}  # fmt: skip
    for where, (color, label) in styles.items():
        last.plot(x, base.loc[where, shares], "o-", color=color, markersize=4, label=label)
    last.set_title("By what is counted, 3-12-12-12")
    for axis in axes.flat:
        axis.set_xlim(0, 14)
        axis.legend(frameon=False, fontsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    for axis in axes[1]:
        axis.set_xlabel("facets of a polytope (2 d = 6 is marked)")
    for axis in axes[:, 0]:
        axis.set_ylabel("share of polytopes")
    drawn.tight_layout()
    return drawn


def triangulation_rows(n_networks: int) -> list[dict[str, Any]]:
    """Two ways of cutting the same polytopes into simplices."""
    rows = []
    for seed in range(n_networks):
        partition = Setting(depth=2).lens(seed).partition(Box([-1] * 3, [1] * 3))
        corner, delaunay = simplex_numbers(partition)
        inner, outer = facet_numbers(partition)
        rows.append({
            "seed": seed, "polytopes": len(partition), "facets": (inner + outer).mean(), "from_a_corner": corner.mean(),
            "delaunay": delaunay.mean(), "differ": float((corner != delaunay).mean()),
        })  # fmt: skip
    return rows


def main() -> None:
    """Rows, tables and the figure."""
    asked = arguments(__doc__)
    n = 10 if asked.full else 2
    frame = keep("fan", KEYS, all_rows(n), asked.pages)
    frame = frame[frame.networks == frame.networks.max()]
    told = [
        "varied",
        "dim",
        "width",
        "depth",
        "init",
        "bias",
        "learnt",
        "polytopes",
        "mean",
        "mode",
        "most",
        "at_most_2d",
    ]
    for where in ("space", "cube", "cube, its own left out", "simplices"):
        show(f"Of {where}", frame[frame["where"] == where][told])
    assert (frame[frame["where"] == "space"]["mean"] <= 2 * frame[frame["where"] == "space"].dim).all()
    cut = keep("fan_simplices", ["seed"], triangulation_rows(n), asked.pages)
    show("The same polytopes of 3-12-12 cut in two ways, means", cut)
    draw("fan", figure(frame), asked.pages)


if __name__ == "__main__":
    main()
