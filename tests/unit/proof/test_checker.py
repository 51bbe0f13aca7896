"""The checker of proof logs: what it accepts, and the tampered logs that it has to reject.

Tampered logs get a new digest, so that it is the proof that fails and not the seal.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from families import golden
from polytope_lens import Box, Lens, Polytope
from polytope_lens.proof import checker
from polytope_lens.proof.checker import verify
from proof_logs import answer, proves, sealed, with_line

SQUARE, CUBE = Box([-2, -2], [2, 2]), Box([-1, -1, -1], [1, 1, 1])
# Duplicated and negated lines, a dead neuron, three lines through a point, and a layer on top.
DEGENERATE = Lens.from_arrays(
    [[[1, 0], [0, 1], [1, 1], [-2, -2], [0, 0]], [[1, -1, 0, 1, 0], [2, 0, -1, 0, 1]], [[1, 1]]],
    [[0, 0, 0, 0, -1], [-0.5, 0], [0]],
)
LEAKY = Lens.from_arrays([[[1, 2, 0], [0, -1, 1], [3, 1, 1]], [[1, 1, -1]], [[1]]], [[0, 0.5, -1], [0], [0]], 0.25)
CASES = {
    "plane": (Lens(golden((2, 4, 4), 1)), SQUARE),
    "degenerate plane": (DEGENERATE, SQUARE),
    "whole plane": (DEGENERATE, None),
    "triangle": (DEGENERATE, Polytope([[1, 1], [-1, 0], [0, -1]], [1, 1, 1])),
    "space": (LEAKY, CUBE),
    "whole space": (LEAKY, None),
    "wedge": (LEAKY, Polytope([[1, 1, 0], [1, -1, 0]], [0, 0])),
    "flat plane": (LEAKY, Box([-1, 0.1, -1], [1, 0.1, 1])),
    "flat line": (DEGENERATE, Box([-2, 0.3], [2, 0.3])),
    "flat space": (Lens(golden((4, 4, 4), 1)), Box([-1, -1, 0.3, -1], [1, 1, 0.3, 1])),
    "simplex": (LEAKY, Polytope([[1, 1, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]], [1, 1, 1, 1])),
}


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """The lines of each case's log, without the digest."""
    found = {}
    for name, (lens, domain) in CASES.items():
        path = tmp_path_factory.mktemp("proofs") / "run.proof"
        lens.count(domain, proof=path)
        found[name] = path.read_text().splitlines()[:-1]
    return found


def rejected(tmp_path, lines):
    return not answer(tmp_path, lines)["proved"]


def places(lines, keyword):
    return [i for i, line in enumerate(lines) if line.split()[0] == keyword]


def shifted(word, by):
    return f"{int(word, 16) + by:x}"


@pytest.mark.parametrize("name", CASES)
def test_untouched_logs_are_proved(name, logs, tmp_path):
    lens, domain = CASES[name]
    counts = lens.count(domain)
    assert proves(answer(tmp_path, logs[name]), counts.total, counts.per_layer)


@pytest.mark.parametrize("name", CASES)
def test_a_log_that_ends_early_is_rejected(name, logs, tmp_path):
    lines = logs[name]
    for i in range(len(lines)):
        assert rejected(tmp_path, lines[:i])


@pytest.mark.parametrize("name", ["plane", "space"])
def test_every_changed_byte_breaks_the_seal(name, tmp_path):
    lens, domain = CASES[name]
    path = tmp_path / "run.proof"
    lens.count(domain, proof=path)
    whole = path.read_bytes()
    for place in np.random.default_rng(0).choice(len(whole), 300, replace=False).tolist():
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert not verify(path)["proved"]
    for stop in range(0, len(whole), 97):
        path.write_bytes(whole[:stop])
        assert not verify(path)["proved"]
    path.write_bytes(whole + b"more\n")
    assert not verify(path)["proved"]


@pytest.mark.parametrize("name", CASES)
def test_every_other_count_is_rejected(name, logs, tmp_path):
    lines = logs[name]
    *rest, last = lines
    counts = [int(word) for word in last.split()[1:]]
    for i in range(len(counts)):
        for step in (-1, 1):
            wrong = [*counts[:i], counts[i] + step, *counts[i + 1 :]]
            assert rejected(tmp_path, [*rest, f"regions {' '.join(map(str, wrong))}"])


