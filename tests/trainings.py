"""A training loop that knows of no recorder, and networks compared number by number."""

from __future__ import annotations

import numpy as np

from polytope_lens.experiments import ring, sample

SAMPLES = sample(ring(32), 60, 20)


def arrays_of(network):
    """All numbers of a network."""
    arrays = [network.output_weight, network.output_bias]
    for layer in network.layers:
        arrays += [layer.weight, layer.bias, layer.negative_slope, layer.positive_slope, layer.cuts]
    return arrays


def same_network(first, second):
    if first is None or second is None:
        return first is second
    pairs = zip(arrays_of(first), arrays_of(second), strict=True)
    return len(first.layers) == len(second.layers) and all(np.array_equal(a, b) for a, b in pairs)


def steps_of(model, n, optimizer=None):
    """A loop that knows of no recorder; yields before each update."""
    import torch

    points = torch.tensor(SAMPLES.train_points, dtype=torch.float32)
    values = torch.tensor(SAMPLES.train_values, dtype=torch.float32)
    optimizer = optimizer or torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(n):
        yield
        optimizer.zero_grad()
        ((model(points).squeeze(1) - values) ** 2).mean().backward()
        optimizer.step()


def run(model, n, optimizer=None):
    for _ in steps_of(model, n, optimizer):
        pass
