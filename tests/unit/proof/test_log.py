"""What is written is read back by the checker, which shares no code with the writer."""

from __future__ import annotations

import hashlib
from io import BytesIO

import numpy as np
import pytest

from families import golden, random_deep
from polytope_lens import Box, Lens, Polytope
from polytope_lens.network.network import Network, pass_through_layer
from polytope_lens.proof import checker
from polytope_lens.proof.log import describe, describe_domain, hexadecimal, is_about, log_file
from proof_logs import verify

LEAKY = random_deep((2, 3, 4), 1, 0.1)
CARRIES = Network((pass_through_layer([[0.5, 3]], [1]), *golden((1, 3), 1).layers), [[1, 1, 1]], [0])
ORTHANT = Polytope([[-1, 0], [0, -1]], [0, 1 / 3])


def reader(path):
    log = checker.Log(BytesIO(path.read_bytes()), path.stat().st_size)
    log.advance()
    return log


@pytest.mark.parametrize("network", [LEAKY, CARRIES, Lens.from_arrays([[[1, 2]]], [[0]]).network])
def test_networks_are_read_back_to_the_last_bit(network, tmp_path):
    with log_file(tmp_path / "log") as log:
        for line in describe(network):
            log.write(line)
    dim, layers = checker.read_network(reader(tmp_path / "log"))
    assert dim == network.input_dim
    for found, layer in zip(layers, network.layers, strict=True):
        assert [[v / found.scale for v in row] for row in found.rows] == np.c_[layer.weight, layer.bias].tolist()
        slopes = np.c_[layer.negative_slope, layer.positive_slope].tolist()
        assert [[v / found.unit for v in row] for row in found.slopes] == slopes
        assert found.cuts == layer.cuts.tolist()


@pytest.mark.parametrize(
    ("domain", "n_charts"),
    [(Box([0, -1], [0.1, 3]), 1), (Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1]), 1), (ORTHANT, 5), (None, 5)],
)
def test_domains_are_read_back(domain, n_charts, tmp_path):
    with log_file(tmp_path / "log") as log:
        for line in describe_domain(domain):
            log.write(line)
    told, charts = checker.read_domain(reader(tmp_path / "log"), 2)
    charts = list(charts)
    assert len(charts) == n_charts
    if isinstance(domain, Box):
        lower, upper, q = charts[0].box
        assert [v / q for v in lower] == domain.lower.tolist() and [v / q for v in upper] == domain.upper.tolist()
        assert told == f"box from {domain.lower.tolist()} to {domain.upper.tolist()}"


def test_the_last_line_is_the_digest_of_all_others(tmp_path):
    path = tmp_path / "log"
    with log_file(path) as log:
        log.write("one", 1, "ff")
        log.write("two")
    body, _, digest = path.read_bytes().rpartition(b"sha256 ")
    assert body == b"one 1 ff\ntwo\n"
    assert digest == f"{hashlib.sha256(body).hexdigest()}\n".encode()


def test_a_log_that_was_not_finished_is_not_there(tmp_path):
    def fail():
        with log_file(tmp_path / "log") as log:
            log.write("one")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert not list(tmp_path.iterdir())


def test_a_log_is_about_one_network(tmp_path):
    path = tmp_path / "log"
    Lens(LEAKY).count(Box([0, 0], [1, 1]), proof=path)
    answer = verify(path)
    assert is_about(answer, LEAKY)
    assert not is_about(answer, CARRIES)
    weight = LEAKY.layers[0].weight.copy()
    weight[0, 0] = np.nextafter(weight[0, 0], 9)
    nudged = Lens.from_arrays(
        [weight, LEAKY.layers[1].weight, LEAKY.output_weight],
        [*(layer.bias for layer in LEAKY.layers), LEAKY.output_bias],
        negative_slope=0.1,
    )
    assert not is_about(answer, nudged.network)


def test_integers_as_the_checker_reads_them():
    for value in (0, 1, -1, 255, -(2**70) + 1):
        assert int(hexadecimal(value), 16) == value
