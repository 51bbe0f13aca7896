"""Simplices fill each region, rounded and in fractions."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import generic, golden, sawtooth
from polytope_lens import Box, Lens
from polytope_lens.arithmetic.rational import fractions
from polytope_lens.errors import DimensionError, PartialPartitionError, Status, UnboundedPolytopeError
from polytope_lens.network.network import evaluate
from polytope_lens.polyhedral_complex.simplices import (
    balanced_sum,
    exact_simplices,
    simplex_volumes,
    simplices,
)
from polytope_lens.testing import boxes, networks


@settings(max_examples=30)
@given(data=st.data(), d=st.integers(1, 3))
def test_each_region_is_filled(data, d):
    network = data.draw(networks(d, max_depth=2, max_width=3, output_dim=2))
    partition = Lens(network).partition(data.draw(boxes(d)))
    found = exact_simplices(partition, "this")
    assert (found.volumes > 0).all()
    for i, bits in enumerate(partition.patterns().tolist()):
        own = found.region == i
        assert fractions(balanced_sum(found.volumes[own])[None])[0] == partition[i].volume(exact=True)
        corners = set(map(tuple, partition.vertices(i, exact=True)))
        rows = reference.affine_rows(network, bits)[-1]
        for simplex, values in zip(found.points[own], found.values[own], strict=True):
            for x, at in zip(fractions(simplex).tolist(), fractions(values).tolist(), strict=True):
                assert tuple(x) in corners
                assert at == [reference.dot(row, [*x, Fraction(1)]) for row in rows]
    rounded = simplices(partition, "this")
    assert rounded.volumes.sum() == pytest.approx(np.prod(partition.domain.upper - partition.domain.lower))
    np.testing.assert_allclose(
        rounded.values.reshape(-1, 2), evaluate(network, rounded.points.reshape(-1, d)), rtol=1e-9, atol=1e-6
    )


@pytest.mark.parametrize("d", [1, 2, 3])
def test_volumes_are_determinants(d):
    points = np.random.default_rng(d).standard_normal((50, d + 1, d))
    sizes = np.abs(np.linalg.det(points[:, 1:] - points[:, :1])) / [1, 1, 2, 6][d]
    np.testing.assert_allclose(simplex_volumes(points), sizes, rtol=1e-9)
    assert (simplex_volumes(points[:, ::-1]) > 0).all()


@given(values=st.lists(st.tuples(st.integers(-99, 99), st.integers(1, 99)), min_size=1, max_size=9))
def test_sums_in_pairs_are_sums(values):
    terms = np.array([[fmpq(p, q), fmpq(-p)] for p, q in values], dtype=object)
    expected = [sum(Fraction(p, q) for p, q in values), -sum(p for p, _ in values)]
    assert fractions(balanced_sum(terms)).tolist() == expected


@pytest.mark.parametrize("cut", [simplices, exact_simplices])
def test_refusals(cut):
    with pytest.raises(UnboundedPolytopeError):
        cut(Lens(golden((2, 4, 4), 1)).partition(), "this")
    with pytest.raises(UnboundedPolytopeError):
        cut(Lens(sawtooth(2)).partition(), "this")
    with pytest.raises(DimensionError, match=r"this is an integral, .* has 4 inputs"):
        cut(Lens(generic(4, 4)).partition(Box([0] * 4, [1] * 4)), "this")
    whole = Lens(golden((2, 4, 4), 1)).partition(Box([0, 0], [1, 1]))
    with pytest.raises(PartialPartitionError, match="this"):
        cut(replace(whole, status=Status.BUDGET_REACHED), "this")
