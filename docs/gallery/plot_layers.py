"""
Layer by layer
==============

The first layers of a network are a network, whose regions are those that later layers cut further.
"""

import matplotlib.pyplot as plt

from polytope_lens import Box, Lens, Network

network = Lens.example().network
figure, panels = plt.subplots(2, 3, figsize=(9, 6.4), layout="constrained")
for depth, ax in enumerate(panels.flat, start=1):
    kept = network.layers[:depth]
    first = Network(kept, [[1.0] * kept[-1].width], [0.0])
    found = Lens(first).partition(Box([-1, -1], [1, 1]))
    found.plot(ax, "pattern", title=f"{depth} layers: {len(found):,}")
plt.show()

# %%
# Every picture refines the one before: a layer adds lines and removes none.
