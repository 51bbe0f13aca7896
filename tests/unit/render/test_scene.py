from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from polytope_lens._arrays.ragged import following
from polytope_lens.domain import Box
from polytope_lens.errors import UnboundedPolytopeError
from polytope_lens.mesh.planar_mesh import areas
from polytope_lens.network import network as net
from polytope_lens.network.pattern import pack
from polytope_lens.render import scene


@pytest.fixture(params=["lines", "deep"])
def partition(request):
    return request.getfixturevalue(request.param)


def hidden_values(network, X):
    """Pre-activations, one array for each layer."""
    values, result = X, []
    for layer in network.layers:
        result.append(values @ layer.weight.T + layer.bias)
        values = net.activate(layer, result[-1])
    return result


def pixel_centres(lower, upper, shape):
    y, x = (low + (np.arange(n) + 0.5) * (high - low) / n for n, low, high in zip(shape, lower, upper, strict=True))
    return np.stack(np.meshgrid(x, y), axis=-1)


def luminance(srgb):
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def claims_of_edges(mesh, claims):
    """What the two regions of each inner edge say about it."""
    ends = np.sort(np.stack([mesh.corners, mesh.corners[following(mesh.indptr)]], axis=1), axis=1)
    sides = {}
    for edge, claim in zip(map(tuple, ends.tolist()), claims.tolist(), strict=True):
        sides.setdefault(edge, []).append(claim)
    return [pair for pair in sides.values() if len(pair) == 2]


def test_triangles_cover_each_region(partition):
    triangles = scene.value_triangles(partition)
    a, b, c = triangles.corners.transpose(1, 0, 2)
    twice = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert (twice > 0).all()
    sums = np.bincount(triangles.regions, weights=twice / 2, minlength=len(partition))
    np.testing.assert_allclose(sums, areas(partition.mesh), rtol=1e-9, atol=1e-15)


def test_triangles_carry_the_values_of_the_network(lines):
    for output in (0, 1):
        triangles = scene.value_triangles(lines, output)
        expected = net.evaluate(lines.network, triangles.corners.reshape(-1, 2))[:, output]
        np.testing.assert_allclose(triangles.values.ravel(), expected, atol=1e-12)
        assert scene.value_range(lines, output) == (triangles.values.min(), triangles.values.max())


def test_slope_is_the_norm_of_the_gradient(cut):
    network = net.from_arrays([[[3, 0], [0, 4]], [[1, 1]]], [[0, 0], [0]])
    assert scene.slopes(cut(network, Box([-1, -1], [1, 1]))).tolist() == [0, 4, 3, 5]


def test_boundaries_are_unique_and_complete(partition):
    edges = scene.boundary_segments(partition)
    ends = {tuple(sorted(map(tuple, segment))) for segment in edges.segments.tolist()}
    assert len(ends) == len(edges.segments)
    assert len(ends) == np.count_nonzero(partition.mesh.owners >= 0) / 2


def test_boundaries_belong_to_the_layer_that_bends_there(deep):
    edges = scene.boundary_segments(deep)
    assert set(edges.layers.tolist()) == {0, 1, 2}
    assert (np.diff(edges.layers) <= 0).all()
    middles = edges.segments.mean(axis=1)
    for layer, values in enumerate(hidden_values(deep.network, middles)):
        np.testing.assert_allclose(np.abs(values[edges.layers == layer]).min(axis=1), 0, atol=1e-12)


