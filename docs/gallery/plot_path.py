"""
Along a line
============

A straight line through the input space, cut exactly where the activation pattern changes.
"""

import matplotlib.pyplot as plt

from polytope_lens import Lens

path = Lens.example().path([-1, -1], [1, 1])
path.plot().set_title(f"{len(path)} regions on the way")
plt.show()

# %%
# Between two marks the output is affine, so the curve through its values at the marks is the output itself, not a
# sample of it.
