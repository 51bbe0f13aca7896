"""
Inside a network that learnt a ball
===================================

Three inputs, and one output that should be 1 within a ball. The corner that is cut away shows the values inside.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.neural_network import MLPRegressor

from polytope_lens import Box, Lens

rng = np.random.default_rng(0)
points = rng.uniform(-1, 1, (3000, 3))
inside = MLPRegressor(hidden_layer_sizes=(12, 12), random_state=0, max_iter=60, learning_rate_init=0.02)
inside.fit(points, (np.linalg.norm(points, axis=1) < 0.7).astype(float))
partition = Lens(inside).partition(Box([-1] * 3, [1] * 3))
partition.plot(shrink=0.94, title=f"{len(partition)} regions")
plt.show()

# %%
# Outside the ball large regions suffice, on which the value is near 0; in the middle, where it is high, regions are
# small.
