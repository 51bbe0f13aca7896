"""
How far to the next class
=========================

The distance of points to the decision boundary, proved, as the radius of a ball within one class.
"""

import matplotlib.pyplot as plt
from matplotlib.patches import Circle

from polytope_lens import Box, Lens
from polytope_lens.experiments import categories, mlp, moons, sample, train

samples = sample(categories(moons(256), 2), n_train=300, n_validation=100, seed=0)
model = mlp((2, 12, 12, 2), seed=0)
train(model, samples, steps=600, seed=0, progress=False)
lens = Lens(model)
ax = lens.partition(Box([-1, -1], [1, 1])).plot(color="class")
for point in samples.train_points[:9]:
    found = lens.robustness_radius(point)
    ax.add_patch(Circle(point, found.radius, fill=False, linewidth=1.5))
    ax.plot(*zip(point, found.point, strict=True), color="black", marker="o", markersize=3, linewidth=0.8)
plt.show()

# %%
# Each circle touches the boundary and does not cross it; the end of its radius is the nearest point of the other
# class.
