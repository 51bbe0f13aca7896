"""Flat boxes: all that is asked on one is asked of the slice that it is, and comes back as of the whole network."""

from __future__ import annotations

import pickle
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convolutions import convolutional, networks_of
from polytope_lens import Box, Lens, Partition
from polytope_lens.comparison.overlay import overlay
from polytope_lens.errors import DimensionError, DomainError, OptionError, OutsideDomainError
from polytope_lens.flat_domain import flat_domain, flat_of, within
from polytope_lens.polytope import Polytope
from polytope_lens.testing import assert_embedded, assert_partition, assert_same_regions, flat_boxes, networks
from proof_logs import proves, verify

ENGINES = {1: ["split", "brute"], 2: ["split", "brute", "subdivide"], 3: ["split", "brute", "polyhedra"]}


def sliced(lens, box):
    """The same by hand: a slice through the box, and the box on it."""
    origin = np.where(box.lower < box.upper, 0.0, box.lower)
    return lens.slice(origin=origin, basis=np.eye(box.dim)[box.free]), Box(box.lower[box.free], box.upper[box.free])


def dense(*widths, seed=0):
    rng = np.random.default_rng(seed)
    pairs = list(pairwise(widths))
    return Lens.from_arrays([rng.standard_normal((b, a)) for a, b in pairs], [rng.standard_normal(b) for _, b in pairs])


LENS = dense(5, 8, 6, 2)
PLANE = Box([-1, 0.3, -1, -0.2, 0.7], [1, 0.3, 2, -0.2, 0.7])
SPACE = Box([-1, 0.3, -1, -0.2, 0.7], [1, 0.3, 2, 0.5, 0.7])
LINE = Box([0.1, 0.3, -1, -0.2, 0.7], [0.1, 0.3, 2, -0.2, 0.7])
FOUR = Box([-0.5, 0.3, -0.5, -0.2, -0.5], [0.25, 0.3, 0.25, 0.5, 0.25])
BOXES = [LINE, PLANE, SPACE, FOUR]


@pytest.fixture(scope="module")
def partition():
    return LENS.partition(PLANE)


# ------------------------------------------------------------------------------------------------------ the regions


@settings(max_examples=60, deadline=None)
@given(network=networks(st.integers(2, 4), max_depth=3, max_width=3), data=st.data())
def test_a_flat_box_is_the_slice_that_it_is(network, data):
    lens, box = Lens(network), data.draw(flat_boxes(network.input_dim))
    plane, inner = sliced(lens, box)
    wanted = plane.partition(inner)
    for engine in ENGINES[len(box.free)]:
        found = lens.partition(box, engine=engine)
        assert found.engine == engine and found.domain is box
        assert np.array_equal(found.packed_patterns, wanted.packed_patterns)
        assert found.counts_per_layer.tolist() == wanted.counts_per_layer.tolist()[1:]
        np.testing.assert_allclose(found.volumes(), wanted.volumes(), rtol=1e-9)
        counts = lens.count(box, engine=engine)
        assert (counts.total, counts.per_layer.tolist()) == (len(found), found.counts_per_layer.tolist())
    assert_partition(found)
    assert [region.pattern for region in lens.regions(box)] == [region.pattern for region in found]


@pytest.mark.parametrize("box", BOXES)
def test_engines_workers_and_searches_find_the_same(box):
    found = LENS.partition(box)
    assert_partition(found)
    assert_same_regions(found, LENS.partition(box, engine="split", workers=2))
    assert_same_regions(found, LENS.partition(box, mesh=False))
    assert_same_regions(found, LENS.explore(found.witnesses[-1], box, max_regions=None))
    assert found.witnesses.shape == (len(found), 5) and found.maps.shape == (len(found), 2, 6)
    np.testing.assert_allclose(found.maps[0] @ [*found.witnesses[0], 1], LENS(found.witnesses[0]))


