"""
Frames of a training
====================

A recorder keeps the weights along a training; each recorded step has its own exact partition.
"""

import matplotlib.pyplot as plt

from polytope_lens import Lens
from polytope_lens.experiments import mlp, ring, sample, train
from polytope_lens.training import Recorder

model, samples = mlp((2, 12, 12, 1), seed=0), sample(ring(256), n_train=400, n_validation=100, seed=0)
with Recorder(model, every=500, samples=samples) as recorder:
    train(model, samples, steps=2500, seed=0, progress=False)
recording = recorder.recording()
figure, panels = plt.subplots(2, 3, figsize=(9, 6.4), layout="constrained")
for ax, (step, network) in zip(panels.flat, recording, strict=True):
    partition = Lens(network).partition(recording.domain)
    style = {"limits": (0, 1), "colorbar": False, "legend": False}
    partition.plot(ax, title=f"step {step}: {len(partition)} regions", **style)
plt.show()

# %%
# The lines gather along the ring that is to be learnt, and the number of regions grows by a quarter.
