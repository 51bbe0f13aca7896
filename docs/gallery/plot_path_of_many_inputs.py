"""
A path among 64 inputs
======================

Paths do not mind how many inputs there are: here from one random point to another, in a network with 64 of them.
"""

import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Lens

rng = np.random.default_rng(0)
shapes = ((48, 64), (48, 48), (10, 48))
weights = [rng.normal(size=shape) * np.sqrt(2 / shape[1]) for shape in shapes]
lens = Lens.from_arrays(weights, [0.1 * rng.normal(size=len(weight)) for weight in weights])
start, end = rng.uniform(0, 1, (2, 64))
path = lens.path(start, end)
path.plot().set_title(f"{len(path)} regions among 64 inputs")
plt.show()

# %%
# All ten outputs bend at the same places, for they share their neurons; how much differs from one to the other.
