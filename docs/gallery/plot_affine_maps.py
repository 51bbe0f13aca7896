"""
An affine map for each region
=============================

On each region the gradient is one vector; here it is an arrow at a point inside.
"""

import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Box, Lens

partition = Lens.example().partition(Box([-1, -1], [1, 1]))
gradients, points = partition.maps[:, 0, :2], partition.witnesses
large = np.argsort(-partition.volumes())[:250]
ax = partition.plot(color="slope", cmap="YlOrBr", boundaries=False)
ax.quiver(*points[large].T, *gradients[large].T, scale=25, width=0.003)
plt.show()

# %%
# Along a common edge the gradients of two neighbours have the same component, across it they differ: the network is
# continuous, and bends.
