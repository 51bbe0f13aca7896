"""
How many regions each layer makes
=================================

Exact numbers of regions after each layer, in one run over the square.
"""

import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Box, Lens

counts = Lens.example().count(Box([-1, -1], [1, 1])).per_layer
figure, ax = plt.subplots(figsize=(5, 3.4), layout="constrained")
ax.bar(np.arange(len(counts)), counts, color="#0072b2")
ax.bar_label(ax.containers[0], fmt="{:,.0f}")
ax.set(xlabel="layers up to", ylabel="regions")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Six layers of 14 random neurons make 3,997 regions: each layer adds some hundred to a thousand, far from doubling
# them for every neuron.
