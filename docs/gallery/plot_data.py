"""
Regions that hold data
======================

Which regions hold points of a data set, and how many.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import PolyCollection

from polytope_lens import Box, Lens
from polytope_lens.experiments import categories, mlp, moons, sample, train

samples = sample(categories(moons(256), 2), n_train=300, n_validation=100, seed=0)
model = mlp((2, 12, 12, 2), seed=0)
train(model, samples, steps=600, seed=0, progress=False)
partition = Lens(model).partition(Box([-1, -1], [1, 1]))
table = partition.data_table(samples.train_points)
counts = np.zeros(len(partition))
counts[table.region] = table.count
ax = partition.plot(color="class", boundaries=False, legend=False)
cells = PolyCollection(list(map(partition.vertices, range(len(partition)))), array=np.log1p(counts), cmap="Greys")
ax.add_collection(cells)
cells.set(edgecolor="#777777", linewidth=0.3)
ax.plot(*samples.train_points.T, ".", color="#d55e00", markersize=3)
ax.set_title(f"{len(samples.train_points)} points in {len(table.region)} of {len(partition)} regions")
plt.show()

# %%
# Most regions are empty: white ones hold no point, and what the network does there was never asked of it.
