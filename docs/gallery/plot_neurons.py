"""
What each neuron does
=====================

A dot for each neuron: on how much of the square it is on, and how long the line is along which it cuts.
"""

import matplotlib.pyplot as plt

from polytope_lens import Box, Lens

neurons = Lens.example().partition(Box([-1, -1], [1, 1])).neurons()
neurons.plot().set_title(f"{len(neurons)} neurons, {int((neurons.side != 'both').sum())} of which cut nothing")
plt.show()

# %%
# Neurons at the bottom are on everywhere or nowhere. The longest sets belong to later layers, for they may bend.
