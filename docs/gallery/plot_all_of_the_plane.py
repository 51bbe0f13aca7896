"""
All of R^2
==========

Without a domain every region of the plane is found, the unbounded ones too.
"""

import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Box, Lens

lens = Lens.example()
everywhere = lens.count().total
sides = 2.0 ** np.arange(-3, 8)
counts = [lens.count(Box([-side, -side], [side, side])).total for side in sides]
figure, ax = plt.subplots(figsize=(5.4, 3.6), layout="constrained")
ax.semilogx(sides, counts, marker="o", base=2, color="#0072b2", label="in the box $[-s, s]^2$")
ax.axhline(everywhere, color="#d55e00", label=f"in all of the plane: {everywhere:,}")
ax.set(xlabel="s", ylabel="regions", ylim=(0, None))
ax.legend()
plt.show()

# %%
# Large boxes come close to the number in the whole plane; the orange line does not depend on how large a box one
# thought of.