@pytest.mark.parametrize("fixed", range(5))
def test_one_fixed_input_or_one_free_one(fixed):
    lower, upper = np.full(5, -0.5), np.full(5, 0.5)
    lower[fixed] = upper[fixed] = 0.1
    assert LENS.count(Box(lower, upper)) == LENS.partition(Box(lower, upper), engine="split", mesh=False).__len__()
    line = Box(np.where(np.arange(5) == fixed, -2.0, 0.1), np.where(np.arange(5) == fixed, 2.0, 0.1))
    found = LENS.partition(line)
    assert len(found) == len(LENS.path(line.lower, line.upper))
    assert found.volumes().sum() == pytest.approx(4.0)


def test_there_are_at_least_as_many_regions_as_samples_meet():
    rng = np.random.default_rng(1)
    for box in BOXES:
        X = rng.uniform(box.lower, box.upper, (2000, 5))
        assert LENS.count(box) >= len(np.unique(LENS.patterns(X), axis=0))


@pytest.mark.parametrize("integer", [False, True])
def test_convolutions_with_fixed_pixels(integer):
    rng = np.random.default_rng(3)
    for k in (2,):
        lower = rng.integers(-1, 2, 72).astype(float) if integer else rng.standard_normal(72)
        upper = lower.copy()
        upper[rng.choice(72, k, replace=False)] += 2.0
        lowered, sparse, *others = (Lens(network) for network in networks_of(convolutional(5, integer=integer)))
        found = sparse.partition(Box(lower, upper))
        flat = flat_of(found)
        assert flat is not None and not isinstance(flat.network.layers[0].weight, np.ndarray)
        for lens in (lowered, *others):
            assert_same_regions(found, lens.partition(Box(lower, upper)))
        region = found[len(found) // 2]
        rows = region.inequalities(facets=False)
        assert rows.A.shape == (sparse.network.n_neurons + 144, 72)
        plane, inner = sliced(sparse, found.domain)
        there = plane.at(region.point[flat.free], inner)
        assert region.nearest_boundary().distance == there.nearest_boundary().distance
        assert len(region.neighbors()) == len(there.neighbors())


def test_fixed_inputs_come_back_bit_for_bit():
    lower, upper = np.array([-1, 0.1, -0.0, 1e-300, -1]), np.array([1, 0.1, 0.0, 1e-300, 1])
    found = LENS.partition(Box(lower, upper))
    region = found[0]
    for points in (
        found.witnesses,
        region.vertices(),
        region.sample(3),
        np.array(region.bounding_box()),
        region.chebyshev_ball().center[None],
        found.chebyshev_balls().centers,
        np.array([one.point for one in region.neighbors()]),
        found.vertices(1),
        found.extrema().maximum.point[None],
        found.function.norms().argmax,
        found.level_set(value=float(LENS(found.witnesses[0])[0])).points,
        found.search.start[None] if found.search else lower[None],
        LENS.explore(found.witnesses[0], found.domain, max_regions=2).search.start[None],
    ):
        assert len(points)
        assert points[:, 1:4].tobytes() == np.tile(lower[1:4], (len(points), 1)).tobytes()


# ------------------------------------------------------------------------------------------------------- one region


@settings(max_examples=40, deadline=None)
@given(network=networks(st.integers(2, 4), max_depth=2, max_width=3), data=st.data())
def test_a_region_of_a_flat_box(network, data):
    lens, box = Lens(network), data.draw(flat_boxes(network.input_dim))
    plane, inner = sliced(lens, box)
    found = lens.partition(box)
    region = found[data.draw(st.integers(0, len(found) - 1))]
    there = plane.at(region.point[box.free], inner)
    assert lens.at(region.point, box) == region
    assert region.pattern.bits == there.pattern.bits and region.pattern.bits_per_layer == network.bits_per_layer
    # Facets, seen from the flat; all rows, and those that say something, are the same set.
    rows = region.inequalities(exact=True)
    sides = rows.layer < 0
    on_flat = there.inequalities().is_facet
    assert rows.is_facet[~sides].tolist() == on_flat[: (~sides).sum()].tolist()
    assert not rows.is_facet[sides & ~np.isin(rows.neuron % box.dim, box.free)].any()
    cell = region.polytope
    assert cell == rows.to_polytope()
    assert not cell.is_empty and not cell.has_interior and cell.is_bounded and cell.volume() == 0
    assert len(cell.owners) == len(there.polytope.owners) + 2 * (box.dim - len(box.free))
    assert {owner for owners in cell.owners for owner in owners} == {
        (layer, neuron)
        for layer, neuron, is_facet in zip(rows.layer.tolist(), rows.neuron.tolist(), rows.is_facet, strict=True)
        if is_facet or (layer < 0 and neuron % box.dim not in box.free)
    }
    # Measures are those of the flat, points those of the whole space.
    assert region.volume(exact=True) == there.volume(exact=True)
    assert np.array_equal(region.vertices()[:, box.free], there.vertices())
    assert sorted(map(tuple, region.vertices(exact=True))) == sorted(map(tuple, cell.vertices(exact=True)))
    assert region.chebyshev_ball().radius == there.chebyshev_ball().radius
    assert region.contains(region.vertices() if not np.any(region.vertices() % 0.125) else region.point[None]).all()
    assert region.contains(region.sample(5)).all()
    assert region.is_bounded and len(region.rays().rays) == 0
    beside = region.point.copy()
    k = int(np.flatnonzero(box.lower == box.upper)[0])
    beside[k] = np.nextafter(beside[k], np.inf)
    assert not region.contains(beside[None])[0]
    # Across each facet within the flat.
    assert [one.pattern.bits for one in region.neighbors()] == [one.pattern.bits for one in there.neighbors()]
    assert all(one.domain is box and region.pattern != one.pattern for one in region.neighbors())
    for norm in (1, 2, np.inf):
        nearest, wanted = region.nearest_boundary(norm=norm), there.nearest_boundary(norm=norm)
        assert nearest.distance == wanted.distance
        assert all(layer < 0 or (layer + 1, neuron) in wanted.owners for layer, neuron in nearest.owners)
        assert all(layer >= 0 or neuron % box.dim in box.free for layer, neuron in nearest.owners)


def test_what_vanishes_along_the_flat_vanishes_everywhere():
    lens = Lens.from_arrays([[[0, 1], [1, 0]], [[1, 1]]], [[-0.5, 0], [0]])
    region = lens.at([0, 0.5], Box([-1, 0.5], [1, 0.5]))
    assert region.vanishing().tolist() == [[0, 0], [0, 1]]
    assert region.vanishing(everywhere=True).tolist() == [[0, 0]]
    assert str(region.pattern) == "01" and lens.count(region.domain).per_layer.tolist() == [2]


def test_regions_are_equal_and_travel(partition):
    region = partition[4]
    assert pickle.loads(pickle.dumps(region)) == region
    again = pickle.loads(pickle.dumps(partition))
    assert_same_regions(again, partition)
    assert np.array_equal(again.volumes(), partition.volumes())
    assert region in partition and LENS.at(region.point) not in partition
    assert region.on_flat == within(partition)[4] and LENS.at(region.point).on_flat is None


def test_points_of_regions_have_to_be_on_the_flat(partition):
    x = partition.witnesses[0] + [0, 1e-9, 0, 0, 0]
    for ask in (
        lambda: LENS.at(x, PLANE),
        lambda: partition.locate([x]),
        lambda: LENS.explore(x, PLANE),
        lambda: LENS.robustness_radius(x, domain=PLANE),
        lambda: partition[0].nearest_boundary(x),
        lambda: partition.plot(points=[x]),
    ):
        with pytest.raises(OutsideDomainError, match=r"coordinate 1 is 0\.3|outside the domain"):
            ask()
    assert partition.locate(partition.witnesses).tolist() == list(range(len(partition)))
    assert LENS.at(partition.witnesses, PLANE).ids().tolist() == list(range(len(partition)))


@pytest.mark.parametrize("norm", [1, 2, np.inf])
def test_the_distance_of_a_region_is_that_in_the_whole_space(partition, norm):
    region = partition[3]
    inside, beside = region.point, region.point + np.array([0, 0, 0, 0.25, 0])
    assert region.distance(inside, norm=norm) == 0
    assert region.distance(beside, norm=norm) == pytest.approx(0.25)


# -------------------------------------------------------------------------------------------------- questions to all


def test_what_a_partition_is_asked(partition):
    plane, inner = sliced(LENS, PLANE)
    wanted = plane.partition(inner)
    facets, there = partition.complex.facets(), wanted.complex.facets()
    assert np.array_equal(facets.regions, there.regions) and np.array_equal(facets.indptr, there.indptr)
    ours = [(layer + (layer >= 0), neuron % 5 if layer < 0 else neuron)
            for layer, neuron in zip(facets.layer.tolist(), facets.neuron.tolist(), strict=True)]  # fmt: skip
    assert ours == [(layer, PLANE.free[neuron % 2] if layer < 0 else neuron)
                    for layer, neuron in zip(there.layer.tolist(), there.neuron.tolist(), strict=True)]  # fmt: skip
    assert (partition.adjacency() != wanted.adjacency()).nnz == 0
    assert np.array_equal(partition.linear_pieces().labels, wanted.linear_pieces().labels)
    assert partition.function.moments().volume == pytest.approx(6.0)
    for name in ("total_variation", "gradient_variation"):
        assert getattr(partition.function, name)() == pytest.approx(getattr(wanted.function, name)())
    assert partition.lipschitz().value == pytest.approx(wanted.lipschitz().value)
    assert np.array_equal(partition.function.norms().l1, wanted.function.norms().l1)
    assert partition.complex.f_vector().counts.tolist() == wanted.complex.f_vector().counts.tolist()
    assert partition.complex.linear_region_counts() == wanted.complex.linear_region_counts()
    assert np.array_equal(partition.chebyshev_balls().radii, wanted.chebyshev_balls().radii)
    assert partition.bounded_mask().all() and not len(partition.rays().rays)
    neurons, others = partition.neurons(), wanted.neurons()
    assert np.array_equal(neurons.layer + 1, others.layer) and np.array_equal(neurons.neuron, others.neuron)
    assert neurons.side.tolist() == others.side.tolist() and np.array_equal(neurons.size, others.size, equal_nan=True)
    for exact in (False, True):
        best, other = partition.extrema(1, exact=exact).maximum, wanted.extrema(1, exact=exact).maximum
        assert (best.value, best.region) == (other.value, other.region)
        assert best.point[PLANE.free].tolist() == other.point.tolist()
    assert best.point[1] == Fraction(0.3)


def test_level_sets_of_a_flat(partition):
    plane, inner = sliced(LENS, PLANE)
    wanted = plane.partition(inner)
    value = float(LENS(partition.witnesses).T[0].mean())
    for exact in (False, True):
        found, there = partition.level_set(value=value, exact=exact), wanted.level_set(value=value, exact=exact)
        assert found.axes == (0, 2) and found.points.shape[1] == 5
        assert found.length == there.length > 0
        assert found.to_shapely().equals(there.to_shapely())
        assert found.points[:, PLANE.free].tolist() == there.points.tolist()
    np.testing.assert_allclose(LENS(partition.level_set(value=value).points)[:, 0], value, atol=1e-9)
    for layer, neuron in ((0, 3), (1, 2), (-1, 2), (-2, 3)):
        found = partition.complex.bent_hyperplane(layer, neuron)
        assert found.length == wanted.complex.bent_hyperplane(layer if layer < 0 else layer + 1, neuron).length
    with pytest.raises(OptionError, match="2 hidden layers"):
        partition.complex.bent_hyperplane(2, 0)
    solid = LENS.partition(SPACE)
    surface = solid.level_set(value=value)
    plane, inner = sliced(LENS, SPACE)
    assert surface.axes == (0, 2, 3) and surface.points.shape[1] == 5
    assert surface.area == pytest.approx(plane.partition(inner).level_set(value=value).area)


def test_tables(partition):
    pytest.importorskip("geopandas")
    table = partition.to_geodataframe(with_maps=True)
    assert table[[f"witness_{k}" for k in range(5)]].to_numpy().tolist() == partition.witnesses.tolist()
    assert "A_1_4" in table and table.area.sum() == pytest.approx(6.0)
    assert partition.data_table(partition.witnesses, np.zeros(len(partition), dtype=int)).count.tolist() == [1] * len(
        partition
    )


def test_pictures_name_the_free_inputs(partition):
    from matplotlib.figure import Figure

    for color in ("value", "pattern", "slope", "layer"):
        ax = partition.plot(Figure().add_subplot(), color, points=partition.witnesses)
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("input 0", "input 2")
    solid = LENS.partition(SPACE)
    ax = solid.plot(Figure().add_subplot(projection="3d"), "layer", points=solid.witnesses)
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_zlabel()) == ("input 0", "input 2", "input 3")
    ax = partition.plot.surface(Figure().add_subplot(projection="3d"), "pattern")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("input 0", "input 2")
    assert len(solid.export.obj()) and len(partition.polygons()) == len(partition)
    with pytest.raises(DimensionError, match="this domain leaves 3 free"):
        solid.polygons()


