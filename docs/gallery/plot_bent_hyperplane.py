"""
Bent hyperplanes
================

The set where one neuron is zero, for a neuron of each layer.
"""

import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Box, Lens
from polytope_lens.experiments import mlp, ring, sample, train

model = mlp((2, 12, 12, 12, 1), seed=3)
train(model, sample(ring(256), n_train=500, n_validation=100, seed=0), steps=800, seed=0, progress=False)
partition = Lens(model).partition(Box([-1, -1], [1, 1]))
neurons = partition.neurons()
ax = partition.plot(cmap="Greys", boundaries=False, colorbar=False)
for layer, color in enumerate(("#e69f00", "#cc79a7", "#0072b2")):
    longest = int(np.flatnonzero(neurons.layer == layer)[neurons.size[neurons.layer == layer].argmax()])
    curve = partition.complex.bent_hyperplane(layer, int(neurons.neuron[longest]))
    curve.plot(ax, color=color, linewidth=2, label=f"a neuron of layer {layer}: length {curve.length:.2f}")
ax.legend(loc="upper left", fontsize="small")
plt.show()

# %%
# In layer 0 the set is a line. The neurons of deeper layers bend around the ring, and their sets are longer than
# any line in the square.
