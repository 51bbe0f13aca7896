"""
The graph as a folded sheet
===========================

The output over the plane is a sheet of paper, folded along the boundaries.
"""

import matplotlib.pyplot as plt

from polytope_lens import Box, Lens
from polytope_lens.experiments import mlp, ring, sample, train

model = mlp((2, 12, 12, 12, 1), seed=3)
train(model, sample(ring(256), n_train=500, n_validation=100, seed=0), steps=800, seed=0, progress=False)
Lens(model).partition(Box([-1, -1], [1, 1])).plot.surface()
plt.show()

# %%
# Each polygon is flat. The ring is a trench, made of many narrow pieces where the output has to fall and rise
# again.
