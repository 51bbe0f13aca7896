"""Proof logs of Lipschitz constants: what is proved, and forgeries with a digest of their own."""

from __future__ import annotations

from fractions import Fraction
from math import inf

import numpy as np
import pytest

from families import golden, random_deep
from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import ConsistencyError, OptionError
from polytope_lens.network.network import Layer, Network
from polytope_lens.proof.checker import verify
from polytope_lens.proof.log import hexadecimal_fraction, is_about
from polytope_lens.properties import slope_proof
from polytope_lens.properties.slope_proof import norm_power, write_slope_proof
from proof_logs import answer, with_line
from properties_twin import random_network

SQUARE = Box([-1, -1], [1, 1])
# Two copies of a neuron, minus it, and two that are zero everywhere: cells without inner points, and regions on edges.
TWINS = Lens.from_arrays(
    [[[1, 1], [1, 1], [-1, -1], [0, 0], [0, 0]], [[3, 1, 2, 5, -7], [1, -1, 0, 1, 1]], [[1, 1]]],
    [[0, 0, 0, 0, 0], [0, 0], [0]],
)
BENT = Lens.from_arrays([[[1, 1], [1, -1], [2, -2]], [[1, 1, -1]]], [[0, 0, 0], [0]], -1.0)


def lines_of(path):
    return path.read_text().splitlines()[:-1]


@pytest.mark.parametrize("norms", [(1, 1), (inf, inf), (1, inf)])
@pytest.mark.parametrize("seed", range(8))
def test_constants_of_random_networks_are_proved(seed, norms, tmp_path):
    rng = np.random.default_rng([seed, 4])
    d, path = int(rng.integers(1, 4)), tmp_path / "run.proof"
    lens = random_network(rng, d, 2)
    lower = rng.integers(-2, 1, d) / 2
    upper = lower + rng.integers(0 if d > 1 and seed % 2 else 1, 3, d) / 2
    upper[0] = max(upper[0], lower[0] + 0.5)
    found, told = lens.lipschitz(Box(lower, upper), *norms, proof=path), verify(path)
    assert found.is_complete and found.is_logged and told["proved"] and is_about(told, lens.network)
    assert told["bound"] == str(found.upper)
    assert found.upper == lens.partition(Box(lower, upper)).lipschitz(*norms, exact=True).value
    assert told["verdict"] == "NOT STEEPER" or told["value"] == told["bound"]


def test_neurons_that_only_carry_their_value_along(tmp_path):
    carry = Layer(np.eye(3), np.zeros(3), np.ones(3), np.ones(3), np.array([False, True, False]))
    cut = Layer(
        np.array([[1.0, 1], [1, -1], [2, 1]]), np.array([0.0, 0, -1]), np.zeros(3), np.ones(3), np.ones(3, bool)
    )
    lens = Lens(Network((cut, carry, carry), np.ones((1, 3)), np.zeros(1)))
    found, told = lens.lipschitz(SQUARE, inf, proof=tmp_path / "run.proof"), verify(tmp_path / "run.proof")
    assert found.is_logged and told["proved"] and told["value"] == told["bound"] == str(found.upper)


@pytest.mark.parametrize("lens", [TWINS, BENT, Lens(golden((2, 4, 4), 1)), Lens(random_deep((2, 3, 4), 1, 0.1))])
@pytest.mark.parametrize("norm", [1, 2, inf])
def test_degenerate_ones(lens, norm, tmp_path):
    found, told = lens.lipschitz(SQUARE, norm, proof=tmp_path / "run.proof"), verify(tmp_path / "run.proof")
    assert told["verdict"] == "STEEPEST"
    power = 2 if norm == 2 else 1
    assert Fraction(told["value"]) <= Fraction(told["bound"]) == Fraction(found.upper) ** power
    assert float(Fraction(told["value"])) == pytest.approx(lens.partition(SQUARE).lipschitz(norm).value ** power)
    assert "square of the Lipschitz constant" in told["says"] if norm == 2 else told["value"] == told["bound"]