# ------------------------------------------------------------------------------------------------- files and proofs


@pytest.mark.parametrize("box", BOXES)
def test_saved_and_loaded(box, tmp_path):
    found = LENS.partition(box)
    found.save(tmp_path / "run.npz")
    again = Partition.load(tmp_path / "run.npz")
    assert again.domain == box and again.network == LENS.network
    for name in ("packed_patterns", "witnesses", "maps", "counts_per_layer"):
        assert np.array_equal(getattr(again, name), getattr(found, name))
    assert_embedded(again)
    assert np.array_equal(again.complex.facets().regions, found.complex.facets().regions)
    part = LENS.explore(found.witnesses[0], box, max_regions=2)
    part.save(tmp_path / "part.npz")
    again = Partition.load(tmp_path / "part.npz")
    assert again.search.start.tolist() == part.search.start.tolist() and again.status is part.status
    assert Lens(tmp_path / "run.npz").count(box) == len(found)


@settings(max_examples=25, deadline=None)
@given(network=networks(st.integers(2, 4), max_depth=2, max_width=3), data=st.data())
def test_proofs_of_flat_boxes_are_about_the_whole_network(network, data, tmp_path_factory):
    box = data.draw(flat_boxes(network.input_dim))
    path = tmp_path_factory.mktemp("proofs") / "run.proof"
    found = Lens(network).count(box, proof=path)
    assert proves(verify(path), found.total, found.per_layer)
    lines = path.read_text().splitlines()
    assert lines[1] == f"inputs {network.input_dim}"
    assert lines.index(next(line for line in lines if line.startswith("domain box"))) == 2 + sum(
        1 + width for width in network.widths
    )


