"""Folders of runs: whatever ends a run, going on ends as if nothing had; what is damaged is redone or refused."""

from __future__ import annotations

import errno
import json
import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

from disks import FAULTS, CrashError, Disk
from polytope_lens import Partition
from polytope_lens.errors import FileAccessError, FileFormatError, OptionError, PolytopeLensError
from polytope_lens.io import journal
from polytope_lens.partition.store import Subject, Writer, open_store
from stored_runs import COUNT, KINDS, PLANE, SPACE, Case, damaged, in_many_parts, is_told_or_redone, refusal

CASES = {"count": COUNT, "plane": PLANE, "space": SPACE}
pytestmark = pytest.mark.usefixtures("many_parts")


@pytest.fixture
def many_parts(monkeypatch):
    in_many_parts(monkeypatch)


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def n_calls(case, tmp_path):
    tmp_path.mkdir(exist_ok=True)
    with Disk(tmp_path) as disk:
        case.check(case.run(tmp_path / "whole"))
    return disk.n_calls


def failed(case, root, at, fault):
    """A run whose call number `at` fails, and whether that ended it."""
    root.mkdir()
    with Disk(root, at, fault) as disk:
        told = refusal(lambda: case.run(root / "run", workers=1 + at % 2))
    assert (told == "crashed") == ("crash" in fault), "a process that is dead does nothing"
    assert told in ("", "crashed") or "cannot be written: " in told
    return disk


def faults(case, root, every):
    """Each call in turn, in each way, of which only every so many-th pair."""
    n = n_calls(case, root / "first")
    assert n > 40
    for i, at in enumerate(range(n)):
        for j, fault in enumerate(FAULTS):
            if (i + j) % every == 0:
                failed(case, root / f"{fault} {at}", at, fault)
                case.resumes(root / f"{fault} {at}" / "run", workers=1 + (at + i) % 2)
                shutil.rmtree(root / f"{fault} {at}")


def losses(case, root, step, n_states):
    """The power goes at a call; what is left is any of several states."""
    rng = np.random.default_rng(5)
    for at in range(0, n_calls(case, root / "first"), step):
        disk = failed(case, root / f"{at}", at, "half and crash" if at % 2 else "crash")
        for state in range(n_states):
            left = root / f"{at} {state}"
            disk.after_power_loss(left, rng)
            case.resumes(left / "run", workers=1 + state % 2)
            shutil.rmtree(left)


def test_any_call_of_the_system_may_fail(case, tmp_path):
    faults(case, tmp_path, every=len(FAULTS) * (5 if case is SPACE else 2))


def test_the_power_may_go_at_any_call(case, tmp_path):
    losses(case, tmp_path, step=10 if case is SPACE else 3, n_states=1)


@pytest.mark.long
def test_any_call_of_the_system_may_fail_in_any_way(case, tmp_path):
    faults(case, tmp_path, every=1)


@pytest.mark.long
def test_whatever_is_left_when_the_power_goes(case, tmp_path):
    losses(case, tmp_path, step=1, n_states=20)


@pytest.mark.parametrize("case", [COUNT, PLANE], ids=["count", "plane"])
def test_faults_while_a_run_goes_on(case, tmp_path):
    """Each call of a second run fails in turn, and a third one ends."""
    begun = tmp_path / "begun"
    begun.mkdir()
    with Disk(begun, 40, "half and crash"), pytest.raises(CrashError):
        case.run(begun / "run")
    for at in range(0, 60, 5):
        root = tmp_path / f"{at}"
        shutil.copytree(begun, root)
        with Disk(root, at, FAULTS[at % len(FAULTS)]) as disk:
            refusal(lambda root=root: case.run(root / "run", resume=True))
        case.resumes(root / "run")
        left = tmp_path / f"{at} left"
        disk.after_power_loss(left, np.random.default_rng(at))
        case.resumes(left / "run")


def test_what_a_disk_has_synced_is_kept_whatever_follows(tmp_path):
    """Parts that a journal tells of when the power goes are not found anew."""
    disk = failed(PLANE, tmp_path / "one", n_calls(PLANE, tmp_path / "first") - 1, "crash")
    before = open_store(tmp_path / "one" / "run").parts
    assert len(before) > 2
    for seed in range(10):
        left = tmp_path / f"{seed}"
        disk.after_power_loss(left, np.random.default_rng(seed))
        kept = open_store(left / "run").parts
        assert len(kept) >= len(before) - 1
        assert [part.digest for part in kept] == [part.digest for part in before[: len(kept)]]


# ---- damage

FILES = ("journal", "run.json", "network.npz", "part")


