"""Runs that end in any way, and go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from polytope_lens import Box, Lens, Partition
from polytope_lens.engines import driver, task
from polytope_lens.engines.budget import resident
from polytope_lens.errors import OptionError, Status
from polytope_lens.partition.store import open_store
from processes import killed
from stored_runs import ALL, COUNT, PLANE, Case, in_many_parts

pytestmark = pytest.mark.usefixtures("very_many_parts")
LARGE, LARGE_COUNT = Case((2, 10, 9, 1), ALL), Case((2, 20, 16, 1), None)
LINE = Case((1, 12, 9, 1), ("witnesses", "volumes"))
SPACE = Case((3, 5, 4, 1), ("witnesses", "maps"))
FLAT = Case((3, 6, 5, 2), ALL)
FLAT.box = Box([-1.0, 0.25, -1.0], [1.0, 0.25, 1.0])
PLAIN = Case((2, 7, 6, 1), ())
DIAGONAL = Case((2, 6, 5, 1), ("witnesses", "maps"))
DIAGONAL.box = None
CASES = {
    "count": COUNT, "plane": PLANE, "line": LINE, "space": SPACE, "flat": FLAT, "patterns": PLAIN, "R^2": DIAGONAL,
}  # fmt: skip


@pytest.fixture
def very_many_parts(monkeypatch):
    in_many_parts(monkeypatch, 4)


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def interrupting(monkeypatch, at, act):
    """Let something happen before batch number `at` of walks."""
    numbers, walk = count(), task.Task.walk

    def walked(self, span, record, **options):
        for chunk in walk(self, span, record, **options):
            if next(numbers) == at:
                act()
            yield chunk

    monkeypatch.setattr(task.Task, "walk", walked)


def ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


def test_a_run_into_a_folder_is_the_run_in_memory(case, tmp_path):
    found = case.run(tmp_path / "run", workers=2)
    case.check(found)
    if case.keep is None:
        assert found == case.lens.count(case.box)
        return
    known = case.lens.partition(case.box, "split" if case.box is None else "auto")
    np.testing.assert_array_equal(found.packed_patterns, known.packed_patterns)
    np.testing.assert_array_equal(found.counts_per_layer, known.counts_per_layer)
    assert found.certificate == known.certificate
    for name in ("witnesses", "maps"):
        if name in case.keep:
            np.testing.assert_array_equal(getattr(found, name), getattr(known, name))
    if "volumes" in case.keep:
        np.testing.assert_allclose(found.volumes(), known.volumes(), rtol=1e-9)


@pytest.mark.parametrize("limit", [{"max_regions": 1}, {"max_seconds": 1e-9}, {"max_memory": 1}])
def test_budgets_end_a_run_that_goes_on_from_there(case, tmp_path, limit):
    run = tmp_path / "run"
    for n in range(1, 100):
        found = case.run(run, resume=True, workers=1 + n % 2, **limit)
        if found.status is Status.COMPLETE:
            break
        assert found.status is Status.BUDGET_REACHED
        assert 0 < (found.total if case.keep is None else len(found)) < case.expected[0].size or case.keep is None
    assert n > 2
    case.check(found)
    case.resumes(run)


def test_ctrl_c_ends_a_run_cleanly(case, tmp_path, monkeypatch):
    before = signal.getsignal(signal.SIGINT)  # ignored, where the tests run in the background of a shell
    with monkeypatch.context() as patch:
        interrupting(patch, 1, ctrl_c)
        found = case.run(tmp_path / "run")
    assert found.status is Status.INTERRUPTED
    assert signal.getsignal(signal.SIGINT) is before
    if case.keep is not None:
        assert Partition.load(tmp_path / "run").status is Status.UNFINISHED
    assert open_store(tmp_path / "run").n_regions == (found.total if case.keep is None else len(found)) > 0
    case.resumes(tmp_path / "run", workers=2)


def test_ctrl_c_twice_interrupts(case, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        interrupting(patch, 2, lambda: (ctrl_c(), ctrl_c()))
        with pytest.raises(KeyboardInterrupt):
            case.run(tmp_path / "run")
    assert open_store(tmp_path / "run").n_regions > 0
    case.resumes(tmp_path / "run")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_walk_that_breaks_leaves_a_run_to_go_on_with(case, tmp_path, monkeypatch, workers):
    numbers, advance = count(), driver._Walk.advance

    def broken(self, give=None):
        if next(numbers) == 1:
            raise MemoryError("of a test")
        advance(self, give)

    with monkeypatch.context() as patch:
        patch.setattr(driver._Walk, "advance", broken)
        with pytest.raises(MemoryError, match="of a test"):
            case.run(tmp_path / "run", workers=workers)
    case.resumes(tmp_path / "run", workers=3 - workers)


def kill_again_and_again(case, folder, rng, n):
    """Runs killed at random moments, each going on where the one before ended; how many were still at it."""
    case.expected  # noqa: B018 - so that everything is compiled
    began = time.monotonic()
    case.run(folder / "first")
    duration = time.monotonic() - began
    n_killed = n_kept = 0
    for i in range(n):
        run = folder / f"{i}"
        for _ in range(3):
            n_killed += killed(lambda run=run: case.run(run, resume=True), 0.01 + rng.uniform(0, duration))
        n_kept += (run / "run.json").exists() and open_store(run).n_regions > 0
        case.resumes(run, workers=1 + i % 2)
    return n_killed, n_kept


@pytest.mark.parametrize("case", [LARGE_COUNT, LARGE], ids=["count", "plane"])
def test_runs_that_are_killed_go_on(case, tmp_path):
    n_killed, n_kept = kill_again_and_again(case, tmp_path, np.random.default_rng(3), 4)
    assert n_killed > 2
    assert n_kept


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
def test_runs_that_are_killed_a_hundred_times_go_on(name, tmp_path):
    n_killed, n_kept = kill_again_and_again(CASES[name], tmp_path, np.random.default_rng(4), 40)
    assert n_killed > 40
    assert n_kept > 2


PROGRAM = """
import sys
sys.path.insert(0, {tests!r})
from unittest.mock import patch
from stored_runs import Case, in_many_parts
import pytest
in_many_parts(pytest.MonkeyPatch(), 64)
case = Case((2, 30, 20, 1), ("witnesses",))
print("begun", flush=True)
case.run({run!r}, resume=True, workers=2)
"""


@pytest.mark.long
def test_programs_on_two_threads_that_are_killed_or_interrupted_go_on(tmp_path):
    case, rng = Case((2, 30, 20, 1), ("witnesses",)), np.random.default_rng(0)
    for i in range(30):
        run = tmp_path / f"{i}"
        program = PROGRAM.format(tests=str(Path(__file__).parents[2]), run=str(run))
        for number in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
            with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
                child.stdout.readline()
                time.sleep(rng.uniform(0, 1))
                child.send_signal(number)
                child.wait(60)
        case.resumes(run, workers=1 + i % 2)


def test_memory_is_flat_while_a_store_is_written(tmp_path, monkeypatch):
    monkeypatch.undo()
    rng = np.random.default_rng(0)
    lens = Lens.from_arrays(
        [rng.normal(size=(300, 2)), rng.normal(size=(300, 300)), rng.normal(size=(1, 300))],
        [rng.normal(size=300) * 0.3, rng.normal(size=300), [0.0]],
    )
    monkeypatch.setattr(task, "PART_NUMBERS", 2**17)
    box = Box([-1, -1], [1, 1])
    lens.partition(box, store=tmp_path / "first", keep=ALL, max_regions=20_000)
    before, most = resident(), 0
    content = task.content

    def watched(*args):
        nonlocal most
        most = max(most, resident())
        return content(*args)

    monkeypatch.setattr(task, "content", watched)
    found = lens.partition(box, store=tmp_path / "run", keep=ALL)
    n_bytes = len(found) * 8 * (10 + 2 + 3 + 1 + 3 * 2)  # triangles at least
    assert n_bytes > 16e6
    assert most - before < n_bytes / 2


def test_engines_that_go_in_another_order_are_refused(tmp_path):
    with pytest.raises(OptionError, match=r"which the engine 'brute' does not do\. Use 'split'"):
        COUNT.run(tmp_path / "run", engine="brute")
    with pytest.raises(OptionError, match=r"'subdivide' does not do in unbounded domains\. Use 'split'"):
        DIAGONAL.run(tmp_path / "run", engine="subdivide")
    DIAGONAL.run(tmp_path / "run", engine="split")
