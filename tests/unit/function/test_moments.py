"""Moments against Green's theorem, which knows no triangles."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import generic, golden, max_of_two
from polytope_lens import Box, Lens
from polytope_lens.errors import (
    DimensionError,
    PartialPartitionError,
    Status,
    UnboundedPolytopeError,
)
from polytope_lens.network.network import evaluate, from_arrays
from polytope_lens.testing import boxes, networks, simplices

SQUARE = Box([-1, -1], [1, 1])


@settings(max_examples=40)
@given(network=networks(2, max_depth=3, max_width=4, output_dim=2), data=st.data())
def test_moments_are_those_of_greens_theorem(network, data):
    partition = Lens(network).partition(data.draw(st.one_of(boxes(2), simplices(2))))
    volume, mean, second = Fraction(0), [Fraction(0)] * 2, [[Fraction(0)] * 2 for _ in range(2)]
    for i, bits in enumerate(partition.patterns().tolist()):
        rows = reference.affine_rows(network, bits)[-1]
        one, x, y, xx, xy, yy = reference.polygon_moments(reference.tuples(partition.vertices(i, exact=True)))
        volume += one
        for k, (a, b, c) in enumerate(rows):
            mean[k] += a * x + b * y + c * one
            for m, (p, q, r) in enumerate(rows):
                quadratic = a * p * xx + (a * q + b * p) * xy + b * q * yy
                second[k][m] += quadratic + (a * r + c * p) * x + (b * r + c * q) * y + c * r * one
    found = partition.function.moments(exact=True)
    assert found.volume == volume
    assert found.mean.tolist() == [v / volume for v in mean]
    assert found.second.tolist() == [[v / volume for v in row] for row in second]
    rounded = partition.function.moments()
    assert rounded.volume == pytest.approx(float(volume))
    scale = 1e-9 + float(max(map(max, second))) / float(volume)
    np.testing.assert_allclose(rounded.second, found.second.astype(float), rtol=1e-9, atol=1e-9 * scale)
    np.testing.assert_allclose(rounded.mean, found.mean.astype(float), rtol=1e-9, atol=1e-9 * scale**0.5)


def test_the_greater_of_two_numbers():
    found = Lens(max_of_two()).partition(Box([0, 0], [1, 1])).function.moments(exact=True)
    assert (found.mean[0], found.second[0, 0], found.covariance[0, 0]) == (
        Fraction(2, 3), Fraction(1, 2), Fraction(1, 18),
    )  # fmt: skip


def test_a_line_by_its_primitives():
    """x and relu(x) on [-1, 2]: moments are integrals of 1, x and x^2."""
    lens = Lens.from_arrays([[[1], [-1]], [[1, -1], [1, 0]]], [[0, 0], [0, 0]])
    found = lens.partition(Box([-1], [2])).function.moments(exact=True)
    assert found.volume == 3
    assert found.mean.tolist() == [Fraction(1, 2), Fraction(2, 3)]
    assert found.second.tolist() == [[1, Fraction(8, 9)], [Fraction(8, 9)] * 2]


@pytest.mark.parametrize("exact", [False, True])
def test_a_cube_by_midpoints(exact):
    network = from_arrays(
        [[[1, -1, 0.5], [0.5, 1, -1], [1, 1, 1]], [[1, -2, 0.5], [1, 1, -1]]], [[0, 0.25, -0.5], [0.25, 0]]
    )
    found = Lens(network).partition(Box([-1] * 3, [1] * 3)).function.moments(exact=exact)
    # The error of the midpoints of a fine grid is of second order.
    ticks = (np.arange(80) + 0.5) / 40 - 1
    values = evaluate(network, np.stack(np.meshgrid(ticks, ticks, ticks), axis=-1).reshape(-1, 3))
    assert float(found.volume) == pytest.approx(8)
    np.testing.assert_allclose(found.mean.astype(float), values.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(found.second.astype(float), values.T @ values / len(values), atol=5e-4)


def test_refusals():
    plane = Lens(golden((2, 4, 4), 1))
    with pytest.raises(UnboundedPolytopeError):
        plane.partition().function.moments()
    with pytest.raises(DimensionError, match="slice"):
        Lens(generic(4, 4)).partition(Box([0] * 4, [1] * 4)).function.moments()
    part = replace(plane.partition(SQUARE), status=Status.BUDGET_REACHED)
    with pytest.raises(PartialPartitionError, match="moments"):
        part.function.moments()
