"""
Several classes
===============

A random classifier with five outputs: the colour tells which of them is greatest.
"""

import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Box, Lens

rng = np.random.default_rng(4)
shapes = ((16, 2), (16, 16), (5, 16))
weights = [rng.normal(size=shape) * np.sqrt(2 / shape[1]) for shape in shapes]
lens = Lens.from_arrays(weights, [0.3 * rng.normal(size=len(weight)) for weight in weights])
lens.partition(Box([-3, -3], [3, 3])).plot(color="class")
plt.show()

# %%
# Where three classes meet, three outputs are equal at one point. Output 1 is nowhere the greatest, so its colour is
# not to be seen.
