"""The checker of proof logs: what it accepts, and the tampered logs that it has to reject.

Tampered logs get a new digest, so that it is the proof that fails and not the seal.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import subprocess
import sys
from bisect import bisect
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from families import golden
from polytope_lens import Box, Lens, Polytope, Property
from polytope_lens.proof import checker, write
from proof_logs import answer, proves, sealed, verify, with_line

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


PLANES = ["plane", "degenerate plane", "triangle", "flat plane"]
TREES = [name for name in CASES if name not in PLANES]


@pytest.fixture(scope="module", params=[1024, 3], ids=["one piece", "many pieces"])
def logs(request, tmp_path_factory):
    """The lines of each case's log, without the digest."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(write, "MOST_REGIONS", dict.fromkeys(write.MOST_REGIONS, request.param))
        for name, (lens, domain) in CASES.items():
            path = tmp_path_factory.mktemp("proofs") / "run.proof"
            lens.count(domain, proof=path)
            found[name] = path.read_text().splitlines()[:-1]
    return found


in_one_piece = pytest.mark.parametrize("logs", [1024], indirect=True)


def rejected(tmp_path, lines):
    return not answer(tmp_path, lines)["proved"]


def is_harmless(tmp_path, lines, changed):
    """Whether a log is rejected, or proves what the other one does."""
    found = answer(tmp_path, changed)
    return not found["proved"] or found == answer(tmp_path, lines)


def places(lines, keyword):
    return [i for i, line in enumerate(lines) if line.split()[0] == keyword]


def regions(lines):
    """Where the lines of regions are, piece by piece."""
    ends = [i for i, line in enumerate(lines) if line.split(" ")[0] in ("to", "regions")]
    return [[*range(i + 1, min(end for end in ends if end > i))] for i in places(lines, "piece")]


def steps(lines):
    """The places of all steps: lines and words."""
    found = [(i, k) for i in places(lines, "to") for k in range(1, len(lines[i].split()))]
    return found + [(i, k) for piece in regions(lines) for i in piece for k in range(len(lines[i].split()) - 1)]


def with_word(lines, i, k, *others):
    words = lines[i].split(" ")
    return with_line(lines, i, *words[:k], *others, *words[k + 1 :])


def without(lines, i):
    return lines[:i] + lines[i + 1 :]


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
def test_every_changed_byte_breaks_a_seal(name, logs, tmp_path):
    path = tmp_path / "run.proof"
    path.write_bytes(sealed(logs[name]))
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
    """At the end; at the end and for a piece; and for a piece, but so that all of them add up."""
    lines = logs[name]
    *rest, last = lines
    counts = [int(word) for word in last.split()[1:]]
    for i in range(len(counts)):
        for step in (-1, 1):
            wrong = [*counts[:i], counts[i] + step, *counts[i + 1 :]]
            end = f"regions {' '.join(map(str, wrong))}"
            assert rejected(tmp_path, [*rest, end])
            for j in places(lines, "piece") if i else ():
                claim = int(lines[j].split()[2 + i]) + step
                assert rejected(tmp_path, [*with_word(rest, j, 2 + i, claim), end])
                assert rejected(tmp_path, with_word(lines, j, 2 + i, claim))
    pieces = places(lines, "piece")
    for j, k in pairwise(pieces):
        more, less = int(lines[j].split()[-1]) + 1, int(lines[k].split()[-1]) - 1
        assert rejected(
            tmp_path,
            with_word(with_word(lines, j, -1 + len(lines[j].split()), more), k, -1 + len(lines[k].split()), less),
        )


@pytest.mark.parametrize("name", CASES)
def test_a_piece_left_out_or_given_twice_or_moved_is_rejected(name, logs, tmp_path):
    lines = logs[name]
    starts = places(lines, "to")
    for i, end in zip(starts, [*starts[1:], len(lines) - 1], strict=True):
        piece = lines[i:end]
        assert rejected(tmp_path, lines[:i] + lines[end:])
        assert rejected(tmp_path, lines[:end] + piece + lines[end:])
        assert rejected(tmp_path, lines[: i + 1] + lines[end:])
        for other in starts[:3]:
            if lines[other] != lines[i]:
                assert is_harmless(tmp_path, lines, [*lines[:i], lines[other], *lines[i + 1 :]])


