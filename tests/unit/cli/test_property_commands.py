"""`polytope-lens check`: what it prints, and its exit codes."""

from __future__ import annotations

from fractions import Fraction

import pytest

from commands import as_json, refused
from polytope_lens.cli import main
from polytope_lens.cli import property_commands as commands
from polytope_lens.errors import Status
from polytope_lens.importers.npz import save_npz
from polytope_lens.network.network import from_arrays
from polytope_lens.properties import best_first, steepest
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
    ended = type("Ended", (), {"INTERRUPTED": Status.BUDGET_REACHED, "COMPLETE": Status.COMPLETE})
    monkeypatch.setattr(commands, "Status", ended)
    monkeypatch.setattr(commands, "CODES", {Status.BUDGET_REACHED: 130})
    assert main(["check", lines, above("2")]) == 130


def test_extrema(capsys, lines):
    found = as_json(capsys, "maximum", lines, "--box", "0", "1/3")
    assert (found["value"], found["bound"], found["point"]) == ("5/6", "5/6", ["1/3", "1/3"])
    assert found["status"] == "COMPLETE"
    found = as_json(capsys, "maximum", lines, "--combination", "-2y0", "--box", "0.1", "1", "--workers", "2")
    assert (found["value"], found["point"]) == ("-2/5", ["1/10", "1/10"])
    assert main(["minimum", lines, "--box", "0.1", "1", "--output-index", "0"]) == 0
    told = "the least value is 0.2, taken at\ninput 0 = 0.1\ninput 1 = 0.1\n"
    assert capsys.readouterr().out == told


def test_an_extremum_between_two_bounds(capsys, lines, monkeypatch):
    monkeypatch.setattr(best_first._BestFirst, "run", lambda *_: None)
    assert main(["maximum", lines, "--max-seconds", "5"]) == 3
    assert "is 3.5, and no value exceeds about 3.50000" in capsys.readouterr().out
    assert Fraction(as_json(capsys, "minimum", lines, code=3)["bound"]) <= 0


def test_lipschitz(capsys, lines, monkeypatch):
    found = as_json(capsys, "lipschitz", lines, "--norm", "inf", "--exact")
    assert (found["lower"], found["upper"], found["norm"], found["status"]) == ("4", "4", "inf", "COMPLETE")
    assert main(["lipschitz", lines, "--norm", "inf", "--exact", "--box", "0.5", "1"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "The Lipschitz constant is 4.0, from the norm inf to the norm inf, after 1 box and 1 region."
    assert printed[1] == "proved: at least 4, at most 4" and printed[3].startswith("input 0 = 0.")
    monkeypatch.setattr(steepest._Steepest, "run", lambda *_: None)
    assert main(["lipschitz", lines, "--output-norm", "1", "--max-seconds", "5"]) == 3
    assert "lies between" in capsys.readouterr().out


@pytest.fixture
def nearly(tmp_path):
    """The same three lines, with an output that is greater by 1/8."""
    path = tmp_path / "nearly.npz"
    save_npz(from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]], [[0, 0, -0.5], [0.125]]), path)
    return str(path)


