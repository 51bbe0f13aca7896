"""Small planar partitions cut by hand: plain Python, in floats, independent of the engines."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from polytope_lens.domain import Box
from polytope_lens.errors import Status
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.network import network as net
from polytope_lens.network.affine import augmented_map, preactivation_maps
from polytope_lens.network.pattern import pack
from polytope_lens.partition.partition import Partition
from polytope_lens.partition.provenance import Certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Cell = tuple[list[int], list[int], list[bool]]  # corners, owner of the edge that starts at each, bits so far


def cut_by_hand(network: net.Network, domain: Box) -> Partition:
    """Partition of a box in the plane by a generic network."""
    (x0, y0), (x1, y1) = domain.lower.tolist(), domain.upper.tolist()
    points = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    crossings: dict[tuple[int, int, int], int] = {}
    cells: list[Cell] = [([0, 1, 2, 3], [-4, -1, -2, -3], [])]
    counts = []
    bit = 0
    for layer in range(len(network.layers)):
        rows = [preactivation_maps(network, padded(bits, network))[layer] for _, _, bits in cells]
        for j in range(network.layers[layer].width):
            cut: list[tuple[Cell, np.ndarray]] = []
            for cell, row in zip(cells, rows, strict=True):
                cut += [(half, row) for half in halves(cell, row[j], bit, points, crossings)]
            cells, rows = [c for c, _ in cut], [r for _, r in cut]
            bit += 1
        counts.append(len(cells))
    cells.sort(key=lambda cell: cell[2])
    patterns = np.array([bits for _, _, bits in cells], dtype=bool)
    mesh = PlanarMesh(
        np.array(points),
        np.full(len(points), 1e-12),
        np.cumsum([0] + [len(corners) for corners, _, _ in cells]),
        np.concatenate([corners for corners, _, _ in cells]),
        np.concatenate([owners for _, owners, _ in cells]),
        np.zeros(sum(len(corners) for corners, _, _ in cells), dtype=bool),
    )
    return Partition(
        network=network,
        domain=domain,
        engine="by hand",
        packed_patterns=pack(patterns),
        maps=np.array([augmented_map(network, bits)[:-1] for bits in patterns]),
        witnesses=np.array([mesh.points[corners].mean(axis=0) for corners, _, _ in cells]),
        counts_per_layer=np.array(counts),
        mesh=mesh,
        status=Status.COMPLETE,
        certificate=Certificate(0, 0, 0),
    )


def padded(bits: list[bool], network: net.Network) -> np.ndarray:
    return np.array(bits + [False] * (network.n_neurons - len(bits)), dtype=bool)


def halves(
    cell: Cell,
    row: np.ndarray,
    bit: int,
    points: list[tuple[float, float]],
    crossings: dict[tuple[int, int, int], int],
) -> list[Cell]:
    """The cell, or its two halves on either side of ``row @ [x, y, 1] == 0``, the negative one first."""
    corners, owners, bits = cell
    values = [float(row @ [*points[c], 1.0]) for c in corners]
    if min(values) >= 0 or max(values) <= 0:
        return [(corners, owners, [*bits, min(values) >= 0])]
    sides: tuple[Cell, Cell] = ([], [], [*bits, False]), ([], [], [*bits, True])
    for k, (here, value) in enumerate(zip(corners, values, strict=True)):
        there, next_value = corners[(k + 1) % len(corners)], values[(k + 1) % len(corners)]
        side, other = sides[value > 0], sides[value <= 0]
        side[0].append(here)
        side[1].append(owners[k])
        if (value > 0) != (next_value > 0):
            key = (min(here, there), max(here, there), bit)
            if key not in crossings:
                t = value / (value - next_value)
                (ax, ay), (bx, by) = points[here], points[there]
                crossings[key] = len(points)
                points.append((ax + t * (bx - ax), ay + t * (by - ay)))
            side[0].append(crossings[key])
            side[1].append(bit)
            other[0].append(crossings[key])
            other[1].append(owners[k])
    return [sides[0], sides[1]]


def random_network(widths: Sequence[int], *, outputs: int = 1, seed: int = 0) -> net.Network:
    rng = np.random.default_rng(seed)
    sizes = [2, *widths, outputs]
    weights = [rng.normal(size=(n, m)) * np.sqrt(2 / m) for m, n in pairwise(sizes)]
    return net.from_arrays(weights, [rng.normal(size=n) * 0.3 for n in sizes[1:]])


@pytest.fixture(scope="session")
def cut() -> Callable[..., Partition]:
    """``cut(network, domain)``: the partition of a box in the plane by a generic network."""
    return cut_by_hand


@pytest.fixture(scope="session")
def lines() -> Partition:
    """Five lines, two outputs."""
    return cut_by_hand(random_network([5], outputs=2, seed=3), Box([-1, -1], [1, 1]))


@pytest.fixture(scope="session")
def deep() -> Partition:
    """Three layers on a box that is not a square."""
    return cut_by_hand(random_network([6, 5, 4], seed=1), Box([-1, -1], [1, 0.5]))
