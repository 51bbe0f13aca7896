"""
Regions around each point
=========================

How many regions a small ball meets, on a grid of centres.
"""

import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Lens
from polytope_lens.experiments import mlp, ring, sample, train

model = mlp((2, 12, 12, 12, 1), seed=3)
train(model, sample(ring(256), n_train=500, n_validation=100, seed=0), steps=800, seed=0, progress=False)
lens = Lens(model)
centres = np.linspace(-0.9375, 0.9375, 16)
counts = [[lens.local_complexity([x, y], 0.1).n_regions for x in centres] for y in centres]
figure, ax = plt.subplots(figsize=(5.6, 4.8), layout="constrained")
shown = ax.imshow(counts, origin="lower", extent=(-1, 1, -1, 1), cmap="viridis")
figure.colorbar(shown, label="regions in a ball of radius 0.1")
ax.set(xlabel="input 0", ylabel="input 1")
plt.show()

# %%
# The ring can be seen: balls on it meet two dozen regions and more, those in its middle a handful.
