"""What several studies train on: scikit-learn's digits, 1797 images of 8 x 8 pixels from 0 to 1, and small perceptrons.

The papers use MNIST, which cannot be had without a download; digits come with scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

from polytope_lens import Lens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

# So small networks gain nothing by threads, and the order of a sum stays the same from machine to machine.
torch.set_num_threads(1)
N_TRAIN = 1397
LOSSES = {"entropy": nn.CrossEntropyLoss(), "squares": nn.MSELoss()}


@dataclass(frozen=True)
class Split:
    """Images to learn from and to test on, with their digits."""

    X: Floats
    y: Ints
    X_test: Floats
    y_test: Ints

    def relabelled(self, share: float, seed: int = 0) -> Split:
        """The same with a share of the training labels drawn anew."""
        rng = np.random.default_rng(seed)
        chosen = rng.permutation(len(self.y))[: round(share * len(self.y))]
        y = self.y.copy()
        y[chosen] = rng.integers(10, size=len(chosen))
        return Split(self.X, y, self.X_test, self.y_test)

    def first(self, n: int) -> Split:
        """The same with n training images only."""
        return Split(self.X[:n], self.y[:n], self.X_test, self.y_test)


@cache
def digits() -> Split:
    """All images in an order drawn once: 1397 to learn from, 400 to test on."""
    data = load_digits()
    X, y = data.data / 16.0, data.target.astype(np.int64)
    order = np.random.default_rng(0).permutation(len(X))
    X, y = X[order], y[order]
    return Split(X[:N_TRAIN], y[:N_TRAIN], X[N_TRAIN:], y[N_TRAIN:])


def perceptron(
    widths: Sequence[int], seed: int, *, bias: float | None = None, init: Literal["default", "he"] = "he"
) -> nn.Sequential:
    """Linear layers with ReLU between them.

    Parameters
    ----------
    widths : sequence of int
        Inputs, hidden layers, outputs.
    seed : int
    bias : float, optional
        Standard deviation of the biases; left out, they are as PyTorch draws them, or 0 for `init` "he".
    init : "default" or "he"
        PyTorch's own, uniform on +-1/sqrt(fan-in), or normal weights of variance 2/fan-in.
    """
    generator = torch.Generator().manual_seed(seed)
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(widths):
        layer = nn.Linear(n_in, n_out)
        with torch.no_grad():
            if init == "he":
                layer.weight.normal_(0.0, (2.0 / n_in) ** 0.5, generator=generator)
                layer.bias.normal_(0.0, bias or 0.0, generator=generator)
            else:
                layer.weight.uniform_(-(n_in**-0.5), n_in**-0.5, generator=generator)
                layer.bias.uniform_(-(n_in**-0.5), n_in**-0.5, generator=generator)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def train(
    model: nn.Sequential,
    data: Split,
    stops: Sequence[int],
    *,
    rate: float = 1e-3,
    batch: int = 64,
    decay: float = 0.0,
    loss: Literal["entropy", "squares"] = "entropy",
    penalty: float = 0.0,
    seed: int = 0,
) -> Iterator[tuple[int, Lens]]:
    """Train with AdamW, and look at the network after given numbers of steps.

    Parameters
    ----------
    model : nn.Sequential
        Trained in place.
    data : Split
    stops : ascending sequence of int
        When to look, in steps of the optimiser; 0 is before the first.
    rate, batch, decay : learning rate, size of a batch, weight decay
    loss : "entropy" or "squares"
        Cross-entropy, or the mean square of the difference from the one-hot label.
    penalty : float
        Times the sum of squared scalar products of different rows of the last matrix.
    seed : int
        Of the order of images.

    Yields
    ------
    (int, Lens)
    """
    X = torch.tensor(data.X, dtype=torch.float32)
    y = torch.tensor(data.y)
    target = nn.functional.one_hot(y, 10).float() if loss == "squares" else y
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay)
    generator, order, at = torch.Generator().manual_seed(seed), torch.empty(0, dtype=torch.int64), 0
    for begin, stop in pairwise([0, *stops]):
        for _ in range(begin, stop):
            if at + batch > len(order):
                order, at = torch.randperm(len(X), generator=generator), 0
            chosen = order[at : at + batch]
            at += batch
            optimizer.zero_grad()
            value = LOSSES[loss](model(X[chosen]), target[chosen])
            if penalty:
                last = model[-1].weight
                products = last @ last.T
                value = value + penalty * (products**2).sum() - penalty * (products.diagonal() ** 2).sum()
            value.backward()
            optimizer.step()
        yield stop, Lens(model)


def accuracy(lens: Lens, X: Floats, y: Ints) -> float:
    """Share of images that are classified right."""
    return float((lens(X).argmax(axis=1) == y).mean())
