"""The checks are checked: each accepts what is right, and finds what was broken on purpose."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from families import cross_polytope, golden, max_of_two, sawtooth, seven_lines
from polytope_lens import Box, Lens, Network, Polytope
from polytope_lens.errors import OptionError
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.network.network import Layer, from_arrays, pass_through_layer
from polytope_lens.testing import (
    assert_corners_true,
    assert_counts,
    assert_embedded,
    assert_maps_agree,
    assert_neighbors_symmetric,
    assert_partition,
    assert_patterns_found,
    assert_points_located,
    assert_same_regions,
    assert_valid_coverage,
    assert_volumes_add_up,
    assert_witnesses_inside,
    boxes,
    domains,
    flat_boxes,
    laws,
    network_code,
    networks,
    points_in,
    sample_points,
    simplices,
)
from polytope_lens.testing.fractions import exact_volume

LENS = Lens(golden((2, 4, 4), 1, 0.125))
PARTITION = LENS.partition(Box([-4, -4], [4, 4]))
X = sample_points(PARTITION, 60)


def without(partition, region):
    """The partition with a region dropped everywhere, as if it had never been found."""
    keep = np.arange(len(partition)) != region
    mesh = partition.mesh
    if mesh is not None:
        sizes = np.diff(mesh.indptr)
        entries = np.repeat(keep, sizes)
        used, corners = np.unique(mesh.corners[entries], return_inverse=True)
        indptr = np.concatenate([[0], np.cumsum(sizes[keep])])
        mesh = PlanarMesh(
            mesh.points[used], mesh.error[used], indptr, corners, mesh.owners[entries], mesh.crowded[entries]
        )
    patterns = partition.packed_patterns[keep]
    stops = np.cumsum(partition.network.bits_per_layer)
    counts = np.array([len(np.unique(partition.patterns()[keep][:, :stop], axis=0)) for stop in stops])
    return replace(
        partition,
        packed_patterns=patterns,
        maps=partition.maps[keep],
        witnesses=partition.witnesses[keep],
        counts_per_layer=counts,
        mesh=mesh,
    )


def with_bit_flipped(partition, region, bit):
    patterns = partition.packed_patterns.copy()
    patterns[region, bit // 64] ^= np.uint64(1) << np.uint64(63 - bit % 64)
    return replace(partition, packed_patterns=patterns)


def with_map_nudged(partition, region, entry, by):
    maps = partition.maps.copy()
    maps[region, 0, entry] += by
    return replace(partition, maps=maps)


def with_corner_moved(partition, corner, by):
    points = partition.mesh.points.copy()
    points[corner] += by
    return replace(partition, mesh=replace(partition.mesh, points=points))


def inner_corner(partition):
    on_side = (np.abs(partition.mesh.points) == 4).any(axis=1)
    return int(np.flatnonzero(~on_side)[0])


def test_right_partitions_pass_every_check():
    for check in (assert_counts, assert_witnesses_inside, assert_volumes_add_up, assert_corners_true):
        check(PARTITION)
    assert_patterns_found(PARTITION, X)
    assert_points_located(PARTITION, X)
    assert_maps_agree(LENS, PARTITION)
    assert_valid_coverage(PARTITION)
    assert_neighbors_symmetric(PARTITION)
    assert_same_regions(PARTITION, LENS.partition(PARTITION.domain, engine="split"))
    assert_partition(PARTITION, X)


@pytest.mark.parametrize(
    ("network", "domain"),
    [
        (max_of_two(), None),
        (seven_lines(), None),
        (cross_polytope(3), Box([-1] * 3, [1] * 3)),
        (cross_polytope(3), None),
        (cross_polytope(2), Polytope([[-1, 0], [0, -1], [1, 1]], [2, 2, 2])),
        (cross_polytope(2), Polytope([[-1, 0], [0, -1]], [2, 2])),
        (sawtooth(4), Box([0], [1])),
        (sawtooth(3), None),
        (from_arrays([[[1, 2]]], [[3]]), None),
        (from_arrays([[[1, 2]]], [[3]]), Box([0, 0], [1, 1])),
    ],
)
def test_partitions_of_every_kind_pass(network, domain):
    assert_partition(Lens(network).partition(domain))


@pytest.mark.parametrize("region", range(0, len(PARTITION), 4))
def test_a_dropped_region_is_missed(region):
    broken = without(PARTITION, region)
    with pytest.raises(AssertionError, match="`count` finds as many regions"):
        assert_counts(broken)
    with pytest.raises(AssertionError, match=r"volumes add up to the domain's: 0\.\d* of it is covered, .* missing"):
        assert_volumes_add_up(broken)
    with pytest.raises(AssertionError, match=r"an edge joins two regions, unless it is the domain's|Euler"):
        assert_valid_coverage(broken)
    with pytest.raises(AssertionError, match=r"neighbours are regions of the partition: across a facet of region \d+"):
        assert_neighbors_symmetric(broken)
    inside = PARTITION.witnesses[region : region + 1]
    with pytest.raises(AssertionError, match=r"the region of every point is listed: .* which is not among the"):
        assert_patterns_found(broken, inside)
    with pytest.raises(AssertionError, match=r"every point .* is located: point .* does not list"):
        assert_points_located(broken, inside)
    with pytest.raises(AssertionError, match=r"1 of the \d+ regions of 'subdivide' are not among"):
        assert_same_regions(broken, PARTITION)
    with pytest.raises(AssertionError):
        assert_partition(broken)


@pytest.mark.parametrize("bit", range(8))
def test_a_flipped_bit_is_noticed(bit):
    broken = with_bit_flipped(PARTITION, 7, bit)
    with pytest.raises(AssertionError):
        assert_partition(broken)
    with pytest.raises(AssertionError, match=r"witnesses lie inside their regions: that of region 7 .* outside"):
        assert_witnesses_inside(broken)
    with pytest.raises(AssertionError, match=r"regions have interior|volumes add up"):
        assert_volumes_add_up(broken)
    with pytest.raises(AssertionError, match=r"is not listed|crossing a facet|each facet has another|maps agree"):
        assert_neighbors_symmetric(broken)
    with pytest.raises(AssertionError, match="corners are true"):
        assert_corners_true(broken)


def test_a_region_listed_twice_or_out_of_order_is_noticed():
    twice = replace(PARTITION, packed_patterns=np.repeat(PARTITION.packed_patterns[:1], len(PARTITION), axis=0))
    with pytest.raises(AssertionError, match="ascending order, each once: regions 0 and 1"):
        assert_counts(twice)
    swapped = replace(PARTITION, packed_patterns=PARTITION.packed_patterns[::-1])
    with pytest.raises(AssertionError, match="ascending order"):
        assert_counts(swapped)
    with pytest.raises(AssertionError, match="same order"):
        assert_same_regions(swapped, PARTITION)


def test_wrong_counts_are_noticed():
    counts = PARTITION.counts_per_layer + np.array([1, 0])
    broken = replace(PARTITION, counts_per_layer=counts)
    with pytest.raises(AssertionError, match="counts per layer are those of the patterns"):
        assert_counts(broken)
    with pytest.raises(AssertionError, match="same counts"):
        assert_same_regions(PARTITION, broken)


@pytest.mark.parametrize("entry", [0, 1, 2])
@pytest.mark.parametrize("by", [1e-3, np.nan])
def test_a_nudged_map_is_noticed(entry, by):
    broken = with_map_nudged(PARTITION, 5, entry, by)
    with pytest.raises(AssertionError, match=rf"entry \[0, {entry}\] of that of region 5 \(.*\) is .*, not"):
        assert_maps_agree(LENS, broken)
    with pytest.raises(AssertionError, match=r"same maps: in region 5"):
        assert_same_regions(PARTITION, broken)
    with pytest.raises(AssertionError, match="maps"):
        assert_partition(broken)
    with pytest.raises(AssertionError, match="maps agree on shared facets"):
        assert_neighbors_symmetric(broken)


def test_a_network_with_other_values_is_noticed():
    with pytest.raises(AssertionError, match=r"maps give the network's values: at .* output 0 is"):
        assert_maps_agree(lambda rows: LENS(rows) + 1e-3, PARTITION)
    in_float32 = LENS(PARTITION.witnesses).astype(np.float32)
    with pytest.raises(AssertionError, match="network's values"):
        assert_maps_agree(lambda rows: in_float32, PARTITION, tolerance=1e-12)
    assert_maps_agree(lambda rows: in_float32, PARTITION, tolerance=1e-6)


def test_a_model_may_round_a_zero_to_the_other_side():
    # At the witness (-2/3, 2/3) the second neuron is exactly zero, and 1e-16 in floats.
    first = [[0, 0], [0, 1], [-1, 0], [-1, 1], [-1, 0]]
    second = [[1, 1, -1, 0, 0], [-1, 1, -1, 0, 0]]
    biases = [[1, 1, 0, -1, 1], [-1, 1], [0], [0]]
    lens = Lens.from_arrays([first, second, [[1, -1]], [[-1]]], biases)
    for engine in ("subdivide", "split", "brute"):
        assert_maps_agree(lens, lens.partition(None, engine=engine))


def test_maps_that_fit_nowhere_but_in_the_middle_are_noticed_in_the_corners():
    # Nudged within the tolerance for maps, but wide of the neighbours: only the corners tell.
    broken = with_map_nudged(PARTITION, 5, 2, 0.01)
    with pytest.raises(AssertionError, match="maps agree where regions meet: at the corner"):
        laws._assert_maps_meet(broken, laws.MAP_TOLERANCE)


@pytest.mark.parametrize("by", [[1e-6, 0], [0, -1e-3], [0.1, 0.1]])
def test_a_moved_corner_is_noticed(by):
    broken = with_corner_moved(PARTITION, inner_corner(PARTITION), by)
    with pytest.raises(AssertionError, match=r"corners are true: those of region \d+"):
        assert_corners_true(broken)
    with pytest.raises(AssertionError, match=r"volumes are true: that of region \d+"):
        assert_volumes_add_up(broken)
    with pytest.raises(AssertionError, match=r"corners|areas|maps"):
        assert_partition(broken)


def test_a_corner_that_one_region_has_and_the_other_has_not_is_noticed():
    mesh = PARTITION.mesh
    q = inner_corner(PARTITION)
    points = np.vstack([mesh.points, mesh.points[q] + 1e-9])
    corners = mesh.corners.copy()
    corners[np.flatnonzero(corners == q)[0]] = len(mesh.points)
    split = replace(mesh, points=points, error=np.append(mesh.error, 1e-8), corners=corners)
    broken = replace(PARTITION, mesh=split)
    assert_corners_true(broken)
    with pytest.raises(AssertionError, match="an edge joins two regions"):
        assert_valid_coverage(broken)


def test_overlapping_regions_are_noticed():
    whole = Lens(max_of_two()).partition(Box([-1, -1], [1, 1]))
    # The same network with fewer cuts, but the patterns of the first: its regions fit more than once.
    other = from_arrays([[[1, -1], [0, 0], [0, 0]], [[1, 1, -1]]], [[0, 0, 0], [0]])
    broken = replace(
        whole, network=other, packed_patterns=Lens(other).partition(whole.domain).packed_patterns.repeat(2, axis=0)
    )
    with pytest.raises(AssertionError, match="overlap"):
        assert_volumes_add_up(replace(broken, mesh=None))
    with pytest.raises(AssertionError, match="interiors are disjoint"):
        assert_points_located(broken, [[0.5, 0.25]])


def test_witnesses_elsewhere_are_noticed():
    for wrong in ([4, 4], [np.nan, 0], PARTITION.vertices(3)[0], [100, 0]):
        witnesses = PARTITION.witnesses.copy()
        witnesses[3] = wrong
        with pytest.raises(AssertionError, match=r"witnesses lie inside their regions: that of region 3"):
            assert_witnesses_inside(replace(PARTITION, witnesses=witnesses))


def test_owners_of_other_edges_are_noticed():
    mesh = PARTITION.planar_mesh()
    broken = replace(PARTITION, mesh=replace(mesh, owners=np.roll(mesh.owners, 1)))
    with pytest.raises(AssertionError, match="exact corners come in the order of the floats: those of region 0"):
        assert_corners_true(broken)


@pytest.mark.parametrize("wrong", [[-1.0, 1.0], [0.0, 0.0], [2.0**-53, 0.0]])
def test_witnesses_on_the_boundary_of_a_strip_that_holds_floats_are_noticed(wrong):
    """The strip 0 < x + y < 2^-53."""
    lens = Lens.from_arrays([[[1, 1]], [[-1]], [[1]]], [[0], [2.0**-53], [0]])
    partition = lens.partition(None)
    (strip,) = np.flatnonzero(partition.patterns().all(axis=1))
    witnesses = partition.witnesses.copy()
    witnesses[strip] = wrong
    with pytest.raises(AssertionError, match=r"witnesses lie inside their regions: .* on the boundary or outside"):
        assert_witnesses_inside(replace(partition, witnesses=witnesses))


def test_witnesses_of_slivers_may_be_rounded():
    # No float lies between 1 and 1 + 2^-52, where two of the three regions of this interval are.
    lens = Lens.from_arrays([[[1.0]], [[1.0]], [[1.0]]], [[-1.0], [-(2.0**-54)], [0.0]])
    partition = lens.partition(Box([0], [1 + 2.0**-52]), engine="brute")
    assert len(partition) == 3
    assert_witnesses_inside(partition)


@pytest.mark.parametrize("rows", [[], [[0, 0, 0]], [[0, 0, -1]]])
def test_volumes_of_known_bodies(rows):
    def cube(d, side):
        return [[turn * (k == j) for k in range(d)] + [-side] for j in range(d) for turn in (1, -1)]

    for d in (1, 2, 3, 4):
        padded = [[*row[:1] * d, row[-1]] for row in rows]
        assert exact_volume(cube(d, 1) + padded, d) == 2**d
        corner = [[-int(k == j) for k in range(d)] + [0] for j in range(d)]
        simplex = [*corner, [1] * d + [-1]]
        assert exact_volume(simplex + padded, d) * [1, 1, 2, 6, 24][d] == 1
        assert exact_volume([*simplex, [1] * d + [-2], [2] * d + [-2]], d) == exact_volume(simplex, d)
    cross = [[a, b, c, -1] for a in (1, -1) for b in (1, -1) for c in (1, -1)]
    assert exact_volume(cross + rows * 0, 3) * 6 == 8


def test_volumes_of_flat_and_empty_bodies_are_zero():
    assert exact_volume([[1, 0, 0], [-1, 0, 0], [0, 1, -1], [0, -1, -1]], 2) == 0
    assert exact_volume([[1, -1], [-1, 2]], 1) == 0
    assert exact_volume([[1, 0, -1], [-1, 0, 2], [0, 1, -1], [0, -1, -1]], 2) == 0
    assert exact_volume([[0, 0, 1], [1, 0, -1], [-1, 0, -1], [0, 1, -1], [0, -1, -1]], 2) == 0


# ------------------------------------------------------------------------------------------------------- strategies


KINDS = {
    "no hidden layer": lambda n: not n.layers,
    "three layers": lambda n: len(n.layers) == 3,
    "width one": lambda n: 1 in n.widths,
    "pass-through layer": lambda n: any(not layer.cuts.any() for layer in n.layers),
    "pass-through neuron": lambda n: any(layer.cuts.any() and not layer.cuts.all() for layer in n.layers),
    "dead neuron": lambda n: any((~layer.weight.any(axis=1)).any() for layer in n.layers),
    "duplicated": lambda n: any(repeated(layer, 1) for layer in n.layers),
    "negated": lambda n: any(repeated(layer, -1) for layer in n.layers),
    "scaled": lambda n: any(repeated(layer, 2) for layer in n.layers),
    "parallel": lambda n: any(parallel(layer) for layer in n.layers),
    "slope 1 that cuts": lambda n: any((layer.cuts & (layer.negative_slope == 1)).any() for layer in n.layers),
    "negative slope": lambda n: any((layer.negative_slope < 0).any() for layer in n.layers),
    "slopes of each its own": lambda n: any(len(set(layer.negative_slope[layer.cuts])) > 1 for layer in n.layers),
    "zero biases": lambda n: len(n.layers) > 1 and not any(layer.bias.any() for layer in n.layers),
    "never cuts": lambda n: n.n_neurons > 2 and Lens(n).count(Box([-1, -1], [1, 1])).total == 1,
    "many regions": lambda n: n.n_neurons > 5 and Lens(n).count(Box([-1, -1], [1, 1])).total > 20,
    "not dyadic": lambda n: any((layer.weight * 8 % 1).any() for layer in n.layers),
}


@pytest.fixture(scope="module")
def examples():
    drawn = []

    @settings(max_examples=500, derandomize=True, database=None, phases=[Phase.generate])
    @given(network=networks(2))
    def collect(network):
        drawn.append(network)

    collect()
    return drawn


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_network_comes_up(kind, examples):
    assert any(KINDS[kind](network) for network in examples)


def repeated(layer: Layer, factor: float) -> bool:
    rows = np.column_stack([layer.weight, layer.bias])
    rows = rows[rows.any(axis=1)]
    return any((a == factor * b).all() for i, a in enumerate(rows) for b in rows[:i])


def parallel(layer: Layer) -> bool:
    alive = [j for j in range(layer.width) if layer.weight[j].any()]
    pairs = [(i, j) for i in alive for j in alive if i < j]
    return any((layer.weight[i] == layer.weight[j]).all() and layer.bias[i] != layer.bias[j] for i, j in pairs)


def test_examples_shrink_to_the_plainest():
    found = find(networks(2), lambda n: n.n_neurons >= 2, settings=settings(derandomize=True, database=None))
    assert found.n_neurons == 2
    assert not any(layer.weight.any() or layer.bias.any() for layer in found.layers)
    assert all((layer.negative_slope == 0).all() and (layer.positive_slope == 1).all() for layer in found.layers)


@given(
    network=networks(
        st.integers(1, 4), min_depth=1, max_depth=2, max_width=3, output_dim=2, activations="leaky", biases=False
    )
)
def test_options_of_networks_are_kept(network):
    assert 1 <= network.input_dim <= 4
    assert 1 <= len(network.layers) <= 2
    assert max(network.widths) <= 3
    assert network.output_dim == 2
    assert not any(layer.bias.any() for layer in network.layers)
    slopes = {slope for layer in network.layers for slope in layer.negative_slope}
    assert len(slopes) == 1
    assert 0 < slopes.pop() < 1


@given(network=networks(2, activations="relu", weights="integer"))
def test_plain_networks_are_plain(network):
    for layer in network.layers:
        assert layer.cuts.all()
        assert not layer.negative_slope.any()
        assert (layer.positive_slope == 1).all()


def test_unknown_kinds_are_refused():
    for options in ({"weights": "complex"}, {"activations": "gelu"}):
        with pytest.raises(OptionError, match="should be one of 'any'"):
            find(networks(2, **options), lambda n: True)


@given(data=st.data(), d=st.integers(1, 3))
def test_points_lie_in_their_box_and_domains_have_interior(data, d):
    box = data.draw(boxes(d))
    X = data.draw(points_in(box, 5))
    assert X.shape == (5, d)
    assert box.contains(X).all()
    simplex = data.draw(simplices(d))
    assert simplex.is_bounded
    assert simplex.has_interior
    assert simplex.facets().sum() == d + 1
    domain = data.draw(domains(d))
    assert domain is None or domain.dim == d


@given(network=networks(st.integers(1, 3), output_dim=st.integers(1, 2)))
def test_examples_print_as_code_that_makes_them(network):
    made = eval(network_code(network), {"from_arrays": from_arrays, "Network": Network, "Layer": Layer})
    assert made.widths == network.widths
    for layer, twin in zip(network.layers, made.layers, strict=True):
        for name in ("weight", "bias", "negative_slope", "positive_slope", "cuts"):
            assert np.array_equal(getattr(layer, name), getattr(twin, name))
    assert np.array_equal(network.output_weight, made.output_weight)
    assert np.array_equal(network.output_bias, made.output_bias)


def test_networks_with_pass_through_layers_print_in_full():
    network = Network((pass_through_layer([[0.5]], [1]),), [[2]], [0])
    assert network_code(network) == "Network((Layer([[0.5]], [1], [1], [1], [False]),), [[2]], [0])"


def test_failing_examples_show_the_code():
    @settings(max_examples=50, derandomize=True, database=None, phases=[Phase.generate, Phase.shrink])
    @given(network=networks(2, max_depth=1), box=boxes(2))
    def fails(network, box):
        assert network.n_neurons == 0

    with pytest.raises(AssertionError) as caught:
        fails()
    notes = "\n".join(caught.value.__notes__)
    assert "network=from_arrays([[[0, 0]], [[0]]], [[0], [0]])" in notes
    assert "box=Box([-1.0, -1.0], [1.0, 1.0])" in notes


@pytest.mark.parametrize(
    "domain", [Box([0, 0], [0.25, 8]), Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1]), Polytope([[1, 0]], [0]), None]
)
def test_sampled_points_lie_in_the_domain_and_repeat(domain):
    partition = LENS.partition(domain)
    X = sample_points(partition, 50)
    assert X.shape == (50, 2)
    assert domain is None or domain.contains(X).all()
    assert np.array_equal(X, sample_points(partition, 50))
    assert not np.array_equal(X, sample_points(partition, 50, seed=1))


def test_without_hypothesis_the_error_names_the_extra():
    program = (
        "import sys\nsys.modules['hypothesis'] = None\n"
        "from polytope_lens.errors import MissingExtraError\n"
        "try:\n    import polytope_lens.testing\n"
        "except MissingExtraError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert 'pip install "polytope-lens[testing]"' in done.stdout


def test_what_is_not_as_on_the_flat_is_noticed():
    flat = LENS.partition(Box([-4, 0.3], [4, 0.3]))
    assert_partition(flat)
    assert_embedded(PARTITION)
    moved = flat.witnesses.copy()
    moved[1, 1] = np.nextafter(0.3, 1)
    with pytest.raises(AssertionError, match=r"fixed inputs are as the box has them: one of the witnesses is \["):
        assert_embedded(replace(flat, witnesses=moved))
    moved[1] = [moved[1, 0] + 0.125, 0.3]
    with pytest.raises(AssertionError, match="witnesses are those on the flat"):
        assert_embedded(replace(flat, witnesses=moved))
    with pytest.raises(AssertionError, match="patterns are those on the flat"):
        assert_embedded(replace(flat, packed_patterns=flat.packed_patterns[:-1]))
    with pytest.raises(AssertionError, match="counts are those on the flat"):
        assert_embedded(replace(flat, counts_per_layer=flat.counts_per_layer + 1))
    with pytest.raises(AssertionError, match="maps are the product"):
        assert_partition(with_map_nudged(flat, 1, 1, 1.0))
    with pytest.raises(AssertionError, match="volumes add up"):
        assert_volumes_add_up(replace(flat, on_flat=without(flat.on_flat, 1)))


@settings(max_examples=30, deadline=None)
@given(box=flat_boxes(3))
def test_flat_boxes_are_flat_and_are_no_points(box):
    assert box.is_flat and 0 < len(box.free) < 3
