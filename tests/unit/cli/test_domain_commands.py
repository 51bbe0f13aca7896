"""Commands about all regions together, beside what Python answers."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from commands import as_json, refused
from polytope_lens import Box, Lens
from polytope_lens.cli import main
from polytope_lens.importers.npz import save_npz
from polytope_lens.network.network import from_arrays
from polytope_lens.properties import best_first

SQUARE = Box([-1, -1], [1, 1])


@pytest.fixture
def classes(tmp_path):
    """Outputs relu(x) and relu(y)."""
    path = tmp_path / "classes.npz"
    save_npz(from_arrays([np.eye(2), np.eye(2)], [np.zeros(2)] * 2), path, SQUARE)
    return str(path)


def test_level_set(capsys, lines):
    found = Lens(lines).partition(SQUARE).level_set(value=0.25)
    answer = as_json(capsys, "level-set", lines, "--value", "0.25")
    assert answer["length"] == found.length
    assert [piece["closed"] for piece in answer["polylines"]] == found.closed.tolist()
    assert [piece["points"] for piece in answer["polylines"]] == [found[i].tolist() for i in range(len(found))]
    exact = as_json(capsys, "level-set", lines, "--value", "0.25", "--exact", "--workers", "2")
    assert exact["polylines"][0]["points"][0][0] in ("-1", "1", "1/4")
    assert main(["level-set", lines, "--value", "0.25"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == repr(found)
    assert printed[1].startswith("       0  [")
    assert main(["level-set", lines, "--value", "0.25", "--exact"]) == 0
    assert "[1/4, " in capsys.readouterr().out


def test_a_level_that_is_not_taken_is_told_with_those_that_are(capsys, lines):
    assert main(["level-set", lines, "--value", "9"]) == 0
    assert capsys.readouterr().out.endswith("\noutput 0 is between 0 and 3.5 there\n")


def test_decision_boundary(capsys, classes):
    answer = as_json(capsys, "level-set", classes, "--pair", "0", "1")
    assert answer["length"] == pytest.approx(2 + 2**0.5)
    assert answer["flat_regions"] == [0]
    assert answer["isolated"] == []
    with pytest.raises(SystemExit):
        main(["level-set", classes, "--pair", "0", "1", "--value", "1"])
    assert "not allowed with argument --pair" in capsys.readouterr().err
    assert "output" in refused(capsys, "level-set", classes, "--output-index", "5")


def test_level_surface(capsys, space):
    answer = as_json(capsys, "level-set", space, "--box", "0", "1", "--value", "0.5")
    assert answer["area"] == pytest.approx(0.5**2 * 3**0.5 / 2)
    assert len(answer["polygons"]) == 1
    assert "bounded" in refused(capsys, "level-set", space, "--everywhere")


def test_neurons(capsys, lines, tmp_path):
    found = Lens(lines).partition(SQUARE).neurons()
    rows = as_json(capsys, "neurons", lines)["neurons"]
    assert [row["side"] for row in rows] == found.side.tolist()
    assert [row["size"] for row in rows] == found.size.tolist()
    unbounded = as_json(capsys, "neurons", lines, "--everywhere")["neurons"]
    assert {row["size"] for row in unbounded} == {None}
    assert main(["neurons", lines]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == repr(found)
    assert printed[1].split() == ["layer", "neuron", "side", "on_share", "on_volume", "n_zero", "n_facets", "size"]
    assert len(printed) == 5
    assert main(["neurons", lines, "--everywhere"]) == 0
    assert capsys.readouterr().out.splitlines()[2].split()[-1] == "-"
    pytest.importorskip("pandas")
    path = tmp_path / "neurons.csv"
    assert main(["neurons", lines, "-o", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: 3 rows of 8 columns\n"
    assert [row["neuron"] for row in csv.DictReader(path.read_text().splitlines())] == ["0", "1", "2"]


def test_table(capsys, lines, tmp_path):
    pandas = pytest.importorskip("pandas")
    assert main(["table", lines]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    expected = Lens(lines).partition(SQUARE).to_frame()
    assert [row["pattern"] for row in rows] == expected["pattern"].tolist()
    assert [float(row["area"]) for row in rows] == expected["area"].tolist()
    assert list(rows[0]) == ["region", *expected.columns]
    assert main(["table", lines, "--without-facets", "--with-maps", "-o", str(tmp_path / "t.csv")]) == 0
    columns = pandas.read_csv(tmp_path / "t.csv").columns
    assert "n_facets" not in columns and {"A_0_0", "A_0_1", "b_0"} <= set(columns)
    pytest.importorskip("pyarrow")
    assert main(["table", lines, "-o", str(tmp_path / "t.parquet")]) == 0
    kept = pandas.read_parquet(tmp_path / "t.parquet")
    assert kept["pattern"].tolist() == expected["pattern"].tolist()


def test_tables_are_refused_before_the_work(capsys, lines, tmp_path, monkeypatch):
    monkeypatch.setattr(Lens, "partition", lambda *_, **__: pytest.fail("it was enumerated"))
    for command in ("table", "neurons"):
        assert "written as .csv or .parquet, but 'a.xlsx' ends otherwise" in refused(
            capsys, command, lines, "-o", "a.xlsx"
        )
    monkeypatch.undo()
    assert "there is no folder" in refused(capsys, "table", lines, "-o", str(tmp_path / "absent" / "t.csv"))


def test_compare(capsys, lines, tmp_path):
    other = str(tmp_path / "other.npz")
    network = Lens(lines).network
    weights = [network.layers[0].weight, np.array([[1, 1, 1.5]])]
    save_npz(from_arrays(weights, [network.layers[0].bias, [0.25]]), other)
    found = Lens(lines).distance(Lens(other), SQUARE)
    answer = as_json(capsys, "compare", lines, other)
    assert (answer["sup"], answer["l1"], answer["l2"]) == (found.sup, found.l1, found.l2)
    assert answer["argmax"] == found.argmax.tolist() == [1, 1]
    assert as_json(capsys, "compare", lines, other, "--exact", "--workers", "2")["sup"] == "1"
    assert main(["compare", lines, other, "--box", "0", "1"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "supremum: 1, of output 0 at [1, 1]"
    assert printed[-1] == "both are affine on each of 2 regions"
    assert json.dumps(as_json(capsys, "compare", lines, lines)["sup"]) == "0.0"


def test_a_supremum_between_two_bounds(capsys, lines, tmp_path, monkeypatch):
    answer = as_json(capsys, "compare", lines, lines, "--max-seconds", "60")
    assert (answer["sup"], answer["bound"], answer["l1"], answer["status"]) == (0, 0, None, "COMPLETE")
    monkeypatch.setattr(best_first._BestFirst, "run", lambda *_: None)
    other = str(tmp_path / "other.npz")
    save_npz(from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, 2]]], [[0, 0, -0.5], [0]]), other)
    answer = as_json(capsys, "compare", lines, other, "--max-seconds", "60", code=3)
    assert answer["sup"] <= 1.5 <= answer["bound"] < 2
    assert main(["compare", lines, other, "--max-seconds", "60"]) == 3
    assert capsys.readouterr().out.startswith("supremum: between 1.5 and 1.5, of output 0 at [")


def test_compare_refuses(capsys, lines, space):
    assert "inputs" in refused(capsys, "compare", lines, space)
    assert "nowhere.npz cannot be read" in refused(capsys, "compare", lines, "nowhere.npz")