def file_of(run, name):
    if name != "part":
        return run / name
    parts = sorted((run / "parts").iterdir())
    return parts[len(parts) // 2]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_noticed(tmp_path, name, kind):
    rng = np.random.default_rng([FILES.index(name), KINDS.index(kind)])
    PLANE.run(tmp_path / "run")
    redone = 0
    for i in range(6):
        run = tmp_path / f"{i}"
        shutil.copytree(tmp_path / "run", run)
        path = file_of(run, name)
        path.write_bytes(damaged(path.read_bytes(), kind, rng))
        redone += is_told_or_redone(PLANE, run)
    if name in ("journal", "part"):
        assert redone == 6, "parts are found anew"


def test_a_damaged_line_costs_its_own_part_only(tmp_path):
    run = tmp_path / "run"
    PLANE.run(run)
    before = {path.name: path.stat().st_mtime_ns for path in (run / "parts").iterdir()}
    lines = (run / "journal").read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"regions", b"Regions")
    (run / "journal").write_bytes(b"".join(lines))
    PLANE.resumes(run)
    after = {path.name: path.stat().st_mtime_ns for path in (run / "parts").iterdir()}
    assert sum(after.get(name) == time for name, time in before.items()) == len(before) - 1


OTHER = Case((2, 7, 6, 1), PLANE.keep, seed=1)


@pytest.mark.parametrize("name", ["journal", "run.json", "network.npz"])
def test_files_of_another_run_are_refused(tmp_path, name):
    PLANE.run(tmp_path / "run")
    OTHER.run(tmp_path / "other")
    shutil.copy(tmp_path / "other" / name, tmp_path / "run" / name)
    for ask in (Partition.load, lambda run: PLANE.run(run, resume=True)):
        with pytest.raises(PolytopeLensError, match=r"of another run|another network|not what the run began with"):
            ask(tmp_path / "run")
    assert len(list((tmp_path / "run" / "parts").iterdir())) > 2, "nothing is deleted"


def test_lines_and_parts_of_another_run_are_not_used(tmp_path):
    PLANE.run(tmp_path / "run")
    OTHER.run(tmp_path / "other")
    mine, other = (tmp_path / name / "journal" for name in ("run", "other"))
    whole = mine.read_bytes()
    mine.write_bytes(whole + other.read_bytes())
    with pytest.raises(FileFormatError, match="lines of another run"):
        PLANE.run(tmp_path / "run", resume=True)
    mine.write_bytes(whole)
    parts = sorted((tmp_path / "run" / "parts").iterdir())
    shutil.copy(sorted((tmp_path / "other" / "parts").iterdir())[0], parts[0])  # under my name
    shutil.copy(sorted((tmp_path / "other" / "parts").iterdir())[1], parts[0].parent)  # under its own
    PLANE.resumes(tmp_path / "run")
    assert sorted((tmp_path / "run" / "parts").iterdir()) == parts


def test_lines_in_any_order_and_twice_are_as_good(tmp_path):
    for seed in range(4):
        rng, run = np.random.default_rng(seed), tmp_path / f"{seed}"
        PLANE.run(run)
        lines = (run / "journal").read_bytes().splitlines(keepends=True)
        chosen = rng.integers(len(lines), size=len(lines))
        (run / "journal").write_bytes(b"".join(lines[i] for i in chosen))
        PLANE.resumes(run)


@pytest.mark.parametrize("change", [{"version": 2}, {"format": "another"}, {"engine": "split"}, {"keep": []}, None])
def test_what_run_json_says_cannot_be_changed(tmp_path, change):
    run = tmp_path / "run"
    PLANE.run(run)
    facts = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(["a list"] if change is None else facts | change))
    for ask in (Partition.load, lambda run: PLANE.run(run, resume=True)):
        with pytest.raises(FileFormatError, match=r"of version 2, but this release|of the format|damaged"):
            ask(run)


def resealed(run, change):
    """The folder of a run whose first line says something else, as another release might write it."""
    first, *others = (run / "journal").read_bytes().splitlines(keepends=True)
    entry = json.loads(first.partition(b"\t")[0]) | change
    text = json.dumps({name: value for name, value in entry.items() if value != "lost"}).encode("ascii")
    (run / "journal").write_bytes(b"".join([text, b"\t", journal._seal(text), b"\n", *others]))


@pytest.mark.parametrize(
    "change",
    [
        {"first": "lost"},
        {"first": None},
        {"end": "0x1000000000000000"},
        {"regions": "7"},
        {"per_layer": [1, 2, 3]},
        {"per_layer": 3},
        {"decided": [2**64, 0, 0]},
        {"decided": []},
        {"file": "../run.json"},
        {"file": ["x"]},
    ],
)
def test_lines_that_mean_nothing_are_refused(tmp_path, change):
    run = tmp_path / "run"
    PLANE.run(run)
    resealed(run, change)
    for ask in (Partition.load, lambda run: PLANE.run(run, resume=True)):
        with pytest.raises(FileFormatError, match=r"journal has lines that are not such as this release writes\. Read"):
            ask(run)


