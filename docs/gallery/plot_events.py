"""
What becomes of regions
=======================

Between recorded steps regions persist, split, merge, are born and die; the books balance exactly.
"""

import matplotlib.pyplot as plt

from polytope_lens.experiments import mlp, ring, sample, train
from polytope_lens.training import Recorder

model, samples = mlp((2, 8, 8, 1), seed=0), sample(ring(256), n_train=400, n_validation=100, seed=0)
with Recorder(model, every=25, samples=samples) as recorder:
    train(model, samples, steps=400, seed=0, progress=False)
recorder.recording().events(progress=False).plot()
plt.show()

# %%
# Early on far more regions come and go than their number changes by. At the end nearly all of them persist.
