"""
The inequalities of one region
==============================

The region of a point is the set where all its inequalities hold; few of them are facets.
"""

import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Box, Lens

lens, box = Lens.example(), Box([-1, -1], [1, 1])
region = lens.at([0.62, -0.2], box)
rows = region.inequalities()
corners = region.polytope.vertices()
middle, half = corners.mean(axis=0), 1.2 * np.ptp(corners, axis=0).max()
figure, ax = plt.subplots(figsize=(5.4, 5), layout="constrained")
x = middle[0] + np.array([-half, half])
for normal, offset, is_facet in zip(rows.A, rows.b, rows.is_facet, strict=True):
    if abs(normal[1]) > 1e-12:
        color, width = ("#0072b2", 2.0) if is_facet else ("#bbbbbb", 0.6)
        ax.plot(x, (offset - normal[0] * x) / normal[1], color=color, linewidth=width, zorder=1 + is_facet)
around = corners[np.argsort(np.arctan2(*(corners - middle).T))]
ax.fill(*around.T, color="#56b4e9", alpha=0.6)
ax.set(
    xlim=middle[0] + [-half, half], ylim=middle[1] + [-half, half], xlabel="input 0", ylabel="input 1", aspect="equal"
)
ax.set_title(f"{len(rows.b)} inequalities, {int(rows.is_facet.sum())} of them facets")
plt.show()

# %%
# Grey lines pass by the region, some of them closely: the inequality is true on all of it because the blue ones
# are.
