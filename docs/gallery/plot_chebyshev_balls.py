"""
The largest ball in each region
===============================

The Chebyshev ball says how roomy a region is.
"""

import matplotlib.pyplot as plt
from matplotlib.collections import EllipseCollection

from polytope_lens import Box, Lens

partition = Lens.example().partition(Box([0.2, -1], [1, -0.2]))
balls = partition.chebyshev_balls()
ax = partition.plot(cmap="Greys", colorbar=False)
width = 2 * balls.radii
ax.add_collection(
    EllipseCollection(width, width, 0, units="x", offsets=balls.centers, transOffset=ax.transData, alpha=0.6)
)
ax.set_title(f"{len(partition)} regions, radii from {balls.radii.min():.1e} to {balls.radii.max():.2f}")
plt.show()

# %%
# Radii span more than three orders of magnitude: a few regions fill most of the square, and many are slivers that a
# grid of pixels would miss.
