"""Small convolutional networks, with sparse weights and with the same ones written out."""

from __future__ import annotations

import torch
from scipy.sparse import csr_array
from torch import nn

from polytope_lens import Lens
from polytope_lens.network.network import Layer, Network


def convolutional(seed, *, integer=False, pooling=True):
    """Three convolutions on 2 x 6 x 6 images, one with a stride, between them a leaky ReLU and pooling; two outputs."""
    torch.manual_seed(seed)
    module = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(4, 5, 3, padding=1, stride=2),
        nn.LeakyReLU(0.25),
        nn.MaxPool2d(2, stride=1) if pooling else nn.Identity(),
        nn.Conv2d(5, 3, 2 if pooling else 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(3, 6),
        nn.ReLU(),
        nn.Linear(6, 2),
    ).double()
    if integer:
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.copy_(torch.randint(-2, 3, parameter.shape))
    return module.eval()


def networks_of(module):
    """The network of a module as it is lowered, all of it sparse, with a sparse first layer only, and all dense."""
    network = Lens(module, input_shape=(2, 6, 6)).network
    n = len(network.layers)
    return network, stored(network, n), stored(network, 1), stored(network, 0)


def stored(network, n_sparse):
    """The network with its first layers sparse and the others dense."""
    layers = [
        Layer(
            csr_array(layer.weight) if i < n_sparse else layer.dense_weight(),
            layer.bias,
            layer.negative_slope,
            layer.positive_slope,
            layer.cuts,
        )
        for i, layer in enumerate(network.layers)
    ]
    return Network(tuple(layers), network.output_weight, network.output_bias)
