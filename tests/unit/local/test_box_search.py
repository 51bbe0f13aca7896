"""The nearest boundary by lists of regions, beside the search by signs."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from polytope_lens import Box, Lens, Polytope, Status
from polytope_lens.engines import enumerate as engines
from polytope_lens.local import box_search as module
from polytope_lens.local.margins import margin_network

NORMS = [1, 2, np.inf]
# | |x| - 1 |, which touches 0 at two points.
TOUCHING = Lens.from_arrays([[[1.0]], [[1.0]], [[1.0]]], [[0.0], [-1.0], [0.0]], negative_slope=-1.0)


def generic(seed, *sizes):
    rng = np.random.default_rng([seed, *sizes])
    weights = [rng.standard_normal((n, m)) for m, n in pairwise(sizes)]
    return Lens.from_arrays(weights, [rng.standard_normal(len(w)) for w in weights])


def domains(d):
    corner = Polytope(np.vstack([-np.eye(d), np.ones((1, d))]), [1.0] * d + [1.5])  # bounded, x may lie on its side
    return None, Box([-1] * d, [1.25] * d), corner, Polytope(np.ones((1, d)), [2.0])


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_both_searches_find_the_same(d, norm, monkeypatch):
    lens = generic(d, d, 4, 3, 2)
    everywhere, *others = domains(d)
    for domain in (everywhere, others[(d + NORMS.index(norm)) % 3]):
        x = np.full(d, -0.3 if domain is None else 0.5)
        for options in ({}, {"output": 1, "value": -2.0}):
            found = lens.robustness_radius(x, norm=norm, domain=domain, exact=True, **options)
            with monkeypatch.context() as patch:
                patch.setattr(module, "MOST_INPUTS", 0)
                other = lens.robustness_radius(x, norm=norm, domain=domain, exact=True, **options)
            assert found.is_complete and other.is_complete
            assert (found.exact, found.pair) == (other.exact, other.pair)
            assert found.lower <= found.radius <= found.upper


def test_what_is_only_touched_is_found():
    found = TOUCHING.robustness_radius([3.0], value=0.0, exact=True)
    assert (found.radius, found.exact, found.status) == (2.0, 4, Status.COMPLETE)
    inside = TOUCHING.robustness_radius([0.25], value=0.0, domain=Box([-0.5], [0.5]))
    assert (inside.radius, inside.is_complete) == (np.inf, True)


def test_a_boundary_behind_a_region_that_floats_hardly_tell_from_it():
    """From 1 to 2 the output is less than 2^-36 below the value, and equal to it at 2."""
    small = 2.0**-36
    lens = Lens.from_arrays([[[-1.0], [1.0], [1.0]], [[-1.0, small, 1.0]]], [[1.0, -1.0, -2.0], [-small]])
    found = lens.robustness_radius([0.0], value=0.0, exact=True)
    assert (found.exact, found.status) == (4, Status.COMPLETE)


def test_only_regions_that_the_boundary_meets_are_looked_at():
    """Not all that lie behind it, none of which holds the nearest point: some ten thousand of them took minutes."""
    lens, x, square = generic(2, 2, 30, 30, 2), np.array([0.3, -0.2]), Box([-2, -2], [2, 2])
    listed = module._list(module._with_margins(margin_network(lens.network, x).network), square, 10**6)
    is_across = lens(lens.partition(square).witnesses).argmax(axis=1) != lens(x[None]).argmax()
    assert 0 < len(listed.margin) < is_across.sum() / 5
    assert len(np.unique(listed.bits, axis=0)) == len(listed.bits)


def test_a_list_that_was_interrupted_at_once_is_empty(monkeypatch):
    nothing = SimpleNamespace(
        packed_patterns=np.zeros((0, 1), np.uint64), witnesses=np.zeros((0, 2)), status=Status.INTERRUPTED
    )
    monkeypatch.setattr(engines, "partition", lambda *given, **more: nothing)
    network = generic(2, 2, 30, 30, 2).network
    asked = module._with_margins(margin_network(network, np.zeros(2)).network)
    listed = module._list(asked, Box([-1, -1], [1, 1]), 10**6)
    assert (listed.n_regions, listed.bits.shape, len(listed.points)) == (0, (0, 60), 0)


def test_where_there_is_no_boundary_regions_are_listed_once(monkeypatch):
    listed = []
    walk = engines.partition
    monkeypatch.setattr(engines, "partition", lambda *given, **more: listed.append(given) or walk(*given, **more))
    lens = generic(3, 2, 12, 12, 1)
    square = Box([-1, -1], [1, 1])
    found = lens.robustness_radius([0.25, 0.5], value=1e6, domain=square)
    assert (found.radius, found.n_regions, len(listed)) == (np.inf, lens.count(square).total, 1)


def test_limits(monkeypatch):
    """Whole domains with too many regions leave boxes around x, and full boxes leave the search by signs."""
    lens = generic(3, 2, 12, 12, 1)
    x, far = [0.25, 0.5], 1e4
    whole = lens.robustness_radius(x, value=far)
    near = lens.robustness_radius(x, value=float(lens(x)[0]) + 0.5)
    assert near.n_regions < 100
    monkeypatch.setattr(module, "LISTED", 1)
    monkeypatch.setattr("polytope_lens.local.robustness.candidates", lambda *_: np.zeros((0, 2)))
    part = lens.robustness_radius(x, value=far, max_regions=60)
    assert part.status is Status.BUDGET_REACHED and part.upper == np.inf
    assert 0 < part.lower < whole.radius
    outward = lens.robustness_radius(x, value=float(lens(x)[0]) + 0.5, max_regions=60)
    assert outward.radius == pytest.approx(near.radius, rel=1e-12) and outward.is_complete
    monkeypatch.setattr(module, "LAST", 0.0)
    assert lens.robustness_radius(x, value=far, max_regions=60).lower < part.lower
