"""
All regions of a network
========================

The network that comes with the library has 84 neurons. They cut a square into regions, and on each of them it is one
affine map.
"""

import matplotlib.pyplot as plt

from polytope_lens import Box, Lens

partition = Lens.example().partition(Box([-1, -1], [1, 1]))
partition.plot(title=f"{len(partition):,} regions")
plt.show()

# %%
# Lines of layer 0 are straight; those of later layers bend wherever they cross a line of an earlier one.