@pytest.mark.parametrize("name", ["plane", "degenerate plane", "whole plane", "triangle", "flat plane"])
def test_a_dropped_or_repeated_polygon_is_rejected(name, logs, tmp_path):
    lines = logs[name]
    for i in places(lines, "r"):
        reason = answer(tmp_path, lines[:i] + lines[i + 1 :])["reason"]
        assert "missing" in reason or "without regions" in reason
        assert "twice" in answer(tmp_path, [*lines[: i + 1], lines[i], *lines[i + 1 :]])["reason"]


@pytest.mark.parametrize("name", ["plane", "degenerate plane", "whole plane", "triangle", "flat plane"])
def test_a_flipped_sign_is_rejected(name, logs, tmp_path):
    lines = logs[name]
    for i in places(lines, "r"):
        _, pattern, *corners = lines[i].split()
        for bit in range(CASES[name][0].network.n_neurons):
            changed = with_line(lines, i, "r", f"{int(pattern, 16) ^ (1 << bit):x}", *corners)
            assert "contradicts" in answer(tmp_path, changed)["reason"]


@pytest.mark.parametrize("name", ["plane", "degenerate plane", "triangle", "flat plane"])
def test_a_moved_corner_is_rejected(name, logs, tmp_path):
    lines = logs[name]
    for i in places(lines, "v"):
        words = lines[i].split()
        point = [int(word, 16) for word in words[1:]]
        for k in range(3):
            for by in (-1, 1):
                moved = [v + by * (k == q) for q, v in enumerate(point)]
                if moved[2] > 0 and any(a * point[2] != b * moved[2] for a, b in zip(moved, point, strict=True)):
                    assert rejected(tmp_path, with_line(lines, i, "v", *(f"{v:x}" for v in moved)))


def test_a_polygon_without_one_of_its_corners_is_rejected(logs, tmp_path):
    lines = logs["plane"]
    for i in places(lines, "r"):
        _, pattern, *corners = lines[i].split()
        for k in range(len(corners)):
            assert rejected(tmp_path, with_line(lines, i, "r", pattern, *corners[:k], *corners[k + 1 :]))
        assert rejected(tmp_path, with_line(lines, i, "r", pattern, *reversed(corners)))


@pytest.mark.parametrize("name", ["space", "whole space", "wedge", "simplex", "flat space"])
def test_a_cut_that_is_passed_over_is_rejected(name, logs, tmp_path):
    lines = logs[name]
    for i in places(lines, "cut"):
        neuron = lines[i].split()[1]
        middle, end = subtree(lines, i + 1), subtree(lines, subtree(lines, i + 1))
        for verdict, kept in (("off", lines[i + 1 : middle]), ("on", lines[middle:end])):
            for scale in ("1", "0"):
                claim = f"{verdict} {neuron} {scale}"
                assert rejected(tmp_path, [*lines[:i], claim, *kept, *lines[end:]])


def subtree(lines, i):
    """Where the subtree that begins at a line ends."""
    leaves = 1
    while leaves:
        leaves += {"cut": 1, "in": -1}.get(lines[i].split()[0], 0)
        i += 1
    return i


@pytest.mark.parametrize("name", ["space", "whole space", "wedge", "simplex", "flat space"])
def test_a_wrong_verdict_is_rejected(name, logs, tmp_path):
    lines = logs[name]
    for keyword, other in (("on", "off"), ("off", "on")):
        for i in places(lines, keyword):
            words = lines[i].split()[1:]
            assert rejected(tmp_path, with_line(lines, i, other, *words))
            assert rejected(tmp_path, with_line(lines, i, "cut", words[0]))
            assert rejected(tmp_path, lines[:i] + lines[i + 1 :])


def test_a_nudged_multiplier_is_rejected(logs, tmp_path):
    # Of a polytope no box is known, so multipliers leave nothing over, and each has only one right value.
    lines = logs["simplex"]
    for i in [*places(lines, "on"), *places(lines, "off")]:
        words = lines[i].split()
        for k in (2, *range(4, len(words), 2)):
            for by in (-1, 1):
                assert rejected(tmp_path, with_line(lines, i, *words[:k], shifted(words[k], by), *words[k + 1 :]))


@pytest.mark.parametrize("name", ["space", "whole space"])
def test_wrong_multipliers_are_rejected(name, logs, tmp_path):
    # Short multipliers have room to spare, so a nudge may leave a proof a proof.
    lines, halved = logs[name], []
    for i in [*places(lines, "on"), *places(lines, "off")]:
        words = lines[i].split()
        for k in range(4, len(words), 2):
            halved.append(rejected(tmp_path, with_line(lines, i, *words[:k], words[k][:-1] or "0", *words[k + 1 :])))
            assert rejected(tmp_path, with_line(lines, i, *words[:k], f"-{words[k]}", *words[k + 1 :]))
            assert rejected(tmp_path, with_line(lines, i, *words[: k - 1], "999", *words[k:]))
    assert any(halved)


