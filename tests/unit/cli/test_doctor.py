"""What the doctor finds, and what it advises."""

from __future__ import annotations

import json
from importlib import metadata

import pytest

from polytope_lens import Lens
from polytope_lens.cli import doctor, main
from polytope_lens.cli.doctor import Requirement, Trial, advised, known_counts, requirements

FINE = [Requirement("numpy", "1.26", "", "2.0.1"), Requirement("torch", "2.5", "torch", "2.13.0+cpu")]
RIGHT = [Trial("the line", 5, 5, "", 0.1)]


def test_all_is_well(capsys):
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[-1] == "It works."
    assert "\nlibraries: " in told and "numpy " in told and "\nmachine code: kept in " in told
    assert told.count("\nok ") == 4
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert all(trial["passed"] for trial in found["trials"])
    assert {"numpy", "scipy"} <= {one["name"] for one in found["requirements"] if not one["extra"]}


def test_a_wrong_count_is_told(capsys, monkeypatch):
    wrong = [Trial("the line", 5, 4, "", 0.1), Trial("the plane", 7, None, "ValueError: no", 0.1)]
    monkeypatch.setattr(doctor, "known_counts", lambda: iter(wrong))
    assert main(["doctor"]) == 1
    told = capsys.readouterr().out
    assert "FAILED  the line: 4 regions, which should be 5, 0.10 s" in told
    assert "FAILED  the plane: ValueError: no, which should be 7" in told
    assert "to do: a known count is wrong: run `pip check`" in told
    assert "It works" not in told


def test_whatever_goes_wrong_is_part_of_the_answer(monkeypatch):
    def fail(*_, **__):
        raise OSError("no kernel")

    monkeypatch.setattr(Lens, "count", fail)
    assert {(trial.found, trial.error, trial.passed) for trial in known_counts()} == {
        (None, "OSError: no kernel", False)
    }


def test_requirements_are_read(monkeypatch):
    lines = [
        "numpy>=1.26",
        "Pillow",
        "torch>=2.5; extra == 'torch'",
        'x_y<3,>=1.2 ; extra == "data"',
        "z; extra == 'dev'",
    ]
    monkeypatch.setattr(metadata, "requires", lambda _: lines)
    monkeypatch.setattr(doctor, "_version", {"numpy": "1.25.9", "Pillow": "11", "torch": "2.13.0+cpu"}.get)
    found = list(requirements())
    assert found == [
        Requirement("numpy", "1.26", "", "1.25.9"),
        Requirement("Pillow", "0", "", "11"),
        Requirement("torch", "2.5", "torch", "2.13.0+cpu"),
        Requirement("x_y", "1.2", "data", None),
    ]
    assert [one.is_met for one in found] == [False, True, True, False]


def test_a_folder_of_sources_says_so(monkeypatch):
    def absent(_):
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "requires", absent)
    assert list(requirements()) == []
    assert "pip install ." in next(advised([], RIGHT, "folder", 0.0))


@pytest.mark.parametrize(
    ("needed", "folder", "seconds", "says"),
    [
        (FINE, "folder", 0.0, []),
        (
            [Requirement("numpy", "1.26", "", "1.25")],
            "folder",
            0.0,
            ['too old: 1.26 is needed. Run: pip install "numpy>='],
        ),
        ([Requirement("numpy", "1.26", "", None)], "folder", 0.0, ["numpy not installed. Run: pip install"]),
        ([*FINE, Requirement("onnx", "1.15", "onnx", None)], "folder", 0.0, ['pip install "polytope-lens[onnx]"']),
        (FINE, None, 12.0, ["set NUMBA_CACHE_DIR"]),
        (FINE, "folder", 12.4, ["12 s were spent compiling. Run `polytope-lens warm-up`"]),
    ],
)
def test_what_is_advised(needed, folder, seconds, says):
    found = list(advised(needed, RIGHT, folder, seconds))
    assert len(found) == len(says)
    assert all(text in line for text, line in zip(says, found, strict=True))
