"""`polytope-lens check`: what it prints, and its exit codes."""

from __future__ import annotations

import pytest

from commands import as_json, refused
from polytope_lens.cli import main
from polytope_lens.cli import property_commands as commands
from polytope_lens.errors import Status
from polytope_lens.properties import property_check as module

DECLARED = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)\n"
SQUARE = "(assert (<= 0 X_0 1))(assert (<= 0 X_1 0.1))\n"


@pytest.fixture
def above(tmp_path):
    """The sum of the ReLUs of x, y and x + y - 1/2 is at most 1 + 1/10 + 6/10."""

    def write(level):
        path = tmp_path / "above.vnnlib"
        path.write_text(f"{DECLARED}{SQUARE}(assert (>= Y_0 {level}))")
        return str(path)

    return write


def test_violated(capsys, lines, above):
    found = as_json(capsys, "check", lines, above("1.7"), code=1)
    assert (found["verdict"], found["point"], found["outputs"]) == ("VIOLATED", ["1", "1/10"], ["17/10"])
    assert not found["is_violated_in_float32"]  # no float32 number of the box is 1/10
    assert main(["check", lines, above("1.5"), "--workers", "2"]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "VIOLATED" and printed[-1].startswith("output 0 is about 1.")


def test_holds(capsys, lines, above):
    found = as_json(capsys, "check", lines, above("1.70000000000000000001"))
    assert (found["verdict"], found["point"], found["decided"]) == ("HOLDS", None, 1.0)
    assert main(["check", lines, above("2")]) == 0
    assert capsys.readouterr().out.startswith("HOLDS\nThe property holds: no point of its domain violates it")


def test_proofs_are_written_and_verified(capsys, lines, space, above, tmp_path):
    log, holds, violated = str(tmp_path / "run.proof"), above("1.70001"), None
    assert main(["check", lines, holds, "--proof", log]) == 0
    capsys.readouterr()
    assert main(["verify", log, lines, holds]) == 0
    told = capsys.readouterr().out
    assert told.startswith("proved: the property holds\nnetwork: 2 inputs, 3 hidden neurons, SHA-256 ")
    assert "\nproperty: " in told and "<= -170001/100000\nchecked: by compiled code, 0 of " in told
    assert main(["verify", log, lines, holds, "--plain"]) == 0
    assert capsys.readouterr().out.endswith("<= -170001/100000\nchecked: in integers, by checker.py\n")
    assert as_json(capsys, "verify", log, lines, holds)["verdict"] == "HOLDS"
    violated = above("1.5")  # the same file, with another property
    assert main(["verify", log, lines, violated]) == 1
    assert "holds another property than the log" in capsys.readouterr().out
    assert main(["verify", log, space]) == 1 and "another network" in capsys.readouterr().out
    assert main(["check", lines, violated, "--proof", log]) == 1
    assert main(["verify", log, "--network", lines]) == 0
    assert "proved: the property is violated" in capsys.readouterr().out
    assert "there is no folder" in refused(capsys, "check", lines, holds, "--proof", str(tmp_path / "no" / "x"))


def test_open_and_interrupted(capsys, lines, above, monkeypatch):
    monkeypatch.setattr(module._Search, "run", lambda *_: None)
    assert main(["check", lines, above("2"), "--max-seconds", "5"]) == 3
    told = capsys.readouterr().out
    assert told.startswith("OPEN\n") and "Raise `--max-seconds`." in told
    found = as_json(capsys, "check", lines, above("2"), code=3)
    assert found["open_boxes"] == [[[0.0, 0.0], [1.0, 0.1]]]
    monkeypatch.setattr(commands, "Status", type("Ended", (), {"INTERRUPTED": Status.BUDGET_REACHED}))
    assert main(["check", lines, above("2")]) == 130


def test_bad_input(capsys, lines, space, above, tmp_path):
    assert "about 2 inputs and 1 outputs, but the network has 3 and 1" in refused(capsys, "check", space, above("2"))
    (tmp_path / "bad.vnnlib").write_text(f"{DECLARED}{SQUARE}(assert (<= (* Y_0 Y_0) 1))")
    assert "bad.vnnlib, line 3: `(* Y_0 Y_0)` is not read" in refused(
        capsys, "check", lines, str(tmp_path / "bad.vnnlib")
    )
    assert "nowhere.vnnlib" in refused(capsys, "check", lines, "nowhere.vnnlib")
    assert "`--max-seconds`" in refused(capsys, "check", lines, above("2"), "--max-seconds", "0")