@pytest.mark.parametrize("name", TREES)
def test_pieces_of_other_logs_prove_nothing(name, logs, tmp_path):
    lines, texts = logs[name], regions(logs[name])
    others = [[lines[i] for i in text] for text in texts[:4]]
    others += [[logs["space"][i] for i in text] for text in regions(logs["space"])[:2]] if name != "space" else []
    for text in texts:
        own = [lines[i] for i in text]
        for other in others:
            if other != own:
                assert rejected(tmp_path, lines[: text[0]] + other + lines[text[-1] + 1 :])


def test_sizes_and_digests_that_lie_are_rejected(logs, tmp_path):
    path = tmp_path / "run.proof"
    for name in ("plane", "space"):
        whole = sealed(logs[name]).decode()
        for found in re.finditer(r"piece (\d+) (\w+) ", whole):
            for size in {0, int(found[1]) - 1, int(found[1]) + 1, 10**9, 10**17} - {int(found[1]), -1}:
                path.write_text(resealed(whole[: found.start(1)] + str(size) + whole[found.end(1) :]))
                assert not verify(path)["proved"]
            path.write_text(resealed(whole[: found.start(2)] + "0" * 64 + whole[found.end(2) :]))
            assert "a piece that has been changed" in verify(path)["reason"]


def resealed(text):
    """A log with a new last digest, made as if sizes of pieces were what they say."""
    rest, outside = text[: text.rindex("sha256 ")], b""
    while rest:
        line, _, rest = rest.partition("\n")
        outside += line.encode() + b"\n"
        if line.startswith("piece "):
            rest = rest[int(line.split()[1]) :]
    return text[: text.rindex("sha256 ")] + "sha256 " + hashlib.sha256(outside).hexdigest() + "\n"


@pytest.mark.parametrize("name", CASES)
def test_pieces_can_be_checked_one_by_one(name, logs, tmp_path):
    path, lines = tmp_path / "run.proof", logs[name]
    path.write_bytes(sealed(lines))
    n_pieces = len(places(lines, "piece"))
    for k in range(n_pieces):
        found = verify(path, piece=k)
        assert found["proved"] and found["only"] == f"piece {k}"
        assert found["total"] == verify(path)["total"]
    assert "pieces, counted from 0" in verify(path, piece=n_pieces)["reason"]


def test_a_piece_that_is_wrong_is_found_by_who_checks_it(logs, tmp_path):
    path, lines = tmp_path / "run.proof", logs["space"]
    for k, text in enumerate(regions(lines)):
        path.write_bytes(sealed(with_line(lines, text[-1], "0")))
        found = verify(path)
        assert not found["proved"] and found["line"] == text[-1] + 1
        assert verify(path, piece=k)["reason"] == found["reason"]
        if k:
            assert verify(path, piece=0)["proved"]


def test_processes_share_the_pieces(logs, tmp_path, monkeypatch):
    monkeypatch.setattr(checker, "ALONE", 0.0)
    path = tmp_path / "run.proof"
    for name in ("space", "flat space", "plane"):
        path.write_bytes(sealed(logs[name]))
        assert verify(path, jobs=2) == verify(path)
    last = regions(logs["space"])[-1]
    path.write_bytes(sealed(with_line(logs["space"], last[-1], "0")))
    assert verify(path, jobs=2) == verify(path)
    assert verify(path, jobs=2)["line"] == last[-1] + 1


