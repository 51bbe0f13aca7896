"""Networks in files."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.domain import Box
from polytope_lens.importers.npz import save_npz
from polytope_lens.network.network import from_arrays


@pytest.fixture
def lines(tmp_path):
    """Three lines, with a domain in the file."""
    network = from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]], [[0, 0, -0.5], [0]])
    save_npz(network, tmp_path / "lines.npz", Box([-1, -1], [1, 1]))
    return str(tmp_path / "lines.npz")


@pytest.fixture
def space(tmp_path):
    """Three planes, without a domain."""
    save_npz(from_arrays([np.eye(3), np.ones((1, 3))], [np.zeros(3), np.zeros(1)]), tmp_path / "space.npz")
    return str(tmp_path / "space.npz")