def test_without_neurons_and_flat_boxes(tmp_path):
    path = tmp_path / "run.proof"
    lens = Lens.from_arrays([[[1, 2], [3, -4]]], [[1, 0]])
    assert lens.lipschitz(SQUARE, inf, proof=path).upper == 7 and verify(path)["value"] == "7"
    assert lens.lipschitz(Box([0, 1], [1, 1]), inf, proof=path).upper == 3 and verify(path)["value"] == "3"


def test_norms():
    matrix = [[Fraction(1), Fraction(-2)], [Fraction(3), Fraction(0)]]
    assert [norm_power(matrix, *norms) for norms in ((1, 1), (inf, inf), (1, inf), (2, inf), (1, 2))] == [
        4,
        3,
        3,
        9,
        10,
    ]
    assert norm_power([[], []], 1, 1) == 0


def test_a_bound_that_is_too_good_is_not_written(tmp_path):
    with pytest.raises(ConsistencyError, match="steeper"):
        write_slope_proof(BENT.network, SQUARE, (inf, inf), Fraction(1, 2), np.zeros(2), tmp_path / "run.proof")
    assert not list(tmp_path.iterdir())
    assert not write_slope_proof(
        BENT.network, SQUARE, (inf, inf), 9.0, np.zeros(2), tmp_path / "run.proof", is_over=lambda: True
    )
    # Where the network bends at the point, the log says nothing about it.
    assert write_slope_proof(BENT.network, SQUARE, (inf, inf), 9.0, np.zeros(2), tmp_path / "run.proof")
    told = verify(tmp_path / "run.proof")
    assert told["verdict"] == "NOT STEEPER"
    assert told["says"] == "the Lipschitz constant from the norm inf to the norm inf is at most 9"


def test_boxes_are_halved_or_only_split(tmp_path, monkeypatch):
    lens, kinds = Lens(golden((2, 4, 5), 1)), {}
    for few in (1, 99):
        monkeypatch.setattr(slope_proof, "FEW_OPEN", few)
        lens.lipschitz(SQUARE, inf, proof=tmp_path / "run.proof")
        assert verify(tmp_path / "run.proof")["proved"]
        kinds[few] = {line.split()[0] for line in lines_of(tmp_path / "run.proof")}
    assert "halve" in kinds[1] and "halve" not in kinds[99]


def test_time(tmp_path):
    found = Lens(golden((2, 6, 6), 1)).lipschitz(SQUARE, inf, max_seconds=1e-9, proof=tmp_path / "run.proof")
    assert not found.is_complete and not found.is_logged and not list(tmp_path.iterdir())


def test_refusals(tmp_path):
    path, two = tmp_path / "run.proof", Lens(random_deep((2, 3), 1, 0.0))
    wide = Lens.from_arrays([[[1, 2], [3, -4]]], [[1, 0]])
    with pytest.raises(OptionError, match="about a box"):
        two.lipschitz(Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [1, 1, 1, 1]), proof=path)
    with pytest.raises(OptionError, match=r"received \(2, 2\) and 2 outputs"):
        wide.lipschitz(SQUARE, proof=path)
    with pytest.raises(OptionError, match="norms 1, 2 and inf"):
        two.lipschitz(SQUARE, 3, proof=path)


