"""Six definitions of linear region, counted exactly, and two places where their words can be read in two ways.

Stargalla, Hertrich and Reichman 2025 (*The computational complexity of counting linear regions in ReLU neural
networks*) compare six definitions R1 to R6: activation regions, proper activation regions, convex, open connected,
closed connected and affine regions. For max(-y, min(0, -x)) they give 7, 5, 4, 3, 3, 3. The first two depend on how the
network is written, and the paper's weights are not known here; three writings are counted. Two more functions show
where readings of R3 and R5 differ:

- relu(max(x, min(1.5 x + 0.5 y, 2 x))): convex regions that need not meet face to face, or that must;
- relu(x) + relu(min(x, 1 - y, 1 + y)): closed sets joined where their closures touch, or also through a slice.

The definitions are known here from notes on the paper, not from its text: there R3 asks for a polyhedral complex, and
R5 for maximal closed connected sets. So R3 and R5 are counted in that sense, and the other reading stands beside them.

The full version also counts random networks (widths 2-3-3 and 2-4-4, weights from -2 to 2, 200 each) and takes about
two minutes.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from shapely import union_all

from polytope_lens import Box, Lens
from report import BLUE, GREEN, GREY, ORANGE, PAGES, PURPLE, SKY, VERMILLION, arguments, draw, keep, show

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from matplotlib.axes import Axes

    from polytope_lens.polyhedral_complex.linear_regions import LinearRegionCounts

SQUARE = Box([-3, -3], [3, 3])
PRINTED = {"minimum of two": (7, 5, 4, 3, 3, 3)}


def written(*layers: tuple[Any, Any], output: Any) -> Lens:
    """A ReLU network of hidden layers (weight, bias) and an output row without bias."""
    weights = [np.array(weight, dtype=float) for weight, _ in layers] + [np.array([output], dtype=float)]
    return Lens.from_arrays(weights, [np.array(bias, dtype=float) for _, bias in layers] + [np.zeros(1)])


# Each as a network, and as the function that it has to be.
EXAMPLES: dict[str, tuple[Lens, Callable[..., Any]]] = {
    # -y + relu(y - relu(x)), with y and -y carried along.
    "minimum of two": (
        written(
            ([[1, 0], [0, 1], [0, -1]], [0] * 3), ([[-1, 1, -1], [0, 1, 0], [0, 0, 1]], [0] * 3), output=[1, -1, 1]
        ),
        lambda x, y: np.maximum(-y, np.minimum(0, -x)),
    ),
    # The same with x and -x first, so that the line x = 0 has two neurons.
    "minimum of two, x twice": (
        written(
            ([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4),
            ([[-1, 0, 1, -1], [0, 0, 1, 0], [0, 0, 0, 1]], [0] * 3), output=[1, -1, 1],
        ),
        lambda x, y: np.maximum(-y, np.minimum(0, -x)),
    ),
    # -relu(x) + relu(relu(x) - y): the greater of two as one plus what the other has more.
    "minimum of two, other way round": (
        written(([[1, 0], [0, 1], [0, -1]], [0] * 3), ([[1, -1, 1], [1, 0, 0]], [0] * 2), output=[1, -1]),
        lambda x, y: np.maximum(-y, np.minimum(0, -x)),
    ),
    "half-plane and sectors": (
        written(
            ([[1, 0], [-1, 0], [0.5, -0.5]], [0] * 3), ([[1, -1, -1], [1, 0, 0], [0, 1, 0]], [0] * 3),
            ([[1, 1, -1]], [0]), output=[1],
        ),
        lambda x, y: np.maximum(0, np.maximum(x, np.minimum(1.5 * x + 0.5 * y, 2 * x))),
    ),
    "joined through a slice": (
        written(
            ([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4),
            ([[1, 0, 0, 0], [0, 1, 0, 0], [1, -1, 1, 1]], [0, 0, -1]), ([[1, 0, 0], [1, -1, -1]], [0, 0]),
            output=[1, 1],
        ),
        lambda x, y: np.maximum(0, x) + np.maximum(0, np.minimum(x, np.minimum(1 - y, 1 + y))),
    ),
}  # fmt: skip


def numbers(found: LinearRegionCounts) -> dict[str, Any]:
    """The six numbers, and two in the other reading; of bounds that differ, both."""

    def told(bounds: tuple[int, int]) -> int | str:
        return bounds[0] if bounds[0] == bounds[1] else f"{bounds[0]} to {bounds[1]}"

    return {
        "R1": found.activation, "R2": found.proper_activation, "R3": told(found.convex), "R4": found.open_connected,
        "R5": found.closed_connected, "R6": found.affine, "R3_sets": told(found.convex_sets),
        "R5_closures": found.closures_connected,
    }  # fmt: skip


def row(name: str, *, everywhere: bool = True) -> dict[str, Any]:
    """The numbers of an example on all of R^2 or on a square; the network is first compared with the function."""
    lens, function = EXAMPLES[name]
    x, y = np.random.default_rng(0).uniform(-3, 3, (2, 1000))
    assert np.allclose(lens(np.column_stack([x, y]))[:, 0], function(x, y)), name
    partition = lens.partition(None if everywhere else SQUARE)
    printed = PRINTED.get(name.partition(",")[0])
    told = {"printed": ", ".join(map(str, printed)) if printed else "-"}
    where = {"function": name, "domain": "all of R^2" if everywhere else "square"}
    return where | numbers(partition.complex.linear_region_counts()) | told


def random_rows(n: int) -> list[dict[str, Any]]:
    """How often the readings differ in small random networks with whole-number weights."""
    rows = []
    for widths in ((3, 3), (4, 4)):
        open_bounds = sets_differ = closed_differ = 0
        for seed in range(n):
            rng, sizes = np.random.default_rng(seed), (2, *widths, 1)
            weights = [rng.integers(-2, 3, (b, a)) for a, b in pairwise(sizes)]
            biases = [rng.integers(-1, 2, b) for b in sizes[1:]]
            found = Lens.from_arrays(weights, biases).partition().complex.linear_region_counts()
            open_bounds += found.convex[0] != found.convex[1]
            sets_differ += found.convex[0] > found.convex_sets[1]
            closed_differ += found.closed_connected != found.closures_connected
        rows.append({
            "widths": "-".join(map(str, widths)), "networks": n, "face_to_face_needs_more": sets_differ,
            "bounds_differ": open_bounds, "slices_join": closed_differ,
        })  # fmt: skip
    return rows


def figure(pages: Path) -> None:
    """The pieces of the three functions, in colours of their affine maps."""
    drawn, axes = plt.subplots(1, 3, figsize=(12, 4.3))
    told = {
        "minimum of two": "max(-y, min(0, -x)): 7, 5, 4, 3, 3, 3",
        "half-plane and sectors": "4 convex pieces, 5 face to face",
        "joined through a slice": "6 pieces, 8 face to face, 5 closed sets",
    }
    for ax, (name, title) in zip(axes, told.items(), strict=True):
        _draw_pieces(ax, EXAMPLES[name][0])
        ax.set_title(title, fontsize=10)
    # Where regions have to be cut to meet face to face, and the slice.
    axes[0].plot([-3, 0], [-3, 0], color="black", ls="--", lw=1.2)
    axes[1].plot([-3, 0], [0, 0], color="black", ls="--", lw=1.2)
    for y in (-1, 1):
        axes[2].plot([-3, 0], [y, y], color="black", ls="--", lw=1.2)
    axes[2].plot([0, 0], [-1, 1], color="black", lw=3)
    drawn.tight_layout()
    draw("linear_region_definitions", drawn, pages)


def _draw_pieces(ax: Axes, lens: Lens) -> None:
    partition = lens.partition(SQUARE)
    maps = np.unique(partition.maps[:, 0], axis=0, return_inverse=True)[1].reshape(-1)
    colours = [SKY, ORANGE, GREEN, PURPLE, GREY, BLUE, VERMILLION]
    polygons = partition.polygons()
    for piece in partition.linear_pieces():
        outline = union_all(polygons[piece])
        ax.fill(*outline.exterior.xy, color=colours[maps[piece[0]]], alpha=0.55, lw=0)
        ax.plot(*outline.exterior.xy, color="black", lw=1.2)
    ax.set(xlim=(-3, 3), ylim=(-3, 3), xlabel="x", ylabel="y", aspect="equal")


def main(full: bool, pages: Path = PAGES) -> None:
    """Count, print and draw."""
    rows = [row(name, everywhere=everywhere) for name in EXAMPLES for everywhere in (True, False)]
    show("Linear regions by six definitions, and two in the other reading",
         keep("linear_region_definitions", ["function", "domain"], rows, pages))  # fmt: skip
    n = 200 if full else 40
    random = keep("linear_region_definitions_random", ["widths", "networks"], random_rows(n), pages)
    show("Random networks with whole-number weights: in how many the readings differ", random)
    figure(pages)


if __name__ == "__main__":
    options = arguments(__doc__)
    sys.exit(main(options.full, options.pages))