@pytest.mark.parametrize("name", ["plane", "space"])
def test_packed_logs_are_read(name, logs, tmp_path):
    path = tmp_path / "run.proof.gz"
    whole = gzip.compress(sealed(logs[name]))
    path.write_bytes(whole)
    assert verify(path)["proved"] and verify(path, piece=0)["proved"]
    for place in range(10, len(whole), 37):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        assert not verify(path)["proved"]
        path.write_bytes(whole[:place])
        assert not verify(path)["proved"]


@pytest.mark.parametrize("name", CASES)
def test_a_step_left_out_or_given_twice_is_rejected(name, logs, tmp_path):
    lines = logs[name]
    for i, k in steps(lines):
        step = lines[i].split(" ")[k]
        assert rejected(tmp_path, with_word(lines, i, k))
        assert rejected(tmp_path, with_word(lines, i, k, step, step))


@pytest.mark.parametrize("name", TREES)
def test_a_region_left_out_or_given_twice_is_rejected(name, logs, tmp_path):
    lines = logs[name]
    for i in (i for text in regions(lines) for i in text):
        assert rejected(tmp_path, without(lines, i))
        assert rejected(tmp_path, [*lines[:i], lines[i], *lines[i:]])


@pytest.mark.parametrize("name", TREES)
def test_a_cut_that_is_passed_over_is_rejected(name, logs, tmp_path):
    """Half of a cell is left out, and something is said of the neuron in its place."""
    lines = logs[name]
    for text in regions(lines):
        tree = [lines[i].split(" ") for i in text]
        for i, k in [(i, k) for i, words in enumerate(tree) for k in range(len(words) - 1) if words[k].isdigit()]:
            middle = subtree(tree, i, k + 1)
            end = subtree(tree, middle, 0)
            (first, *off), (other, *on) = tree[i:middle], tree[middle:end]
            for verdict, kept in (("-", [first[k + 1 :], *off]), ("+", [other, *on])):
                for proof in ("", "A", "1A1", "1A8B8", "9A1"):
                    claimed = [*first[:k], f"{first[k]}{verdict}{proof}", *kept[0]]
                    forged = [*tree[:i], claimed, *kept[1:], *tree[end:]]
                    n, claims = len(forged) - len(tree), [int(word) for word in lines[text[0] - 1].split()[3:]]
                    piece = " ".join(["piece 0 0", *map(str, [*claims[:-1], claims[-1] + n])])
                    rest = [*lines[: text[0] - 1], piece, *map(" ".join, forged), *lines[text[-1] + 1 :]]
                    assert rejected(tmp_path, rest)


def subtree(tree, i, k):
    """The line after those of the cell that is at hand in a line before a step."""
    leaves, words = 1, tree[i][k:-1]
    while True:
        leaves += sum(word.isdigit() for word in words) - 1
        i += 1
        if not leaves:
            return i
        words = tree[i][:-1]


@in_one_piece
@pytest.mark.parametrize("name", TREES)
def test_a_wrong_verdict_is_rejected(name, logs, tmp_path):
    lines = logs[name]
    for i, k in steps(lines):
        step = lines[i].split(" ")[k]
        sign = re.search("[-+]", step)
        if sign:
            other = step.replace(sign[0], {"+": "-", "-": "+"}[sign[0]])
            assert rejected(tmp_path, with_word(lines, i, k, other))
            assert rejected(tmp_path, with_word(lines, i, k, step[: sign.start()]))
            assert rejected(tmp_path, with_word(lines, i, k, step[: sign.end()]))


@in_one_piece
@pytest.mark.parametrize("name", TREES)
def test_wrong_multipliers_are_rejected(name, logs, tmp_path):
    """Rounded ones have room to spare, so that another one may do as well."""
    lines, changed = logs[name], []
    for i, k in steps(lines):
        step = lines[i].split(" ")[k]
        for found in re.finditer("([A-Z])([0-9a-f]*)", step):
            others = [f"{found[1]}0{found[2]}", f"{found[1]}-{found[2] or 1}", f"zzzZ{found[2]}"]
            for other in others:
                forged = with_word(lines, i, k, step[: found.start()] + other + step[found.end() :])
                assert rejected(tmp_path, forged), other
            changed.append(rejected(tmp_path, with_word(lines, i, k, step[: found.start()] + step[found.end() :])))
    assert sum(changed) > len(changed) / 3


