"""Logs that prove how large a preimage is, and forged ones."""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpz_mat

from families import golden, random_deep
from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import OptionError, Status
from polytope_lens.preimages.volume_proof import write_volume_proof
from polytope_lens.proof import checker, fast_checker
from preimages_twin import random_target
from proof_logs import answer, sealed, verify

HAT = Lens.from_arrays([[[3, 0], [0, 1], [1, 1]], [[1, 1, -2]]], [[-1, 0, -1], [0]])
SQUARE = Box([-1, -1], [1, 1])
BOXES = {1: Box([-2], [1]), 2: SQUARE, 3: Box([-1, 0, -1], [1, 1, 2]), 4: Box([-1] * 4, [0.5] * 4)}


def logged(preimage, path):
    """The share, and what the checkers say of its log."""
    found = preimage.probability(proof=path)
    assert found.is_logged and found.is_exact
    return found.lower, verify(path)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("widths", [(1, 4, 3, 1), (2, 5, 4, 2), (3, 4, 3, 2), (4, 3, 3, 1)])
def test_degenerate_networks_and_unions_are_measured(widths, seed, tmp_path):
    """The volumes of the log are those of the library, which knows corners from other roads."""
    lens, rng = Lens(golden(widths, seed, [0.0, 0.5][seed % 2])), np.random.default_rng(seed)
    targets = [random_target(rng, lens.network.output_dim) for _ in range(1 + seed % 3)]
    domain = BOXES[widths[0]]
    share, told = logged(lens.preimage(targets, domain), tmp_path / "run.proof")
    size = np.prod([Fraction(v) for v in (domain.upper - domain.lower).tolist()])
    assert told["proved"] and told["verdict"] == "MEASURED"
    assert (Fraction(told["share"]), Fraction(told["volume"])) == (share, share * size)


@pytest.mark.parametrize("d", [2, 3])
def test_a_log_of_many_boxes(d, tmp_path, monkeypatch):
    """Boxes that miss the target are closed, and regions that others cut are measured in parts."""
    monkeypatch.setattr("polytope_lens.preimages.volume_proof.FEW_OPEN", {2: 4, 3: 5})
    lens = Lens(random_deep((d, 12, 2), 3, 0.1))
    y = lens(np.random.default_rng(0).uniform(-1, 1, (1000, d)))
    target = ([[1]], [float(np.quantile(y[:, 0], 0.1))])
    path = tmp_path / "run.proof"
    share, told = logged(lens.preimage(target, Box([-1] * d, [1] * d)), path)
    words = [line.split()[0] for line in path.read_text().splitlines()]
    assert told["proved"] and words.count("volume") > 3 and "close" in words
    assert abs(share - Fraction(1, 10)) < Fraction(1, 20)


@pytest.mark.parametrize(
    ("domain", "share", "size"),
    [
        (Box([0, 0.5], [1, 0.5]), Fraction(2, 3), 1),
        (Polytope([[1, 1], [-1, 0], [0, -1]], [1, 0, 0]), Fraction(2, 3), Fraction(1, 2)),
    ],
)
def test_flat_boxes_and_polytopes(domain, share, size, tmp_path):
    flat = Lens.from_arrays([[[3, 0], [0, 0]], [[1, 1]]], [[-1, 0], [0]])  # relu(3 x - 1)
    target = ([[1]], [1])  # x <= 2/3
    expected = share if isinstance(domain, Box) else Fraction(8, 9)
    found, told = logged(flat.preimage(target, domain), tmp_path / "run.proof")
    assert (found, told["proved"]) == (expected, True)
    assert Fraction(told["share"]) == expected
    assert Fraction(told["volume"]) == expected * size


@pytest.mark.parametrize("d", [1, 2, 3])
def test_preimages_without_a_mesh(d, tmp_path):
    lens = Lens(random_deep((d, 5, 4), 1, 0.1))
    target, box = ([[1]], [float(lens(np.zeros(d))[0])]), Box([-1] * d, [1] * d)
    share, told = logged(lens.preimage(target, box, mesh=False), tmp_path / "run.proof")
    assert told["proved"] and share == lens.preimage(target, box).probability(exact=True).lower


def test_no_log_where_cells_are_missing(tmp_path):
    preimage = HAT.preimage(([[1]], [1]), SQUARE, mesh=False, max_regions=1)
    assert preimage.status is Status.BUDGET_REACHED
    assert not preimage.probability(proof=tmp_path / "run.proof").is_logged
    assert not (tmp_path / "run.proof").exists()


