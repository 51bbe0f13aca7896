"""
Lines that coincide
===================

Equal neurons, and lines that all meet in one point: coincidences are decided, not perturbed away.
"""

import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Box, Lens

angles = np.arange(6) * np.pi / 6
spokes = np.stack([np.cos(angles), np.sin(angles)], axis=1)
figure, panels = plt.subplots(1, 2, figsize=(8, 4.4), layout="constrained")
for ax, weight, title in ((panels[0], spokes, "6 lines"), (panels[1], np.vstack([spokes, spokes]), "each line twice")):
    lens = Lens.from_arrays([weight, np.ones((1, len(weight)))], [np.zeros(len(weight)), [0]])
    partition = lens.partition(Box([-1, -1], [1, 1]))
    partition.plot(ax, "pattern", title=f"{title}: {len(partition)} regions")
plt.show()

# %%
# Six lines through one point make 12 regions, where six lines in general position make up to 22; doubling every
# neuron changes nothing.
