"""
Few pieces that stay near
=========================

A path with many regions often is nearly a polyline of a few: the fewest pieces within a tolerance.
"""

import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Lens

path = Lens.example().path([-1, -1], [1, 1])
ax = path.plot(color="#bbbbbb", linewidth=4)
for eps, color in ((0.05, "#d55e00"), (0.01, "#0072b2")):
    found = path.pieces(eps)
    ends = np.stack([found.stops[:-1], found.stops[1:]])
    lines = ax.plot(ends, found.values[:, :, 0].T, color=color, linewidth=1.2)
    lines[0].set_label(f"{len(found)} pieces within {eps}")
ax.legend(fontsize="small")
plt.show()

# %%
# Of the many pieces of the grey curve a few suffice; between them the pieces need not meet, so there are small
# jumps.