# ---------------------------------------------------------------------------------------------- two networks, points


def test_two_networks_on_a_flat():
    other = dense(5, 4, 2, seed=4)
    (mine, inner), (its, _) = sliced(LENS, PLANE), sliced(other, PLANE)
    found, there = LENS.overlay(other, PLANE), mine.overlay(its, inner)
    assert len(found) == len(there) and (found.matrix() != there.matrix()).nnz == 0
    found, there = LENS.distance(other, PLANE, exact=True), mine.distance(its, inner, exact=True)
    assert (found.l1, found.sup, found.volume) == (there.l1, there.sup, there.volume)
    assert found.argmax[PLANE.free].tolist() == there.argmax.tolist() and found.argmax[4] == Fraction(0.7)
    assert LENS.distance(other, FOUR).argmax[1] == 0.3
    partitions = LENS.partition(PLANE), other.partition(LINE)
    with pytest.raises(DomainError, match="on one domain"):
        overlay(*partitions)


@pytest.mark.parametrize("norm", [1, 2, np.inf])
def test_robustness_within_a_flat(norm):
    lens = dense(5, 6, 2, seed=2)
    plane, inner = sliced(lens, PLANE)
    x = np.array([0.1, 0.3, 0.2, -0.2, 0.7])
    value = float(lens(x)[0]) + 0.2
    for exact in (False, True):
        asked = {"norm": norm, "output": 0, "value": value, "exact": exact}
        found = lens.robustness_radius(x, domain=PLANE, **asked)
        there = plane.robustness_radius(x[PLANE.free], domain=inner, **asked)
        assert (found.radius, found.lower, found.upper) == (there.radius, there.lower, there.upper)
        assert found.point[PLANE.free].tolist() == there.point.tolist() and found.point[3] == -0.2
    assert found.exact == there.exact and found.exact_point[1] == Fraction(0.3)
    assert found.radius >= lens.robustness_radius(x, norm=norm, output=0, value=value).radius
    assert len(lens.robustness_radius([x, x], domain=PLANE, output=0, value=value)) == 2


