"""
Exact at 2^-40
==============

Two parallel lines that are 2^-40 apart enclose a region that no pixel shows.
"""

import matplotlib.pyplot as plt

from polytope_lens import Box, Lens

gap = 2.0**-40
lens = Lens.from_arrays([[[1, 1], [1, 1], [1, -1]], [[1, 1, 1]]], [[0, -gap, 0], [0]])
figure, panels = plt.subplots(1, 2, figsize=(8.4, 4), layout="constrained")
for ax, side in zip(panels, (1.0, 4 * gap), strict=True):
    partition = lens.partition(Box([-side, -side], [side, side]))
    partition.plot(ax, "pattern", title=f"a box of side {2 * side:.3g}: {len(partition)} regions")
plt.show()

# %%
# Both boxes hold six regions. In the left picture two of them are there but thinner than any pixel; the right one
# is enlarged 2^38 times.
