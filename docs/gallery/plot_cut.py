"""
A cut through space
===================

Solids are cut where one likes to look: here everything with a positive first input is taken away.
"""

import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Box, Lens

rng = np.random.default_rng(2)
shapes = ((8, 3), (6, 8), (3, 6))
weights = [rng.normal(size=shape) for shape in shapes]
lens = Lens.from_arrays(weights, [0.3 * rng.normal(size=len(weight)) for weight in weights])
partition = lens.partition(Box([-1] * 3, [1] * 3))
ax = partition.plot(color="pattern", shrink=1, cut=([1, 0, 0], 0.0))
ax.view_init(azim=-25, elev=15)
plt.show()

# %%
# On the cut one sees the partition of a plane, that of the network sliced at input 0 = 0.
