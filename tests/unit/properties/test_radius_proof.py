"""Proof logs of robustness radii: what is proved, and forgeries with a digest of their own."""

from __future__ import annotations

import itertools
from fractions import Fraction
from math import inf

import numpy as np
import pytest

from families import golden
from polytope_lens import Box, Lens, Status
from polytope_lens.errors import OptionError
from polytope_lens.local import box_search
from polytope_lens.proof.log import is_about
from proof_logs import answer, verify, with_line
from properties_twin import random_network

PLANE = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 0], [0, 1]]], [[0, 0], [0, 0]])  # relu(x), relu(y)
DEEP = Lens(golden((2, 4, 4), 1))


def lines_of(path):
    return path.read_text().splitlines()[:-1]


@pytest.mark.parametrize("norm", [1, inf])
@pytest.mark.parametrize("seed", [0, 2, 4, 6, 7, 9])
def test_radii_of_random_networks_are_proved(seed, norm, tmp_path):
    rng = np.random.default_rng([seed, 2])
    d, path = int(rng.integers(1, 4)), tmp_path / "run.proof"
    lens, x = random_network(rng, d, 3), rng.uniform(-1, 1, d)
    domain = None if seed % 2 else Box(x - 0.5, x + 0.25)
    found = lens.robustness_radius(x, norm=norm, domain=domain, proof=path)
    told = verify(path) if found.is_logged else None
    assert found.is_complete and found.exact == lens.robustness_radius(x, norm=norm, domain=domain, exact=True).exact
    if found.exact is None:
        assert told is None if domain is None else told["proved"] and told["verdict"] == "HOLDS"
        return
    assert told["proved"] and told["verdict"] == "NEAREST" and is_about(told, lens.network)
    assert told["radius"] == told["reached"] == str(found.exact)
    assert told["point"] == [str(v) for v in found.exact_point]


def test_what_is_asked_about(tmp_path):
    path = tmp_path / "run.proof"
    for which, radius in (
        ({"rival": 1}, "1"), ({"pair": (1, 0)}, "1"), ({"output": 0, "value": 1.5}, "3/2"),
        ({"output": 1, "value": 1.5}, "1/2"),
    ):  # fmt: skip
        PLANE.robustness_radius([3, 1], norm=inf, proof=path, **which)
        assert verify(path)["radius"] == radius
    told = verify(path)
    assert told["says"] == "the distance of (3, 1) from a violation, in the norm inf, is 1/2: one is at (7/2, 3/2)"
    assert told["property"] == "-1 y1 <= -3/2"


def test_a_point_of_the_boundary_and_flat_domains(tmp_path):
    path = tmp_path / "run.proof"
    assert PLANE.robustness_radius([3, 3], norm=inf, proof=path).is_logged
    assert verify(path)["radius"] == "0"
    PLANE.robustness_radius([3, 1], norm=inf, domain=Box([3, 0], [3, 5]), proof=path)
    assert verify(path)["radius"] == "2" and verify(path)["point"] == ["3", "3"]


