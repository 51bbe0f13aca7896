"""Torch modules made of functions, and their networks beside what they answer."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn

from polytope_lens.importers.torch.torch import lower
from polytope_lens.importers.wanted import wanted
from polytope_lens.network.network import evaluate


class Does(nn.Module):
    """A module that runs a function with some modules."""

    def __init__(self, function, *modules):
        super().__init__()
        self.function, self.modules_ = function, nn.ModuleList(modules)

    def forward(self, x):
        return self.function(x, *self.modules_)


def assert_same(model, shape, *, n_points=20, seed=0):
    """The network's outputs are the module's, in float64."""
    model = copy.deepcopy(model).double().eval()
    lowering = lower(model, wanted(shape))
    points = np.random.default_rng(seed).standard_normal((n_points, *shape)) * 2
    with torch.no_grad():
        expected = model(torch.tensor(points))
    assert lowering.output_shape == tuple(expected.shape[1:])
    values = evaluate(lowering.network, points.reshape(n_points, -1))
    np.testing.assert_allclose(values, expected.reshape(n_points, -1).numpy(), rtol=1e-12, atol=1e-12)
    return lowering.network


def runs(model, shape):
    """Whether torch answers, and with more than nothing."""
    try:
        with torch.no_grad():
            return model(torch.zeros(1, *shape)).numel() > 0
    except RuntimeError:
        return False
