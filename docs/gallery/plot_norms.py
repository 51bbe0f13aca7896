"""
Balls of three norms
====================

The same point, and how far it may move in the 1-norm, the Euclidean one and the greatest coordinate.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Polygon

from polytope_lens import Box, Lens
from polytope_lens.experiments import categories, mlp, moons, sample, train

samples = sample(categories(moons(256), 2), n_train=300, n_validation=100, seed=0)
model = mlp((2, 12, 12, 2), seed=0)
train(model, samples, steps=600, seed=0, progress=False)
lens, point = Lens(model), np.array([-0.25, -0.35])
ax = lens.partition(Box([-1, -1], [1, 1])).plot(color="class", boundaries=False)
angle = np.linspace(0, 2 * np.pi, 400)
circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
for norm, color in ((1, "#d55e00"), (2, "black"), (np.inf, "#0072b2")):
    found = lens.robustness_radius(point, norm=norm)
    ball = circle / np.linalg.norm(circle, ord=norm, axis=1, keepdims=True)
    ax.add_patch(Polygon(point + found.radius * ball, fill=False, edgecolor=color, linewidth=1.5))
    ax.plot(*found.point, marker="o", color=color, markersize=4)
plt.show()

# %%
# Each ball is as large as it can be within its class, and each touches the boundary at its own dot.