def test_lines_may_say_more(tmp_path):
    PLANE.run(tmp_path / "run")
    resealed(tmp_path / "run", {"seconds": 0.5})
    PLANE.check(Partition.load(tmp_path / "run"))
    PLANE.resumes(tmp_path / "run")


@pytest.mark.parametrize("name", ["run", "run.json", "journal"])
def test_what_nobody_may_look_at(tmp_path, name, monkeypatch):
    PLANE.run(tmp_path / "run")
    see = Path.stat

    def barred(path, **options):
        if name in path.parts[-2:]:
            raise PermissionError(errno.EACCES, "Permission denied")
        return see(path, **options)

    monkeypatch.setattr(Path, "stat", barred)
    for ask in (Partition.load, lambda run: PLANE.run(run, resume=True)):
        with pytest.raises(FileAccessError, match=r"cannot be read: Permission denied\."):
            ask(tmp_path / "run")


def test_lost_files(tmp_path):
    run = tmp_path / "run"
    PLANE.run(run)
    shutil.rmtree(run / "parts")
    with pytest.raises(FileFormatError, match=r"are missing or not as they were written.*Run it again with `resume"):
        Partition.load(run)
    PLANE.resumes(run)
    (run / "journal").rename(tmp_path / "journal")
    for ask in (Partition.load, lambda run: PLANE.run(run, resume=True)):
        with pytest.raises(FileFormatError, match="has lost its journal"):
            ask(run)
    (tmp_path / "journal").rename(run / "journal")
    (run / "network.npz").unlink()
    with pytest.raises(PolytopeLensError, match=r"network\.npz cannot be read: there is no such file"):
        PLANE.run(run, resume=True)


# ---- what a store may be


def test_two_runs_cannot_write_one_folder(tmp_path):
    with pytest.raises(PolytopeLensError, match=r"is written to by another run\. Wait for its end"):  # noqa: PT012
        for _ in _held(tmp_path / "run"):
            COUNT.run(tmp_path / "run", resume=True)
    COUNT.resumes(tmp_path / "run")


def _held(folder):
    with Writer(folder, Subject(COUNT.lens.network, COUNT.box, "subdivide", None), resume=False):
        yield


def test_a_forked_process_does_not_hold_the_folder(tmp_path):
    """So workers whose parent was killed do not keep others from going on."""
    holding = _held(tmp_path / "run")
    next(holding)
    reader, writer = os.pipe()
    began, begins = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.close(writer)
        os.write(begins, b".")
        os.read(reader, 1)  # until the parent closes its end
        os._exit(0)
    os.close(reader)
    os.read(began, 1)  # it runs, and has let go
    os.close(began)
    os.close(begins)
    next(holding, None)
    COUNT.resumes(tmp_path / "run")
    os.close(writer)
    os.waitpid(child, 0)


def test_what_a_store_cannot_be(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("")
    PLANE.run(tmp_path / "run")
    cases = [
        (tmp_path / "file", {}, FileAccessError, "is a file, but `store` should be a folder"),
        (tmp_path / "full", {}, OptionError, r"is not empty and holds no run: there is thesis\.tex"),
        (tmp_path / "full", {"resume": True}, OptionError, "is not empty and holds no run"),
        (tmp_path / "no" / "where", {}, PolytopeLensError, "there is no folder .*no. Make it first"),
        (tmp_path / "run", {}, OptionError, "holds a run already. Go on with it with `resume=True`"),
        (tmp_path / "run", {"resume": True, "engine": "split"}, OptionError, "Go on with `engine='subdivide'`"),
    ]
    for path, options, error, match in cases:
        with pytest.raises(error, match=match):
            PLANE.run(path, **options)
    others = [
        (Case((2, 7, 6, 1), ("maps",)), "keeps .* but this one keeps"),
        (COUNT, "but this one only counts"),
        (Case((2, 6, 6, 1), PLANE.keep), "about another network"),
    ]
    for case, match in others:
        with pytest.raises(OptionError, match=match):
            case.run(tmp_path / "run", resume=True)
    assert (tmp_path / "full" / "thesis.tex").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir(0o500)
    with pytest.raises(FileAccessError, match="Permission denied"):
        COUNT.run(folder)


def test_a_fixture_is_what_it_says(tmp_path, monkeypatch):
    in_many_parts(monkeypatch, 8)
    found = PLANE.run(tmp_path / "run")
    assert len(found.store.parts) > 5
