"""Logs whose statement is a little more than what is true: whatever stands in their trees, they are rejected."""

from __future__ import annotations

from fractions import Fraction
from math import inf

import numpy as np
import pytest

from families import golden, random_deep
from polytope_lens import Box, Lens
from polytope_lens.proof.log import hexadecimal_fraction
from proof_logs import answer, with_line

SQUARE = Box([-1, -1], [1, 1])
DEEP, LEAKY = Lens(golden((2, 4, 4), 1)), Lens(random_deep((2, 3, 4), 1, 0.1))
# Two copies of a neuron, minus it, and one that is zero everywhere
TWINS = Lens.from_arrays(
    [[[1, 1], [1, 1], [-1, -1], [0, 0]], [[3, 1, 2, 5], [1, -1, 0, 1]], [[1, 1]]], [[0, 0, 0, 0], [0, 0], [0]]
)
ASKED = {
    "value": lambda lens, path: lens.maximum([1], SQUARE, proof=path),
    "difference": lambda lens, path: lens.distance(TWINS, SQUARE, proof=path),
    "radius": lambda lens, path: lens.robustness_radius([0.25, -0.375], norm=inf, value=2.0, proof=path),
    "radius of norm 1": lambda lens, path: lens.robustness_radius([0.25, -0.375], norm=1, value=2.0, proof=path),
    "slope": lambda lens, path: lens.lipschitz(SQUARE, inf, proof=path),
    "slope of norm 2": lambda lens, path: lens.lipschitz(SQUARE, 2, proof=path),
}
# By how much, a share, statements are stronger than the truth
MORE = Fraction(1, 1000)
WORDS = ("0", "1", "2", "-1", "*", "ff", "1000", "-1000")


def exact(word):
    over, _, under = word.partition("/")
    return Fraction(int(over, 16), int(under or "1", 16))


def stronger(lines, kind):
    """The same log with a bound that is too good by a little, or a ball that is too large."""
    found = []
    for line in lines:
        words = line.split()
        if kind.startswith("slope") and words[0] == "lipschitz":
            words[3] = hexadecimal_fraction(exact(words[3]) * (1 - MORE))
        elif kind.startswith("radius") and words[0] == "ball":
            words[2] = hexadecimal_fraction(exact(words[2]) * (1 + MORE))
        elif kind in ("value", "difference") and words[0] == "constraint" and words[3][0] == "y":
            bound = exact(words[2])  # minus the bound
            words[2] = hexadecimal_fraction(bound + abs(bound) * MORE)
        found.append(" ".join(words))
    assert found != lines
    return found


@pytest.mark.parametrize("lens", [DEEP, LEAKY, TWINS], ids=["deep", "leaky", "twins"])
@pytest.mark.parametrize("kind", ASKED)
def test_no_change_of_a_tree_proves_more_than_what_is_true(kind, lens, tmp_path):
    path = tmp_path / "run.proof"
    assert ASKED[kind](lens, path).is_logged
    lines = path.read_text().splitlines()[:-1]
    assert answer(tmp_path, lines)["proved"]
    if lens is TWINS and kind == "difference":
        return  # of nothing, which is 0
    lines = stronger(lines, kind)
    first = next(i for i, line in enumerate(lines) if line.startswith("cases"))
    rng = np.random.default_rng(len(kind))
    for tree in (lines, lines[:-1]):
        assert not answer(tmp_path, tree)["proved"]
    for _ in range(40):
        forged = [*lines]
        for _ in range(int(rng.integers(1, 4))):
            i = int(rng.integers(first, len(forged)))
            words = forged[i].split()
            other = forged[int(rng.integers(first, len(forged)))]
            change = int(rng.integers(4))
            if change == 0:
                words[int(rng.integers(len(words)))] = WORDS[int(rng.integers(len(WORDS)))]
                forged = with_line(forged, i, *words)
            elif change == 1:
                forged[i] = other
            elif change == 2:
                forged.insert(i, other)
            elif len(forged) > first + 2:
                del forged[i]
        assert not answer(tmp_path, forged)["proved"]
