"""
The graph of neighbours
=======================

Regions are the nodes of a graph, and facets between them its edges.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection

from polytope_lens import Box, Lens

rng = np.random.default_rng(3)
lens = Lens.from_arrays([rng.normal(size=(9, 2)), rng.normal(size=(1, 9))], [0.5 * rng.normal(size=9), [0]])
partition = lens.partition(Box([-1, -1], [1, 1]))
graph = partition.adjacency().tocoo()
middles = np.array([partition.vertices(i).mean(axis=0) for i in range(len(partition))])
ax = partition.plot(color="pattern")
ax.add_collection(LineCollection(middles[np.stack([graph.row, graph.col], axis=1)], colors="black", linewidths=0.8))
ax.plot(*middles.T, "o", color="black", markersize=4)
ax.set_title(f"{len(partition)} regions, {graph.nnz // 2} facets between them")
plt.show()

# %%
# Colours of neighbours differ in lightness, since crossing a line flips one bit of the pattern: the graph has two
# sides.
