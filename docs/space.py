"""Draw docs/images/space.png: the polytopes of a network with three inputs, and a level set that runs through them.

``python docs/space.py``. The picture was looked at.
"""

from itertools import pairwise
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Box, Lens


def main() -> None:
    """Draw the solids by layer, and the surface within them."""
    generator = np.random.default_rng(7)
    shape = (3, 5, 4, 1)
    weights = [generator.normal(size=(n, m)) * np.sqrt(2 / m) for m, n in pairwise(shape)]
    lens = Lens.from_arrays(weights, [generator.normal(size=len(w)) / 4 for w in weights])
    partition = lens.partition(Box([-1, -1, -1], [1, 1, 1]))
    level = float(np.median(lens(partition.witnesses)[:, 0]))
    surface = partition.level_set(0, level)

    figure = plt.figure(figsize=(11, 5.2), layout="constrained")
    left, right = (figure.add_subplot(1, 2, k, projection="3d") for k in (1, 2))
    partition.plot(left, "layer", title=f"{len(partition)} polytopes, the corner in front cut away")
    title = f"the set where the output has its median value: {len(surface)} polygons"
    partition.plot(right, level=level, colorbar=False, title=title)
    path = Path(__file__).parent / "images" / "space.png"
    figure.savefig(path, dpi=100)
    print(path, partition, surface, sep="\n")


if __name__ == "__main__":
    main()
