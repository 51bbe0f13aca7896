"""
Two networks on one domain
==========================

The difference of two networks is a network: where they are furthest apart, and how far, is exact.
"""

import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Box, Lens
from polytope_lens.experiments import mlp, ring, sample, train

lenses = []
for seed in (0, 1):
    model = mlp((2, 12, 12, 1), seed=seed)
    train(model, sample(ring(256), n_train=400, n_validation=100, seed=0), steps=500, seed=0, progress=False)
    lenses.append(Lens(model))
box = Box([-1, -1], [1, 1])
distance = lenses[0].distance(lenses[1], box)
figure, panels = plt.subplots(1, 3, figsize=(11, 4), layout="constrained")
for ax, lens, name in zip(panels, lenses, ("seed 0", "seed 1"), strict=False):
    lens.partition(box).plot(ax, limits=(0, 1), colorbar=False, legend=False, title=name)
x, y = np.meshgrid(np.linspace(-1, 1, 300), np.linspace(-1, 1, 300))
grid = np.stack([x, y], axis=-1).reshape(-1, 2)
gap = np.abs(lenses[0](grid) - lenses[1](grid)).reshape(x.shape)
shown = panels[2].imshow(gap, origin="lower", extent=(-1, 1, -1, 1), cmap="magma_r", vmax=distance.sup)
panels[2].plot(*distance.argmax, marker="x", color="#0072b2", markersize=12, markeredgewidth=3, clip_on=False)
panels[2].set(title=f"at most {distance.sup:.3f} apart", xlabel="input 0")
figure.colorbar(shown, ax=panels[2], shrink=0.8)
plt.show()

# %%
# The pixels of the third panel are sampled, the cross is not: it marks the point where the two differ most, of all
# points of the square.