def test_a_path_that_cannot_be_written_is_refused_at_once(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        HAT.preimage(([[1]], [1]), SQUARE).probability(proof=tmp_path / "nowhere" / "run.proof")


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """A log of one word, without its digest: where the outputs are at most 1 or at least 1/2."""
    path = tmp_path_factory.mktemp("proofs") / "run.proof"
    HAT.preimage([([[1]], [1]), ([[-1]], ["-0.5"])], SQUARE).probability(proof=path)
    found = path.read_text().splitlines()[:-1]
    assert found[-1] == "volume" and found.index("volume 4") < found.index("property 2")
    return found


def reason(tmp_path, lines):
    told = answer(tmp_path, lines)
    assert not told["proved"]
    return told["reason"]


def test_halves_are_added_up(lines, tmp_path):
    told = answer(tmp_path, [*lines[:-1], "halve 0", "halve 1", "volume", "volume", "halve 1", "volume", "volume"])
    assert told["proved"] and told["share"] == "1"


def test_forged_volumes(lines, tmp_path):
    at = lines.index("volume 4")
    for size in ("3", "4/3", "5", "0", "-4"):
        assert "volume is 4" in reason(tmp_path, [*lines[:at], f"volume {size}", *lines[at + 1 :]])
    assert "expected 2 words" in reason(tmp_path, [*lines[:at], "volume", *lines[at + 1 :]])
    # nothing is measured unless that is asked, and what is measured does not hold
    assert "where that is asked" in reason(tmp_path, [*lines[:at], *lines[at + 1 :]])
    ball = "ball inf 1 0 0"
    for both in ([ball, lines[at]], [lines[at], ball]):
        assert reason(tmp_path, [*lines[:at], *both, *lines[at + 1 :]])
    slope = "lipschitz inf inf 99"
    assert "one question" in reason(tmp_path, [*lines[:at], slope, *lines[at:]])


def test_nothing_is_measured_twice(lines, tmp_path):
    begin = lines[: lines.index("cases 0 1")]
    assert "together" in reason(tmp_path, [*begin, "cases 0", "volume", "cases 1", "volume"])
    assert "not open" in reason(tmp_path, [*begin, "cases 0 0 1", "volume"])
    assert reason(tmp_path, [*lines, "volume"])
    assert reason(tmp_path, [*lines, "cases 0 1", "volume"])
    assert "boxes are measured" in reason(tmp_path, [*lines[:-1], "split 0 1", "volume", "volume"])
    assert "no proof" in reason(tmp_path, [*lines[:-1], "bounds 0 40 0 0 1", "volume"])
    assert "may satisfy" in reason(tmp_path, [*lines[:-1], "close 0 1 2 1", "volume"])
    for end in ("violated 0 0 0", "greatest 0 0 0", "least 0 0 0", "nearest 0 0 0", "steepest 0 0 0"):
        assert "single points" in reason(tmp_path, [*lines, end])


def test_a_flat_side_is_not_halved(tmp_path):
    """Both halves would be the whole."""
    path = tmp_path / "run.proof"
    HAT.preimage(([[1]], [1]), Box([-1, 0.5], [1, 0.5])).probability(proof=path)
    lines = path.read_text().splitlines()[:-1]
    assert "flat" in reason(tmp_path, [*lines[:-1], "halve 1", "volume", "volume"])
    assert answer(tmp_path, [*lines[:-1], "halve 0", "volume", "volume"])["proved"]


@pytest.mark.parametrize("strict", [False, True])
def test_a_plateau_is_strictly_below_nothing(strict, lines, tmp_path):
    """relu(x) <= 0 on half of the square and relu(x) < 0 nowhere."""
    path = tmp_path / "run.proof"
    ramp = Lens.from_arrays([[[1, 0]], [[1]]], [[0], [0]])
    ramp.preimage(([[1]], [0]), SQUARE).probability(proof=path)
    found = path.read_text().splitlines()[:-1]
    assert "volume 2" in found and "constraint <= 0 y0 1" in found
    changed = [line.replace("constraint <= 0 y0", "constraint < 0 y0") if strict else line for line in found]
    told = answer(tmp_path, changed)
    assert told["proved"] is not strict
    if strict:
        at = changed.index("volume 2")
        assert answer(tmp_path, [*changed[:at], "volume 0", *changed[at + 1 :]])["proved"]


def test_a_flat_side_that_is_strict_leaves_nothing_of_a_domain(tmp_path):
    path = tmp_path / "run.proof"
    HAT.preimage(([[1]], [1]), Box([-1, 0.5], [1, 0.5])).probability(proof=path)
    lines = path.read_text().splitlines()[:-1]
    least = ["volume 0" if line.startswith("volume ") else line for line in lines]
    for side in ("1/2 x1 1", "-1/2 x1 -1"):
        at = least.index(f"constraint <= {side}")
        empty = [*least[:at], f"constraint < {side}", *least[at + 1 :]]
        assert "without volume" in reason(tmp_path, empty)
    at = lines.index("constraint <= 1 x0 1")
    assert answer(tmp_path, [*lines[:at], "constraint < 1 x0 1", *lines[at + 1 :]])["proved"]


def test_a_domain_without_volume_has_no_shares(lines, tmp_path):
    at = lines.index("cases 0 1")
    more = [line for line in lines[:at] if not line.startswith("case ")]
    empty = [*more[: more.index("property 2")], "volume 0", "property 1", "case 5"]
    empty += ["constraint <= 1 x0 1", "constraint <= 1 x0 -1", "constraint <= 1 x1 1", "constraint <= 1 x1 -1"]
    empty += ["constraint <= -2 x0 1 x1 1", "cases 0", "volume"]
    empty.remove("volume 4")
    assert "without volume" in reason(tmp_path, empty)


def test_too_many_dimensions_are_refused(tmp_path):
    path = tmp_path / "run.proof"
    lens = Lens.from_arrays([[[1.0] + [0.0] * 12], [[1]]], [[0], [0]])
    half = lens.preimage(([[1]], [0]), Box([-1] * 13, [1] * 13))
    with pytest.raises(OptionError, match="at most 12 inputs"):
        half.probability(proof=path)
    write_volume_proof(half, Fraction(1, 2), path)
    assert "12 dimensions" in verify(path)["reason"]


def sides(d):
    """Constraints of the cube from 0 to 1."""
    return [f"constraint <= {bound} x{k} {a}" for k in range(d) for bound, a in (("1", "1"), ("0", "-1"))]


def of_a_sum(d, size, *cases):
    """A log about the sum of d inputs: that all of it is measured."""
    output = " ".join(["output", *[(1.0).hex()] * d, (0.0).hex()])
    lines = ["polytope_lens proof 1", f"inputs {d}", "outputs 1", output, f"volume {size}", f"property {len(cases)}"]
    for case in cases:
        lines += [f"case {2 * d + len(case)}", *sides(d), *case]
    return [*lines, " ".join(["cases", *map(str, range(len(cases)))]), "volume"]


@pytest.mark.parametrize("check", [checker.verify, fast_checker.verify])
def test_volumes_take_no_more_time_than_is_granted(check, tmp_path):
    """A cube of twelve dimensions has 12! simplices; a cut takes all pairs of its corners."""
    path = tmp_path / "run.proof"
    for case in ([], ["constraint <= 6 y0 1"]):
        path.write_bytes(sealed(of_a_sum(12, "1", case)))
        start = time.process_time()
        assert "not decided within" in check(path, 0.5)["reason"]
        assert time.process_time() - start < 5


def test_a_union_of_many_polytopes(tmp_path):
    """Slices from 1 / (i + 2) to 1 / (i + 1), each of which is measured beside all those before."""
    slices = [[f"constraint <= 1/{i + 1:x} y0 1", f"constraint <= -1/{i + 2:x} y0 -1"] for i in range(1, 1500)]
    told = answer(tmp_path, of_a_sum(1, "1", ["constraint <= 1 y0 1", "constraint <= -1/2 y0 -1"], *slices))
    assert told["reason"] == "the volume is 1500/1501"


@pytest.mark.parametrize("n", range(8))
def test_determinants(n):
    rng = np.random.default_rng(n)
    for size in (1, 2, 10**30):
        rows = [[int(v) * size for v in row] for row in rng.integers(-3, 4, (n, n))]
        assert abs(checker.solved([*rows], n)[0]) == abs(fmpz_mat(n, n, [v for row in rows for v in row]).det())