@pytest.fixture(scope="module", params=["twins", "bent", "deep"])
def log(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("proofs") / "run.proof"
    lens = {"twins": TWINS, "bent": BENT, "deep": Lens(golden((2, 4, 4), 1))}[request.param]
    assert lens.lipschitz(SQUARE, inf, proof=path).is_logged
    return lines_of(path)


def test_smaller_bounds_are_rejected(log, tmp_path):
    i = next(i for i, line in enumerate(log) if line.startswith("lipschitz"))
    words, bound = log[i].split(), Fraction(answer(tmp_path, log)["bound"])
    for by in (Fraction(1, 10**9), Fraction(1, 2)):
        less = hexadecimal_fraction(bound - by)
        for lines in (log, log[:-1]):
            assert not answer(tmp_path, with_line(lines, i, *words[:3], less))["proved"]
    for other in (["inf", "3", words[3]], ["2", "2"], ["x", "y", "1"], ["inf", "inf", "-1"], ["inf", "inf", "nan"]):
        assert not answer(tmp_path, with_line(log, i, "lipschitz", *other))["proved"]
    assert not answer(tmp_path, [*log[:i], *log[i + 1 :]])["proved"]


def test_cells_left_out_or_closed_by_nothing_are_rejected(log, tmp_path):
    first = next(i for i, line in enumerate(log) if line.startswith("cases"))
    assert not answer(tmp_path, [*log[:first], log[-1]])["proved"]
    for i in range(first + 1, len(log) - 1):
        if log[i].startswith(("slope", "close", "split", "halve")):
            assert not answer(tmp_path, [*log[:i], *log[i + 1 :]])["proved"]
        if log[i].startswith("close"):
            assert not answer(tmp_path, with_line(log, i, "close", 0, 0))["proved"]
            assert not answer(tmp_path, with_line(log, i, "slope", 0))["proved"]


@pytest.mark.parametrize("neuron", range(5))
def test_a_neuron_that_may_vanish_closes_no_cell(neuron, tmp_path):
    """A cell in which it is zero is no proof that it has no inner points."""
    path = tmp_path / "run.proof"
    TWINS.lipschitz(SQUARE, inf, proof=path)
    lines = lines_of(path)
    first = next(i for i, line in enumerate(lines) if line.startswith("cases"))
    closed = [f"close 0 0 0 {neuron} 1"]
    assert not answer(tmp_path, [*lines[: first + 1], f"split 0 {neuron}", *closed, *closed])["proved"]
    off = [*lines[: first + 1], f"split 0 {neuron}", *closed, "slope 0"]
    assert not answer(tmp_path, off)["proved"]


def test_points_where_the_network_bends_or_outside_are_rejected(log, tmp_path):
    words = log[-1].split()
    for other in (
        [*words[:2], "2", words[3]], [*words[:3]], [words[0], "1", *words[2:]],
        ["greatest", *words[1:]], ["violated", *words[1:]], ["nearest", *words[1:]],
    ):  # fmt: skip
        assert not answer(tmp_path, with_line(log, len(log) - 1, *other))["proved"]
    told = answer(tmp_path, with_line(log, len(log) - 1, *words[:2], "0", "0"))
    assert not told["proved"] or told["value"] != told["bound"]  # the networks without biases bend there


def test_a_log_about_slopes_is_about_a_box(log, tmp_path):
    i = next(i for i, line in enumerate(log) if line.startswith("constraint"))
    for other in ("constraint < 1 x0 1", "constraint <= 1 y0 1", "constraint <= 1 x0 1 x1 1"):
        assert not answer(tmp_path, with_line(log, i, *other.split()))["proved"]


def test_a_bar_tells_how_much_of_the_log_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("polytope_lens._progress.LINE_SECONDS", 0.0)
    told = []
    box, path = Box([-2, -1], [1, 1]), tmp_path / "run.proof"
    found = BENT.lipschitz(box, inf, proof=path, progress=True)
    assert found.is_logged and "% of the domain proved" in capsys.readouterr().err
    bound, point = found.upper, np.array(found.point)
    write_slope_proof(BENT.network, box, (inf, inf), bound, point, path, tick=lambda n, share: told.append((n, share)))
    assert sum(share for _, share in told) == 1 and sum(n for n, _ in told) > 1


def test_that_a_network_is_constant_takes_no_more_cells_than_regions(tmp_path):
    """Bounds that are rounded never say so, however small boxes are."""
    twice = np.random.default_rng(2).normal(size=(5, 3))
    lens = Lens.from_arrays([[*twice, *twice], [[1, -2, 3, 1, 2, -1, 2, -3, -1, -2]]], [[0.5] * 10, [3]])
    cube = Box([-1] * 3, [1] * 3)
    found = lens.lipschitz(cube, inf, exact=True, proof=tmp_path / "run.proof")
    assert found.upper == 0 and verify(tmp_path / "run.proof")["proved"]
    cuts = sum(line.startswith(("halve", "split")) for line in lines_of(tmp_path / "run.proof"))
    assert cuts < lens.count(cube).total
