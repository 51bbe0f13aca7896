"""
Regions through training
========================

The exact number of regions after each layer, at every recorded step.
"""

import matplotlib.pyplot as plt

from polytope_lens.experiments import mlp, ring, sample, train
from polytope_lens.training import Recorder, measure

model, samples = mlp((2, 10, 10, 10, 1), seed=0), sample(ring(256), n_train=400, n_validation=100, seed=0)
with Recorder(model, every=10, samples=samples) as recorder:
    train(model, samples, steps=500, seed=0, progress=False)
measures = measure(recorder.recording(), workers=1, progress=False)
figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(6, 5), layout="constrained")
above.semilogy(measures.step, measures.train_loss, color="#d55e00")
above.set(ylabel="training loss")
for layer, counts in enumerate(measures.counts.T):
    below.plot(measures.step, counts, label=f"after layer {layer}")
below.set(xlabel="step", ylabel="regions", xlim=(0, 500))
below.legend(fontsize="small")
for ax in (above, below):
    ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Most of the loss is gone after 50 steps. The number of regions grows after that, and only in the last layer; lines
# of the first one move, but hardly ever leave the square.
