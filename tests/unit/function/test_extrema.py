"""Least and greatest values, by corners, by another solver and by samples."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import reference
from families import golden, max_of_four, random_deep
from polytope_lens import Box, Lens
from polytope_lens.errors import OptionError, PartialPartitionError, Status, UnboundedPolytopeError
from polytope_lens.network.network import evaluate
from polytope_lens.testing import boxes, networks, simplices

SQUARE = Box([-1, -1], [1, 1])


@settings(max_examples=40)
@given(network=networks(st.integers(1, 2), max_depth=3, max_width=4, output_dim=2), data=st.data())
def test_extrema_are_at_corners(network, data):
    d = network.input_dim
    partition = Lens(network).partition(data.draw(st.one_of(boxes(d), simplices(d))))
    values = [
        reference.dot(reference.affine_rows(network, bits)[-1][1], [*p, Fraction(1)])
        for i, bits in enumerate(partition.patterns().tolist())
        for p in partition.vertices(i, exact=True)
    ]
    found = partition.extrema(1, exact=True)
    assert (found.minimum.value, found.maximum.value) == (min(values), max(values))
    for extremum in (found.minimum, found.maximum):
        row = reference.affine_rows(network, partition.patterns()[extremum.region].tolist())[-1][1]
        assert reference.dot(row, [*extremum.point.tolist(), Fraction(1)]) == extremum.value
        assert partition[extremum.region].inequalities(exact=True).contains(extremum.point.tolist())
    rounded = partition.extrema(1)
    assert rounded.maximum.value == float(found.maximum.value)


@pytest.mark.parametrize("widths", [(3, 5, 5), (4, 5, 4), (5, 6)])
def test_another_solver_region_by_region(widths):
    d = widths[0]
    network = random_deep(widths, 1, 0.1)
    partition = Lens(network).partition(Box([-1] * d, [1] * d))
    best = []
    for region in partition:
        system, f = region.inequalities(), region.affine_map
        for side in (1, -1):
            solved = linprog(side * f.A[0], system.A, system.b, bounds=(None, None), method="highs")
            best.append(side * solved.fun + f.b[0])
    found = partition.extrema()
    assert found.minimum.value == pytest.approx(min(best), abs=1e-6)
    assert found.maximum.value == pytest.approx(max(best), abs=1e-6)
    X = np.random.default_rng(0).uniform(-1, 1, (20_000, d))
    values = evaluate(network, X)[:, 0]
    assert found.minimum.value <= values.min() and values.max() <= found.maximum.value
    at = evaluate(network, np.array([found.minimum.point, found.maximum.point]))[:, 0]
    assert at.tolist() == pytest.approx([found.minimum.value, found.maximum.value])


def test_the_greatest_of_four_numbers():
    found = Lens(max_of_four()).partition(Box([-1, -2, -3, -4], [1, 2, 3, 5])).extrema(exact=True)
    assert (found.minimum.value, found.maximum.value, found.maximum.point[3]) == (-1, 5, 5)


def test_refusals():
    lens = Lens(golden((2, 4, 4), 1))
    with pytest.raises(UnboundedPolytopeError):
        lens.partition().extrema()
    with pytest.raises(OptionError):
        lens.partition(SQUARE).extrema(1)
    with pytest.raises(PartialPartitionError):
        replace(lens.partition(SQUARE), status=Status.BUDGET_REACHED).extrema()
