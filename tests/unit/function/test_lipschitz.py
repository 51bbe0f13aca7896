"""Lipschitz constants, by the definition of an operator norm."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import generic, random_deep
from polytope_lens import Box, Lens
from polytope_lens.errors import OptionError, PartialPartitionError, Status
from polytope_lens.function.lipschitz import operator_norms
from polytope_lens.network.network import evaluate
from polytope_lens.testing import domains, networks

PAIRS = list(product((1, 2, inf), repeat=2))


@pytest.mark.parametrize(("p", "q"), PAIRS)
def test_operator_norms_are_suprema_over_unit_vectors(p, q):
    rng = np.random.default_rng(0)
    A = rng.standard_normal((4, 3, 2))
    angle = np.linspace(0, 2 * np.pi, 20_001)
    x = np.column_stack([np.cos(angle), np.sin(angle)])
    # The corners of the unit balls are among these.
    x = np.vstack([x, np.eye(2), [[1, 1], [1, -1]]])
    x /= np.linalg.norm(x, ord=p, axis=1)[:, None]
    seen = np.linalg.norm(A @ x.T, ord=q, axis=1).max(axis=1)
    found = operator_norms(A, p, q)
    assert (seen <= found * (1 + 1e-12)).all()
    np.testing.assert_allclose(seen, found, rtol=1e-6)


@settings(max_examples=40)
@given(network=networks(st.integers(1, 3), max_depth=3, max_width=3, output_dim=2), data=st.data())
def test_exact_constants_are_those_of_fractions(network, data):
    partition = Lens(network).partition(data.draw(domains(network.input_dim)))
    maps = [reference.affine_rows(network, bits)[-1] for bits in partition.patterns().tolist()]
    sizes = [[[abs(v) for v in row[:-1]] for row in rows] for rows in maps]
    expected = {
        (1, 1): [max(map(sum, zip(*rows, strict=True))) for rows in sizes],
        (inf, inf): [max(map(sum, rows)) for rows in sizes],
        (1, inf): [max(map(max, rows)) for rows in sizes],
    }
    for (p, q), values in expected.items():
        found = partition.lipschitz(p, q, exact=True)
        assert (found.value, found.region) == (max(values), values.index(max(values)))
        rounded = partition.lipschitz(p, q)
        assert rounded.value == pytest.approx(float(found.value), rel=1e-9)


@pytest.mark.parametrize(("p", "q"), PAIRS)
def test_no_chord_is_steeper_and_some_is_as_steep(p, q):
    network = random_deep((3, 5, 5), 3, 0.0)
    lens = Lens(network)
    partition = lens.partition(Box([-1] * 3, [1] * 3))
    found = partition.lipschitz(p, q)
    X, Y = np.random.default_rng(1).uniform(-1, 1, (2, 20_000, 3))
    steep = np.abs(evaluate(network, X) - evaluate(network, Y))[:, 0] / np.linalg.norm(X - Y, ord=p, axis=1)
    assert steep.max() <= found.value * (1 + 1e-9)
    A = partition[found.region].affine_map.A
    x, h = partition.witnesses[found.region], {1: np.eye(3)[np.abs(A[0]).argmax()], 2: A[0], inf: np.sign(A[0])}[p]
    step = 1e-7 * h / np.linalg.norm(h)
    rise = np.abs(lens(x + step) - lens(x))[0] / np.linalg.norm(step, ord=p)
    assert rise == pytest.approx(found.value, rel=1e-5)


def test_ties_name_the_first_region_and_zero_is_a_constant():
    lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]], negative_slope=-1.0)
    assert lens.partition().lipschitz(inf, exact=True).region == 0
    constant = Lens.from_arrays([[[0, 0]]], [[3]]).partition()
    assert constant.lipschitz(1, exact=True).value == Fraction(0)


def test_refusals():
    partition = Lens(generic(3, 2)).partition()
    with pytest.raises(OptionError, match="norms from 1 to inf"):
        partition.lipschitz(0.5)
    with pytest.raises(OptionError, match="exact"):
        partition.lipschitz(2, exact=True)
    wide = Lens.from_arrays([np.ones((20, 2))], [np.zeros(20)]).partition()
    with pytest.raises(OptionError, match="20 outputs"):
        wide.lipschitz(2, 1)
    with pytest.raises(PartialPartitionError, match="lipschitz"):
        replace(partition, status=Status.BUDGET_REACHED).lipschitz()


@pytest.mark.parametrize(("p", "q"), [(1, 3), (3, 1), (1.5, inf), (inf, 3), (3, inf)])
def test_any_norm_where_a_method_is_known(p, q):
    rng = np.random.default_rng(1)
    A = rng.standard_normal((4, 3, 2))
    angle = np.linspace(0, 2 * np.pi, 40_001)
    x = np.vstack([np.column_stack([np.cos(angle), np.sin(angle)]), np.eye(2), [[1, 1], [1, -1]]])
    x /= np.linalg.norm(x, ord=p, axis=1)[:, None]
    np.testing.assert_allclose(np.linalg.norm(A @ x.T, ord=q, axis=1).max(axis=1), operator_norms(A, p, q), rtol=1e-6)
    one = A[:, :1]
    np.testing.assert_allclose(np.abs(one @ x.T).max(axis=(1, 2)), operator_norms(one, p, p), rtol=1e-6)


def test_norms_without_a_method_are_refused():
    two = Lens.from_arrays([[[1, 2], [3, -1]], [[1, 1], [1, 2]]], [[0, 0], [0, 0]]).partition(Box([0, 0], [1, 1]))
    with pytest.raises(OptionError, match="no method but a search is known"):
        two.lipschitz(3)
