"""Pieces of counts: the compiled checker says what the plain one says of forged ones, ties, and numbers out of range.

Other tests of logs ask both, too (`proof_logs.verify`).
"""

from __future__ import annotations

import hashlib
from itertools import pairwise

import numpy as np
import pytest

from families import random_deep
from polytope_lens import Box, Lens, Polytope
from polytope_lens.proof import fast_checker, pieces_in_floats
from proof_logs import sealed, verify


def drawn(*widths):
    """A network of random weights, which meets no ties."""
    rng = np.random.default_rng(len(widths))
    weights = [rng.normal(size=(n, m)) for m, n in pairwise((*widths, 1))]
    return Lens.from_arrays(weights, [rng.normal(size=len(weight)) for weight in weights])


def pruned(lens, which):
    """The same network, with neurons of its second layer that see nothing, one of which gives nothing."""
    first, second = lens.network.layers
    weight, bias = second.dense_weight().copy(), second.bias.copy()
    weight[which], bias[which[0]] = 0.0, 0.0
    return Lens.from_arrays([first.dense_weight(), weight, np.ones((1, len(bias)))], [first.bias, bias, [0]])


CASES = {
    "plane": (drawn(2, 8, 8, 8), Box([-1, -1], [1, 1])),
    "flat plane": (drawn(3, 6, 4), Box([-1, 0.25, -1], [1, 0.25, 1])),
    "triangle": (Lens(random_deep((2, 5, 5), 3, 0.1)), Polytope([[1, 1], [-1, 0], [0, -1]], [1, 1, 1])),
    "space": (drawn(3, 5, 5), Box([-1, -1, -1], [1, 1, 1])),
    "leaky space": (Lens(random_deep((3, 4, 4, 3), 1, 0.1)), Box([-1, -1, -0.5], [1, 2, 1])),
    "line": (drawn(1, 8, 8), Box([-1], [1])),
    "wide plane": (pruned(drawn(2, 9, 70), [3, 66]), Box([-1, -1], [1, 1])),
    "pruned space": (pruned(drawn(3, 5, 9), [2, 8]), Box([-1] * 3, [1] * 3)),
    "four inputs": (drawn(4, 4, 4), Box([-1] * 4, [1] * 4)),
    "five inputs": (drawn(5, 4, 4), Box([-1] * 5, [1] * 5)),
}
DEGENERATE = {
    "three lines through a point": (Lens.from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, -1]]], [[0, 0, 0], [0]]), 2),
    "a line through a corner": (Lens.from_arrays([[[1, -1], [2, 1]], [[1, 1]]], [[0, 1], [0]]), 2),
    "planes that touch the box": (Lens.from_arrays([[[1, 1, 1], [1, 2, -1]], [[1, 1]]], [[-3, 4], [0]]), 3),
    "the same neuron twice": (Lens.from_arrays([[[1, 2, 3], [1, 2, 3], [3, 1, 0]], [[1] * 3]], [[0, 0, 1], [0]]), 3),
}


class Pieces:
    """A count's log: its head, and for each piece the line before, its claims and its lines; and the last line."""

    def __init__(self, data):
        self.head, self.pieces, self.end = [], [], None
        while data:
            line, data = data.split(b"\n", 1)
            words = line.decode().split(" ")
            if words[0] == "piece":
                text, data = data[: int(words[1])], data[int(words[1]) :]
                self.pieces.append((self.head.pop(), words[3:], text.decode().split("\n")[:-1]))
            elif words[0] == "regions":
                self.end = words
                break
            else:
                self.head.append(" ".join(words))

    def data(self):
        """The log, with digests that fit."""
        digest, found = hashlib.sha256(), []

        def write(line):
            found.append(f"{line}\n".encode())
            digest.update(found[-1])

        for line in self.head:
            write(line)
        for to, claims, lines in self.pieces:
            text = "".join(f"{line}\n" for line in lines).encode()
            write(to)
            write(" ".join(["piece", str(len(text)), hashlib.sha256(text).hexdigest(), *claims]))
            found.append(text)
        write(" ".join(self.end))
        return b"".join(found) + f"sha256 {digest.hexdigest()}\n".encode()


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    found = {}
    for name, (lens, domain) in CASES.items():
        path = tmp_path_factory.mktemp("proofs") / "run.proof"
        lens.count(domain, proof=path)
        found[name] = path.read_bytes()
    return found


def answer(tmp_path, data):
    path = tmp_path / "changed.proof"
    path.write_bytes(data)
    return verify(path)


@pytest.mark.parametrize("name", CASES)
def test_counts_are_proved_in_floats(name, logs, tmp_path):
    assert Pieces(logs[name]).data() == logs[name]
    path = tmp_path / "run.proof"
    path.write_bytes(logs[name])
    found, (lens, domain) = fast_checker.verify(path), CASES[name]
    assert (found["proved"], found["total"]) == (True, lens.count(domain).total)
    assert found["checker"] == "compiled" and found["questions"] >= 1 and found["by_integers"] == 0


def test_a_plane_begins_once(tmp_path, monkeypatch):
    """A plane of a thousand regions is one piece, and the network is made floats of for that alone."""
    made, make = [], pieces_in_floats.forward_arrays
    monkeypatch.setattr(pieces_in_floats, "forward_arrays", lambda layers: made.append(layers) or make(layers))
    path = tmp_path / "run.proof"
    total = drawn(2, 40, 40).count(Box([-1, -1], [1, 1]), proof=path).total
    found = fast_checker.verify(path)
    assert 1024 < total == found["total"] < 4096
    assert found["questions"] == len(made) == 1