@pytest.mark.parametrize("name", ["space", "whole space", "wedge", "simplex", "flat space"])
def test_a_witness_outside_or_on_the_boundary_is_rejected(name, logs, tmp_path):
    lines = logs[name]
    for i in places(lines, "in"):
        w, *point = (int(word, 16) for word in lines[i].split()[1:])
        for k in range(3):
            for by in (-64 * w, 64 * w):
                moved = [v + by * (k == q) for q, v in enumerate(point)]
                changed = with_line(lines, i, "in", f"{w:x}", *(f"{v:x}" for v in moved))
                assert "outside" in answer(tmp_path, changed)["reason"]
        assert rejected(tmp_path, with_line(lines, i, "in", f"{-w:x}", *(f"{-v:x}" for v in point)))
        assert rejected(tmp_path, with_line(lines, i, "in", "0", *(f"{v:x}" for v in point)))


def is_true(lines):
    """Whether the counts that a log claims are those of the network and the domain that it names."""
    words = [line.split() for line in lines]
    weights, biases, domain, sides = [], [], None, []
    for keyword, *rest in words:
        if keyword == "layer":
            weights.append([])
            biases.append([])
        elif keyword == "neuron":
            negative, _, _, *row, bias = map(float.fromhex, rest)
            weights[-1].append(row)
            biases[-1].append(bias)
        elif keyword == "domain" and rest[0] == "box":
            corners = [float.fromhex(word) for word in rest[1:]]
            domain = Box(corners[: len(corners) // 2], corners[len(corners) // 2 :])
        elif keyword == "side":
            sides.append([float.fromhex(word) for word in rest])
    if sides:
        domain = Polytope([side[:-1] for side in sides], [-side[-1] for side in sides])
    lens = Lens.from_arrays([*weights, [[0] * len(weights[-1])]], [*biases, [0]], negative)
    counts = lens.count(domain, engine="brute")
    return [int(word) for word in words[-1][1:]] == [counts.total, *counts.per_layer]


@pytest.mark.parametrize("name", CASES)
def test_a_changed_weight_is_rejected_or_changes_no_count(name, logs, tmp_path):
    lines, n_rejected, n_accepted = logs[name], 0, 0
    for i in places(lines, "neuron"):
        words = lines[i].split()
        for k in range(4, len(words)):
            for by in (-2.0, 2.0**-20):
                changed = with_line(lines, i, *words[:k], (float.fromhex(words[k]) + by).hex(), *words[k + 1 :])
                if rejected(tmp_path, changed):
                    n_rejected += 1
                else:
                    n_accepted += 1
                    assert is_true(changed)
    assert n_rejected > n_accepted or "space" in name or name in ("wedge", "simplex")
    assert n_rejected


@pytest.mark.parametrize("name", [name for name in CASES if "whole" not in name])
def test_another_domain_is_rejected_or_changes_no_count(name, logs, tmp_path):
    lines, n_rejected = logs[name], 0
    for i in [*places(lines, "domain"), *places(lines, "side")]:
        words = lines[i].split()
        for k in range(1, len(words)):
            if "0x" in words[k]:
                for by in (-0.5, 0.5):
                    changed = with_line(lines, i, *words[:k], (float.fromhex(words[k]) + by).hex(), *words[k + 1 :])
                    if rejected(tmp_path, changed):
                        n_rejected += 1
                    else:
                        assert is_true(changed)
    assert n_rejected


def test_a_domain_that_is_left_half_uncovered_is_rejected(logs, tmp_path):
    lines = logs["whole space"]
    i = places(lines, "chart")[1]
    for kind in ("empty", "empty 0 1", "empty 0 1 3 1", "plane", "tree"):
        assert rejected(tmp_path, [*lines[:i], f"chart 1 {kind}", *lines[places(lines, "chart")[2] :]])
    assert rejected(tmp_path, [*lines[:i], *lines[places(lines, "chart")[2] :]])


def test_empty_charts_need_their_multipliers(logs, tmp_path):
    lines = logs["wedge"]
    empty = [i for i in places(lines, "chart") if lines[i].split()[2] == "empty"]
    assert empty
    for i in empty:
        words = lines[i].split()
        assert rejected(tmp_path, with_line(lines, i, *words[:3]))
        for k in range(4, len(words), 2):
            changed = with_line(lines, i, *words[:k], shifted(words[k], 1), *words[k + 1 :])
            assert rejected(tmp_path, changed) or len(words) == 5


@pytest.mark.parametrize(
    "line", ["", "r", "r 1", "r x 0 1 2", "v 1 2", "in 1 0 0", "cut 0", "on 0 1", "chart 1 tree", "nonsense"]
)
def test_nonsense_is_rejected(line, logs, tmp_path):
    for name in ("plane", "space"):
        lines = logs[name]
        for i in range(0, len(lines), 7):
            assert rejected(tmp_path, [*lines[:i], line, *lines[i:]])


ONE = (1.0).hex()
ONE_NEURON = f"""polytope_lens proof 1
inputs 1
layer 1
neuron 0x0.0p+0 {ONE} {ONE} WEIGHT 0x0.0p+0
domain box -{ONE} {ONE}
chart 0 tree
off 0 1
in 1 0
regions 1 1"""


def one_neuron(weight):
    return ONE_NEURON.replace("WEIGHT", weight).split("\n")


def test_numbers_are_not_rounded(tmp_path):
    """A weight of 2^-1080, which cuts, was read as 0, which does not."""
    assert answer(tmp_path, one_neuron("0x0.0p+0"))["proved"]
    for weight in (
        "0x1.0000000000000p-1080",
        "0x1p-1080",
        "0x0.00000000000001p-1022",
        "0x0p+0",
        "0.0",
        "-0",
        "0x0.0p0",
    ):
        found = answer(tmp_path, one_neuron(weight))
        assert found == {"proved": False, "line": 4, "reason": "a float is written as float.hex does"}
    for weight in ("inf", "nan", "0x1.0000000000000p+1024"):
        assert not answer(tmp_path, one_neuron(weight))["proved"]


def test_a_log_says_what_it_says_in_one_way_only(logs, tmp_path):
    """Each word in other spellings that Python reads as the same, and each line in other spaces."""
    for name in ("plane", "space", "wedge"):
        lines = logs[name]
        for i in {places(lines, keyword)[-1] for keyword in {line.split()[0] for line in lines}}:
            words = lines[i].split()
            changed = [
                [*words, "0"],
                [*words, "or", "any", "text"],
                ["", *words],
                [*words, ""],
                [words[0], "", *words[1:]],
            ]
            for k, word in enumerate(words[1:], 1):
                others = {f"+{word}", f"0{word}", f"{word[:1]}_{word[1:]}", f"0x{word}", word.upper(), f"{word}\v"}
                changed += [[*words[:k], other, *words[k + 1 :]] for other in others - {word}]
            for other in changed:
                assert rejected(tmp_path, with_line(lines, i, *other)), other
            for space in ("\t", "\r", "\x1c", "  "):
                assert rejected(tmp_path, [*lines[:i], lines[i].replace(" ", space), *lines[i + 1 :]])
                assert rejected(tmp_path, [*lines[:i], lines[i] + space, *lines[i + 1 :]])


@pytest.mark.parametrize("body", [b"", b"\n", b"\xff\xfe", b"polytope_lens proof 2\n", b"PK\x03\x04"])
def test_other_files_are_rejected(body, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(body)
    assert verify(path)["proved"] is False


def test_the_checker_is_short_and_stands_alone(tmp_path):
    source = Path(checker.__file__)
    text = source.read_text()
    assert len(text.splitlines()) <= 945
    imports = re.findall(r"^\s*(?:from|import) (\S+)", text, re.MULTILINE)
    assert {name.split(".")[0] for name in imports} <= sys.stdlib_module_names
    CASES["plane"][0].count(SQUARE, proof=tmp_path / "run.proof")
    run = [sys.executable, "-I", "-S", str(source)]
    done = subprocess.run([*run, str(tmp_path / "run.proof")], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "proved: True" in done.stdout
    (tmp_path / "run.proof").write_text("nothing")
    assert subprocess.run([*run, str(tmp_path / "run.proof")], capture_output=True, check=False).returncode == 1
    for wrong in ([], [str(tmp_path / "absent")]):
        done = subprocess.run([*run, *wrong], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and len(done.stderr.splitlines()) == 1


def test_what_takes_too_long_is_not_proved(logs, tmp_path):
    path = tmp_path / "run.proof"
    path.write_bytes(sealed(logs["plane"]))
    assert verify(path, seconds=0)["reason"].startswith("not decided within 0 seconds")
