"""
What colours can tell
=====================

One partition in four colourings.
"""

import matplotlib.pyplot as plt

from polytope_lens import Box, Lens

partition = Lens.example().partition(Box([-0.5, -0.5], [0, 0]))
figure, panels = plt.subplots(2, 2, figsize=(8, 7.2), layout="constrained")
for ax, color in zip(panels.flat, ("value", "slope", "pattern", "layer"), strict=True):
    partition.plot(ax, color, title=color)
plt.show()

# %%
# The value is continuous across all boundaries; the slope, the pattern and the last layer that cuts are constant on
# each region and jump from one to the next.
