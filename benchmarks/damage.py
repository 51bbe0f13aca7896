"""Folders of stored runs with wrong bytes: what is read is what was written, or refused in one sentence.

A run is copied and damaged in one to three places: bytes of any file flipped, cut off, left out, zeroed or replaced;
files lost, doubled, swapped or taken from another run; lines of the journal repeated or in another order; numbers and
words of the manifest changed, removed or made huge, under its seal or under a new one; lines of the journal that say
something else under a new seal; links and folders where files were, and permissions taken away. Or a run is begun, and
its folder, or something in it, is deleted or moved while it goes on. Then it is loaded, and gone on with. Whatever is
not refused has to give the arrays of the run that nobody touched.

Who is root may read and write what is not permitted, so of permissions little is seen but by

    setpriv --bounding-set=-dac_override,-dac_read_search python benchmarks/campaign.py damage campaign/
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import stored_runs
from polytope_lens.errors import PolytopeLensError
from polytope_lens.io import journal
from polytope_lens.partition import store

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
    try:
        return spoiled(run, root, rng)
    except (OSError, ValueError, TypeError, AttributeError):  # where something is damaged already
        return "nothing"


def spoiled(run: Path, root: Path, rng: np.random.Generator) -> str:
    """How a folder was damaged."""
    files = files_of(run)
    path = files[rng.integers(len(files))]
    # Parts are many, and the others few.
    if rng.integers(2):
        path = run / ["journal", "run.json", "network.npz"][rng.integers(3)]
    if not path.exists():
        return "nothing"
    case = rng.integers(14)
    if case >= 10:
        return [resealed_facts, resealed_line, link, bar][case - 10](run, path, rng)
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
        value = json.loads((run / "run.json").read_bytes())
        (run / "run.json").write_text(json.dumps(changed(value, rng)))
        return "manifest changed"
    return "nothing"


def resealed_facts(run: Path, path: Path, rng: np.random.Generator) -> str:
    """The manifest of somebody who knows how it is sealed, as a newer release would."""
    facts = changed(json.loads((run / "run.json").read_bytes()), rng)
    facts["sha256"] = store._seal(facts)
    (run / "run.json").write_text(json.dumps(facts))
    if rng.integers(2):
        (run / "journal").unlink(missing_ok=True)
        shutil.rmtree(run / "parts", ignore_errors=True)
    return "manifest changed and sealed"


def resealed_line(run: Path, path: Path, rng: np.random.Generator) -> str:
    """A line of the journal of somebody who knows how it is sealed, but not what it should say."""
    lines = (run / "journal").read_bytes().splitlines()
    i = int(rng.integers(len(lines)))
    entry = json.loads(lines[i].partition(b"\t")[0])
    key = ["first", "end", "per_layer", "decided", "new"][rng.integers(5)]
    text = json.dumps({**entry, key: STRANGE[rng.integers(len(STRANGE))]}).encode("ascii")
    if not rng.integers(3):
        text = json.dumps({name: value for name, value in entry.items() if name != key}).encode("ascii")
    lines[i] = text + b"\t" + journal._seal(text)
    (run / "journal").write_bytes(b"\n".join(lines) + b"\n")
    return "line changed and sealed"


def link(run: Path, path: Path, rng: np.random.Generator) -> str:
    """A link where a file or folder was: to itself moved, to nothing, to itself, to a folder; or a folder."""
    if rng.integers(3) == 0:
        path = [run / "parts", run / "lock", run][rng.integers(3)]
    if not path.exists():
        return "nothing"
    kind = rng.integers(5)
    moved = run.with_name(f"moved-{rng.integers(10**9)}")
    path.rename(moved)
    if kind == 4:
        path.mkdir()
        return "a folder instead"
    path.symlink_to([moved, "nowhere", path, "."][kind])
    return ["linked", "linked to nothing", "linked to itself", "linked to a folder"][kind]


def bar(run: Path, path: Path, rng: np.random.Generator) -> str:
    """Permissions taken away."""
    path = [path, run / "parts", run / "lock", run][rng.integers(4)]
    if not path.exists():
        return "nothing"
    path.chmod([0, 0o400, 0o500, 0o600, 0o111][rng.integers(5)])
    return "barred"


def unbar(folder: Path) -> None:
    """Give all permissions back."""
    folder.chmod(0o700)
    for entry in folder.iterdir():
        if not entry.is_symlink():
            unbar(entry) if entry.is_dir() else entry.chmod(0o600)


def begin(case: stored_runs.Case, run: Path, rng: np.random.Generator) -> str:
    """A run whose folder, or something in it, is deleted or moved while it goes on."""
    name = ["", "parts", "journal", "run.json", "network.npz", "lock"][rng.integers(6)]
    at, is_moved, commit = int(rng.integers(12)), bool(rng.integers(2)), store.Writer.commit

    def hit(writer: store.Writer, part: store.Part) -> None:
        nonlocal at
        at -= 1
        if at == 0 and (run / name).exists():
            (run / name).rename(run.with_name("moved"))
            if not is_moved:
                moved = run.with_name("moved")
                shutil.rmtree(moved) if moved.is_dir() else moved.unlink()
        commit(writer, part)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store.Writer, "commit", hit)
        stored_runs.refusal(lambda: case.check(case.run(run)), PolytopeLensError)
    return f"{name or 'the folder'} {'moved' if is_moved else 'deleted'} under a run"


def damage(numbers: range, folder: Path) -> Counter[str]:
    """Folders of these numbers; what was read wrongly, or refused badly, is told in files and counted as found."""
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
                run, kinds = Path(temporary) / "run", []
                try:
                    if rng.integers(8):
                        shutil.copytree(root / (name + "-half" * int(rng.integers(2))), run)
                        kinds.extend(spoil(run, root, rng) for _ in range(rng.choice([1, 1, 2, 3])))
                    else:
                        kinds.append(begin(CASES[name], run, rng))
                    is_redone = stored_runs.is_told_or_redone(CASES[name], run)
                except Exception as error:  # no library's error, or wrong arrays
                    tally["found"] += 1
                    told = "".join(traceback.format_exception(error))
                    (folder / f"damage-{seed}.txt").write_text(f"{name}, {kinds}\n{told}")
                else:
                    tally["gone on with" if is_redone else "refused"] += 1
                finally:
                    unbar(Path(temporary))
            tally.update(kinds)
    return tally
