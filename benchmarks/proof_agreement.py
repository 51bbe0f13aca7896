"""Proof logs about random degenerate networks: both checkers prove them, and say what the library says.

Networks and domains are those of `agreement`. Of each the number of regions is proved, and where the domain is bounded
also the share of it that a random set of outputs has, and a greatest value; in boxes a Lipschitz constant, too. Then a
word or a line of each log is changed, with a new digest: whatever comes of it, both checkers have to accept the same.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from agreement import random_domain, random_network
from polytope_lens import Box, Lens
from polytope_lens.domain import is_bounded
from polytope_lens.errors import PolytopeLensError
from polytope_lens.proof import checker, fast_checker

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from proof_logs import sealed

if TYPE_CHECKING:
    from collections.abc import Callable

# Changes of each log, and seconds for a search
CHANGES, SECONDS = 4, 20.0
WORDS = ["0", "1", "-1", "*", "ff", "nan", "x0", "volume", "1/3", "halve", "close"]


def both(path: Path) -> tuple[dict[str, Any], str | None]:
    """What the plain checker says of a log, and how the compiled one differs from that, if it does."""
    plain, compiled = checker.verify(str(path)), fast_checker.verify(path)
    if plain["proved"] != compiled["proved"]:
        return plain, f"plain says {plain}, compiled {compiled}"
    if plain["proved"] and any(compiled[key] != value for key, value in plain.items()):
        return plain, f"plain says {plain}, compiled {compiled}"
    return plain, None


def changed(lines: list[str], rng: np.random.Generator) -> list[str]:
    """The same lines with one of them changed, lost or doubled."""
    i = int(rng.integers(1, len(lines)))
    case, words = rng.integers(4), lines[i].split(" ")
    if case == 0:
        return lines[:i] + lines[i + 1 :]
    if case == 1:
        return [*lines[:i], lines[int(rng.integers(len(lines)))], *lines[i:]]
    k = int(rng.integers(len(words)))
    words[k] = str(rng.choice(WORDS)) if case == 2 else words[k][:-1] + str(rng.integers(10))
    return [*lines[:i], " ".join(words), *lines[i + 1 :]]


def questions(lens: Lens, domain: Any, rng: np.random.Generator) -> dict[str, Callable[[Path], dict[str, str] | None]]:
    """By name, what is asked: it writes a log, and says what that should prove, or nothing if there is none."""

    def count(path: Path) -> dict[str, str]:
        found = lens.count(domain, proof=path)
        return {"total": str(found.total), "per_layer": str(found.per_layer.tolist())}

    def share(path: Path) -> dict[str, str] | None:
        rows = rng.integers(-1, 2, (int(rng.integers(1, 3)), 1)).tolist()
        target = [(rows, [Fraction(int(v), 4) for v in rng.integers(-9, 10, len(rows))]) for _ in range(2)]
        found = lens.preimage(target[: int(rng.integers(1, 3))], domain, mesh=False).probability(proof=path)
        return {"share": checker.shown(Fraction(found.lower))} if found.is_logged else None

    def greatest(path: Path) -> dict[str, str] | None:
        found = lens.maximum([int(rng.choice([-1, 1]))], domain, max_seconds=SECONDS, proof=path)
        return {"value": checker.shown(found.value)} if found.is_logged else None

    def steepest(path: Path) -> dict[str, str] | None:
        found = lens.lipschitz(domain, float("inf"), exact=True, max_seconds=SECONDS, proof=path)
        return {"bound": checker.shown(Fraction(found.upper))} if found.is_logged else None

    asked: dict[str, Callable[[Path], dict[str, str] | None]] = {"count": count}
    if is_bounded(domain):
        asked |= {"share": share, "greatest": greatest}
    return asked | ({"steepest": steepest} if isinstance(domain, Box) else {})


def differences(lens: Lens, domain: Any, path: Path, rng: np.random.Generator, tally: Counter[str]) -> list[str]:
    """What is not proved, or not what the library says; nothing, as a rule."""
    wrong: list[str] = []
    for name, ask in questions(lens, domain, rng).items():
        try:
            expected = ask(path)
        except PolytopeLensError as error:  # too flat, too large
            tally[f"refused: {type(error).__name__}"] += 1
            continue
        if expected is None:
            tally[f"{name}: no log"] += 1
            continue
        tally[name] += 1
        told, difference = both(path)
        if difference or not told["proved"] or any(str(told.get(k)) != v for k, v in expected.items()):
            wrong.append(f"{name}: expected {expected}, {difference or told}")
            continue
        lines = path.read_text().splitlines()[:-1]
        for _ in range(CHANGES):
            path.write_bytes(sealed(changed(lines, rng)))
            told, difference = both(path)
            tally["changed and proved" if told["proved"] else "changed and rejected"] += 1
            if difference:
                wrong.append(f"{name}, changed: {difference}")
    return wrong


def prove(numbers: range, folder: Path) -> Counter[str]:
    """Networks of these numbers; what was found is written to files, with the log, and counted."""
    tally = Counter[str]()
    with tempfile.TemporaryDirectory() as place:
        for seed in numbers:
            rng, path = np.random.default_rng([2027, seed]), Path(place) / "run.proof"
            network = random_network(rng)
            domain = random_domain(rng, network.input_dim)
            try:
                wrong = differences(Lens(network), domain, path, rng, tally)
            except Exception as error:  # whatever it is, it is a fault, and the campaign goes on
                wrong = [f"{type(error).__name__}: {error}"]
            if wrong:
                tally["found"] += 1
                (folder / f"prove-{seed}.txt").write_text(f"{network!r}\n{domain!r}\n" + "\n".join(wrong) + "\n")
                if path.exists():
                    (folder / f"prove-{seed}.proof").write_bytes(path.read_bytes())
    return tally
