"""
Where the output is one half
============================

The level set of a network that learnt a ring, as exact polylines.
"""

import matplotlib.pyplot as plt

from polytope_lens import Box, Lens
from polytope_lens.experiments import mlp, ring, sample, train

model = mlp((2, 12, 12, 12, 1), seed=3)
train(model, sample(ring(256), n_train=500, n_validation=100, seed=0), steps=800, seed=0, progress=False)
partition = Lens(model).partition(Box([-1, -1], [1, 1]))
level = partition.level_set(output=0, value=0.5)
ax = partition.plot(boundaries=False, title=f"{len(level)} curves, length {level.length:.3f}")
level.plot(ax)
plt.show()

# %%
# The curves are exact polylines, with a corner at each boundary between regions that they cross. The network, which
# learnt a dark ring on white, is below one half between the outer and the inner one.
