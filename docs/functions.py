"""Draw docs/images/functions.png: a trained network's polytopes, its decision boundary and two bent hyperplanes.

``python docs/functions.py``; needs torch. The picture was looked at; colours are those of Okabe and Ito.
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from polytope_lens import Box, Lens
from polytope_lens.experiments import mlp, ring, sample, train

BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"


def main() -> None:
    """Train, ask, draw."""
    model = mlp((2, 12, 12, 12, 1), seed=3)
    train(model, sample(ring(), seed=0), steps=4000, seed=0)
    lens = Lens(model)
    partition = lens.partition(Box([-1, -1], [1, 1]))
    neurons = partition.neurons()
    last, first = (np.flatnonzero(neurons.layer == layer) for layer in (2, 0))
    bent = int(last[neurons.size[last].argmax()])
    straight = int(first[neurons.size[first].argmax()])
    third = partition.complex.bent_hyperplane(2, int(neurons.neuron[bent]))
    line = partition.complex.bent_hyperplane(0, int(neurons.neuron[straight]))
    curves = [
        (partition.level_set(0, 0.5), BLUE, "output = 1/2", 3.2, "-"),
        (third, VERMILLION, "zero set of a neuron of layer 2", 2.2, "-"),
        (line, GREEN, "zero set of a neuron of layer 0", 2.2, "--"),
    ]

    figure, ax = plt.subplots(figsize=(6.2, 6.6), layout="constrained")
    title = f"{len(partition)} polytopes of a 2-12-12-12-1 network that learnt a ring"
    style = {"cmap": "Greys", "limits": (-0.2, 3), "linewidth": 0.4, "legend": False, "colorbar": False}
    partition.plot(ax, title=title, **style)
    for curve, colour, label, width, style in curves:
        curve.plot(ax, color=colour, linewidth=width, linestyle=style, label=label)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncol=1, frameon=False)
    path = Path(__file__).parent / "images" / "functions.png"
    figure.savefig(path, dpi=110)
    print(path, partition, *(curve for curve, *_ in curves), sep="\n")


if __name__ == "__main__":
    main()
