"""
Holes of what was learnt
========================

Betti numbers of the set where the output is at least one half: how many parts and how many holes it has.
"""

import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Box, Lens
from polytope_lens.experiments import mlp, ring, sample, train

model = mlp((2, 12, 12, 12, 1), seed=3)
train(model, sample(ring(256), n_train=500, n_validation=100, seed=0), steps=800, seed=0, progress=False)
partition = Lens(model).partition(Box([-1, -1], [1, 1]))
levels = np.linspace(0.05, 0.95, 19)
parts, holes = np.array([partition.betti(0, level, side="super") for level in levels]).T
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
partition.plot(left, boundaries=False, level=0.5, colorbar=False)
right.step(levels, parts, where="mid", label="parts", color="#0072b2")
right.step(levels, holes, where="mid", label="holes", color="#d55e00")
right.set(xlabel="level", ylabel="number", yticks=[0, 1, 2])
right.legend()
plt.show()

# %%
# Where the output is at least one half is all but the dark ring: two parts, the outer one with a hole. Below a
# level of about 0.4 the parts are joined by a bridge across the ring, which the number of parts tells at once.