@pytest.mark.parametrize("name", DEGENERATE)
def test_ties_are_decided_in_integers(name, tmp_path):
    lens, d = DEGENERATE[name]
    path = tmp_path / "run.proof"
    total = lens.count(Box([-1] * d, [1] * d), proof=path).total
    assert verify(path)["total"] == total


@pytest.mark.parametrize("name", ["space", "leaky space", "line"])
def test_forged_pieces_get_the_same_answer(name, logs, tmp_path):
    """Words changed, lines left out, twice or swapped; what both accept is a proof of the same numbers."""
    rng, n_rejected, total = np.random.default_rng(0), 0, CASES[name][0].count(CASES[name][1]).total
    words = ("0", "1", "3", "A", "1-1A4", "2+2B7fA1", "0-A", "ff", "", "7b", "1+1A0", "4-1ZA1", "9999999999")
    for _ in range(60):
        forged = Pieces(logs[name])
        _, _, lines = forged.pieces[int(rng.integers(len(forged.pieces)))]
        i, kind = int(rng.integers(len(lines))), int(rng.integers(5))
        if kind == 0:
            del lines[i]
        elif kind == 1:
            lines.insert(i, lines[i])
        elif kind == 2:
            lines[i], lines[-1] = lines[-1], lines[i]
        else:
            parts = lines[i].split(" ")
            k = int(rng.integers(len(parts)))
            if kind == 3:
                parts[k] = words[int(rng.integers(len(words)))]
            else:
                at = int(rng.integers(len(parts[k])))
                parts[k] = parts[k][:at] + "0123456789abcdefgABCD+-"[int(rng.integers(23))] + parts[k][at + 1 :]
            lines[i] = " ".join(parts)
        found = answer(tmp_path, forged.data())
        n_rejected += not found["proved"]
        assert not found["proved"] or found["total"] == total
    assert n_rejected > 30


@pytest.mark.parametrize("name", CASES)
def test_other_numbers_are_rejected(name, logs, tmp_path):
    forged = Pieces(logs[name])
    to, claims, lines = forged.pieces[0]
    forged.pieces[0] = to, [*claims[:-1], str(int(claims[-1]) + 1)], lines
    forged.end[1] = forged.end[-1] = str(int(forged.end[1]) + 1)
    assert not answer(tmp_path, forged.data())["proved"]
    forged = Pieces(logs[name])
    forged.pieces[0][2].append("0")
    assert not answer(tmp_path, forged.data())["proved"]


@pytest.mark.parametrize("exponent", [-1060, -600, -150, 150, 600, 900])
def test_numbers_out_of_range_are_left_to_integers(exponent, tmp_path):
    """Weights from the least floats to the greatest: none overflows unseen."""
    rng = np.random.default_rng(exponent % 97)
    for d in (2, 3):
        first, second = rng.normal(size=(4, d)), rng.normal(size=(3, 4)) * 2.0**exponent
        lens = Lens.from_arrays([first, second, [[1, 1, 1]]], [rng.normal(size=4), rng.normal(size=3), [0]])
        path = tmp_path / "run.proof"
        total = lens.count(Box([-1] * d, [1] * d), proof=path).total
        assert verify(path)["total"] == total


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("k", [20, 40, 48, 50, 51, 52])
def test_thin_cells_are_found_or_left_to_integers(d, k, tmp_path):
    """A plane cuts off a corner of the box, 2^-k wide, or misses it by as much, or meets it."""
    for by in (-1, 0, 1):
        bent = Lens.from_arrays([np.ones((1, d)), [[3.0]], [[1.0]]], [[-(d + by * 2.0**-k)], [-(2.0**-60)], [0.0]])
        path = tmp_path / "run.proof"
        total = bent.count(Box([-1] * d, [1] * d), proof=path).total
        is_cut = d + by * 2.0**-k < d  # 3 - 2^-52 is no float
        assert verify(path)["total"] == total == (3 if is_cut else 1)


@pytest.mark.parametrize(("form", "d", "regions"), [("tree", 1, ["8"]), ("plane", 2, [])])
def test_nothing_is_zero_because_it_is_small(form, d, regions, tmp_path):
    """A neuron whose row floats find to be zero, and whose doubt times its slope is less than any float."""
    more, rest = 1 + 2.0**-52, [0.0] * (d - 1)
    layers = [
        [[2.0**-150 * more, 2.0**-150 * more, 0, more, *rest, 0], [2.0**-150, 2.0**-150, 0, 2 * more - 1, *rest, 0]],
        [[2.0**-400, 2.0**-400, 0, 2.0**-500, -(2.0**-500), 0]],
        [[0, 1, 1, 1, 0]],
    ]
    lines = ["polytope_lens proof 1", f"inputs {d}"]
    for neurons in layers:
        lines += [f"layer {len(neurons)}", *(" ".join(["neuron", *hexadecimal(neuron)]) for neuron in neurons)]
    lines += [" ".join(["domain box", *hexadecimal([-1] * d + [1] * d)]), f"form {form}", "to"]
    path = tmp_path / "run.proof"
    path.write_bytes(sealed([*lines, "piece 0 - 1 1 1", *regions, "regions 1 1 1 1"]))
    assert not verify(path)["proved"]  # the last neuron is zero where the first input is


def hexadecimal(numbers):
    return [float(number).hex() for number in numbers]