def test_is_equal(capsys, lines, nearly, monkeypatch):
    assert main(["is-equal", lines, lines]) == 0
    told = capsys.readouterr().out
    assert told.startswith("EQUAL\nNo output differs anywhere on the domain, proved by ")
    assert main(["is-equal", lines, nearly, "--within", "0.125", "--workers", "2"]) == 0
    assert capsys.readouterr().out.startswith("EQUAL\nNo output differs by more than 0.125")
    found = as_json(capsys, "is-equal", lines, nearly, "--within", "0.1", code=1)
    assert (found["verdict"], found["outputs"]) == ("VIOLATED", ["-1/8"])
    assert main(["is-equal", lines, nearly, "--box", "0", "0.1"]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "DIFFERENT" and printed[-1] == "difference of output 0 is about -0.125"
    monkeypatch.setattr(module._Search, "run", lambda *_: None)
    assert main(["is-equal", lines, nearly, "--within", "1", "--max-seconds", "5"]) == 3
    assert capsys.readouterr().out.startswith(
        "OPEN\nAfter 0 boxes and 0 regions no point is known where outputs differ"
    )


def test_bad_input_of_extrema_and_the_like(capsys, lines, nearly, space, tmp_path):
    for command in ("maximum", "minimum", "lipschitz"):
        told = refused(capsys, command, nearly)
        assert "on which domain? Say --box LOWER UPPER; " in told and "names no bounded domain" in told
        assert "lower <= upper" in refused(capsys, command, lines, "--box", "1", "0")
    assert "`--max-seconds`" in refused(capsys, "maximum", lines, "--max-seconds", "0")
    assert "inputs" in refused(capsys, "is-equal", lines, space, "--box", "0", "1")
    assert "`--within` should be 0 or more" in refused(capsys, "is-equal", lines, lines, "--within", "-1")
    assert "but received --norm 0.5" in refused(capsys, "lipschitz", lines, "--norm", "0.5")
    assert "there is no output -1: the network has one output" in refused(
        capsys, "maximum", lines, "--output-index", "-1"
    )
    assert "adds the number 1" in refused(capsys, "maximum", lines, "--combination", "y0 + 1")


def test_bad_input(capsys, lines, space, above, tmp_path):
    assert "about 2 inputs and 1 outputs, but the network has 3 and 1" in refused(capsys, "check", space, above("2"))
    (tmp_path / "bad.vnnlib").write_text(f"{DECLARED}{SQUARE}(assert (<= (* Y_0 Y_0) 1))")
    assert "bad.vnnlib, line 3: `(* Y_0 Y_0)` is not read" in refused(
        capsys, "check", lines, str(tmp_path / "bad.vnnlib")
    )
    assert "nowhere.vnnlib" in refused(capsys, "check", lines, "nowhere.vnnlib")
    assert "`--max-seconds`" in refused(capsys, "check", lines, above("2"), "--max-seconds", "0")


@pytest.mark.parametrize(
    ("asked", "says", "others"),
    [
        (["maximum", "LINES", "--box", "0", "1"], "the greatest value of 1 y0 is ", 0),
        (["minimum", "LINES", "--box", "0", "1"], "the least value of 1 y0 is ", 0),
        (["lipschitz", "LINES", "--box", "0", "1", "--norm", "inf"], "the Lipschitz constant ", 0),
        (["is-equal", "LINES", "LINES", "--box", "0", "1"], "the property holds; y is what the first", 1),
        (["compare", "LINES", "LINES", "--box", "0", "1"], "the greatest value of 1 y0 and -1 y0 is 0", 1),
        (["robustness", "LINES", "0.1", "0.2", "--norm", "inf", "--output-index", "0", "--value", "1"], "the dist", 0),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_answers_about_domains_have_proofs(capsys, lines, tmp_path, asked, says, others):
    log = str(tmp_path / "run.proof")
    assert main([lines if word == "LINES" else word for word in asked] + ["--proof", log]) == 0
    told = capsys.readouterr().out
    assert f"{log}: a log that proves it\n" in told
    assert main(["verify", log, lines, *[lines] * others]) == 0
    assert capsys.readouterr().out.startswith(f"proved: {says}")


def test_a_log_for_which_there_is_no_time_is_missed(capsys, space, tmp_path):
    log = tmp_path / "run.proof"
    assert main(["maximum", space, "--box", "-1", "1", "--max-seconds", "1e-6", "--proof", str(log)]) == 3
    assert f"{log}: not written, as the time was over\n" in capsys.readouterr().out and not log.exists()


def test_no_log_says_that_there_is_no_boundary_at_all(capsys, lines, tmp_path):
    log = tmp_path / "run.proof"
    asked = ["--norm", "inf", "--output-index", "0", "--value", "-1", "--proof", str(log)]
    assert main(["robustness", lines, "0.1", "0.2", *asked]) == 0
    assert f"{log}: not written, as there is no boundary anywhere" in capsys.readouterr().out and not log.exists()
