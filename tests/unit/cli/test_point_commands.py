"""Commands about a point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from commands import as_json, refused
from polytope_lens import Lens
from polytope_lens.cli import main
from polytope_lens.errors import Status
from polytope_lens.importers.npz import save_npz
from polytope_lens.network.network import from_arrays


def test_explore(capsys, lines, space, tmp_path):
    answer = as_json(capsys, "explore", lines, "0.5", "-0.25", "--max-regions", "3", code=3)
    assert answer["n_regions"] == len(answer["regions"]) == 3
    assert answer["status"] == "BUDGET_REACHED"
    assert answer["uncrossed"] > 0
    assert answer["explanation"].startswith("Stopped at --max-regions 3 with ")
    assert answer["explanation"].endswith("Raise `--max-regions` or choose a smaller `--box`.")
    # Nearest first, and 100 is the pattern of the point.
    assert answer["regions"][0]["pattern"] == "8"
    assert [region["distance"] for region in answer["regions"]] == [0.0, pytest.approx(0.25 / 2**0.5), 0.25]
    assert as_json(capsys, "explore", lines, "0", "0", "--unlimited")["n_regions"] == 7
    assert as_json(capsys, "explore", lines, "0.5", "0", "--box", "0", "1")["n_regions"] == 2
    shell = as_json(capsys, "explore", space, "1", "1", "1", "--max-flips", "1")
    assert [region["crossings"] for region in shell["regions"]] == [0, 1, 1, 1]
    assert shell["unseen"] > 0
    ball = as_json(capsys, "explore", space, "1", "2", "3", "--radius", "1.5")
    assert (ball["n_regions"], ball["status"]) == (2, "RADIUS_REACHED")
    np.save(tmp_path / "x.npy", [1.0, 1.0, 1.0])
    assert main(["explore", space, "--point", str(tmp_path / "x.npy"), "--order", "breadth", "--limit", "1"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "8 regions. Every region of the domain is here."
    assert printed[1].split() == ["crossings", "0", "e"]
    assert printed[2].startswith("... and 7 more")


def test_explore_refuses_in_one_sentence(capsys, space):
    assert "needs the 3 coordinates of one point" in refused(capsys, "explore", space)
    assert "3 coordinates" in refused(capsys, "explore", space, "1", "2")
    assert "`--max-regions` should be" in refused(capsys, "explore", space, "1", "2", "3", "--max-regions", "0")
    assert "outside the domain" in refused(capsys, "explore", space, "1", "2", "3", "--box", "-1", "1")
    assert "which only --order breadth knows. Leave `--order` out" in refused(
        capsys, "explore", space, "1", "2", "3", "--order", "distance", "--max-flips", "2"
    )


def test_at(capsys, lines, tmp_path):
    answer = as_json(capsys, "at", lines, "0.5", "-0.25")
    assert answer["pattern"] == [[1, 0, 0]]
    assert answer["affine_map"] == {"A": [[1.0, 0.0]], "b": [0.0]}
    assert answer["inequalities"]["is_facet"] == [True, True, True]
    np.save(tmp_path / "x.npy", [0.5, -0.25])
    assert as_json(capsys, "at", lines, "--point", str(tmp_path / "x.npy")) == answer
    assert main(["at", lines, "0.5", "-0.25"]) == 0
    printed = capsys.readouterr().out
    assert "3 inequalities A @ x <= b, 3 of them facets:" in printed
    assert "layer 0, neuron 2    distance 0.177" in printed


def test_at_a_point_on_the_boundary(capsys, lines, tmp_path):
    assert main(["at", lines, "0.5", "0"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "pattern 111"
    assert printed[1] == "the point lies on the boundary: layer 0, neuron 1; layer 0, neuron 2 vanish there"
    answer = as_json(capsys, "at", lines, "0.5", "0")
    assert answer["on_boundary"] is True
    assert answer["vanishing"] == [[0, 1], [0, 2]]
    assert main(["at", lines, "0.25", "0"]) == 0
    assert "on the boundary: layer 0, neuron 1 vanishes there" in capsys.readouterr().out
    assert as_json(capsys, "at", lines, "0.5", "0.25")["on_boundary"] is False


def test_at_a_point_where_a_neuron_is_zero_all_around(capsys, tmp_path):
    save_npz(from_arrays([[[1.0]], [[1.0]], [[1.0]]], [[0], [0], [0]]), tmp_path / "off.npz")
    answer = as_json(capsys, "at", str(tmp_path / "off.npz"), "-1")
    assert (answer["on_boundary"], answer["vanishing"]) == (False, [[1, 0]])
    assert main(["at", str(tmp_path / "off.npz"), "-1"]) == 0
    assert "boundary" not in capsys.readouterr().out


def test_path(capsys, lines, tmp_path):
    answer = as_json(capsys, "path", lines, "-1", "-0.5", "1", "0.5")
    assert answer["breakpoints"] == [0.5, 2 / 3]
    assert answer["flips"] == [[[0, 0], [0, 1]], [[0, 2]]]
    assert answer["patterns"] == ["0", "c", "e"]
    assert len(answer["lengths"]) == 3 and sum(answer["lengths"]) == pytest.approx(answer["length"])
    np.save(tmp_path / "x.npy", [[-1, -0.5], [1, 0.5]])
    assert as_json(capsys, "path", lines, "--points", str(tmp_path / "x.npy")) == answer
    assert main(["path", lines, "-1", "-0.5", "1", "0.5"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "Path(3 regions in R^2, straight, length 2.23607)"
    assert printed[2].split(maxsplit=2) == ["0.5", "c", "layer 0, neuron 0; layer 0, neuron 1"]


def test_paths_that_lead_nowhere(capsys, lines, tmp_path):
    np.save(tmp_path / "x.npy", [[0.0, 0.0]])
    x = str(tmp_path / "x.npy")
    for arguments in (["0", "0", "1", "1", "--points", x], []):
        assert "coordinates of each of its points, or else --points FILE" in refused(capsys, "path", lines, *arguments)
    assert "at least two points of 2 coordinates each, but received 2 numbers" in refused(
        capsys, "path", lines, "0", "0"
    )
    assert f"needs at least two points of 2 coordinates each, but {x} holds 1." in refused(
        capsys, "path", lines, "--points", x
    )
    assert "has 2 coordinates, but received 3 numbers" in refused(capsys, "path", lines, "0", "1", "1")


def test_a_path_with_a_corner(capsys, lines):
    answer = as_json(capsys, "path", lines, "-1", "-0.5", "1", "0.5", "-1", "0.5")
    assert answer["patterns"][0] == "0"
    assert answer["length"] == pytest.approx(5**0.5 + 2)


def test_export(capsys, lines, tmp_path):
    region = Lens(lines).at([0.5, -0.25])
    assert main(["export", lines, "0.5", "-0.25", "--format", "smtlib"]) == 0
    assert capsys.readouterr().out == region.export.smtlib()
    assert main(["export", lines, "0.5", "-0.25", "-o", str(tmp_path / "region.ine")]) == 0
    np.save(tmp_path / "x.npy", [0.5, -0.25])
    x = str(tmp_path / "x.npy")
    assert main(["export", lines, "--point", x, "--format", "ine", "-o", str(tmp_path / "region.txt")]) == 0
    assert capsys.readouterr().out == ""
    assert (tmp_path / "region.ine").read_text() == (tmp_path / "region.txt").read_text() == region.export.ine()
    assert main(["export", lines, "0.5", "0.25", "--box", "0", "1", "--format", "wkt"]) == 0
    assert capsys.readouterr().out == "POLYGON ((1.0 0.0, 1.0 1.0, 0.0 1.0, 0.0 0.5, 0.5 0.0, 1.0 0.0))\n"


def test_export_in_a_version_of_vnnlib(capsys, lines, tmp_path):
    region = Lens(lines).at([0.5, -0.25])
    for version in ("1.0", "2.0"):
        ask = ["export", lines, "0.5", "-0.25", "--vnnlib-version", version]
        assert main([*ask, "--format", "vnnlib"]) == main([*ask, "-o", str(tmp_path / "r.vnnlib")]) == 0
        assert capsys.readouterr().out == (tmp_path / "r.vnnlib").read_text() == region.export.vnnlib(version=version)
    assert "this is ine. Leave it out" in refused(capsys, *ask, "--format", "ine")
    assert "version" in refused(capsys, *ask[:-1], "3.0", "--format", "vnnlib")


def test_export_refuses_in_one_sentence(capsys, lines, space, tmp_path):
    assert "`export` needs --format" in refused(capsys, "export", lines, "0", "0")
    assert "`export` needs the 2 coordinates" in refused(capsys, "export", lines, "--format", "ine")
    assert "ends otherwise" in refused(capsys, "export", lines, "0", "0", "-o", str(tmp_path / "region.xml"))
    assert "unbounded" in refused(capsys, "export", lines, "9", "9", "--format", "wkt")
    assert "outside the domain" in refused(capsys, "export", lines, "9", "9", "--format", "wkt", "--box", "0", "1")
    assert "R^3" in refused(capsys, "export", space, "1", "2", "3", "-o", str(tmp_path / "region.wkt"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lines.npz", "space.npz"]


def test_robustness(capsys, lines, tmp_path):
    answer = as_json(capsys, "robustness", lines, "0.5", "1", "--value", "1", "--norm", "1")
    assert answer["radius"] == pytest.approx(0.75)
    assert answer["lower"] <= answer["radius"] <= answer["upper"]
    assert (answer["norm"], answer["outputs"], answer["status"]) == ("1", [0, None], "COMPLETE")
    assert main(["robustness", lines, "0.5", "1", "--value", "1", "--norm", "inf"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("The boundary is at a distance of 0.375 in the norm inf after ")
    assert printed[1].startswith("proved: at least 0.37")
    nothing = as_json(capsys, "robustness", lines, "0.5", "1", "--value", "-1")
    assert (nothing["radius"], nothing["upper"], nothing["point"]) == (None, None, None)
    save_npz(from_arrays([np.eye(3)], [np.zeros(3)]), tmp_path / "three.npz")
    three = str(tmp_path / "three.npz")
    assert as_json(capsys, "robustness", three, "3", "2", "1")["outputs"] == [0, 1]
    assert as_json(capsys, "robustness", three, "3", "2", "1", "--rival", "2")["outputs"] == [0, 2]
    assert as_json(capsys, "robustness", three, "3", "2", "1", "--pair", "2", "1")["outputs"] == [1, 2]
    assert "no classes to tell apart" in refused(capsys, "robustness", lines, "0", "0")
    assert "`--norm` should be 1, 2 or inf" in refused(capsys, "robustness", three, "0", "0", "1", "--norm", "3")


def test_searches_that_are_cut_short_say_so_by_their_exit_code(capsys, lines, monkeypatch):
    """3 where a limit on the work was reached; limits that say what is asked for are none."""
    assert main(["explore", lines, "0.5", "0.25", "--max-regions", "2"]) == 3
    assert "Raise `--max-regions` or choose" in capsys.readouterr().out
    for enough in (["--unlimited"], ["--max-regions", "7"], ["--max-flips", "1"], ["--radius", "0.1"]):
        assert main(["explore", lines, "0.5", "0.25", *enough]) == 0
    capsys.readouterr()
    monkeypatch.setattr("polytope_lens.local.box_search.LISTED", 1)
    far = ["robustness", lines, "0.5", "0.25", "--value", "100"]
    assert main([*far, "--max-regions", "1"]) == 3
    assert capsys.readouterr().out.splitlines()[0].endswith("Raise `--max-regions` for more.")
    assert as_json(capsys, *far, "--max-regions", "1", code=3)["status"] == "BUDGET_REACHED"
    assert as_json(capsys, *far)["status"] == "COMPLETE"
    cut = Lens.explore(Lens(lines), [0.5, 0.25], max_regions=2)
    monkeypatch.setattr(Lens, "explore", lambda *_, **__: replace(cut, status=Status.INTERRUPTED))
    assert as_json(capsys, "explore", lines, "0.5", "0.25", code=130)["status"] == "INTERRUPTED"


def test_between_bounds(capsys, lines):
    region = as_json(capsys, "at", lines, "0.5", "0.25", "--box", "0", "1")["inequalities"]
    assert sorted(region["neuron"][-4:]) == [0, 1, 2, 3]
    assert region["layer"][-4:] == [-1] * 4
    assert "outside the domain" in refused(capsys, "at", lines, "2", "0", "--box", "0", "1")
    options = ["robustness", lines, "0.5", "0.25", "--value", "100"]
    assert as_json(capsys, *options)["status"] == "COMPLETE"
    inside = as_json(capsys, *options, "--box", "0", "1")
    assert (inside["radius"], inside["n_regions"] < as_json(capsys, *options)["n_regions"]) == (None, True)
