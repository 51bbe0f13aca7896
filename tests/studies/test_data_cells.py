"""Regions with data, other points and all: the same words, and a network whose answer is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from data_cells import RECIPES, blobs, measure, model, neighbours, summary, train


@pytest.fixture(autouse=True)
def one_thread():
    """Small networks are trained faster by one thread, most of all where tests share the processor."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_neighbours_of_regions_that_hold_points():
    network = torch.nn.Sequential(torch.nn.Linear(1, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    with torch.no_grad():
        network[0].weight[:] = 1
        network[0].bias[:] = torch.tensor([0.0, -1.0, -2.0])
    found = neighbours(network, {"data": np.array([[-1.0], [0.5], [0.6]]), "even": np.array([[0.5], [1.5]])})
    assert found == {"regions": 4, "all": 1.5, "data": 1.5, "n_data": 2, "even": 2.0, "n_even": 2}


def test_it_is_size_before_training_as_after():
    """Regions hit by any points have more neighbours than the mean; that they hold training data adds little."""
    rows = [row for d in (2, 3) for trial in range(3) for row in measure("repository", d, 2, 8, trial)]
    found = summary(pd.DataFrame(rows)).set_index("state")
    assert (found["over_all"] > 0.4).all()
    assert (found["over_even"].abs() < 0.25 * found["over_all"]).all()


def test_training_lowers_the_loss():
    X, y = blobs(RECIPES["repository"], 2, 0)
    network = model(2, 2, 8, 0)
    inputs, labels = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
    losses = []
    for epochs in (0, 20):
        train(network, X, y, epochs)
        with torch.no_grad():
            losses.append(float(torch.nn.functional.cross_entropy(network(inputs), labels)))
    assert losses[1] < 0.95 * losses[0] and X.shape == (240, 2)
