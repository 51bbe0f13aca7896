"""
Two panels for a paper
======================

Letters of 7 points, a column of 3.25 inches: sizes of letters are matplotlib's, lines follow the size of the axes.
"""

import matplotlib.pyplot as plt

from polytope_lens import Box, Lens
from polytope_lens.experiments import mlp, ring, sample, train

model = mlp((2, 12, 12, 12, 1), seed=3)
train(model, sample(ring(256), n_train=500, n_validation=100, seed=0), steps=800, seed=0, progress=False)
partition = Lens(model).partition(Box([-1, -1], [1, 1]))
with plt.rc_context({"font.size": 7}):
    figure, (left, right) = plt.subplots(1, 2, figsize=(3.25, 1.9), dpi=300, layout="constrained")
    partition.plot(left, "pattern", title="(a) patterns")
    partition.plot(right, "slope", title="(b) slope", limits=(0, 20))
plt.show()

# %%
# Both panels can be read at this size, and the scale of (b) does not lie over (a).
