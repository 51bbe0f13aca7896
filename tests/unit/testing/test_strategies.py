"""Every kind of network comes up, shrinks to the plainest, and prints as code."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from polytope_lens import Box, Lens, Network
from polytope_lens.errors import OptionError
from polytope_lens.network.network import Layer, from_arrays, pass_through_layer
from polytope_lens.testing import (
    boxes,
    domains,
    flat_boxes,
    network_code,
    networks,
    points_in,
    simplices,
)

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


def test_without_hypothesis_the_error_names_the_extra():
    program = (
        "import sys\nsys.modules['hypothesis'] = None\n"
        "from polytope_lens.errors import MissingExtraError\n"
        "try:\n    import polytope_lens.testing\n"
        "except MissingExtraError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert 'pip install "polytope-lens[testing]"' in done.stdout


@settings(max_examples=30, deadline=None)
@given(box=flat_boxes(3))
def test_flat_boxes_are_flat_and_are_no_points(box):
    assert box.is_flat and 0 < len(box.free) < 3
