"""Points in regions of which only patterns are known."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import Box, Lens, Polytope
from polytope_lens.cells import pattern_witnesses as module
from polytope_lens.cells.pattern_witnesses import pattern_witnesses
from polytope_lens.engines.witnesses import are_inside
from polytope_lens.network.pattern import unpack
from stored_runs import lens_of

GRID = Lens.from_arrays([[[1, 0], [1, 0], [0, 1], [0, 0]], [[1, 1, -2, 3]]], [[0, 0, 0, 1], [0]])
SLIVERS = Lens.from_arrays([[[1, 0], [1, 2.0**-40], [1, 1]], [[1, 1, 1]]], [[0, 0, 0], [0]])


def square(dim=2):
    return Box(np.full(dim, -1.0), np.full(dim, 1.0))


CASES = [
    (lens_of(2, 8, 7, 1), square()),
    (lens_of(4, 6, 5, 1), square(4)),
    (lens_of(3, 6, 5, 1), None),
    (lens_of(2, 6, 5, 1), Polytope([[1, 1], [-1, 0], [0, -1]], [1, 1, 1])),
    (lens_of(2, 6, 5, 1), Box([1e6, -3], [1e6 + 1, 4])),
    (lens_of(1, 6, 5, 1), square(1)),
    (GRID, square()),
    (SLIVERS, square()),
]


@pytest.mark.parametrize(("lens", "domain"), CASES)
def test_points_are_inside(lens, domain):
    known = lens.partition(domain)
    found = pattern_witnesses(lens.network, domain, known.packed_patterns)
    assert are_inside(lens.network, domain, unpack(known.packed_patterns, lens.network.n_neurons), found).all()


def test_few_need_exact_programs(monkeypatch):
    asked = []
    exact = module.float_inside
    monkeypatch.setattr(module, "float_inside", lambda *args: asked.append(1) or exact(*args))
    known = lens_of(2, 20, 20, 1).partition(square())
    pattern_witnesses(known.network, square(), known.packed_patterns)
    assert len(asked) < len(known) / 20


def test_no_regions():
    network = lens_of(2, 8, 7, 1).network
    assert pattern_witnesses(network, None, np.zeros((0, 1), np.uint64)).shape == (0, 2)
