"""Proof logs of properties from the side of the writer; tests/unit/proof/test_property_logs.py has forgeries."""

from __future__ import annotations

import re
import signal
from fractions import Fraction

import numpy as np
import pytest

from families import golden, random_deep
from polytope_lens import Box, Lens, Property, Status, Verdict
from polytope_lens.errors import ConsistencyError
from polytope_lens.network.network import Network, pass_through_layer
from polytope_lens.proof.log import is_about
from polytope_lens.properties import cell_tree
from polytope_lens.properties.property_proof import is_about_property, write_property_proof
from proof_logs import verify
from properties_twin import random_box, random_network

LENS = Lens(golden((2, 6, 6), 1))
SQUARE = Box([-1, -1], [1, 1])


def below(lens, domain, by, *, strict=False):
    """No output is more than its greatest value plus something."""
    made = Property.of(domain, ([[-1]], [-lens.maximum([1], domain).value - by]))
    cases = tuple(tuple(c._replace(strict=strict and bool(c.outputs)) for c in case) for case in made.cases)
    return Property(made.input_dim, made.output_dim, cases)


@pytest.mark.parametrize("seed", range(60))
def test_verdicts_of_random_networks_are_proved(seed, tmp_path):
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 4))
    lens, domain = random_network(rng, d, 1), random_box(rng, d)
    by = (Fraction(0), Fraction(1, 10**7), Fraction(-1, 10**7), Fraction(1))[seed % 4]
    asked = below(lens, domain, by, strict=by == 0 and seed % 8 == 0)
    found = lens.check(asked, proof=tmp_path / "run.proof")
    answer = verify(tmp_path / "run.proof")
    assert found.status is Status.COMPLETE
    assert answer["proved"] and answer["verdict"] == found.verdict.name
    assert is_about(answer, lens.network) and is_about_property(answer, lens.network, asked)


def test_signs_are_split_where_few_are_open_and_boxes_halved_elsewhere(tmp_path, monkeypatch):
    asked = below(LENS, SQUARE, Fraction(1, 100))
    kinds = {}
    for name, few, fewest in (("signs", 99, 99), ("boxes", -1, -1), ("both", 4, 4)):
        monkeypatch.setattr(cell_tree, "FEW_OPEN", few)
        monkeypatch.setattr(cell_tree, "FEWEST", fewest)
        assert write_property_proof(LENS.network, asked, None, tmp_path / "run.proof")
        assert verify(tmp_path / "run.proof")["proved"]
        kinds[name] = {line.split()[0] for line in (tmp_path / "run.proof").read_text().splitlines()}
    assert "split" in kinds["signs"] and "halve" not in kinds["signs"]
    assert "halve" in kinds["boxes"] and "halve" in kinds["both"]


def test_layers_that_only_carry_and_sparse_weights(tmp_path):
    carries = Network((pass_through_layer([[0.5, 3]], [1]), *golden((1, 3), 1).layers), [[1, 1, 1]], [0])
    asked = below(Lens(carries), SQUARE, Fraction(1, 100))
    assert write_property_proof(carries, asked, None, tmp_path / "run.proof")
    assert verify(tmp_path / "run.proof")["proved"]


def test_another_network_or_property_is_noticed(tmp_path):
    asked = below(LENS, SQUARE, Fraction(1, 100))
    write_property_proof(LENS.network, asked, None, tmp_path / "run.proof")
    answer = verify(tmp_path / "run.proof")
    layers, weight = LENS.network.layers, LENS.network.output_weight
    other = Network(layers, weight * 2, LENS.network.output_bias)
    assert is_about_property(answer, LENS.network, asked)
    assert not is_about(answer, other) and not is_about_property(answer, other, asked)
    assert not is_about_property(answer, LENS.network, below(LENS, SQUARE, Fraction(1, 99)))
    LENS.count(SQUARE, proof=tmp_path / "count.proof")
    answer = verify(tmp_path / "count.proof")
    assert is_about(answer, LENS.network) and not is_about_property(answer, LENS.network, asked)


