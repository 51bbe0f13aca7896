"""Networks in .npz files: reading, writing back, refusing what is damaged or ambiguous."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from polytope_lens.domain import Box
from polytope_lens.errors import DimensionError, DomainError, FileAccessError, FileFormatError, MissingFileError
from polytope_lens.importers.npz import load_npz, save_npz
from polytope_lens.io.array_archive import DIGEST
from polytope_lens.network.network import Layer, Network, from_arrays, pass_through_layer, piecewise_layer

RNG = np.random.default_rng(5)
ARRAYS = {
    "W0": RNG.standard_normal((3, 2)),
    "b0": RNG.standard_normal(3),
    "W1": RNG.standard_normal((4, 3)),
    "b1": RNG.standard_normal(4),
    "W2": RNG.standard_normal((1, 4)),
    "b2": RNG.standard_normal(1),
}


def write(tmp_path, *, without=(), **changes):
    path = tmp_path / "net.npz"
    np.savez(path, **{name: value for name, value in (ARRAYS | changes).items() if name not in without})
    return path


def assert_same(network: Network, other: Network):
    assert network.widths == other.widths
    for layer, twin in zip(network.layers, other.layers, strict=True):
        for name in ("weight", "bias", "negative_slope", "positive_slope", "cuts"):
            assert np.array_equal(getattr(layer, name), getattr(twin, name)), name
    assert np.array_equal(network.output_weight, other.output_weight)
    assert np.array_equal(network.output_bias, other.output_bias)


# ----------------------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize("changes", [{}, {"activation": "relu"}], ids=["absent", "relu"])
def test_relu_networks_are_read_exactly(tmp_path, changes):
    network, domain = load_npz(write(tmp_path, **changes))
    assert domain is None
    assert_same(network, from_arrays([ARRAYS[f"W{i}"] for i in range(3)], [ARRAYS[f"b{i}"] for i in range(3)]))


@pytest.mark.parametrize(
    ("changes", "slope"), [({}, 0.01), ({"negative_slope": 0.25}, 0.25), ({"negative_slope": -1}, -1)]
)
def test_leaky_networks_have_their_slope(tmp_path, changes, slope):
    network, _ = load_npz(write(tmp_path, activation="leaky_relu", **changes))
    for layer in network.layers:
        assert layer.negative_slope.tolist() == [slope] * layer.width
        assert layer.positive_slope.tolist() == [1.0] * layer.width
        assert layer.cuts.all()


def test_identity_networks_never_cut(tmp_path):
    network, _ = load_npz(write(tmp_path, activation="identity"))
    assert network.n_neurons == 0
    assert network.widths == (3, 4)


def test_slopes_of_single_neurons_override_the_activation(tmp_path):
    path = write(
        tmp_path, negative_slope0=[0.0, 0.5, 1.0], cuts0=[True, True, False], positive_slope1=[1.0, 2.0, 3.0, 4.0]
    )
    network, _ = load_npz(path)
    first, second = network.layers
    assert first.negative_slope.tolist() == [0.0, 0.5, 1.0]
    assert first.positive_slope.tolist() == [1.0, 1.0, 1.0]
    assert first.cuts.tolist() == [True, True, False]
    assert second.negative_slope.tolist() == [0.0] * 4
    assert second.positive_slope.tolist() == [1.0, 2.0, 3.0, 4.0]


def test_float32_and_integers_convert_and_other_arrays_are_left_alone(tmp_path):
    path = write(tmp_path, W0=ARRAYS["W0"].astype(np.float32), b0=np.array([1, -2, 3]), loss=0.5, note="hello")
    network, _ = load_npz(path)
    assert np.array_equal(network.layers[0].weight, ARRAYS["W0"].astype(np.float32).astype(np.float64))
    assert network.layers[0].bias.tolist() == [1.0, -2.0, 3.0]


def test_more_than_ten_layers_keep_their_order(tmp_path):
    weights = [np.array([[float(i + 1)]]) for i in range(12)]
    network, _ = load_npz(
        write(tmp_path, **{f"W{i}": w for i, w in enumerate(weights)}, **{f"b{i}": [0.0] for i in range(12)})
    )
    assert [layer.weight[0, 0] for layer in network.layers] == list(range(1, 12))
    assert network.output_weight[0, 0] == 12


def test_corners_make_a_box(tmp_path):
    _, domain = load_npz(write(tmp_path, lo=[-1, -2], hi=np.array([1, 2], dtype=np.float32)))
    assert isinstance(domain, Box)
    assert domain.lower.tolist() == [-1.0, -2.0]
    assert domain.upper.tolist() == [1.0, 2.0]


def test_infinite_corners_mean_the_whole_space(tmp_path):
    assert load_npz(write(tmp_path, lo=[-np.inf, -np.inf], hi=[np.inf, np.inf]))[1] is None


# ---------------------------------------------------------------------------------------------------- refusing


@pytest.mark.parametrize(
    ("without", "message"),
    [
        (("b1",), "array b1 is missing"),
        (("W1",), "array W1 is missing"),
        (("W1", "b1"), "array W1 is missing: layers should be numbered from W0, b0 without gaps"),
        (("W0", "b0"), "array W0 is missing"),
        (tuple(ARRAYS), "array W0 is missing.*but the arrays are none"),
    ],
)
def test_gaps_are_refused(tmp_path, without, message):
    with pytest.raises(FileFormatError, match=rf"net\.npz: .*{message}"):
        load_npz(write(tmp_path, without=without))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"activation": "gelu"}, "activation should be one of relu, leaky_relu, identity, but is 'gelu'"),
        ({"activation": "relu", "negative_slope": 0.1}, 'negative_slope goes with activation "leaky_relu"'),
        ({"negative_slope": 0.1}, 'negative_slope goes with activation "leaky_relu"'),
        ({"activation": "leaky_relu", "negative_slope": [0.1, 0.2]}, "negative_slope should be a 0-D array"),
        ({"activation": "leaky_relu", "negative_slope": np.nan}, "negative_slope should be finite"),
        ({"negative_slope2": [0.1]}, "array negative_slope2 belongs to no hidden layer; there are 2"),
        ({"negative_slope0": [0.1]}, r"in layer 0 \(W0, b0\).*one entry for each of the 3 rows"),
        ({"cuts1": [False] * 4}, r"in layer 1 \(W1, b1\).*False only for neurons whose two slopes are equal"),
        ({"W1": np.full((4, 3), np.nan)}, r"in layer 1 \(W1, b1\), a weight matrix should be finite"),
        ({"W1": np.ones(3)}, r"in layer 1 .*2-D array"),
        ({"b1": np.array(1.0)}, r"in layer 1 .*1-D array"),
        ({"W1": np.ones((4, 7))}, "layer 1 should take the 3 values"),
        ({"b2": np.ones(5)}, "output bias should have 1 entries"),
        ({"W1": np.ones((4, 3)) * 1j}, "array W1 should hold real numbers, but has dtype complex128"),
        ({"b0": ["a", "b", "c"]}, "array b0 should hold real numbers, but has dtype <U1"),
        ({"b0": np.array([2**60 + 1, 0, 0])}, "without rounding"),
        ({"lo": [0, 0]}, "array hi is missing: lo is one corner"),
        ({"hi": [0, 0]}, "array lo is missing: hi is one corner"),
        ({"lo": [0, 0, 0], "hi": [1, 1, 1]}, r"each of the 2 inputs of the network, but have shapes \(3,\) and \(3,\)"),
        ({"lo": [-np.inf, 0], "hi": [np.inf, 1]}, "infinite in every coordinate"),
        ({"lo": [0, np.nan], "hi": [1, 1]}, "should be finite"),
        ({"lo": [0, 1], "hi": [1, 0]}, "coordinate 1 runs from 1.0 to 0.0"),
        ({"lo": [np.inf] * 2, "hi": [-np.inf] * 2}, "infinite in every coordinate"),
    ],
    ids=str,
)
def test_contents_that_do_not_fit_are_refused(tmp_path, changes, message):
    with pytest.raises(FileFormatError, match=rf"net\.npz: .*{message}"):
        load_npz(write(tmp_path, **changes))


def test_missing_files_and_directories_are_refused(tmp_path):
    with pytest.raises(MissingFileError, match=r"none\.npz cannot be read: there is no such file"):
        load_npz(tmp_path / "none.npz")
    with pytest.raises(FileAccessError, match="cannot be read: Is a directory"):
        load_npz(tmp_path)


def test_truncated_and_corrupt_files_are_refused(tmp_path):
    path = write(tmp_path)
    data = path.read_bytes()
    for length in range(0, len(data), 61):
        path.write_bytes(data[:length])
        with pytest.raises(FileFormatError, match=r"is damaged, or not a \.npz archive"):
            load_npz(path)
    start = data.index(ARRAYS["W1"].tobytes())
    path.write_bytes(data[:start] + bytes([data[start] ^ 1]) + data[start + 1 :])
    with pytest.raises(FileFormatError, match="is damaged"):
        load_npz(path)


def test_files_of_other_kinds_are_refused(tmp_path):
    np.save(tmp_path / "single.npy", np.ones(3))
    (tmp_path / "text.npz").write_text("W0 = 1")
    (tmp_path / "pickle.npz").write_bytes(pickle.dumps([1, 2]))
    for name in ("single.npy", "text.npz", "pickle.npz"):
        with pytest.raises(FileFormatError, match=r"is damaged, or not a \.npz archive of plain arrays"):
            load_npz(tmp_path / name)


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_object_arrays_are_never_unpickled(tmp_path):
    path = write(tmp_path, W1=np.array([Bomb(str(tmp_path / "mark"))], dtype=object))
    with pytest.raises(FileFormatError, match=r"holds Python objects, in .W1\.npy., which are never read"):
        load_npz(path)
    assert not (tmp_path / "mark").exists()


# ----------------------------------------------------------------------------------------------------- writing

MIXED = Network(
    (
        piecewise_layer(RNG.standard_normal((3, 2)), RNG.standard_normal(3), negative_slope=[0.0, -1.0, 0.3]),
        pass_through_layer(RNG.standard_normal((2, 3)), RNG.standard_normal(2)),
        Layer(np.eye(2), np.ones(2), np.array([1.0, 2.0]), np.array([1.0, 3.0]), np.array([False, True])),
    ),
    RNG.standard_normal((1, 2)),
    RNG.standard_normal(1),
)
LINES = [RNG.standard_normal((3, 2)), RNG.standard_normal((1, 3))], [RNG.standard_normal(3), RNG.standard_normal(1)]
NETWORKS = {
    "relu": from_arrays(*LINES),
    "leaky": from_arrays(*LINES, negative_slope=0.1),
    "slope one": from_arrays(*LINES, negative_slope=1.0),
    "pass-through": Network((pass_through_layer(LINES[0][0], LINES[1][0]),), LINES[0][1], LINES[1][1]),
    "affine": Network((), LINES[0][0], LINES[1][0]),
    "mixed": MIXED,
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("domain", [None, Box([-1, 0.1], [1, 2])], ids=["whole", "box"])
def test_every_network_comes_back(tmp_path, name, domain):
    path = tmp_path / "out.npz"
    save_npz(NETWORKS[name], path, domain)
    network, loaded = load_npz(path)
    assert_same(network, NETWORKS[name])
    if domain is None:
        assert loaded is None
    else:
        assert isinstance(loaded, Box)
        assert np.array_equal(loaded.lower, domain.lower)
        assert np.array_equal(loaded.upper, domain.upper)
    assert os.listdir(tmp_path) == ["out.npz"]


def test_common_activations_are_written_by_name(tmp_path):
    for name, activation in (("relu", "relu"), ("leaky", "leaky_relu"), ("pass-through", "identity")):
        save_npz(NETWORKS[name], tmp_path / "net.npz")
        with np.load(tmp_path / "net.npz") as archive:
            assert str(archive["activation"]) == activation
            assert set(archive.files) <= {"W0", "b0", "W1", "b1", "activation", "negative_slope", DIGEST}


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "net.npz"
    save_npz(NETWORKS["relu"], path)
    before = path.read_bytes()

    def fail(file, array, **options):
        file.write(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", fail)
    with pytest.raises(FileAccessError, match=r"net\.npz cannot be written: No space left on device\."):
        save_npz(NETWORKS["mixed"], path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["net.npz"]


def test_domains_that_cannot_be_kept_are_refused(tmp_path):
    with pytest.raises(DomainError, match="a Box or None as domain, but received Polytope"):
        save_npz(NETWORKS["relu"], tmp_path / "net.npz", Box([0, 0], [1, 1]).to_polytope())
    with pytest.raises(DimensionError, match="2 inputs, but the domain has 1"):
        save_npz(NETWORKS["relu"], tmp_path / "net.npz", Box([0], [1]))
    assert not os.listdir(tmp_path)
