"""How often lines of properties are left to integers: hardly ever where there is room, and where a target is touched.

That both checkers say the same of all logs and forgeries is tested where these are (`proof_logs.verify`).
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from families import golden, random_deep
from polytope_lens import Box, Lens, Property
from polytope_lens.proof.fast_checker import verify
from proof_logs import answer, with_line

SQUARE = Box([-1, -1], [1, 1])
NETWORKS = {"golden": Lens(golden((2, 8, 8), 1)), "leaky": Lens(random_deep((2, 6, 6), 1, 0.1))}


def proved(lens, by, path, *, strict=False):
    """A log of: no output exceeds its greatest value and something."""
    asked = Property.of(SQUARE, ([[-1]], [-lens.maximum([1], SQUARE).value - by]))
    if strict:
        cases = tuple(tuple(c._replace(strict=bool(c.outputs)) for c in case) for case in asked.cases)
        asked = Property(2, 1, cases)
    lens.check(asked, proof=path)
    return verify(path)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("by", [Fraction(1, 10), Fraction(1, 10**6)])
def test_with_room_floats_decide_all(name, by, tmp_path):
    found = proved(NETWORKS[name], by, tmp_path / "run.proof")
    assert found["proved"] and found["checker"] == "compiled"
    assert found["questions"] > 4 and found["by_integers"] == 0


@pytest.mark.parametrize("name", NETWORKS)
def test_where_a_target_is_touched_integers_decide_some(name, tmp_path):
    found = proved(NETWORKS[name], Fraction(0), tmp_path / "run.proof", strict=True)
    assert found["proved"] and 0 < found["by_integers"] <= 4


def test_bounds_of_many_digits_are_exact_or_left_to_integers(tmp_path):
    """Bounds that no float is, and in units that floats do not reach: both checkers say the same."""
    path = tmp_path / "run.proof"
    proved(NETWORKS["golden"], Fraction(1, 10), path)
    lines = path.read_text().splitlines()[:-1]
    i = max(i for i, line in enumerate(lines) if line.split()[0] == "bounds")
    words = lines[i].split()
    for more in (60, 1000):
        finer = [w if w == "*" or k % 3 == 0 else f"{int(w, 16) << more:x}" for k, w in enumerate(words[3:])]
        answer(tmp_path, with_line(lines, i, *words[:2], int(words[2]) + more, *finer))
        odd = [w if w == "*" or k % 3 != 2 else f"{int(w, 16) + 1:x}" for k, w in enumerate(finer)]
        answer(tmp_path, with_line(lines, i, *words[:2], int(words[2]) + more, *odd))
