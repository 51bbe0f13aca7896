"""No count exceeds a bound, and the bounds are those of another implementation."""

from __future__ import annotations

import pandas as pd
import pytest
import torch

from polytope_lens import Lens
from upper_bounds import BOUNDS, HINZ, initial, measure, summary, trained


@pytest.fixture(autouse=True)
def one_thread():
    """Small networks are trained faster by one thread, most of all where tests share the processor."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("shape", ["1-3-3-3", "3-4-4-4", "2-16-2-16"])
def test_counts_are_below_bounds(shape):
    rows = pd.DataFrame(measure(shape, 2))
    for name in [*BOUNDS, "signs of weights"]:
        assert (rows["regions"] <= rows[name]).all()
    assert (rows["signs of weights"] <= rows["Hinz"]).all() and (rows["Hinz"] <= rows["Serra et al."]).all()
    assert summary(rows).loc[0, "shape"] == shape


def test_the_zigzag_network_attains_its_bound():
    rows = pd.DataFrame(measure("1-3-3-3", 1)).set_index("kind")
    assert rows.loc["zigzag", "regions"] == rows.loc["zigzag", "Hinz"] == 64


def test_bounds_as_elsewhere():
    for shape, value in HINZ.items():
        assert Lens(initial(shape, 0)).region_count_bounds()["Hinz"].value == value


def test_training_moves_the_boundaries():
    assert Lens(trained("2-4-4", 0, 50)).count().total != 0
