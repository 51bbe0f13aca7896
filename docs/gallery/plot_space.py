"""
Regions in space
================

A network with three inputs: its regions are polyhedra, drawn a little apart, with the corner in front cut away.
"""

import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Box, Lens

rng = np.random.default_rng(7)
shapes = ((5, 3), (4, 5), (1, 4))
weights = [rng.normal(size=shape) for shape in shapes]
lens = Lens.from_arrays(weights, [0.3 * rng.normal(size=len(weight)) for weight in weights])
partition = lens.partition(Box([-1] * 3, [1] * 3))
partition.plot(color="pattern", title=f"{len(partition)} polyhedra")
plt.show()

# %%
# No polyhedron covers one in front of it, from wherever the figure is turned: neurons are the planes of a binary
# space partition.
