"""What is written is read back by the checker, which shares no code with the writer."""

from __future__ import annotations

import gzip
import hashlib
from io import BytesIO

import numpy as np
import pytest

from families import golden, random_deep
from polytope_lens import Box, Lens
from polytope_lens.network.network import Network, pass_through_layer
from polytope_lens.proof import checker
from polytope_lens.proof.log import describe, hexadecimal, is_about, log_file
from proof_logs import verify

LEAKY = random_deep((2, 3, 4), 1, 0.1)
CARRIES = Network((pass_through_layer([[0.5, 3]], [1]), *golden((1, 3), 1).layers), [[1, 1, 1]], [0])


def reader(path):
    return checker.Log(BytesIO(path.read_bytes()), path.stat().st_size)


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


def test_the_last_line_is_the_digest_of_all_others_but_pieces(tmp_path):
    path = tmp_path / "log"
    with log_file(path) as log:
        log.write("one", 1, "ff")
        log.write("two")
        log.write_piece(b"piece\n")
        log.write("three")
    body, _, digest = path.read_bytes().rpartition(b"sha256 ")
    assert body == b"one 1 ff\ntwo\npiece\nthree\n"
    outside = b"one 1 ff\ntwo\nthree\n"
    assert digest == f"{hashlib.sha256(outside).hexdigest()}\n".encode()


def test_a_name_that_ends_in_gz_packs_the_log(tmp_path):
    for name in ("log", "log.gz"):
        Lens(LEAKY).count(Box([0, 0], [1, 1]), proof=tmp_path / name)
    packed = (tmp_path / "log.gz").read_bytes()
    assert (
        gzip.decompress(packed) == (tmp_path / "log").read_bytes() and len(packed) < (tmp_path / "log").stat().st_size
    )
    assert verify(tmp_path / "log.gz") == verify(tmp_path / "log")


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
