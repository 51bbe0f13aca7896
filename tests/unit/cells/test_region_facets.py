"""Facets of regions: floats first, exact rows rounded next, rationals at last, and one answer."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from families import braid, generic, seven_lines, stack
from polytope_lens import Box, Lens, Polytope
from polytope_lens._compiled import jit
from polytope_lens.cells import region_facets
from polytope_lens.cells.region_facets import (
    Cells,
    domain_sides,
    exit_points,
    facets_of_one,
    in_first_layer_coordinates,
    prove_rows,
    region_rows,
    rounded_rows,
    seen_from,
)
from polytope_lens.importers.npz import load_npz
from polytope_lens.polytope.batch.statuses import CONSTANT, FACET, OPEN, REDUNDANT
from polytope_lens.polytope.facets import distinct, facets_of_distinct
from polytope_lens.testing.strategies import domains, networks

NETS = Path(__file__).parents[3] / "benchmarks" / "nets"
NAMES = ["d2_14x6_box1", "d3_16x2_box1", "d4_12x2_box1", "d4_12x2_unb"]
DEGENERATE = ["ng_duplicate", "ng_zero_bias", "sliver_27", "triangle_33"]


def by_rationals(network, around, bits):
    """The same facets from exact rows alone, without a point."""
    rows = Cells(network, around).rows(bits)
    groups = list(distinct(rows).values())
    return [groups[i] for i in sorted(facets_of_distinct([rows[members[0]] for members in groups]))]


def assert_facets(network, domain, bits, point):
    around = domain_sides(domain, network.input_dim)
    found = facets_of_one(network, around, bits, point)
    expected = by_rationals(network, around, bits)
    assert sorted(found.groups) == sorted(expected)
    rows = Cells(network, around).rows(bits)
    assert found.vanishing == [q for q in range(len(bits)) if not any(rows[q])]
    # Where a way goes out, it does so through its facet alone, in floats.
    floats, error = region_rows(network, around, bits[None])
    for members, exit_point in zip(found.groups, found.exits, strict=True):
        if np.isfinite(exit_point).all():
            value = floats[0, :, :-1] @ exit_point + floats[0, :, -1]
            size = np.abs(floats[0, :, :-1]) @ np.abs(exit_point) + np.abs(floats[0, :, -1]) + error[0].sum(axis=1)
            assert abs(value[members[0]]) <= 1e-9 * size[members[0]]
            assert (value <= 1e-9 * size).all()


@pytest.fixture(params=["compiled", "without a compiler", "nothing by floats"])
def road(request, monkeypatch):
    if request.param == "without a compiler":
        monkeypatch.setattr(jit, "is_at_hand", lambda _: False)
        monkeypatch.setattr(jit, "spent", [-1e9])
    elif request.param == "nothing by floats":
        for name in ("prove_redundancy", "prove_seen"):
            monkeypatch.setattr(region_facets, name, lambda *_, **__: None)
        monkeypatch.setattr(region_facets, "proved_statuses", lambda *arguments, **_: arguments[3])
    return request.param


@pytest.mark.parametrize("name", [*NAMES, *DEGENERATE])
def test_each_road_has_the_same_facets(road, name):
    network, domain = load_npz(NETS / f"{name}.npz")
    partition = Lens(network).partition(domain)
    for i in np.unique(np.linspace(0, len(partition) - 1, 4).astype(int)).tolist():
        assert_facets(network, domain, partition[i].pattern.array, partition.witnesses[i])
        # From a point of the boundary, and from one far away.
        assert_facets(
            network, domain, partition[i].pattern.array, partition[i].polytope.project([3.0] * network.input_dim)
        )
        assert_facets(network, domain, partition[i].pattern.array, np.full(network.input_dim, 9.0))


@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_degenerate_networks(data):
    network = data.draw(networks(input_dim=st.integers(1, 3)))
    domain = data.draw(domains(network.input_dim))
    partition = Lens(network).partition(domain)
    i = data.draw(st.integers(0, len(partition) - 1))
    assert_facets(network, domain, partition[i].pattern.array, partition.witnesses[i])


@pytest.mark.parametrize("network", [generic(6, 3), braid(4), seven_lines()])
def test_of_many_and_of_one(network):
    partition = Lens(network).partition()
    around = domain_sides(None, network.input_dim)
    bits = partition.patterns()
    status, vanishes = prove_rows(network, around, bits, partition.witnesses, *region_rows(network, around, bits))
    cells = Cells(network, around)
    for i in range(len(partition)):
        several = cells.groups(bits[i], partition.witnesses[i], status[i])
        assert several == facets_of_one(network, around, bits[i], partition.witnesses[i]).groups
        across = [
            pattern.tolist() for pattern, _ in cells.facets(bits[i], partition.witnesses[i], status[i], vanishes[i])
        ]
        assert sorted(across) == sorted(other.pattern.array.tolist() for other in partition[i].neighbors())


def test_what_is_given_is_believed_and_the_rest_decided():
    lens = Lens(generic(6, 3))
    region = lens.at([0.1, 0.2, 0.3])
    around, bits, points = domain_sides(None, 3), region.pattern.array[None], region.point[None]
    rows, error = region_rows(lens.network, around, bits)
    status, _ = prove_rows(lens.network, around, bits, points, rows, error)
    given_status = np.where(np.arange(6) % 2, OPEN, status).astype(np.int8)
    again, _ = prove_rows(lens.network, around, bits, points, rows, error, given=given_status)
    assert again.tolist() == status.tolist()
    given_status[0, 0] = REDUNDANT if status[0, 0] == FACET else FACET
    assert (
        prove_rows(lens.network, around, bits, points, rows, error, given=given_status)[0][0, 0] == given_status[0, 0]
    )


def test_rows_that_vanish_may_do_so():
    # The second layer's neuron is zero where the first one is off; its constant is, too.
    network = stack(([[1.0, 0.0]], [0.0]), ([[1.0], [1.0]], [0.0, 1.0]))
    around, bits = domain_sides(None, 2), np.array([[False, False, True]])
    status, vanishes = prove_rows(network, around, bits, np.array([[-1.0, 0]]), *region_rows(network, around, bits))
    assert status.tolist() == [[FACET, CONSTANT, CONSTANT]]
    assert vanishes.tolist() == [[False, True, False]]
    assert facets_of_one(network, around, bits[0], np.array([-1.0, 0])).vanishing == [1]


def test_sides_that_say_the_same_are_put_together():
    around = domain_sides(Polytope([[1, 0], [2, 0], [0, 1]], [1, 2, 1]), 2)
    assert around.owners == [[-3, -2], [-1]]
    assert (around.lower == -np.inf).all() and (around.upper == np.inf).all()
    box = domain_sides(Box([0, 0], [1, 2]), 2)
    assert box is domain_sides(Box([0, 0], [1, 2]), 2) or box.owners == [[-4], [-3], [-2], [-1]]
    assert box.upper.tolist() == [1, 2]
    assert domain_sides(None, 3).floats.shape == (0, 4)


def test_as_a_function_of_the_first_pre_activations():
    rng = np.random.default_rng(0)
    weights = [(rng.standard_normal((n, m)), rng.standard_normal(n)) for m, n in pairwise((9, 4, 5))]
    network = stack(*weights)
    inner = in_first_layer_coordinates(network)
    assert inner.input_dim == 4
    x = rng.standard_normal(9)
    assert Lens(inner)(weights[0][0] @ x + weights[0][1]) == pytest.approx(Lens(network)(x))
    assert in_first_layer_coordinates(stack(([[1.0, 0, 0], [2, 0, 0]], [0, 1]))) is None
    assert in_first_layer_coordinates(generic(5, 3)) is None


def test_where_ways_go_out():
    rows = np.array([[1.0, 0, -2], [0, 1, -1]])
    found = exit_points(rows, np.zeros(2), np.array([[4.0, 1], [np.nan, 1]]))
    assert found[0].tolist() == [2, 0.5]
    assert np.isnan(found[1]).any()


def test_wide_inputs_are_seen_in_the_coordinates_of_the_first_layer():
    rng = np.random.default_rng(0)
    lens = Lens.from_arrays([rng.standard_normal((2, 9)), np.ones((1, 2))], [rng.standard_normal(2), [0]])
    partition = lens.partition()
    network, points = seen_from(partition.network, None, partition.witnesses)
    assert network.input_dim == 2 and points.shape == (4, 2)
    assert ((points > 0) == partition.patterns()).all()
    clipped = lens.partition(Box([-1] * 9, [1] * 9))
    assert seen_from(clipped.network, clipped.domain, clipped.witnesses)[0] is lens.network


@pytest.mark.parametrize("domain", [None, Box([-1, -1, -1], [1, 1, 1]), Box([-1, 0, 0], [1, 0, 0])])
@pytest.mark.parametrize("width", [4, 40])
def test_a_network_that_has_died_has_one_region(domain, width):
    lens = Lens(stack((np.zeros((width, 3)), np.linspace(-1, 1, width)), (np.ones((width, width)), -np.ones(width))))
    region = lens.at([0, 0, 0], domain)
    sides = 0 if domain is None else 2 * len(domain.free)
    assert len(region.inequalities().facets()) == sides
    assert region.neighbors() == []
    assert region.is_bounded == (domain is not None)
    assert region == lens.partition(domain)[0]
    assert len(region.polytope.rays().lines) == (3 if domain is None else 0)
    assert (region.chebyshev_ball().radius == np.inf) == (domain is None)
    assert region.nearest_boundary().distance == (np.inf if domain is None else 1)


@pytest.mark.parametrize("n_corner", [0, 8, 24])
def test_a_region_is_asked_at_a_corner_of_its_domain_as_well(n_corner, monkeypatch):
    """A picture with black and white pixels is one: the point inside is proposed by floats, not by rationals."""
    d, rng = 24, np.random.default_rng(2)
    lens = Lens.from_arrays(
        [rng.standard_normal((20, d)), rng.standard_normal((20, 20)), np.ones((1, 20))],
        [rng.standard_normal(20), rng.standard_normal(20), [0]],
    )
    domain = Box(np.zeros(d), np.ones(d))
    x = np.where(np.arange(d) < n_corner, rng.integers(2, size=d), 0.5)
    region = lens.at(x, domain)

    def refused(*_args):
        raise AssertionError("a point inside was looked for in rational arithmetic")

    monkeypatch.setattr("polytope_lens.polytope.facets.inside_point", refused)
    monkeypatch.setattr("polytope_lens.polytope.metric.ball.float_inside", refused)
    ball = region.chebyshev_ball()
    assert 0 < ball.radius <= ball.bound <= ball.radius * (1 + 1e-9)
    well_inside = lens.at(ball.center, domain)
    assert well_inside == region
    assert set(well_inside.polytope.owners) == set(region.polytope.owners)


@pytest.mark.parametrize("domain", [None, Box([-1, -1, -1], [1, 1, 1])])
def test_rows_without_bounds_are_the_same_but_for_rounding(domain):
    network = stack(
        (np.random.default_rng(0).standard_normal((5, 3)), [0.1, -0.2, 0.3, 0.0, 1.0]),
        (np.random.default_rng(1).standard_normal((4, 5)), [0.5, -0.5, 0.25, 0.0]),
    )
    bits = Lens(network).partition(domain).patterns()
    around = domain_sides(domain, 3)
    rows, error = region_rows(network, around, bits)
    rounded = rounded_rows(network, around, bits)
    assert rounded.shape == rows.shape
    assert (np.abs(rounded - rows) <= 2 * error + 1e-15).all()


def test_without_rows_there_are_no_facets():
    """As in a cell of all space whose neurons are all constant, far from the origin."""
    lens = Lens.from_arrays([np.eye(4)[:1], [[1.0]]], [[0.0], [0.0]])
    cells = region_facets.Cells(lens.network, None)
    assert cells._facets([], np.full(4, 2.0**70), np.zeros(0, np.int8), False) == set()
