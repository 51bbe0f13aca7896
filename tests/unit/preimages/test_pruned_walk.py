"""Cells in boxes that may reach a target, against all cells."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from polytope_lens import Box, Lens, Polytope
from polytope_lens._progress import NoBar
from polytope_lens.preimages import pruned_walk as module
from polytope_lens.preimages.target import Target
from polytope_lens.properties import listing


@pytest.fixture
def lens():
    rng = np.random.default_rng(8)
    weights = [rng.standard_normal((8, 3)), rng.standard_normal((8, 8)), rng.standard_normal((2, 8))]
    return Lens.from_arrays(weights, [rng.standard_normal(len(w)) for w in weights])


@pytest.mark.parametrize("few", [6, 9])
def test_boxes_of_any_size_find_the_same(lens, monkeypatch, few):
    """Also where a list that has grown long is given up."""
    target, cube = ([[1, 1], [-1, 0]], ["0.5", "2.3"]), Box([-1] * 3, [1] * 3)
    whole = lens.preimage(target, cube)
    monkeypatch.setattr(listing, "few_open", lambda problem: few)
    monkeypatch.setattr(listing, "FEW_REGIONS", 60)
    found = lens.preimage(target, cube, mesh=False)
    assert np.array_equal(found.packed_patterns, whole.packed_patterns)
    assert found.contains(found.witnesses).all()
    assert len(found) > 3


def test_polytopes_are_walked_in_the_boxes_around_them(lens, monkeypatch):
    monkeypatch.setattr(listing, "few_open", lambda problem: 6)
    A = np.vstack([np.eye(3), -np.eye(3), [[1, 1, 1]]])
    domain = Polytope(A, [1, 1, 1, 1, 1, 1, 0.5])
    whole, found = (lens.preimage(1, domain, mesh=mesh) for mesh in (True, False))
    assert np.array_equal(found.packed_patterns, whole.packed_patterns)


def test_boxes_that_miss_are_not_walked(lens, monkeypatch):
    seen = []
    walk = module._walk
    monkeypatch.setattr(module, "_walk", lambda *given: seen.append(given) or walk(*given))
    assert len(lens.preimage(([[-1, 0]], [-1000]), Box([-1] * 3, [1] * 3), mesh=False)) == 0
    assert not seen


def test_the_problem_is_about_the_box_around():
    line = Lens.from_arrays([[[1]], [[1]]], [[0], [0]])
    target = Target.of([([[1]], ["0.5"]), ([[1], [-1]], ["0.5", "-0.25"])], 1)
    problem = module.target_problem(line.network, target, Box([0], [1]))
    assert problem.exact == ([Fraction(0)], [Fraction(1)])
    assert [case.tolist() for case in problem.cases] == [[0], [0, 1]]


def test_a_bar_tells_the_share_that_is_decided(lens, monkeypatch):
    lines = []

    class Told(NoBar):
        def update(self, n=1):
            super().update(n)
            return True

        def set_postfix_str(self, text="", **_):
            lines.append(text)

    monkeypatch.setattr(module, "bar", lambda *_, **__: Told())
    monkeypatch.setattr(listing, "few_open", lambda problem: 6)
    lens.preimage(([[1, 1], [-1, 0]], ["0.5", "2.3"]), Box([-1] * 3, [1] * 3), mesh=False)
    shares = [float(line.partition("%")[0]) for line in lines]
    assert len(shares) > 2 and shares == sorted(shares) and shares[-1] == 100