@in_one_piece
@pytest.mark.parametrize("name", TREES)
def test_a_point_of_another_region_or_on_the_boundary_is_rejected(name, logs, tmp_path):
    lines = logs[name]
    ends = [i for text in regions(lines) for i in text]
    points = [lines[i].split(" ")[-1] for i in ends]
    for i, point in zip(ends, points, strict=True):
        k = len(lines[i].split(" ")) - 1
        zero = re.sub("[0-9a-f]", "0", point)
        for other in {*points[:9], zero, "", "-1", f"{point} 1", f"{point},", f"-{point}"} - {point}:
            forged = with_word(lines, i, k, other)
            assert rejected(tmp_path, forged) or (other not in points and is_harmless(tmp_path, lines, forged)), other


@pytest.mark.parametrize("name", PLANES)
def test_polygons_are_not_cut_where_no_neuron_cuts(name, logs, tmp_path):
    lens, lines = CASES[name][0], logs[name]
    for i, k in steps(lines):
        step = int(lines[i].split(" ")[k])
        for j in {*range(max(layer.width for layer in lens.network.layers)), 99} - {step}:
            assert is_harmless(tmp_path, lines, with_word(lines, i, k, j))
    assert rejected(tmp_path, [line.replace("form plane", "form tree") for line in lines])


def test_a_form_that_does_not_fit_is_rejected(logs, tmp_path):
    for name in TREES:
        for form in ("plane", "corners", "tree 2"):
            assert rejected(tmp_path, [line.replace("form tree", f"form {form}") for line in logs[name]])


def test_a_box_around_a_polytope_needs_its_sides(logs, tmp_path):
    for name in ("triangle", "simplex"):
        lines = logs[name]
        (i,) = places(lines, "box")
        words = lines[i].split()
        for k in range(1, len(words)):
            inward = 0.25 if k <= len(words) // 2 else -0.25
            assert rejected(tmp_path, with_word(lines, i, k, (float.fromhex(words[k]) + inward).hex()))
        for k, names in enumerate(lines[i + 1].split()[1:], 1):
            for other in {"A", "B", "AB", "AA", "Z", "gA", "1A1", "A1", ""} - {names}:
                assert rejected(tmp_path, with_word(lines, i + 1, k, other))
        assert rejected(tmp_path, lines[:i] + lines[i + 2 :])
        assert rejected(tmp_path, without(lines, i + 1))


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


@in_one_piece
@pytest.mark.parametrize("name", CASES)
def test_a_changed_weight_is_rejected_or_changes_no_count(name, logs, tmp_path):
    lines, n_rejected = logs[name], 0
    for i in places(lines, "neuron"):
        words = lines[i].split()
        for k in range(4, len(words)):
            for by in (-2.0, 2.0**-20):
                changed = with_line(lines, i, *words[:k], (float.fromhex(words[k]) + by).hex(), *words[k + 1 :])
                if rejected(tmp_path, changed):
                    n_rejected += 1
                else:
                    assert is_true(changed)
    assert n_rejected or name in PLANES


@in_one_piece
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
    assert n_rejected or name in PLANES