def test_a_search_on_a_flat_counts_distances_there():
    x = np.array([0.1, 0.3, 0.2, -0.2, 0.7])
    plane, inner = sliced(LENS, PLANE)
    for asked in ({"radius": 0.5}, {"max_flips": 1}, {"max_regions": 3, "norm": np.inf}):
        found, there = LENS.explore(x, PLANE, **asked), plane.explore(x[PLANE.free], inner, **asked)
        assert np.array_equal(found.packed_patterns, there.packed_patterns)
        assert found.status is there.status and found.search.order.tolist() == there.search.order.tolist()
        assert found.explain() == there.explain()


# ------------------------------------------------------------------------------------------------- what is refused


def test_a_point_is_no_domain():
    point = Box([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
    for ask in (
        lambda: LENS.partition(point),
        lambda: LENS.count(point),
        lambda: LENS.regions(point),
        lambda: LENS.explore(point.lower, point),
        lambda: LENS.at(point.lower, point),
        lambda: LENS.robustness_radius(point.lower, domain=point),
        lambda: LENS.distance(LENS, point),
    ):
        with pytest.raises(DomainError, match=r"is a single point: .* ask `lens.at\(x\)`"):
            ask()


def test_engines_count_the_free_inputs():
    with pytest.raises(OptionError, match="subdivide"):
        LENS.partition(SPACE, engine="subdivide")
    with pytest.raises(DomainError, match="empty or flat"):
        LENS.partition(Polytope(PLANE.A, PLANE.b))


def test_the_view_from_a_flat_is_kept_with_the_box():
    box = Box([0, 1], [2, 1])
    one = dense(2, 3, 1)
    assert flat_domain(one.network, box) is flat_domain(one.network, box)
    assert flat_domain(one.network, Box([0, 1], [2, 2])) is None is flat_domain(one.network, None)
    other = dense(2, 3, 1, seed=1)
    assert flat_domain(other.network, box).network.layers[1] is other.network.layers[0]
    assert repr(within(one.partition(box)).domain) == "Box([0.0], [2.0])"
    affine = Lens.from_arrays([[[1, 2]]], [[3]])
    assert affine.count(box).per_layer.tolist() == [] and affine.partition(box).extrema().maximum.value == 7.0
