"""
A plane through 64 inputs
=========================

The network restricted to the plane through three inputs is a network with two inputs, and has a partition.
"""

import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Box, Lens

rng = np.random.default_rng(1)
shapes = ((48, 64), (48, 48), (4, 48))
weights = [rng.normal(size=shape) * np.sqrt(2 / shape[1]) for shape in shapes]
lens = Lens.from_arrays(weights, [0.1 * rng.normal(size=len(weight)) for weight in weights])
corners = rng.uniform(-1, 1, (3, 64))
plane = lens.slice(*corners)
partition = plane.partition(Box([-9, -9], [9, 9]))
ax = partition.plot(color="class", points=plane.project(corners), points_color="black", points_size=7)
ax.set(title=f"{len(partition)} regions on a plane", xlabel="along the plane", ylabel="across")
plt.show()

# %%
# The three black dots are the inputs that span the plane; the regions are those of the large network, exactly,
# where the plane meets them.
