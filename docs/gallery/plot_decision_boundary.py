"""
The decision boundary of a classifier
=====================================

Two classes, the points that were learnt, and the curve on which both outputs are equal.
"""

import matplotlib.pyplot as plt

from polytope_lens import Box, Lens
from polytope_lens.experiments import categories, mlp, moons, sample, train

samples = sample(categories(moons(256), 2), n_train=300, n_validation=100, seed=0)
model = mlp((2, 12, 12, 2), seed=0)
train(model, samples, steps=600, seed=0, progress=False)
partition = Lens(model).partition(Box([-1, -1], [1, 1]))
partition.plot(color="class", points=samples.train_points, labels=samples.train_values)
plt.show()

# %%
# The black curve bends only where it passes from one region into the next: inside a region both outputs are affine.
