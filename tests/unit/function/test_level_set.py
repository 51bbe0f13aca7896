"""Level sets, decision boundaries and bent hyperplanes in the plane."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import central, generic, golden, max_of_two, random_deep, stack
from polytope_lens import Box, Lens
from polytope_lens.errors import DimensionError, OptionError, PartialPartitionError, Status, UnboundedPolytopeError
from polytope_lens.network.network import from_arrays, pass_through_layer
from polytope_lens.testing import boxes, networks, simplices
from reference import tuples

SQUARE = Box([-1, -1], [1, 1])


def clipped(partition, rows_of):
    """Segments, flat regions and lone points of a zero set, region by region with fractions."""
    segments, flat, zeros, in_flat, borders = set(), [], set(), set(), {}
    for i, bits in enumerate(partition.patterns().tolist()):
        row = rows_of(bits)
        corners = tuples(partition.vertices(i, exact=True))
        values = [reference.dot(row, [*p, Fraction(1)]) for p in corners]
        zeros |= {p for p, v in zip(corners, values, strict=True) if v == 0}
        if not any(values):
            flat.append(i)
            in_flat |= set(corners)
            continue
        ends = set()
        for k, (q, w) in enumerate(zip(corners, values, strict=True)):
            p, v = corners[k - 1], values[k - 1]
            if v == 0 == w:
                borders[frozenset((p, q))] = True
            elif v * w < 0:
                ends.add(tuple(a + v / (v - w) * (b - a) for a, b in zip(p, q, strict=True)))
            if w == 0:
                ends.add(q)
        if min(values) < 0 < max(values):
            segments.add(frozenset(ends))
    segments |= set(borders)
    lone = zeros - in_flat - {p for segment in segments for p in segment}
    return segments, flat, lone


def assert_same(found, expected):
    segments, flat, lone = expected
    made = [frozenset(map(tuple, segment)) for segment in found.segments().tolist()]
    assert len(made) == len(set(made)) and set(made) == segments
    assert found.flat_regions.tolist() == flat
    assert {tuple(p) for p in found.isolated.tolist()} == lone
    assert len(found.regions) == len(made) and found.indptr[-1] == len(found.points)
    for i in range(len(found)):
        line = [tuple(p) for p in found[i].tolist()]
        assert (line[0] == line[-1]) == found.closed[i]


@settings(max_examples=60)
@given(network=networks(2, max_depth=3, max_width=4, output_dim=2), data=st.data())
def test_the_same_as_clipping_each_region_with_fractions(network, data):
    partition = Lens(network).partition(data.draw(st.one_of(boxes(2), simplices(2))))
    value = data.draw(st.sampled_from([0.0, 0.5, -1.0]))

    def level(bits):
        return [v - Fraction(value) * (k == 2) for k, v in enumerate(reference.affine_rows(network, bits)[-1][0])]

    def equal(bits):
        first, second = reference.affine_rows(network, bits)[-1]
        return [a - b for a, b in zip(first, second, strict=True)]

    exact = partition.level_set(0, value, exact=True)
    assert_same(exact, clipped(partition, level))
    assert_same(partition.boundary(0, 1, exact=True), clipped(partition, equal))
    rounded = partition.level_set(0, value)
    assert (rounded.indptr == exact.indptr).all() and (rounded.regions == exact.regions).all()


@settings(max_examples=30)
@given(network=networks(2, max_depth=3, max_width=4, min_depth=1), data=st.data())
def test_bent_hyperplanes_are_the_edges_that_a_neuron_owns(network, data):
    partition = Lens(network).partition(data.draw(st.one_of(boxes(2), simplices(2))))
    layer = data.draw(st.integers(0, len(network.layers) - 1))
    neuron = data.draw(st.integers(0, network.layers[layer].width - 1))
    found = partition.complex.bent_hyperplane(layer, neuron, exact=True)
    assert_same(found, clipped(partition, lambda bits: reference.affine_rows(network, bits)[layer][neuron]))
    if network.layers[layer].cuts[neuron]:
        facets = partition.complex.facets()
        assert len(found.segments()) == sum((layer, neuron) in facets.owners(i) for i in range(len(facets)))


@pytest.mark.parametrize("network", [random_deep((2, 8, 8), 3, 0.0), random_deep((2, 6, 6, 6), 4, 0.1)])
def test_segments_cross_a_level_set_where_the_output_changes_sides(network):
    lens = Lens(network)
    partition = lens.partition(SQUARE)
    value = float(np.median(lens(partition.witnesses)))
    curve = partition.level_set(0, value)
    assert len(curve) and np.abs(lens(curve.points) - value).max() < 1e-12
    drawn = curve.to_shapely()
    assert drawn.length == pytest.approx(curve.length)
    for x, y in np.random.default_rng(5).uniform(-1, 1, (40, 2, 2)):
        path = lens.path(x, y)
        at = lens(path.embed([0.0, *path.breakpoints, 1.0]))[:, 0] - value
        changes = int((at[:-1] * at[1:] < 0).sum())
        crossed = shapely.intersection(drawn, shapely.LineString([x, y]))
        assert shapely.get_num_geometries(crossed) * (not crossed.is_empty) == changes


def test_the_function_is_greater_on_the_left():
    lens = Lens(random_deep((2, 8, 8), 3, 0.0))
    partition = lens.partition(SQUARE)
    value = float(np.median(lens(partition.witnesses)))
    start, end = partition.level_set(0, value).segments().transpose(1, 0, 2)
    step = end - start
    long = np.hypot(*step.T) > 1e-3
    left = (start + end) / 2 + 1e-5 * np.column_stack([-step[:, 1], step[:, 0]])
    assert long.sum() > 10 and (lens(left[long])[:, 0] > value).all()


def test_a_level_set_near_a_circle():
    """The sum over many directions u of |u . x| is nearly a multiple of |x|."""
    angle = np.linspace(0, np.pi, 60, endpoint=False)
    rows = np.column_stack([np.cos(angle), np.sin(angle)])
    lens = Lens.from_arrays([rows, np.full((1, 60), np.pi / 120)], [np.zeros(60), [0]], negative_slope=-1.0)
    curve = lens.partition(SQUARE).level_set(0, 0.5)
    assert len(curve) == 1 and curve.closed.all() and len(curve.regions) == 120
    assert curve.length == pytest.approx(np.pi, rel=1e-3)
    assert shapely.Polygon(curve[0]).area == pytest.approx(np.pi / 4, rel=1e-3)


def test_touching_in_a_point_and_along_an_edge():
    bowl = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]], negative_slope=-1.0).partition(SQUARE)
    found = bowl.level_set(0, 0.0)
    assert len(found) == 0 and found.isolated.tolist() == [[0, 0]] and found.length == 0
    valley = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 0]]], [[0, 0], [0]], negative_slope=-1.0).partition(SQUARE)
    found = valley.level_set(0, 0.0)
    assert sorted(found[0].tolist()) == [[0, -1], [0, 0], [0, 1]] and not found.closed[0] and not len(found.isolated)


def test_four_lines_meet_at_a_saddle():
    """|x| - |y| is zero on both diagonals, which no polyline passes through the middle of."""
    lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, -1]]], [[0, 0], [0]], negative_slope=-1.0)
    found = lens.partition(SQUARE).level_set(0, 0.0)
    assert len(found) == 4 and all([0, 0] in found[i].tolist() for i in range(4))
    assert found.length == pytest.approx(4 * 2**0.5)


def test_a_flat_region_and_its_border():
    lens = Lens(stack(([[1, 0], [0, 1]], [0, 0])))
    partition = lens.partition(SQUARE)
    found = partition.level_set(0, 0.0)
    assert found.flat_regions.tolist() == partition.locate([[-0.5, -0.5]]).tolist()
    assert [sorted(line) for line in [found[0].tolist()]] == [[[-1, 0], [0, -1], [0, 0]]] and len(found) == 1
    everywhere = Lens(from_arrays([[[0, 0]]], [[2]])).partition(SQUARE)
    assert everywhere.level_set(0, 2.0).flat_regions.tolist() == [0] and len(everywhere.level_set(0, 2.0)) == 0


@pytest.mark.parametrize("network", [central(5, 2), generic(6, 2), golden((2, 4, 4), 1, 0.1)])
def test_bent_hyperplanes_of_all_neurons(network):
    partition = Lens(network).partition(SQUARE)
    facets, drawn = partition.complex.facets(), 0
    for layer, chosen in enumerate(network.layers):
        for neuron in range(chosen.width):
            found = partition.complex.bent_hyperplane(layer, neuron)
            drawn += len(found.regions)
    assert drawn == (facets.layer >= 0).sum()


def test_pass_through_neurons_have_zero_sets_that_cut_nothing():
    network = stack(([[1, 0], [0, 1]], [0, 0]))
    network = type(network)((pass_through_layer(np.eye(2), [0.25, 0]), *network.layers), [[1, 1]], [0])
    found = Lens(network).partition(SQUARE).complex.bent_hyperplane(0, 0)
    assert found.length == 2 and (found.points[:, 0] == -0.25).all()


def test_refusals():
    plane = Lens(golden((2, 4, 4), 1))
    with pytest.raises(OptionError, match="single one"):
        plane.partition(SQUARE).boundary(0, 1)
    two = Lens.from_arrays([[[1, 0]], [[1], [2]]], [[0], [0, 0]]).partition(SQUARE)
    with pytest.raises(OptionError, match="twice"):
        two.boundary(1, -1)
    with pytest.raises(OptionError, match="has 2 outputs"):
        two.level_set(2)
    with pytest.raises(OptionError, match="whole number"):
        two.level_set(0.5)
    with pytest.raises(OptionError, match="finite"):
        two.level_set(0, float("nan"))
    with pytest.raises(OptionError, match="1 neuron in layer 0"):
        two.complex.bent_hyperplane(0, 4)
    with pytest.raises(OptionError, match="1 hidden layer,"):
        two.complex.bent_hyperplane(3, 0)
    with pytest.raises(UnboundedPolytopeError):
        plane.partition().level_set()
    with pytest.raises(DimensionError, match="slice"):
        Lens(generic(4, 4)).partition(Box([0] * 4, [1] * 4)).level_set()
    with pytest.raises(PartialPartitionError, match="level_set"):
        replace(plane.partition(SQUARE), status=Status.BUDGET_REACHED).level_set()


def test_max_of_two_is_one_half_on_two_rays():
    found = Lens(max_of_two()).partition(SQUARE).level_set(0, 0.5, exact=True)
    half = Fraction(1, 2)
    assert len(found) == 1 and len(found[0]) == 4  # it is cut where the second argument changes its sign
    assert {(half, half), (half, Fraction(-1)), (Fraction(-1), half)} <= {tuple(p) for p in found[0].tolist()}
