"""Preimages, probabilities, images and level sets on the command line, beside what Python answers."""

from __future__ import annotations

import numpy as np
import pytest

from commands import as_json, refused
from polytope_lens import Box, Lens
from polytope_lens.cli import main
from polytope_lens.cli import preimage_commands as commands
from polytope_lens.importers.npz import save_npz
from polytope_lens.network.network import from_arrays
from polytope_lens.partition.partition import Partition

SQUARE = Box([-1, -1], [1, 1])


@pytest.fixture
def corner(tmp_path):
    """Outputs relu(x) and relu(y)."""
    path = tmp_path / "corner.npz"
    save_npz(from_arrays([np.eye(2), np.eye(2)], [np.zeros(2)] * 2), path, SQUARE)
    return str(path)


def test_preimage(capsys, corner, tmp_path):
    found = Lens(corner).preimage([([[1, 1]], ["0.5"]), 1], SQUARE)
    target = ["--where", "y0 + y1 <= 0.5", "--where", "1"]
    answer = as_json(capsys, "preimage", corner, *target)
    assert answer["n_cells"] == len(found) == len(answer["cells"]) > 2
    assert [cell["pattern"] for cell in answer["cells"]] == [cell.pattern.hex for cell in found]
    assert answer["status"] == "PREIMAGE" and "flat_parts" not in answer
    path = tmp_path / "cells.npz"
    assert main(["preimage", corner, *target, "--limit", "1", "--save", str(path), "--workers", "2"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == repr(found)
    assert printed[1].startswith(f"       0  {found[0].pattern.hex}  inside: [")
    assert printed[2] == f"... and {len(found) - 1} more; --limit shows more of them, --json all"
    assert np.array_equal(Partition.load(path).packed_patterns, found.packed_patterns)


def test_flat_parts(capsys, corner):
    touched = ["--where", "y0 <= -0.0", "y1 >= 1", "--flat-parts"]
    answer = as_json(capsys, "preimage", corner, *touched)
    assert (answer["n_cells"], [part["dim"] for part in answer["flat_parts"]]) == (0, [1])
    assert answer["flat_parts"][0]["point"][1] == "1"
    assert main(["preimage", corner, *touched]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("touched in dimension 1, at [")
    assert main(["preimage", corner, "--where", "y0 >= 1/2", "--flat-parts"]) == 0
    assert capsys.readouterr().out.endswith("Nowhere is the target only touched.\n")


def test_a_preimage_that_is_not_all(capsys, corner):
    short = ["--where", "y0 >= 1/2", "--flat-parts", "--max-seconds", "1e-9"]
    answer = as_json(capsys, "preimage", corner, *short, code=3)
    assert (answer["status"], answer["flat_parts"]) == ("BUDGET_REACHED", None)
    assert main(["preimage", corner, *short]) == 3
    assert "choose a smaller `--box`" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["preimage", "image", "level-set"])
def test_pictures(capsys, corner, space, tmp_path, command):
    asked = {"preimage": ["--where", "y0 >= 0.5"], "level-set": ["--value", "0.25"]}.get(command, [])
    picture = tmp_path / "picture.png"
    assert main([command, corner, *asked, "-o", str(picture)]) == 0
    assert picture.read_bytes()[:4] == b"\x89PNG" and picture.stat().st_size > 5000
    capsys.readouterr()
    told = refused(capsys, command, corner, *asked, "-o", "picture.jpg")
    assert "written as .png, .svg or .pdf" in told
    if command == "image":
        assert "2 outputs" in refused(capsys, command, space, "--box", "0", "1", "-o", str(picture))
    else:
        picture = tmp_path / "solids.svg"
        assert main([command, space, "--box", "-1", "1", *asked, "-o", str(picture)]) == 0
        assert picture.read_bytes()[:4] == b"<?xm"


def test_a_preimage_without_cells_has_no_picture(capsys, corner, tmp_path):
    told = refused(capsys, "preimage", corner, "--where", "y0 <= -1", "-o", str(tmp_path / "none.png"))
    assert "there is nothing to draw" in told
    told = refused(capsys, "preimage", corner, "--everywhere", "--where", "0", "-o", str(tmp_path / "none.png"))
    assert "the domain is unbounded" in told


def test_probability(capsys, corner):
    answer = as_json(capsys, "probability", corner, "--where", "y0 >= 1/2", "y1 <= 0", "--exact")
    assert (answer["lower"], answer["upper"], answer["is_exact"]) == ("1/8", "1/8", True)
    rounded = as_json(capsys, "probability", corner, "--where", "0", "--max-seconds", "5")
    assert rounded["lower"] <= 0.625 <= rounded["upper"] < 0.6251
    assert main(["probability", corner, "--where", "0", "--exact"]) == 0
    assert capsys.readouterr().out == "probability: 0.625\n"
    assert main(["probability", corner, "--where", "0"]) == 0
    assert capsys.readouterr().out.startswith("probability: between 0.62")
    assert main(["probability", corner, "--where", "0", "--max-seconds", "1e-9"]) == 3
    assert "The cells found are correct" in capsys.readouterr().out
    assert "--everywhere" not in refused(capsys, "probability", str(commands.__file__), "--where", "0")


def test_image(capsys, corner):
    found = Lens(corner).image(SQUARE)
    answer = as_json(capsys, "image", corner)
    assert answer["polytopes"] == [found.vertices(i).tolist() for i in range(len(found))]
    assert (answer["lower"], answer["upper"]) == ([0, 0], [1, 1])
    assert as_json(capsys, "image", corner, "--exact")["polytopes"][0] == [["0", "0"]]
    assert main(["image", corner, "--limit", "1"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[:2] == [repr(found), "output 0 is between 0.0 and 1.0"]
    assert printed[3] == "       0  corners: [0, 0]"


def test_level_facets(capsys, corner, space):
    answer = as_json(capsys, "level-facets", corner, "--combination", "y0 - y1", "--with-corners")
    found = Lens(corner).level_facets([1, -1], 0, SQUARE)
    assert answer["n_facets"] == len(found) == 3
    assert answer["plateaus"] == found.plateaus.tolist()
    assert answer["facets"][0]["cells"] == found.facets.regions[0].tolist()
    assert [tuple(owner) for owner in answer["facets"][0]["owners"]] == list(found.facets.owners(0))
    assert answer["facets"][0]["corners"] == found.polytope(0).vertices().tolist()
    assert main(["level-facets", corner, "--combination", "y0 - y1", "--touched", "--limit", "1"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == repr(found) and printed[1].startswith("       0  between cell ")
    assert printed[-2].startswith("plateau: cell ") and printed[-1] == "Nowhere else is the value taken."
    touched = as_json(capsys, "level-facets", space, "--box", "-1", "1", "--value", "3", "--touched")
    assert (touched["n_facets"], touched["touched"]) == (0, [{"dim": 0, "point": ["1", "1", "1"]}])
    exact = as_json(capsys, "level-facets", space, "--everywhere", "--value", "1/3", "--with-corners", "--exact")
    assert exact["n_facets"] == 7 and "1/3" in exact["facets"][0]["corners"][0]


def test_bad_input(capsys, corner):
    assert "which one? Say --output-index I" in refused(capsys, "level-facets", corner)
    assert "there is no output 5" in refused(capsys, "level-facets", corner, "--output-index", "5")
    assert "'y0 < 1' is strict" in refused(capsys, "preimage", corner, "--where", "y0 < 1")
    assert "no output 2" in refused(capsys, "preimage", corner, "--where", "2")
    assert "--box takes 2 numbers, or 4" in refused(capsys, "image", corner, "--box", "1", "2", "3")
