"""Folders of stored runs with wrong bytes: what is read is what was written, or refused in one sentence.

A run is copied and damaged in one to three places: bytes of any file flipped, cut off, left out, zeroed or replaced;
files lost, doubled, swapped or taken from another run; lines of the journal repeated or in another order; numbers and
words of the manifest changed, removed or made huge. Then it is loaded, and gone on with. Whatever is not refused has to
give the arrays of the run that nobody touched.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import stored_runs

CASES = {
    "plane": stored_runs.PLANE,
    "space": stored_runs.SPACE,
    "another": stored_runs.Case((2, 7, 6, 1), stored_runs.ALL, seed=1),
    "count": stored_runs.COUNT,
}
STRANGE = [None, True, -1, 0, 1, 2**64, 1e308, "", "x", "é" * 50, [], {}, [[[[[]]]]], 10**40, 0.5, "../../x", "\n"]


@cache
def pristine() -> Path:
    """Folders of all cases, complete, and cut off in the middle."""
    root = Path(tempfile.mkdtemp(prefix="damage-"))
    for name, case in CASES.items():
        case.run(root / name)
        shutil.copytree(root / name, root / f"{name}-half")
        journal = root / f"{name}-half" / "journal"
        lines = journal.read_bytes().splitlines(keepends=True)
        journal.write_bytes(b"".join(lines[: len(lines) // 2]))
    return root


def files_of(run: Path) -> list[Path]:
    """Those that hold something, in order."""
    return sorted(path for path in run.rglob("*") if path.is_file() and path.name != "lock")


def changed(value: Any, rng: np.random.Generator) -> Any:
    """A value as JSON has them, somewhere in which something is strange."""
    if isinstance(value, dict) and value and rng.integers(5):
        key = sorted(value)[rng.integers(len(value))]
        if not rng.integers(6):
            return {name: v for name, v in value.items() if name != key}
        return {**value, key: changed(value[key], rng)}
    if isinstance(value, list) and value and rng.integers(5):
        i = int(rng.integers(len(value)))
        return [*value[:i], changed(value[i], rng), *value[i + 1 :]]
    if isinstance(value, int) and not isinstance(value, bool) and rng.integers(2):
        return value + int(rng.choice([-1, 1, 2**31]))
    return STRANGE[rng.integers(len(STRANGE))]


def spoil(run: Path, root: Path, rng: np.random.Generator) -> str:
    """Damage a folder in one place; says how."""
    files = files_of(run)
    path = files[rng.integers(len(files))]
    # Parts are many, and the others few.
    if rng.integers(2):
        path = run / ["journal", "run.json", "network.npz"][rng.integers(3)]
    if not path.exists():
        return "nothing"
    case = rng.integers(10)
    if case < 5:
        kind = stored_runs.KINDS[case]
        path.write_bytes(stored_runs.damaged(path.read_bytes(), kind, rng))
        return kind
    if case == 5:
        path.unlink()
        return "lost"
    if case == 6:
        others = files_of(root / sorted(CASES)[rng.integers(len(CASES))])
        shutil.copy(others[rng.integers(len(others))], path)
        return "from another run"
    if case == 7:
        other = files[rng.integers(len(files))]
        if other.exists():
            one, two = path.read_bytes(), other.read_bytes()
            path.write_bytes(two)
            other.write_bytes(one)
        return "swapped"
    if case == 8 and (run / "journal").exists():
        lines = (run / "journal").read_bytes().splitlines(keepends=True)
        if lines:
            lines.insert(int(rng.integers(len(lines))), lines[rng.integers(len(lines))])
            if rng.integers(2):
                lines = [lines[i] for i in rng.permutation(len(lines))]
            (run / "journal").write_bytes(b"".join(lines))
        return "lines repeated or in another order"
    if (run / "run.json").exists():
        try:
            value = json.loads((run / "run.json").read_bytes())
        except ValueError:
            return "nothing"
        (run / "run.json").write_text(json.dumps(changed(value, rng)))
        return "manifest changed"
    return "nothing"


def damage(numbers: range, folder: Path) -> Counter[str]:
    """Folders of these numbers; those that were read wrongly, or refused badly, are kept, and counted as found."""
    tally = Counter[str]()
    with pytest.MonkeyPatch.context() as patch:
        stored_runs.in_many_parts(patch)
        root = pristine()
        for case in CASES.values():
            case.expected  # noqa: B018 - before anything is damaged
        for seed in numbers:
            rng = np.random.default_rng([2027, seed])
            name = ["plane", "space", "count"][rng.integers(3)]
            with tempfile.TemporaryDirectory() as temporary:
                run = Path(temporary) / "run"
                shutil.copytree(root / (name + "-half" * int(rng.integers(2))), run)
                kinds = [spoil(run, root, rng) for _ in range(rng.choice([1, 1, 2, 3]))]
                shutil.copytree(run, Path(temporary) / "kept")
                try:
                    is_redone = stored_runs.is_told_or_redone(CASES[name], run)
                except Exception as error:  # no library's error, or wrong arrays
                    tally["found"] += 1
                    shutil.copytree(Path(temporary) / "kept", folder / f"damage-{seed}", dirs_exist_ok=True)
                    (folder / f"damage-{seed}.txt").write_text(f"{name}, {kinds}\n{type(error).__name__}: {error}\n")
                else:
                    tally["gone on with" if is_redone else "refused"] += 1
            tally.update(kinds)
    return tally