def test_a_common_edge_belongs_to_the_first_neuron(lines):
    # A neuron of a second layer claims every edge of half the regions: it gets those that nobody else claims.
    network = net.from_arrays([np.eye(2), np.eye(2), np.ones((1, 2))], [[0, 0], [0, 0], [0]])
    mesh = lines.mesh
    half = np.arange(len(mesh.owners)) < mesh.indptr[len(lines) // 2]
    claims = np.where(mesh.owners < 0, -1, np.where(half, 3, 0))
    unopposed = sum(min(pair) == 3 for pair in claims_of_edges(mesh, claims))
    edges = scene.boundary_segments(replace(lines, network=network, mesh=replace(mesh, owners=claims)))
    assert np.count_nonzero(edges.layers == 1) == unopposed > 0
    assert np.count_nonzero(edges.layers == 0) == np.count_nonzero(mesh.owners >= 0) / 2 - unopposed


def test_last_layer_is_the_deepest_owner(deep):
    layers = np.repeat([0, 1, 2], [6, 5, 4])
    mesh = deep.mesh
    expected = [
        max([-1] + [layers[owner] for owner in mesh.owners[start:stop] if owner >= 0])
        for start, stop in zip(mesh.indptr[:-1], mesh.indptr[1:], strict=True)
    ]
    assert scene.last_layers(deep).tolist() == expected


def test_pass_through_layers_have_no_bits():
    carried = net.pass_through_layer(np.eye(2), [0, 0])
    cutting = net.piecewise_layer(np.eye(2), [0, 0])
    network = net.Network((carried, cutting, carried, cutting), np.ones((1, 2)), np.zeros(1))
    assert net.layer_of_bit(network).tolist() == [1, 1, 3, 3]


def test_pattern_colors_follow_the_patterns(deep):
    colors = scene.pattern_colors(deep)
    order = np.random.default_rng(0).permutation(len(deep))
    assert (scene.pattern_colors(replace(deep, packed_patterns=deep.packed_patterns[order])) == colors[order]).all()
    assert len(np.unique(colors.round(6), axis=0)) == len(deep)
    assert colors.min() >= 0
    assert colors.max() <= 1


def test_neighbours_differ_in_lightness(deep):
    light = luminance(scene.pattern_colors(deep))
    first, second = np.array(claims_of_edges(deep.mesh, np.repeat(np.arange(len(deep)), np.diff(deep.mesh.indptr)))).T
    assert (np.abs(light[first] - light[second]) > 0.1).all()


def test_pattern_colors_of_many_words(lines):
    # One flipped bit, wherever it is, gives another colour of the other lightness.
    bits = np.vstack([np.zeros((1, 200), dtype=bool), np.eye(200, dtype=bool)])
    colors = scene.pattern_colors(replace(lines, packed_patterns=pack(bits)))
    assert len(np.unique(colors.round(6), axis=0)) == 201
    assert (luminance(colors[0]) - luminance(colors[1:]) > 0.1).all()


@pytest.mark.parametrize("n_layers", [0, 1, 6, 30])
def test_layer_colors_darken_with_depth(n_layers):
    colors = scene.layer_colors(n_layers)
    assert colors.shape == (n_layers, 3)
    light = luminance(colors)
    assert (np.diff(light) < 0).all()
    assert ((light > 0.12) & (light < 0.6)).all()  # seen on black and on white


def test_raster_agrees_with_the_forward_pass(partition):
    domain, shape = partition.domain, (90, 160)
    raster = scene.region_raster(partition.mesh, domain.lower, domain.upper, shape)
    X = pixel_centres(domain.lower[::-1], domain.upper[::-1], shape).reshape(-1, 2)
    values = np.hstack(hidden_values(partition.network, X))
    clear = (np.abs(values) > 1e-9).all(axis=1)
    assert clear.mean() > 0.99
    assert (partition.patterns()[raster.ravel()] == (values > 0))[clear].all()


def test_raster_of_a_window(lines):
    mesh, (lower, upper) = lines.mesh, (np.array([-1.5, -1.0]), np.array([0.5, 0.5]))
    raster = scene.region_raster(mesh, lower, upper, (60, 80))
    assert (raster[:, :20] == -1).all()
    assert (raster[:, 20:] >= 0).all()
    whole = scene.region_raster(mesh, np.array([-1.5, -1.0]), np.array([1.5, 1.0]), (80, 120))
    assert (raster == whole[:60, :80]).all()
    x_mirrored = scene.region_raster(mesh, np.array([0.5, -1.0]), np.array([-1.5, 0.5]), (60, 80))
    y_mirrored = scene.region_raster(mesh, np.array([-1.5, 0.5]), np.array([0.5, -1.0]), (60, 80))
    assert (x_mirrored[:, ::-1] == raster).mean() > 0.999
    assert (y_mirrored[::-1] == raster).mean() > 0.999
    assert ((x_mirrored >= 0) == (raster >= 0)[:, ::-1]).all()
    far_away = scene.region_raster(mesh, np.array([5.0, 5.0]), np.array([6.0, 6.0]), (10, 10))
    assert (far_away == -1).all()


def test_raster_loses_no_pixel_to_ties(cut):
    # Corners and whole edges pass through the centres of pixels.
    network = net.from_arrays([[[1, 0], [0, 1]], [[1, 1], [1, -1]], [[1, 1]]], [[0, 0], [0, 0], [0]])
    partition = cut(network, Box([-1, -1], [1, 1]))
    window = np.array([-1.0, -1.0]), np.array([1.0, 1.0])
    raster = scene.region_raster(partition.mesh, *window, (33, 33))
    centres = pixel_centres(*window, (33, 33))
    assert (raster >= 0).all()
    on = partition.patterns()[raster]
    values = np.stack(hidden_values(network, centres.reshape(-1, 2))).transpose(1, 0, 2).reshape(33, 33, 4)
    assert (on | (values <= 0)).all()
    assert (~on | (values >= 0)).all()


def test_domain_outline_goes_round_once(deep):
    outline = scene.domain_outline(deep.mesh)
    assert np.hypot(*(outline[:, 1] - outline[:, 0]).T).sum() == pytest.approx(2 + 2 + 1.5 + 1.5)


def test_affine_network(lines):
    network = net.Network((), np.array([[1.0, 2.0]]), np.zeros(1))
    mesh = replace(
        lines.mesh, indptr=np.array([0, 4]), corners=np.array([0, 1, 2, 3]), owners=np.array([-4, -1, -2, -3])
    )
    whole = replace(
        lines,
        network=network,
        mesh=mesh,
        packed_patterns=np.zeros((1, 1), dtype=np.uint64),
        maps=np.array([[[1.0, 2.0, 0.0]]]),
    )
    assert scene.value_range(whole) == (-3, 3)
    assert scene.last_layers(whole).tolist() == [-1]
    assert scene.boundary_segments(whole).segments.shape == (0, 2, 2)
    assert len(scene.value_triangles(whole).regions) == 2


def test_unbounded_domain_has_no_picture(lines):
    with pytest.raises(UnboundedPolytopeError, match="Choose a bounded domain"):
        scene.value_triangles(replace(lines, domain=None, mesh=None))
