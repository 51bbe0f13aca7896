"""Draw docs/images/preimages.png: where a network answers with one of three classes, and its outputs there.

``python docs/preimages.py``; needs torch. The picture was looked at; colours are those of Okabe and Ito.
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.collections import PolyCollection

from polytope_lens import Box, Lens

COLOURS = "#0072B2", "#D55E00", "#009E73"


def trained() -> Lens:
    """A 2-12-12-3 network that learnt three arms of a spiral."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(2, 12), torch.nn.ReLU(), torch.nn.Linear(12, 12), torch.nn.ReLU(), torch.nn.Linear(12, 3)
    )
    x = 2 * torch.rand(3000, 2) - 1
    angle = torch.atan2(x[:, 1], x[:, 0]) + 2.5 * x.norm(dim=1)
    y = (torch.remainder(angle, 2 * torch.pi) / (2 * torch.pi / 3)).long().clamp(0, 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(1500):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    return Lens(model)


def main() -> None:
    """Train, ask, draw."""
    lens, box = trained(), Box([-1, -1], [1, 1])
    classes = [lens.preimage(i, box) for i in range(3)]
    margin = ([[1, -1, 0], [0, -1, 1]], [-20, -20])  # output 1 leads the others by 20
    sure = lens.preimage(margin, box)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.9), layout="constrained")
    for ax in (left, right):
        for i, found in enumerate(classes):
            corners = [found.vertices(k) for k in range(len(found))]
            cells = PolyCollection(corners, facecolors=COLOURS[i], edgecolors="white", linewidths=0.5)
            cells.set_alpha(0.75 if ax is left or i == 1 else 0.15)
            ax.add_collection(cells)
        ax.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    corners = [sure.vertices(k) for k in range(len(sure))]
    right.add_collection(PolyCollection(corners, facecolors=COLOURS[1], edgecolors="black", linewidths=0.9))
    shares = ", ".join(f"{float(found.probability()):.1%}" for found in classes)
    left.set_title(f"Preimages of three classes: {shares}", fontsize=10.5)
    right.set_title(f"Where class 1 leads by 20: {len(sure)} cells, {float(sure.probability()):.1%}", fontsize=10.5)
    path = Path(__file__).parent / "images" / "preimages.png"
    figure.savefig(path, dpi=110)
    print(path, *classes, sure, np.sum([float(found.probability()) for found in classes]), sep="\n")


if __name__ == "__main__":
    main()
