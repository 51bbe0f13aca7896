"""
Leaky ReLU and ReLU
===================

The same weights with two activations. A leaky neuron is never off, it is only less steep.
"""

import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Box, Lens

rng = np.random.default_rng(6)
shapes = ((8, 2), (8, 8), (8, 8), (1, 8))
weights = [rng.normal(size=shape) * np.sqrt(2 / shape[1]) for shape in shapes]
biases = [0.2 * rng.normal(size=len(weight)) for weight in weights]
figure, panels = plt.subplots(1, 2, figsize=(8.4, 4.6), layout="constrained")
for ax, slope in zip(panels, (0.0, 0.2), strict=True):
    partition = Lens.from_arrays(weights, biases, negative_slope=slope).partition(Box([-1, -1], [1, 1]))
    partition.plot(ax, boundaries=True, colorbar=False, title=f"slope {slope}: {len(partition)} regions")
plt.show()

# %%
# Lines of the first layer are the same in both; those of later layers are not, as the leaky network still sees what
# a ReLU network has switched off.
