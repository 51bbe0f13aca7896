"""Norms against cuts along zeros, quadrature and samples."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

import reference
from families import generic, golden, random_deep, sawtooth, wave
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


def split_l1(partition, network, output):
    """Integral of |f| by cutting each region along f = 0 in fractions."""
    total = Fraction(0)
    for i, bits in enumerate(partition.patterns().tolist()):
        a, b, c = reference.affine_rows(network, bits)[-1][output]
        corners = reference.tuples(partition.vertices(i, exact=True))
        for side in (1, -1):
            values = [side * (a * x + b * y + c) for x, y in corners]
            kept = reference._clip(corners, values)
            if len(kept) > 2:
                one, x, y, *_ = reference.polygon_moments(kept)
                total += side * (a * x + b * y + c * one)
    return total


@settings(max_examples=40)
@given(network=networks(2, max_depth=3, max_width=4), data=st.data())
def test_norms_by_cutting_regions_along_zeros(network, data):
    partition = Lens(network).partition(data.draw(st.one_of(boxes(2), simplices(2))))
    exact, rounded = partition.function.norms(exact=True), partition.function.norms()
    assert exact.l1[0] == split_l1(partition, network, 0)
    values = [
        abs(reference.dot(reference.affine_rows(network, bits)[-1][0], [*p, Fraction(1)]))
        for i, bits in enumerate(partition.patterns().tolist())
        for p in partition.vertices(i, exact=True)
    ]
    assert exact.sup[0] == max(values)
    scale = 1 + float(exact.sup[0])
    assert rounded.l1[0] == pytest.approx(float(exact.l1[0]), rel=1e-9, abs=1e-9 * scale)
    assert rounded.sup[0] == pytest.approx(float(exact.sup[0]), rel=1e-9, abs=1e-9 * scale)
    assert abs(float(evaluate(network, rounded.argmax)[0, 0])) == pytest.approx(rounded.sup[0], abs=1e-8 * scale)
    assert rounded.l2[0] == pytest.approx(exact.l2[0], rel=1e-9, abs=1e-7 * scale)
    assert abs(exact.integral[0]) <= exact.l1[0] <= exact.sup[0] * exact.volume


@pytest.mark.parametrize("seed", [0, 1])
def test_samples_agree(seed):
    network = random_deep((2, 8, 8), seed, 0.0)
    partition = Lens(network).partition(SQUARE)
    X = np.random.default_rng(seed).uniform(-1, 1, (400_000, 2))
    values = evaluate(network, X)[:, 0]
    found = partition.function.norms()
    assert found.integral[0] / 4 == pytest.approx(values.mean(), abs=0.02 * values.std())
    assert found.l1[0] / 4 == pytest.approx(np.abs(values).mean(), rel=0.01)
    assert found.l2[0] ** 2 / 4 == pytest.approx((values**2).mean(), rel=0.02)
    assert np.abs(values).max() <= found.sup[0] * (1 + 1e-12)
    assert np.abs(values).max() > 0.95 * found.sup[0]


@pytest.mark.parametrize("network", [sawtooth(4), wave(3), random_deep((1, 6, 6), 0, 0.1)])
def test_quadrature_on_the_line(network):
    lens = Lens(network)
    partition = lens.partition(Box([-0.5], [1.25]))
    breaks = [float(v) for i in range(len(partition)) for (v,) in partition.vertices(i)]

    def integral(g):
        return integrate.quad(lambda x: g(lens([x])[0]), -0.5, 1.25, points=sorted(set(breaks))[1:-1], limit=500)[0]

    found = partition.function.norms()
    assert found.integral[0] == pytest.approx(integral(lambda v: v), abs=1e-8)
    assert found.l2_squared[0] == pytest.approx(integral(lambda v: v**2), abs=1e-8)
    assert found.l1[0] == pytest.approx(integral(abs), abs=1e-3)
    exact = partition.function.norms(exact=True)
    for name in ("integral", "l1", "l2_squared", "sup"):
        assert getattr(found, name)[0] == pytest.approx(float(getattr(exact, name)[0]))


def test_a_wave_has_known_integrals():
    """k layers make 2^(k-1) teeth of height 1 over (0, 1)."""
    found = Lens(wave(5)).partition(Box([0], [1])).function.norms(exact=True)
    assert (found.integral[0], found.l2_squared[0], found.sup[0]) == (Fraction(1, 2), Fraction(1, 3), 1)


@pytest.mark.parametrize("exact", [False, True])
def test_a_cube_by_midpoints(exact):
    network = from_arrays(
        [[[1, -1, 0.5], [0.5, 1, -1], [1, 1, 1]], [[1, -2, 0.5], [1, 1, -1]]], [[0, 0.25, -0.5], [0.25, 0]]
    )
    found = Lens(network).partition(Box([-1] * 3, [1] * 3)).function.norms(exact=exact)
    # The error is of second order, but for |f|, which bends inside some cells.
    ticks = (np.arange(80) + 0.5) / 40 - 1
    values = evaluate(network, np.stack(np.meshgrid(ticks, ticks, ticks), axis=-1).reshape(-1, 3))
    np.testing.assert_allclose(found.l1.astype(float), 8 * np.abs(values).mean(axis=0), atol=2e-3)
    np.testing.assert_allclose(found.l2_squared.astype(float), 8 * (values**2).mean(axis=0), atol=4e-3)
    assert (found.sup.astype(float) >= np.abs(values).max(axis=0)).all()


def test_refusals():
    with pytest.raises(UnboundedPolytopeError):
        Lens(sawtooth(2)).partition().function.norms()
    with pytest.raises(DimensionError, match="slice"):
        Lens(generic(4, 4)).partition(Box([0] * 4, [1] * 4)).function.norms()
    part = replace(Lens(golden((2, 4, 4), 1)).partition(SQUARE), status=Status.BUDGET_REACHED)
    with pytest.raises(PartialPartitionError, match="norms"):
        part.function.norms()