@pytest.mark.parametrize(
    "line",
    ["", "to", "to 0", "to x", "piece", "piece 0 0", "0", "0 1", "0-", "0+A", "0-1A1 1", "zz", "1,1", "form plane"],
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
form tree
to
piece 0 0 1
8
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


@in_one_piece
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
            for k, word in list(enumerate(words))[3 if words[0] == "piece" else 1 :]:
                others = {f"+{word}", f"0{word}", f"{word[:1]}_{word[1:]}", f"0x{word}", word.upper(), f"{word}\v"}
                changed += [[*words[:k], other, *words[k + 1 :]] for other in others - {word}]
            for other in changed:
                assert rejected(tmp_path, with_line(lines, i, *other)), (lines[i], other)
            for space in ("\t", "\r", "\x1c", "  ") if words[0] != "piece" else ():
                assert rejected(tmp_path, with_line(lines, i, *words[:-1], words[-1] + space))
                if len(words) > 1:
                    assert rejected(tmp_path, with_line(lines, i, space.join(words)))


@pytest.mark.parametrize("body", [b"", b"\n", b"\xff\xfe", b"polytope_lens proof 2\n", b"PK\x03\x04"])
def test_other_files_are_rejected(body, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(body)
    assert verify(path)["proved"] is False


PLANAR = Lens(golden((2, 4, 4, 1), 1))
ONE_STEP = Lens.from_arrays([[[1, 1]], [[0.5]]], [[0], [0.25]])
ANSWERS = {
    "how many regions there are": lambda log: LEAKY.count(CUBE, proof=log),
    "the same in the plane": lambda log: PLANAR.count(SQUARE, proof=log),
    "that a property holds, or is violated": lambda log: PLANAR.check(Property.of(SQUARE, ([[-1]], [-100])), proof=log),
    "a greatest value, a radius": lambda log: PLANAR.maximum([1], SQUARE, proof=log),
    "how steep a network is": lambda log: PLANAR.lipschitz(SQUARE, np.inf, proof=log),
    "a largest difference of two networks": lambda log: PLANAR.distance(ONE_STEP, SQUARE, proof=log),
    "how large a share of a domain is": lambda log: PLANAR.preimage(([[1]], [0]), SQUARE).probability(proof=log),
}


@pytest.mark.parametrize("question", ANSWERS)
def test_an_answer_rests_on_few_chapters_of_the_checker_and_a_sceptic_can_read_them(question, tmp_path):
    lines = Path(checker.__file__).read_text().splitlines()
    heads = [at for at, line in enumerate(lines) if re.match(r"# \d+\. .* -+$", line)]
    told = re.search(rf"^    {question}  +([\d, ]+)$", checker.__doc__ or "", re.MULTILINE)
    assert told
    chapters = {1, 2, 12, *map(int, told[1].split(","))}
    assert sum([*heads, len(lines)][k] - heads[k - 1] for k in chapters) + heads[0] <= 1000
    ANSWERS[question](tmp_path / "run.proof")
    called = set[int]()

    def note(frame, event, _):
        if event == "call" and frame.f_code.co_filename == checker.__file__:
            called.add(bisect(heads, frame.f_code.co_firstlineno))

    sys.setprofile(note)
    try:
        proved = checker.verify(str(tmp_path / "run.proof"))["proved"]
    finally:
        sys.setprofile(None)
    assert proved and called == chapters


def test_the_checker_stands_alone(tmp_path):
    source = Path(checker.__file__)
    text = source.read_text()
    assert len(text.splitlines()) <= 1630
    imports = re.findall(r"^\s*(?:from|import) (\S+)", text, re.MULTILINE)
    assert {name.split(".")[0] for name in imports} <= sys.stdlib_module_names
    CASES["plane"][0].count(SQUARE, proof=tmp_path / "run.proof")
    run = [sys.executable, "-I", "-S", str(source)]
    done = subprocess.run([*run, str(tmp_path / "run.proof")], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "proved: True" in done.stdout
    (tmp_path / "run.proof").write_text("nothing")
    assert subprocess.run([*run, str(tmp_path / "run.proof")], capture_output=True, check=False).returncode == 1
    done = subprocess.run([*run, str(tmp_path / "absent")], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert "usage" in subprocess.run(run, capture_output=True, text=True, check=False).stderr


def test_what_takes_too_long_is_not_proved(logs, tmp_path):
    path = tmp_path / "run.proof"
    path.write_bytes(sealed(logs["plane"]))
    assert verify(path, seconds=0)["reason"].startswith("not decided within 0 seconds")
