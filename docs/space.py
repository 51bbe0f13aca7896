"""Draw docs/images/space.png: the polytopes of a network with three inputs, and a level set that runs through them.

``python docs/space.py``. The picture was looked at.
"""

from itertools import pairwise
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from polytope_lens import Box, Lens

BLUE, INK = "#0072B2", "#333333"


def main() -> None:
    """Draw the solids by layer, and the surface beside them."""
    generator = np.random.default_rng(7)
    shape = (3, 5, 4, 1)
    weights = [generator.normal(size=(n, m)) * np.sqrt(2 / m) for m, n in pairwise(shape)]
    lens = Lens.from_arrays(weights, [generator.normal(size=len(w)) / 4 for w in weights])
    partition = lens.partition(Box([-1, -1, -1], [1, 1, 1]))
    surface = partition.level_set(0, float(np.median(lens(partition.witnesses)[:, 0])))

    figure = plt.figure(figsize=(11, 5.2), layout="constrained")
    left = partition.plot(figure.add_subplot(1, 2, 1, projection="3d"), "layer", shrink=0.8)
    left.set_title(f"{len(partition)} polytopes, faces by layer", fontsize=11)
    right = figure.add_subplot(1, 2, 2, projection="3d")
    polygons = [surface[i] for i in range(len(surface))]
    right.add_collection3d(Poly3DCollection(polygons, facecolors=BLUE, edgecolors=INK, linewidths=0.5, shade=True))
    right.set(xlim=(-1, 1), ylim=(-1, 1), zlim=(-1, 1), xlabel="input 0", ylabel="input 1", zlabel="input 2")
    right.set_box_aspect((1, 1, 1))
    right.set(xticks=[-0.5, 0, 0.5], yticks=[-0.5, 0, 0.5], zticks=[-0.5, 0, 0.5])
    right.set_title(f"the set where the output has its median value: {len(surface)} polygons", fontsize=11)
    path = Path(__file__).parent / "images" / "space.png"
    figure.savefig(path, dpi=100)
    print(path, partition, surface, sep="\n")


if __name__ == "__main__":
    main()
