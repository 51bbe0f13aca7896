"""Topology of ReLU networks, exactly: faces of all dimensions, Betti numbers at initialisation, and of trained shapes.

Masden 2022 (*Algorithmic determination of the combinatorial structure of the linear regions of ReLU neural networks*)
prints numbers of edges of two random networks, and finds that at initialisation width alone does not bring more
topology to decision boundaries, but width in the presence of depth does. Berzins 2023 (*Polyhedral complex extraction
from ReLU networks using edge subdivision*) extracts complexes of networks trained on signed distances. Here:

1. vertices, edges, ... of random networks on all of R^d, each with its Euler number;
2. Betti numbers of the decision boundary (output 0) at initialisation, on all of R^2, by width and depth;
3. networks trained on the signed distance of a torus and of two linked tori: Betti numbers of the surface where the
   output is 0, what trimesh says of the same mesh, persistent homology of the output, and critical cells.

Not known here: the seeds of the random networks and their initialisation. Part 1 takes PyTorch's default for
`nn.Linear`, part 2 this and Gaussian weights (variance 2 / fan-in) and biases (variance 1); zero is the level of the
decision boundary. The shapes of part 3 are our own: Berzins's networks (bunnies) are not to be had here.

The networks of part 3 are in studies/nets, made by ``python -c "from topology import *; save('torus', 0)"`` and
``save('linked tori', 0)`` in this folder. The full version takes some 12 minutes: more seeds and widths in parts 1 and
2, and in part 3 eight more trainings of each shape, to see how often a small loss means the right topology.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from polytope_lens import Box, Lens
from polytope_lens.network.network import Network, piecewise_layer
from report import BLUE, GREEN, GREY, ORANGE, PAGES, VERMILLION, arguments, draw, keep, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from matplotlib.axes import Axes

    from polytope_lens import Partition
    from polytope_lens.function.level_surface import LevelSurface

NETS = Path(__file__).parent / "nets"
CUBE = Box([-1] * 3, [1] * 3)
# Edges as printed by Masden.
PRINTED = {"2-10-10-1": 353, "3-15-15-1": 14_499}
WIDTHS = {"torus": (16, 16), "linked tori": (32, 32)}
STEPS = {"torus": 3000, "linked tori": 8000}
RIGHT = {"torus": (1, 2, 1), "linked tori": (2, 4, 2)}


# ---------------------------------------------------------------------------------------------- 1. faces of networks


def initial(sizes: tuple[int, ...], seed: int, kind: str = "PyTorch") -> Lens:
    """A network as PyTorch initialises it, or with weights of variance 2 / fan-in and biases of variance 1."""
    if kind == "Gaussian":
        rng = np.random.default_rng(seed)
        weights = [rng.standard_normal((b, a)) * (2 / a) ** 0.5 for a, b in pairwise(sizes)]
        return Lens.from_arrays(weights, [rng.standard_normal(b) for b in sizes[1:]])
    torch.manual_seed(seed)
    linear = [torch.nn.Linear(a, b) for a, b in pairwise(sizes)]
    hidden = [part for one in linear[:-1] for part in (one, torch.nn.ReLU())]
    return Lens(torch.nn.Sequential(*hidden, linear[-1]))


def faces_row(sizes: tuple[int, ...], seed: int) -> dict[str, Any]:
    """Faces of a random network on all of R^d by dimension; `f_vector` refuses numbers that break Euler's law.

    Also its edges if the output is a neuron that cuts, too: it is not known whether the printed numbers count it.
    """
    lens = initial(sizes, seed)
    found = lens.partition().complex.f_vector(max_regions=20_000)
    network, name = lens.network, "-".join(map(str, sizes))
    last = piecewise_layer(network.output_weight, network.output_bias)
    cut = (
        Lens(Network((*network.layers, last), np.ones((1, 1)), np.zeros(1)))
        .partition()
        .complex.f_vector(max_regions=20_000)
    )
    return {
        "network": name, "seed": seed, **{f"faces_{k}": n for k, n in enumerate(found.counts.tolist())},
        "euler": found.euler, "edges_with_output": int(cut.counts[1]), "printed_edges": PRINTED.get(name, np.nan),
    }  # fmt: skip


# ----------------------------------------------------------------------------- 2. decision boundaries at initialisation


def boundary_row(width: int, depth: int, seed: int, kind: str = "PyTorch") -> dict[str, Any]:
    """Betti numbers of the set where a random network of two inputs is zero: all of it, and its bounded part."""
    partition = initial((2, *[width] * depth, 1), seed, kind).partition()
    whole, bounded = partition.betti(0, 0.0), partition.betti(0, 0.0, bounded=True)
    return {
        "initialisation": kind, "depth": depth, "width": width, "seed": seed, "regions": len(partition),
        "components": whole[0], "loops": whole[1], "bounded_components": bounded[0],
    }  # fmt: skip


# ----------------------------------------------------------------------------------------------- 3. trained shapes


def distance(name: str, points: torch.Tensor) -> torch.Tensor:
    """Signed distance from a torus, or from two linked ones, in the cube."""

    def torus(centre: float, axes: tuple[int, int, int], radius: float, tube: float) -> torch.Tensor:
        moved = points - torch.tensor([centre, 0.0, 0.0])
        a, b, c = (moved[:, k] for k in axes)
        return torch.hypot(torch.hypot(a, b) - radius, c) - tube

    if name == "torus":
        return torus(0.0, (0, 1, 2), 0.6, 0.25)
    return torch.minimum(torus(-0.25, (0, 1, 2), 0.5, 0.12), torus(0.25, (0, 2, 1), 0.5, 0.12))


def train(name: str, seed: int) -> tuple[torch.nn.Sequential, float]:
    """A network trained on a signed distance, cut off at 0.3, with more points near the surface; and its last loss."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    sizes = (3, *WIDTHS[name])
    linear = [torch.nn.Linear(a, b) for a, b in pairwise(sizes)]
    model = torch.nn.Sequential(*(part for one in linear for part in (one, torch.nn.ReLU())),
                                torch.nn.Linear(sizes[-1], 1))  # fmt: skip
    optimiser = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, total_steps=STEPS[name])
    pool = 2 * torch.rand(400_000, 3) - 1
    near = pool[distance(name, pool).abs() < 0.1]
    for _ in range(STEPS[name]):
        points = torch.cat([pool[torch.randint(len(pool), (512,))], near[torch.randint(len(near), (1536,))]])
        loss = ((model(points)[:, 0] - distance(name, points).clamp(-0.3, 0.3)) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return model, float(loss.detach())


def save(name: str, seed: int) -> None:
    """Train and keep the weights in studies/nets."""
    model, _ = train(name, seed)
    linear = [part for part in model if isinstance(part, torch.nn.Linear)]
    arrays = {f"W{i}": part.weight.detach().numpy() for i, part in enumerate(linear)}
    arrays |= {f"b{i}": part.bias.detach().numpy() for i, part in enumerate(linear)}
    np.savez(NETS / f"{name.replace(' ', '_')}.npz", **arrays)


def saved(name: str) -> Lens:
    """One of the kept networks."""
    with np.load(NETS / f"{name.replace(' ', '_')}.npz") as arrays:
        n = len(arrays.files) // 2
        return Lens.from_arrays([arrays[f"W{i}"] for i in range(n)], [arrays[f"b{i}"] for i in range(n)])


def triangles(surface: LevelSurface) -> np.ndarray:
    """The polygons of a surface cut into triangles, as indices of its corners."""
    return np.array([
        (ring[0], ring[k], ring[k + 1])
        for ring in np.split(surface.corners, surface.indptr[1:-1])
        for k in range(1, len(ring) - 1)
    ])  # fmt: skip


def mesh_numbers(surface: LevelSurface) -> dict[str, Any]:
    """What trimesh says of the mesh: parts, Euler number, genus, whether it is closed."""
    import trimesh

    mesh = trimesh.Trimesh(surface.points, triangles(surface), process=False)
    parts = len(mesh.split(only_watertight=False))
    return {
        "mesh_parts": parts, "mesh_euler": int(mesh.euler_number), "mesh_genus": parts - mesh.euler_number // 2,
        "mesh_closed": bool(mesh.is_watertight),
    }  # fmt: skip


def shape_row(name: str, lens: Lens, seed: int, loss: float = np.nan) -> dict[str, Any]:
    """Faces of a trained network in the cube, and Betti numbers of where it is zero, at most zero and at least zero."""
    partition = lens.partition(CUBE)
    faces = partition.complex.f_vector()
    row: dict[str, Any] = {"shape": name, "seed": seed, "loss": loss}
    row |= {f"faces_{k}": n for k, n in enumerate(faces.counts.tolist())} | {"euler": faces.euler}
    for side in ("level", "sub", "super"):
        row |= {f"{side}_b{k}": n for k, n in enumerate(partition.betti(0, 0.0, side=side))}
    row["right"] = partition.betti(0, 0.0) == RIGHT[name]
    return row | mesh_numbers(partition.level_set(0, 0.0))


def interval_rows(name: str, partition: Partition) -> Iterator[dict[str, Any]]:
    """The twelve classes of each dimension that live longest as the output grows."""
    found = partition.function.persistence()
    for dim in range(3):
        for number, (birth, death) in enumerate(found.of(dim)[:12].tolist()):
            yield {"shape": name, "dimension": dim, "number": number, "birth": birth, "death": death}


def critical_row(name: str, partition: Partition) -> dict[str, Any]:
    """Numbers of critical cells by index."""
    found = partition.function.critical_cells()
    indices = {f"index_{k}": int(n) for k, n in enumerate(found.totals)}
    return {"shape": name, "cells": len(found), "on_boundary": int(found.on_boundary.sum()), **indices}


# --------------------------------------------------------------------------------------------------------- figure


def figure(initial_rows: pd.DataFrame, intervals: pd.DataFrame, pages: Path) -> None:
    """The surface of the linked tori, its loops in the persistence diagram, and closed curves by width and depth."""
    drawn = plt.figure(figsize=(13, 4.2))
    solid = drawn.add_subplot(1, 3, 1, projection="3d")
    _draw_surface(solid, saved("linked tori").partition(CUBE).level_set(0, 0.0))
    diagram, growth = drawn.add_subplot(1, 3, 2), drawn.add_subplot(1, 3, 3)
    loops = intervals[intervals["dimension"] == 1]
    for name, colour, marker in (("torus", BLUE, "o"), ("linked tori", VERMILLION, "s")):
        chosen = loops[loops["shape"] == name]
        diagram.scatter(chosen["birth"], chosen["death"], s=28, color=colour, marker=marker, label=name, zorder=3)
    ends = [-0.2, 0.4]
    diagram.plot(ends, ends, color=GREY, lw=0.8)
    diagram.fill_between([ends[0], 0], 0, ends[1], color=GREY, alpha=0.12, lw=0)
    diagram.set(xlim=ends, ylim=ends, xlabel="output at which a loop is born", ylabel="output at which it is filled")
    diagram.set_title("loops of {output at most t}; shaded: alive at 0", fontsize=10)
    diagram.legend(frameon=False, loc="lower right")
    shown = initial_rows[initial_rows["initialisation"] == "Gaussian"].groupby(["depth", "width"])["loops"]
    mean, error = shown.mean(), shown.std() / shown.size() ** 0.5
    for depth, colour, marker in ((1, BLUE, "o"), (2, ORANGE, "s"), (3, GREEN, "^")):
        told = f"{depth} hidden layer" + "s" * (depth > 1)
        widths = mean[depth].index + 0.25 * (depth - 2)
        growth.errorbar(widths, mean[depth], error[depth], color=colour, marker=marker, capsize=3, label=told)
    growth.set(xlabel="neurons in each layer", ylabel="closed curves of the zero set", ylim=(0, None))
    growth.set_xticks(sorted(initial_rows["width"].unique()))
    growth.set_title("at initialisation, on all of the plane: mean and its error", fontsize=10)
    growth.legend(frameon=False, loc="upper left")
    drawn.tight_layout()
    draw("topology", drawn, pages)


def _draw_surface(axes: Axes, surface: LevelSurface) -> None:
    corners = surface.points[triangles(surface)]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    light = 0.55 + 0.45 * (normals @ np.array([0.4, -0.5, 0.77]))
    shade = np.clip(light, 0.1, 1)[:, None] * np.array([0.45, 0.75, 0.95])
    axes.add_collection3d(Poly3DCollection(corners, facecolors=shade, edgecolors="none"))
    axes.set(xlim=(-0.75, 0.75), ylim=(-0.75, 0.75), zlim=(-0.75, 0.75))
    axes.set_box_aspect((1, 1, 1))
    axes.set_axis_off()
    axes.view_init(25, -60)
    axes.set_title("where the network is zero: Betti numbers 2, 4, 2", fontsize=10)


# ----------------------------------------------------------------------------------------------------------- run


def faces_part(full: bool, pages: Path) -> None:
    """Part 1."""
    shapes = {(2, 10, 10, 1): 100 if full else 20, (3, 10, 10, 1): 10 if full else 2, (3, 15, 15, 1): 5 if full else 1,
              (4, 6, 6, 1): 10 if full else 2}  # fmt: skip
    rows = [faces_row(sizes, seed) for sizes, n in shapes.items() for seed in range(n)]
    faces = keep("topology_faces", ["network", "seed"], rows, pages)
    numbers = faces.drop(columns="seed").groupby("network").agg(["mean", "std", "min", "max"])
    for edges, told in (("faces_1", ""), ("edges_with_output", ", where the output is zero included")):
        shown = numbers[edges].assign(printed=numbers["printed_edges"]["mean"], euler=numbers["euler"]["mean"])
        show(f"1. Edges on all of R^d{told}; printed: Masden, another seed", shown.reset_index())


def initial_part(full: bool, pages: Path) -> pd.DataFrame:
    """Part 2."""
    rows = [
        boundary_row(width, depth, seed, kind)
        for kind in ("PyTorch", "Gaussian")
        for depth in (1, 2, 3)
        for width in ((5, 10, 15, 20) if full else (5, 10, 15))
        for seed in range(30 if full else 6)
    ]
    boundaries = keep("topology_initial", ["initialisation", "depth", "width", "seed"], rows, pages)
    numbers = boundaries.groupby(["initialisation", "depth", "width"]).agg(
        networks=("seed", "size"), regions=("regions", "mean"), components=("components", "mean"),
        loops=("loops", "mean"), bounded=("bounded_components", "mean"), most=("components", "max"),
    )  # fmt: skip
    show("2. Zero sets at initialisation, all of R^2: means", numbers.reset_index())
    return boundaries


def shapes_part(full: bool, pages: Path) -> pd.DataFrame:
    """Part 3."""
    rows, intervals, critical = [], [], []
    for name in RIGHT:
        lens = saved(name)
        rows.append(shape_row(name, lens, 0))
        partition = lens.partition(CUBE)
        intervals += interval_rows(name, partition)
        critical.append(critical_row(name, partition))
        for seed in range(1, 9) if full else ():
            model, loss = train(name, seed)
            rows.append(shape_row(name, Lens(model), seed, loss))
    shown = keep("topology_shapes", ["shape", "seed"], rows, pages)
    show("3. Trained on signed distances; seed 0 is in studies/nets", shown)
    lives = keep("topology_intervals", ["shape", "dimension", "number"], intervals, pages)
    show("   Loops that live longest", lives[(lives["dimension"] == 1) & (lives["number"] < 4)])
    show("   Critical cells", keep("topology_critical", ["shape"], critical, pages))
    return lives


def main(full: bool, pages: Path = PAGES) -> None:
    """Measure, print and draw."""
    faces_part(full, pages)
    boundaries = initial_part(full, pages)
    figure(boundaries, shapes_part(full, pages), pages)


if __name__ == "__main__":
    options = arguments(__doc__)
    sys.exit(main(options.full, options.pages))