def test_what_is_stopped_leaves_no_file(tmp_path):
    asked, path = below(LENS, SQUARE, Fraction(1, 10**9)), tmp_path / "run.proof"
    assert not write_property_proof(LENS.network, asked, None, path, is_over=lambda: True)
    assert not list(tmp_path.iterdir())


def test_what_is_interrupted_leaves_no_file_and_says_so(tmp_path, monkeypatch):
    before = cell_tree.CellTree.closed

    def interrupted(tree, *closing):
        signal.raise_signal(signal.SIGINT)
        monkeypatch.setattr(cell_tree.CellTree, "closed", before)
        return before(tree, *closing)

    monkeypatch.setattr(cell_tree.CellTree, "closed", interrupted)
    found = LENS.check(below(LENS, SQUARE, Fraction(1, 10**9)), proof=tmp_path / "run.proof")
    assert found.verdict is Verdict.HOLDS and found.status is Status.INTERRUPTED
    assert "it was interrupted" in found.explain() and not list(tmp_path.iterdir())


@pytest.mark.parametrize("few", [-1, 99])
def test_shares_of_the_boxes_add_up(few, tmp_path, monkeypatch):
    monkeypatch.setattr(cell_tree, "FEW_OPEN", few)
    boxes = [(["0", "0"], ["1", "1"]), (["-1", "0"], ["0", "1"])]
    asked = Property.of(boxes, ([[-1]], [-LENS.maximum([1], SQUARE).value - 1]))
    told = []
    write_property_proof(
        LENS.network, asked, None, tmp_path / "run.proof", tick=lambda n, share: told.append((n, share))
    )
    cells = [
        line for line in (tmp_path / "run.proof").read_text().splitlines() if line.split()[0] in ("halve", "split")
    ]
    assert sum(n for n, _ in told) >= 2 * len(cells) + 2
    assert sum(share for _, share in told) == 1 and max(share for _, share in told) <= 0.5


def test_a_bar_tells_how_much_is_proved(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("polytope_lens._progress.LINE_SECONDS", 0.0)
    found = LENS.check(below(LENS, SQUARE, Fraction(1, 10**9)), proof=tmp_path / "run.proof", progress=True)
    assert found.status is Status.COMPLETE
    assert re.search(r"proof: .*% of the domain proved", capsys.readouterr().err)


def test_numbers_too_large_for_single_precision(tmp_path, monkeypatch):
    monkeypatch.setattr(cell_tree, "FEW_OPEN", -1)
    lens = Lens.from_arrays([[[2.0**300, 1], [1, 2.0**300], [1, -1]], [[1, -1, 1]]], [[0, 0, 0], [0]])
    asked = Property.of(Box([-1, 0], [1, 1]), ([[-1]], [-(2**301)]))
    assert write_property_proof(lens.network, asked, None, tmp_path / "run.proof")
    assert verify(tmp_path / "run.proof")["proved"]


def test_a_proof_that_is_not_finished_is_told(tmp_path, monkeypatch):
    asked = below(LENS, SQUARE, Fraction(1, 10**9))
    monkeypatch.setattr("polytope_lens.properties.property_check.write_property_proof", lambda *_, **__: False)
    found = LENS.check(asked, max_seconds=60, proof=tmp_path / "run.proof")
    assert found.verdict is Verdict.HOLDS and found.status is Status.BUDGET_REACHED
    assert "proof log was not written" in found.explain()


def test_a_property_that_does_not_hold_is_not_proved(tmp_path):
    lens = Lens(random_deep((2, 3, 3), 1, 0.0))
    asked = below(lens, SQUARE, Fraction(-1, 10))
    with pytest.raises(ConsistencyError, match="a region violates it"):
        write_property_proof(lens.network, asked, None, tmp_path / "run.proof")
    assert not list(tmp_path.iterdir())
