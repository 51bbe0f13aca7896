"""
A property that holds, and one that does not
============================================

Whether the output stays above a bound on a whole box is decided exactly; where it does not, there is a point.
"""

import matplotlib.pyplot as plt

from polytope_lens import Box, Lens, Property
from polytope_lens.experiments import mlp, ring, sample, train

model = mlp((2, 12, 12, 12, 1), seed=3)
train(model, sample(ring(256), n_train=500, n_validation=100, seed=0), steps=800, seed=0, progress=False)
lens = Lens(model)
ax = lens.partition(Box([-1, -1], [1, 1])).plot(boundaries=False, level=0.5, colorbar=False)
for corner, width in (((-0.12, -0.12), 0.24), ((0.3, 0.3), 0.25), ((-0.95, 0.7), 0.25)):
    box = Box(corner, [c + width for c in corner])
    found = lens.check(Property.of(box, ([[1.0]], [0.5])))  # violated where the output is at most one half
    holds = found.counterexample is None
    color = "#009e73" if holds else "#d55e00"
    ax.add_patch(plt.Rectangle(corner, width, width, fill=False, edgecolor=color, linewidth=3))
    if not holds:
        ax.plot(*map(float, found.counterexample.point), marker="X", markersize=10, color=color)
ax.set_title("is the output above 1/2 on the whole box?")
plt.show()

# %%
# Green: proved for every point of the box. Orange: the cross is a point at which the output is at most one half.
