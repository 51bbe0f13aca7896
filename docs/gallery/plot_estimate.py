"""
Estimates before a run
======================

About how many regions there are, from a small part of the search, with an interval; and the truth.
"""

import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Box, Lens

rng = np.random.default_rng(0)
figure, ax = plt.subplots(figsize=(5.4, 3.8), layout="constrained")
box = Box([-1, -1], [1, 1])
for width in (16, 24, 32, 40, 48):
    shapes = ((width, 2), *[(width, width)] * 3, (1, width))
    weights = [rng.normal(size=shape) * np.sqrt(2 / shape[1]) for shape in shapes]
    lens = Lens.from_arrays(weights, [0.2 * rng.normal(size=len(weight)) for weight in weights])
    guess, truth = lens.estimate(box, probes=8, cells=64), lens.count(box).total
    error = [[guess.regions - guess.low], [guess.high - guess.regions]]
    names = ("estimated", "counted") if width == 16 else (None, None)
    ax.errorbar(width, guess.regions, yerr=error, fmt="o", color="#0072b2", capsize=4, label=names[0])
    ax.plot(width, truth, "_", markersize=16, markeredgewidth=2, color="#d55e00", label=names[1])
ax.set(xlabel="neurons in each of four layers", ylabel="regions", yscale="log")
ax.legend(fontsize="small")
plt.show()

# %%
# The orange counts lie within the intervals of the estimates, which looked at a part of the regions only.
