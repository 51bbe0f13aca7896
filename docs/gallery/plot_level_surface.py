"""
A level surface in its regions
==============================

Where the output of a network with three inputs is one half: a polyhedral surface, within regions of glass.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.neural_network import MLPRegressor

from polytope_lens import Box, Lens

rng = np.random.default_rng(0)
points = rng.uniform(-1, 1, (3000, 3))
inside = MLPRegressor(hidden_layer_sizes=(12, 12), random_state=0, max_iter=60, learning_rate_init=0.02)
inside.fit(points, (np.linalg.norm(points, axis=1) < 0.7).astype(float))
partition = Lens(inside).partition(Box([-1] * 3, [1] * 3))
surface = partition.level_set(0, 0.5)
partition.plot(level=0.5, colorbar=False, title=f"{len(surface)} polygons, area {surface.area:.2f}")
plt.show()

# %%
# The ball that was learnt, of radius 0.7, has area 6.16; the polygons have one edge for each face of a region that
# they cross.