def test_bounds_that_were_reached_are_proved(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    sizes = (2, 8, 8, 3)
    pairs = list(itertools.pairwise(sizes))
    lens = Lens.from_arrays([rng.normal(size=(n, m)) for m, n in pairs], [rng.normal(size=n) for _, n in pairs])
    with monkeypatch.context() as patch:
        patch.setattr(box_search, "MOST_INPUTS", 0)  # the search that may end between two bounds
        found = lens.robustness_radius([0.3, 0.1], norm=inf, max_regions=1, proof=tmp_path / "run.proof")
    told = verify(tmp_path / "run.proof")
    assert found.status is Status.BUDGET_REACHED and found.is_logged and told["proved"]
    assert Fraction(told["radius"]) == Fraction(found.lower) < Fraction(told["reached"]) <= Fraction(found.upper)
    assert "between" in told["says"]


def test_no_boundary_in_a_domain_and_in_all_of_space(tmp_path):
    path = tmp_path / "run.proof"
    assert PLANE.robustness_radius([3, 1], norm=inf, domain=Box([2.5, 0], [5, 2]), proof=path).is_logged
    assert verify(path)["verdict"] == "HOLDS"
    path.unlink()
    flat = Lens.from_arrays([[[0, 0]], [[1], [1]]], [[0], [0, 1]])
    assert not flat.robustness_radius([3, 1], norm=inf, proof=path).is_logged and not path.exists()


def test_interrupted(tmp_path, monkeypatch):
    monkeypatch.setattr("polytope_lens.properties.radius_proof._write", lambda *_: False)
    found = PLANE.robustness_radius([3, 1], norm=inf, proof=tmp_path / "run.proof")
    assert not found.is_logged and not found.is_complete


def test_refusals(tmp_path):
    path = tmp_path / "run.proof"
    with pytest.raises(OptionError, match="received norm=2 and 2 inputs"):
        PLANE.robustness_radius([3, 1], proof=path)
    with pytest.raises(OptionError, match="about one point"):
        PLANE.robustness_radius([[3, 1]], norm=1, proof=path)
    with pytest.raises(OptionError, match="at most 8 inputs"):
        Lens.from_arrays([np.eye(9)], [np.zeros(9)]).robustness_radius(np.arange(9), norm=1, proof=path)
    assert not path.exists()


@pytest.fixture(scope="module", params=[1, inf])
def log(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("proofs") / "run.proof"
    assert DEEP.robustness_radius([0.25, -0.5], norm=request.param, value=1.0, proof=path).is_logged
    return lines_of(path)


def test_forged_balls_are_rejected_or_smaller(log, tmp_path):
    """A larger radius, another center, another norm, no ball."""
    i = next(i for i, line in enumerate(log) if line.startswith("ball"))
    words, radius = log[i].split(), Fraction(answer(tmp_path, log)["radius"])
    larger, smaller = radius * Fraction(101, 100), radius * Fraction(99, 100)
    assert not answer(
        tmp_path, with_line(log, i, *words[:2], f"{larger.numerator:x}/{larger.denominator:x}", *words[3:])
    )["proved"]
    told = answer(tmp_path, with_line(log, i, *words[:2], f"{smaller.numerator:x}/{smaller.denominator:x}", *words[3:]))
    assert not told["proved"] or "between" in told["says"]
    for norm in ("2", "1", "inf", "0", "Inf"):
        told = answer(tmp_path, with_line(log, i, words[0], norm, *words[2:]))
        # The ball of the norm 1 is the smaller one: its log may prove that, too, with another distance.
        assert not told["proved"] or norm == words[1] or Fraction(told["reached"]) > Fraction(told["radius"])
    for other in (words[:-1], [*words, "0"], [*words[:3], "1/2", *words[4:]], [*words[:2], "-1", *words[3:]], ["ball"]):
        assert not answer(tmp_path, with_line(log, i, *other))["proved"]
    assert not answer(tmp_path, [*log[:i], *log[i + 1 :]])["proved"]
    assert not answer(tmp_path, [*log[: i + 1], *log[i:]])["proved"]


def test_forged_points_are_rejected(log, tmp_path):
    words = log[-1].split()
    for other in (
        [*words[:2], "1/4", "-1/2"], [*words[:3]], [words[0], "1", *words[2:]], ["violated", *words[1:]],
        ["greatest", *words[1:]], [*words[:2], "2/4", "0"],
    ):  # fmt: skip
        assert not answer(tmp_path, with_line(log, len(log) - 1, *other))["proved"]
    told = answer(tmp_path, log[:-1])  # which says less: that there is none in the ball
    assert told["proved"] and told["verdict"] == "HOLDS NEARBY" and " nearer than " in told["says"]


def test_without_its_tree_nothing_is_proved(log, tmp_path):
    first = next(i for i, line in enumerate(log) if line.startswith("cases"))
    assert not answer(tmp_path, [*log[:first], log[-1]])["proved"]
    for i in range(first, len(log) - 1):
        if log[i].startswith(("close", "split", "halve")):
            assert not answer(tmp_path, [*log[:i], *log[i + 1 :]])["proved"]


def test_a_bar_tells_how_much_of_the_log_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("polytope_lens._progress.LINE_SECONDS", 0.0)
    found = PLANE.robustness_radius([0.5, 0.25], norm=inf, proof=tmp_path / "run.proof", progress=True)
    assert found.is_logged and "% of the domain proved" in capsys.readouterr().err
