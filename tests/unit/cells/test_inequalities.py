"""The inequalities under a point: true there, owned, and marked as facets if and only if they are."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import reference
from families import chain, golden, max_of_four
from polytope_lens import Box, Lens
from polytope_lens._kept import answers
from polytope_lens.cells.inequalities import exact_system, facet_mask
from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.network.network import from_arrays
from polytope_lens.testing import networks, points_in


@given(network=networks(st.integers(1, 3)), data=st.data())
def test_every_row_holds_at_the_point_and_is_the_neurons(network, data):
    d = network.input_dim
    x = data.draw(points_in(Box(-np.ones(d), np.ones(d)), 1))[0]
    region = Lens(network).at(x)
    system = region.inequalities()
    owners = [(index, j) for index, layer in enumerate(network.layers) for j in np.flatnonzero(layer.cuts)]
    assert list(zip(system.layer, system.neuron, strict=True)) == owners
    rows = reference.affine_rows(network, region.pattern.bits)
    at = [*reference.fractions(x), Fraction(1)]
    for a, b, (layer, neuron), on in zip(system.A, system.b, owners, region.pattern.bits, strict=True):
        exact = [-v if on else v for v in rows[layer][neuron]]
        assert reference.dot(exact, at) <= 0
        assert [*a, -b] == [float(v) for v in exact]


@given(network=networks(st.integers(1, 3), weights="integer"), data=st.data())
def test_facets_agree_with_brute_force(network, data):
    d = network.input_dim
    box = Box(-np.ones(d), np.ones(d))
    x = data.draw(points_in(box, 1))[0]
    partition = Lens(network).partition(box, engine="brute")
    region = partition[int(partition.locate(x)[0])]
    system = region.inequalities()
    exact = [[Fraction(int(v)) for v in row] for row in exact_system(region).rows]
    assert system.is_facet.tolist() == reference.facet_mask(exact)
    assert system.layer.tolist()[-2 * d :] == [-1] * (2 * d)
    assert system.neuron.tolist()[-2 * d :] == list(range(2 * d))


@given(network=networks(2), data=st.data())
def test_the_polytope_is_the_region(network, data):
    """Rows that are no facets are not needed: points outside the region violate one of the others."""
    lens = Lens(network)
    X = data.draw(points_in(Box([-2, -2], [2, 2]), 8))
    region = lens.at(X[0])
    signs = [reference.evaluate(network, x)[0] for x in X]
    assume(len(region.inequalities()))
    poly = region.polytope
    for x, own in zip(X, signs, strict=True):
        agrees = all(s == 0 or (s > 0) == on for s, on in zip(own, region.pattern.bits, strict=True))
        if all(own) or agrees:
            at = [*reference.fractions(x), Fraction(1)]
            rows = reference.affine_rows(network, region.pattern.bits)
            owners = zip(region.inequalities().layer, region.inequalities().neuron, region.pattern.bits, strict=True)
            inside = all(reference.dot(rows[layer][j], at) * (-1 if on else 1) <= 0 for layer, j, on in owners)
            slack = 1e-12 * (1 + np.abs(poly.A) @ np.abs(x) + np.abs(poly.b))
            assert (poly.A @ x <= poly.b + slack).all() if inside else (poly.A @ x > poly.b - slack).any()


def test_boundaries_lie_at_their_distance():
    lens = Lens.from_arrays([[[3, 4], [0, 2]], [[1, 1]]], [[-5, 6], [0]])
    system = lens.at([0, 0]).inequalities()
    assert system.distances().tolist() == [1, 3]
    assert np.isinf(Lens.from_arrays([[[0, 0]], [[1]]], [[1], [0]]).at([0, 0]).inequalities().distances()).all()


# ------------------------------------------------------------------------------------------------- as fractions


@pytest.mark.parametrize("weights", ["any", "wild"])
@given(network=networks(st.integers(1, 3)), wild=networks(2, max_depth=2, weights="wild"), data=st.data())
def test_exact_rows_are_the_networks_own(weights, network, wild, data):
    network = network if weights == "any" else wild
    d = network.input_dim
    x = data.draw(points_in(Box(-np.ones(d), np.ones(d)), 1))[0]
    region = Lens(network).at(x)
    exact = region.inequalities(exact=True)
    rows = reference.affine_rows(network, region.pattern.bits)
    for a, b, layer, neuron, on in zip(exact.A, exact.b, exact.layer, exact.neuron, region.pattern.bits, strict=True):
        assert [*a, -b] == [-v if on else v for v in rows[layer][neuron]]
        assert all(type(v) is Fraction for v in (*a, b))
    assert exact.contains(x)
    assert exact.contains(reference.fractions(x))


@given(network=networks(2), data=st.data())
def test_exact_rows_rounded_are_the_rounded_rows(network, data):
    box = Box([-1, -1], [1, 1])
    partition = Lens(network).partition(box)
    region = partition[data.draw(st.integers(0, len(partition) - 1))]
    exact, rounded = region.inequalities(exact=True), region.inequalities()
    assert exact.A.astype(float).tolist() == rounded.A.tolist()
    assert exact.b.astype(float).tolist() == rounded.b.tolist()
    for name in ("layer", "neuron", "is_facet"):
        assert getattr(exact, name).tolist() == getattr(rounded, name).tolist()
    assert len(exact.facets()) == rounded.is_facet.sum()
    assert exact.A[-4:].tolist() == box.A.tolist()


def test_facets_are_not_looked_for_unless_they_are_asked_for():
    region = Lens(golden((2, 8, 8), 2)).at([0.3, -0.7])
    for exact in (False, True):
        without, asked = region.inequalities(exact=exact, facets=False), region.inequalities(exact=exact)
        assert without.is_facet is None and asked.is_facet is not None and without.is_exact == asked.is_exact == exact
        assert without.A.tolist() == asked.A.tolist() and without.b.tolist() == asked.b.tolist()
        assert len(str(without).splitlines()) == 16
        with pytest.raises(OptionError, match="facets=False"):
            without.facets()
    fresh = Lens(golden((2, 8, 8), 2)).at([0.3, -0.7])
    fresh.inequalities(exact=True, facets=False)
    assert facet_mask not in answers(fresh)


def test_all_rows_are_the_same_set_as_the_facets():
    region = Lens(golden((2, 8, 8), 2)).at([0.3, -0.7], Box([-1, -1], [1, 1]))
    everything = region.inequalities(exact=True).to_polytope()
    assert everything == region.polytope and len(everything.owners) == 20 > len(region.polytope.owners)
    rounded = region.inequalities()
    assert (rounded.to_polytope().A == rounded.A).all() and rounded.to_polytope().owners == everything.owners
    assert rounded.contains([0.3, -0.7]) and not rounded.contains([2, Fraction(1, 3)])


def test_points_between_floats_are_told_apart():
    """3 x <= 0.1 + 0.2, of which no float is the third part."""
    exact = Lens.from_arrays([[[3.0]], [[1.0]]], [[-0.30000000000000004], [0]]).at([0]).inequalities(exact=True)
    third = Fraction(0.1 + 0.2) / 3
    assert exact.contains([third])
    assert not exact.contains([third + Fraction(1, 10**30)])
    points = [[float(third)], [np.float32(0.5)], [np.int64(0)], [1]]
    assert exact.contains(points).tolist() == [Fraction(float(third)) <= third, False, True, False]
    assert exact.contains([[third], [0.5], [third + Fraction(1, 10**30)]]).tolist() == [True, False, False]


@pytest.mark.parametrize(
    "point", [[1], [1, 2, 3], 1, [[1, 2], [3]], [[[1, 2]]], [np.nan, 0], [0, np.inf], ["1", 0], [None, 0]], ids=str
)
def test_what_is_no_point_is_refused(point):
    with pytest.raises(DimensionError, match="`contains`"):
        Lens(golden((2, 4), 1)).at([0.3, 0.4]).inequalities(exact=True).contains(point)


def test_printed_fractions():
    region = Lens.from_arrays([[[1, -2], [0, 0], [-1, 0]], [[1, 1, 1]]], [[1, -1, 0.375], [0]]).at([0.25, 0.5])
    exact = region.inequalities(exact=True)
    assert str(exact).splitlines() == [
        "-1 x0 + 2 x1 <= 1   layer 0, neuron 0   distance 0.112",
        "1 x0 <= 3/8   layer 0, neuron 2   distance 0.125",
    ]
    assert repr(exact) == "Inequalities(3 rows of fractions in R^2, 2 of them facets)"
    sides = Lens(chain(1)).partition(Box([-1], [0.5]))[1].inequalities(exact=True)
    assert str(sides).splitlines() == [
        "-1 x0 <= 0   layer 0, neuron 0   distance 0.25",
        "1 x0 <= 1/2   domain, row 0   distance 0.25",
    ]
    assert len(Lens.from_arrays([[[1, 2]]], [[0]]).at([0, 0]).inequalities(exact=True)) == 0


LINE = re.compile(r"^ *\S.* <= -?[\d.e+-]+ +(layer \d+, neuron \d+|domain, row \d+) +distance [\d.e+-]+$")


def test_rows_print_as_inequalities_with_owner_and_distance_nearest_first():
    system = Lens(golden((2, 8, 8), 2)).at([0.3, -0.7]).inequalities()
    lines = str(system).splitlines()
    assert len(lines) == system.is_facet.sum()
    assert all(LINE.match(line) for line in lines)
    distances = [float(line.split()[-1]) for line in lines]
    assert distances == sorted(distances)


def test_a_printed_system_to_the_letter():
    lens = Lens.from_arrays([[[1, -2], [0, 1], [-1, 0]], [[1, 1, 1]]], [[1, -1, 0.5], [0]])
    # The third row, x1 <= 1, follows from these.
    assert str(lens.at([0.25, 0.5]).inequalities()).splitlines() == [
        "-1 x0 + 2 x1 <= 1         layer 0, neuron 0    distance 0.112",
        "        1 x0 <= 0.5       layer 0, neuron 2    distance 0.25",
    ]


def test_sides_of_the_domain_print_as_such():
    partition = Lens(chain(1)).partition(Box([-1], [1]))
    assert str(partition[1].inequalities()).splitlines() == [
        "-1 x0 <= 0         layer 0, neuron 0    distance 0.5",
        " 1 x0 <= 1         domain, row 0        distance 0.5",
    ]


def test_long_rows_and_long_systems_are_shortened():
    weight = np.diag(np.arange(1.0, 61)) + 0.25
    system = Lens.from_arrays([weight, np.ones((1, 60))], [np.ones(60), [0]]).at(np.zeros(60)).inequalities()
    lines = str(system).splitlines()
    assert len(lines) == 41
    assert lines[-1] == "... and 20 more, farther away"
    assert "(56 more)" in lines[0]


def test_networks_that_never_cut_have_no_rows():
    system = Lens.from_arrays([[[1, 2]]], [[0]]).at([0, 0]).inequalities()
    assert len(system) == 0
    assert system.A.shape == (0, 2)
    assert str(system) == ""


def test_wide_inputs_need_no_linear_programs():
    rng = np.random.default_rng(0)
    lens = Lens.from_arrays([rng.standard_normal((20, 300)), np.ones((1, 20))], [rng.standard_normal(20), [0]])
    system = lens.at(rng.standard_normal(300)).inequalities()
    assert system.is_facet.all()


def test_a_tournament_of_four_knows_its_winner():
    region = Lens(max_of_four()).at([4, 3, 2, 1])
    assert np.allclose(region.affine_map.A, [[1, 0, 0, 0]])
    assert np.allclose(region.affine_map.b, 0)


@pytest.mark.parametrize("x", [[0.0, 0.0], [0.5, 0.5], [1.0, 0.0]])
def test_points_on_boundaries_lie_in_the_closed_region_they_are_given(x):
    lens = Lens(from_arrays([[[1, -1], [1, 1], [2, -2]], [[1, 1, 0]], [[1]]], [[0, -1, 0], [-1], [0]]))
    assert lens.at(x).polytope.contains([x]).all()
