"""Whole proofs: accepted with the right counts, rejected with others, or not there."""

from __future__ import annotations

import pytest

from families import golden
from polytope_lens import Box, Lens, Polytope
from polytope_lens.proof import write
from polytope_lens.proof.write import write_proof
from proof_logs import proves, verify

PLANE, SPACE = golden((2, 3, 3), 1), golden((3, 3, 2), 1)
DOMAINS = {
    "square": (PLANE, Box([-1, -1], [2, 2])),
    "plane": (PLANE, None),
    "wedge": (PLANE, Polytope([[-1, 0], [0, -1]], [0, 0])),
    "cube": (SPACE, Box([-1] * 3, [1] * 3)),
    "simplex": (SPACE, Polytope([[1, 1, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]], [1, 1, 1, 1])),
    "line": (golden((1, 3, 3), 1), None),
    "no neurons": (Lens.from_arrays([[[1, 2]]], [[0]]).network, Box([0, 0], [1, 1])),
}


@pytest.mark.parametrize("name", DOMAINS)
def test_the_right_counts_are_proved_and_no_others(name, tmp_path):
    network, domain = DOMAINS[name]
    counts = Lens(network).count(domain)
    per_layer = counts.per_layer.tolist()
    path = tmp_path / "proof"
    write_proof(network, domain, path, [counts.total, *per_layer], progress=False)
    assert proves(verify(path), counts.total, per_layer)
    write_proof(network, domain, path, [counts.total + 1, *per_layer], progress=False)
    assert not verify(path)["proved"]


@pytest.mark.parametrize("name", DOMAINS)
def test_pieces_are_small_and_few(name, tmp_path, monkeypatch):
    network, domain = DOMAINS[name]
    counts = Lens(network).count(domain)
    for most in (1, 4, counts.total):
        monkeypatch.setattr(write, "MOST_REGIONS", dict.fromkeys(write.MOST_REGIONS, most))
        write_proof(network, domain, tmp_path / "proof", [counts.total, *counts.per_layer.tolist()])
        lines = (tmp_path / "proof").read_text().splitlines()
        pieces = [line.split() for line in lines if line.startswith("piece ")]
        assert all(int(words[-1]) <= most for words in pieces if network.layers)
        assert (len(pieces) == 1) == (most >= counts.total)
        assert proves(verify(tmp_path / "proof"), counts.total, counts.per_layer)


def test_regions_that_reach_infinity_are_listed_once(tmp_path):
    """A strip reaches infinity on two sides."""
    strip = Polytope([[1, 0], [-1, 0]], [1, 1])
    counts = Lens(PLANE).count(strip)
    write_proof(PLANE, strip, tmp_path / "proof", [counts.total, *counts.per_layer.tolist()])
    lines = (tmp_path / "proof").read_text().splitlines()
    assert sum("," in line for line in lines) == counts.total
    assert proves(verify(tmp_path / "proof"), counts.total, counts.per_layer)


def test_a_proof_that_was_interrupted_is_not_there(tmp_path, monkeypatch):
    path = tmp_path / "proof"
    path.write_text("an old one")

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(write, "descend", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_proof(PLANE, Box([0, 0], [1, 1]), path, [1])
    assert [one.read_text() for one in tmp_path.iterdir()] == ["an old one"]
