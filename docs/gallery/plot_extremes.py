"""
Where the output is least and greatest
======================================

The extremes over the square are taken at corners of regions, and proved.
"""

import matplotlib.pyplot as plt

from polytope_lens import Box, Lens

partition = Lens.example().partition(Box([-1, -1], [1, 1]))
found = partition.extrema()
ax = partition.plot(boundaries=False, cmap="viridis")
for extreme, color, name in ((found.minimum, "white", "minimum"), (found.maximum, "#d55e00", "maximum")):
    ax.plot(*extreme.point, marker="o", markersize=10, color=color, markeredgecolor="black", linestyle="none",
            label=f"{name} {extreme.value:.4f}", clip_on=False)  # fmt: skip
ax.legend(loc="lower left")
plt.show()

# %%
# The minimum lies inside the square, where regions meet; the maximum is on its side.
