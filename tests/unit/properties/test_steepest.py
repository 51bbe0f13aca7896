"""Lipschitz constants by boxes, against those of all regions."""

from __future__ import annotations

from itertools import pairwise
from math import inf

import numpy as np
import pytest

from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import OptionError, Status, UnboundedPolytopeError
from polytope_lens.function.lipschitz import operator_norms
from polytope_lens.properties import listing
from properties_twin import random_network


def generic(rng, *sizes):
    weights = [rng.standard_normal((n, m)) for m, n in pairwise(sizes)]
    return Lens.from_arrays(weights, [rng.standard_normal(len(w)) for w in weights])


@pytest.mark.parametrize("seed", range(8))
def test_constants_are_those_of_all_regions(seed, monkeypatch):
    """Some networks are listed as a whole, also with many ties; boxes around the others are cut."""
    rng = np.random.default_rng([seed, 5])
    d = int(rng.integers(1, 4))
    lens, domain = random_network(rng, d, int(rng.integers(1, 3))), Box([-1] * d, [2] * d)
    if seed % 2:
        lens = generic(rng, d, 6, 6, 2)
        monkeypatch.setattr(listing, "few_open", lambda problem: 6)
    whole = lens.partition(domain)
    for p, q in ((1, 1), (inf, inf), (1, inf)):
        found = lens.lipschitz(domain, p, q, exact=True)
        assert found.lower == found.upper == whole.lipschitz(p, q, exact=True).value
        assert found.is_complete
        assert domain.contains(found.point[None]).all()
        steep = np.abs(lens.at(found.point, domain).affine_map.A)[None]
        assert operator_norms(steep, p, q)[0] == pytest.approx(float(found.lower))
    found, value = lens.lipschitz(domain), whole.lipschitz().value
    assert found.lower <= value * (1 + 1e-9) and value <= found.upper * (1 + 1e-9)
    assert found.upper - found.lower <= 1e-9 * value


@pytest.mark.parametrize("seconds", [1e-9, 0.3])
def test_bounds_hold_at_any_time(seconds, monkeypatch):
    lens, cube = generic(np.random.default_rng(1), 4, 10, 10, 2), Box([-1] * 4, [1] * 4)
    whole = lens.lipschitz(cube)
    monkeypatch.setattr(listing, "few_open", lambda problem: 4)
    found = lens.lipschitz(cube, max_seconds=seconds)
    assert found.lower <= whole.upper and whole.lower <= found.upper
    if seconds < 1e-3:
        assert (found.n_boxes, found.status, found.is_complete) == (0, Status.BUDGET_REACHED, False)
        assert found.lower < found.upper < inf
        assert "between" in repr(found)


def test_workers_find_the_same():
    lens = Lens.example()
    one, two = (lens.lipschitz(Box([-2, -2], [2, 2]), inf, exact=True, workers=workers) for workers in (1, 2))
    assert (one.lower, one.point.tolist()) == (two.lower, two.point.tolist())
    assert repr(one).startswith("LipschitzBounds(6.8120565")


def test_flat_boxes_and_polytopes(monkeypatch):
    rng = np.random.default_rng(2)
    lens = Lens.from_arrays(
        [rng.standard_normal((5, 3)), rng.standard_normal((2, 5))], [rng.standard_normal(5), [0, 0]]
    )
    flat = Box([-1, 0.25, -1], [1, 0.25, 1])
    found = lens.lipschitz(flat, 1, exact=True)
    assert found.lower == lens.partition(flat).lipschitz(1, exact=True).value
    assert found.point[1] == 0.25
    monkeypatch.setattr(listing, "few_open", lambda problem: 4)
    simplex = Polytope(np.vstack([-np.eye(3), np.ones((1, 3))]), [1, 1, 1, 1])
    assert lens.lipschitz(simplex, 1, exact=True).upper == lens.partition(simplex).lipschitz(1, exact=True).value


def test_refusals():
    lens = Lens.example()
    with pytest.raises(UnboundedPolytopeError, match="bounded domains"):
        lens.lipschitz(None)
    with pytest.raises(UnboundedPolytopeError):
        lens.lipschitz(Polytope([[1, 0]], [1]))
    with pytest.raises(OptionError, match="exact norms"):
        lens.lipschitz(Box([0, 0], [1, 1]), 2, exact=True)
    with pytest.raises(OptionError, match="from 1 to inf"):
        lens.lipschitz(Box([0, 0], [1, 1]), 0.5)
