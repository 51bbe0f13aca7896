from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest
from PIL import Image

from polytope_lens import Box, Lens, Partition
from polytope_lens.cli import main
from polytope_lens.cli.points import FORMATS
from polytope_lens.cli.training import SETTING
from polytope_lens.experiments.posts import EXPERIMENTS
from polytope_lens.experiments.run import RunSetting
from polytope_lens.importers.npz import save_npz
from polytope_lens.io.exports import SUFFIXES
from polytope_lens.network.network import from_arrays

LINES = from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]], [[0, 0, -0.5], [0]])
SPACE = from_arrays([np.eye(3), np.ones((1, 3))], [np.zeros(3), np.zeros(1)])


@pytest.fixture
def lines(tmp_path):
    """Three lines, with a domain in the file."""
    save_npz(LINES, tmp_path / "lines.npz", Box([-1, -1], [1, 1]))
    return str(tmp_path / "lines.npz")


@pytest.fixture
def space(tmp_path):
    """Three planes, without a domain."""
    save_npz(SPACE, tmp_path / "space.npz")
    return str(tmp_path / "space.npz")


def as_json(capsys, *arguments):
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, *arguments):
    """The one sentence on standard error."""
    assert main(list(arguments)) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.count("\n") == 1
    return streams.err


def test_count(capsys, lines, space):
    assert as_json(capsys, "count", lines)["total"] == 7
    assert as_json(capsys, "count", lines, "--box", "0.1", "0.2")["per_layer"] == [1]
    assert as_json(capsys, "count", lines, "--box", "-1", "-1", "1", "0.25")["total"] == 6
    assert as_json(capsys, "count", lines, "--everywhere", "--engine", "split")["total"] == 7
    assert as_json(capsys, "count", space, "--everywhere")["certificate"]["float64"] > 0
    assert main(["count", lines]) == 0
    assert capsys.readouterr().out == "after layer 0: 7\ntotal: 7\n"


def test_explore(capsys, lines, space, tmp_path):
    answer = as_json(capsys, "explore", lines, "0.5", "-0.25", "--max-regions", "3")
    assert answer["n_regions"] == len(answer["regions"]) == 3
    assert answer["status"] == "BUDGET_REACHED"
    assert answer["uncrossed"] > 0
    assert answer["explanation"].startswith("Status.BUDGET_REACHED: stopped at max_regions=3 with ")
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
    assert printed[0] == "8 regions. Status.COMPLETE: every region of the domain is here."
    assert printed[1].split() == ["crossings", "0", "e"]
    assert printed[2].startswith("... and 7 more")


def test_explore_refuses_in_one_sentence(capsys, space):
    assert "needs the 3 coordinates of one point" in refused(capsys, "explore", space)
    assert "3 coordinates" in refused(capsys, "explore", space, "1", "2")
    assert "`max_regions`" in refused(capsys, "explore", space, "1", "2", "3", "--max-regions", "0")
    assert "outside the domain" in refused(capsys, "explore", space, "1", "2", "3", "--box", "-1", "1")
    assert "order='breadth'" in refused(
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
    answer = as_json(capsys, "path", lines, "--from", "-1", "-0.5", "--to", "1", "0.5")
    assert answer["breakpoints"] == [0.5, 2 / 3]
    assert answer["flips"] == [[[0, 0], [0, 1]], [[0, 2]]]
    assert answer["patterns"] == ["0", "c", "e"]
    assert len(answer["lengths"]) == 3 and sum(answer["lengths"]) == pytest.approx(answer["length"])
    np.save(tmp_path / "x.npy", [[-1, -0.5], [1, 0.5]])
    assert as_json(capsys, "path", lines, "--points", str(tmp_path / "x.npy")) == answer
    assert main(["path", lines, "--from", "-1", "-0.5", "--to", "1", "0.5"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "Path(3 regions in R^2, straight, length 2.23607)"
    assert printed[2].split(maxsplit=2) == ["0.5", "c", "layer 0, neuron 0; layer 0, neuron 1"]


def test_paths_that_lead_nowhere(capsys, lines, tmp_path):
    np.save(tmp_path / "x.npy", [[0.0, 0.0]])
    for arguments in (["--from", "0", "0"], ["--points", str(tmp_path / "x.npy"), "--to", "1", "1"], []):
        assert "--from one point --to another" in refused(capsys, "path", lines, *arguments)
    assert "needs at least two points" in refused(capsys, "path", lines, "--points", str(tmp_path / "x.npy"))
    assert "one point with 2 coordinates" in refused(capsys, "path", lines, "--from", "0", "--to", "1", "1")


def test_export(capsys, lines, tmp_path):
    region = Lens(LINES).at([0.5, -0.25])
    assert main(["export", lines, "0.5", "-0.25", "--format", "smtlib"]) == 0
    assert capsys.readouterr().out == region.to_smtlib()
    assert main(["export", lines, "0.5", "-0.25", "-o", str(tmp_path / "region.ine")]) == 0
    np.save(tmp_path / "x.npy", [0.5, -0.25])
    x = str(tmp_path / "x.npy")
    assert main(["export", lines, "--point", x, "--format", "ine", "-o", str(tmp_path / "region.txt")]) == 0
    assert capsys.readouterr().out == ""
    assert (tmp_path / "region.ine").read_text() == (tmp_path / "region.txt").read_text() == region.to_ine()
    assert main(["export", lines, "0.5", "0.25", "--box", "0", "1", "--format", "wkt"]) == 0
    assert capsys.readouterr().out == "POLYGON ((1.0 0.0, 1.0 1.0, 0.0 1.0, 0.0 0.5, 0.5 0.0, 1.0 0.0))\n"
    assert tuple(SUFFIXES) == FORMATS


def test_export_refuses_in_one_sentence(capsys, lines, space, tmp_path):
    assert "`export` needs --format" in refused(capsys, "export", lines, "0", "0")
    assert "`export` needs the 2 coordinates" in refused(capsys, "export", lines, "--format", "ine")
    assert "ends otherwise" in refused(capsys, "export", lines, "0", "0", "-o", str(tmp_path / "region.xml"))
    assert "unbounded" in refused(capsys, "export", lines, "9", "9", "--format", "wkt")
    assert "outside the domain" in refused(capsys, "export", lines, "9", "9", "--format", "wkt", "--box", "0", "1")
    assert "R^3" in refused(capsys, "export", space, "1", "2", "3", "-o", str(tmp_path / "region.wkt"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lines.npz", "space.npz"]


def test_partition(capsys, lines, tmp_path):
    answer = as_json(capsys, "partition", lines)
    assert answer["n_regions"] == len(answer["regions"]) == 7
    assert answer["status"] == "COMPLETE"
    assert len({region["pattern"] for region in answer["regions"]}) == 7
    saved = str(tmp_path / "saved.npz")
    assert main(["partition", lines, "--limit", "2", "--save", saved]) == 0
    assert "... and 5 more" in capsys.readouterr().out
    assert len(Partition.load(saved)) == 7
    assert as_json(capsys, "partition", saved) == answer


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
    assert as_json(capsys, "robustness", three, "3", "2", "1", "--target", "2")["outputs"] == [0, 2]
    assert as_json(capsys, "robustness", three, "3", "2", "1", "--target", "2", "1")["outputs"] == [1, 2]
    assert "no classes to tell apart" in refused(capsys, "robustness", lines, "0", "0")
    assert "`norm` should be 1, 2 or inf" in refused(capsys, "robustness", three, "0", "0", "1", "--norm", "3")


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_plot(capsys, lines, tmp_path, suffix):
    picture = tmp_path / f"picture.{suffix}"
    np.save(tmp_path / "points.npy", np.zeros((3, 2)))
    assert main(["plot", lines, "-o", str(picture), "--points", str(tmp_path / "points.npy")]) == 0
    assert picture.read_bytes()[:4] in (b"\x89PNG", b"<?xm", b"%PDF")


def test_plot_in_space(space, tmp_path):
    picture = tmp_path / "solids.png"
    assert main(["plot", space, "--box", "-1", "1", "-o", str(picture), "--color", "layer"]) == 0
    assert picture.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("count", "nowhere.npz"), "nowhere.npz cannot be read"),
        (("count", "model.h5"), "a lens reads .onnx, .npz"),
        (("count", "LINES", "--box", "1", "1"), "lower < upper"),
        (("count", "LINES", "--box", "1", "2", "3"), "--box takes 2 numbers, or 4"),
        (("count", "SPACE"), "--everywhere"),
        (("count", "SPACE", "--everywhere", "--engine", "subdivide"), "works for 2 inputs"),
        (("at", "LINES"), "needs the 2 coordinates"),
        (("at", "LINES", "1"), "one point with 2 coordinates"),
        (("at", "LINES", "nan", "1"), "should be finite"),
        (("at", "LINES", "--point", "LINES"), "not a .npy file"),
        (("plot", "LINES", "-o", "picture.jpg"), ".png, .svg or .pdf"),
        (("plot", "LINES", "-o", "nowhere/picture.png"), "nowhere/picture.png"),
        (("plot", "WIDE", "--box", "0", "1", "-o", "picture.png"), "networks with 2 inputs"),
        (("plot", "LINES", "-o", "picture.png", "--output-index", "3"), "output"),
        (("demo", "--steps", "0"), "at least 1"),
    ],
)
def test_bad_input_gets_one_sentence(capsys, lines, space, tmp_path, arguments, says):
    save_npz(from_arrays([np.eye(4)], [np.zeros(4)]), tmp_path / "wide.npz")
    named = {"LINES": lines, "SPACE": space, "WIDE": str(tmp_path / "wide.npz")}
    assert says in refused(capsys, *(named.get(word, word) for word in arguments))


def test_the_module_is_the_program(lines):
    run = subprocess.run(
        [sys.executable, "-m", "polytope_lens", "count", lines, "--json"], capture_output=True, text=True, check=True
    )
    assert json.loads(run.stdout)["total"] == 7


def test_a_saved_torch_model(capsys, tmp_path):
    torch = pytest.importorskip("torch")
    torch.save(torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)), tmp_path / "m.pt")
    assert 1 <= as_json(capsys, "count", str(tmp_path / "m.pt"), "--everywhere")["total"] <= 7


def test_demo_writes_what_it_says(capsys, tmp_path):
    pytest.importorskip("torch")
    assert main(["demo", "--steps", "2", "-o", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    for name in ("ring.png", "ring.svg", "ring.gif", "ring.npz"):
        assert (tmp_path / name).stat().st_size > 1000
        assert str(tmp_path / name) in printed
    assert "of which these" in printed
    assert "after layer 5:" in printed


def test_proofs_are_written_and_verified(lines, space, tmp_path, capsys):
    log = str(tmp_path / "run.proof")
    for verb in ("count", "partition"):
        assert main([verb, lines, "--proof", log]) == 0
        assert main(["verify", log]) == 0
        assert capsys.readouterr().out.endswith("proved: 7 regions, [7] after each layer\n")
        assert as_json(capsys, "verify", log, "--network", lines) == {"proved": True, "total": 7, "per_layer": [7]}
    assert main(["verify", log, "--network", space]) == 1
    assert "another network" in capsys.readouterr().out
    with open(log, "a") as file:
        file.write("more\n")
    assert main(["verify", log, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["proved"] is False
    assert "No such file" in refused(capsys, "verify", str(tmp_path / "absent.proof"))
    assert "No such file" in refused(capsys, "count", lines, "--proof", str(tmp_path / "absent" / "run.proof"))


def test_a_proof_that_fails_leaves_nothing_behind(lines, tmp_path, monkeypatch):
    from polytope_lens.proof import write

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(write, "prove_plane", fail)
    assert main(["count", lines, "--proof", str(tmp_path / "run.proof")]) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["lines.npz"]


def test_inspect(capsys, lines, tmp_path):
    assert main(["inspect", lines]) == 0
    text = capsys.readouterr().out
    assert text.startswith("2 inputs, 1 output, 3 neurons that cut in 1 layer\n")
    assert "layer 0:      2 -> 3      ReLU" in text
    onnx = pytest.importorskip("onnx")
    nodes = [
        onnx.helper.make_node("Conv", ["x", "w"], ["h"], name="conv"),
        onnx.helper.make_node("Relu", ["h"], ["r"], name="act"),
        onnx.helper.make_node("Softmax", ["r"], ["y"], name="end"),
    ]
    shapes = {"x": ["n", 1, "h", 4], "y": None}
    x, y = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in shapes.items())
    weight = onnx.numpy_helper.from_array(np.ones((2, 1, 2, 2), np.float32), "w")
    graph = onnx.helper.make_graph(nodes, "g", [x], [y], [weight])
    opset = [onnx.helper.make_opsetid("", 17)]
    path = str(tmp_path / "model.onnx")
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset), path)
    answer = as_json(capsys, "inspect", path, "--input-shape", "1", "3", "4")
    assert answer["input_shape"] == [1, 3, 4]
    assert answer["output_shape"] == [2, 2, 3]
    assert answer["stripped"] == "end (Softmax)"
    assert answer["layers"][0]["steps"] == ["conv (Conv)", "act (Relu)"]
    assert answer["layers"][0]["nonzero"] == 12 * 4
    assert "Say `input_shape`" in refused(capsys, "inspect", path)


def test_weights_with_an_architecture(capsys, tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    path = str(tmp_path / "w.safetensors")
    safetensors.save_file({"a.weight": np.eye(2), "b.weight": np.ones((1, 2))}, path)
    for steps in (["relu"], ["a", "relu", "b"]):
        assert as_json(capsys, "count", path, "--everywhere", "--architecture", *steps)["total"] == 4
    assert "Say `architecture`" in refused(capsys, "count", path, "--everywhere")


TINY = (
    "--points",
    "40",
    "--validation",
    "10",
    "--steps",
    "4",
    "--frames",
    "2",
    "--size",
    "16",
    "--quiet",
    "--workers",
    "1",
)


def test_film(capsys, tmp_path):
    pytest.importorskip("torch")
    path = str(tmp_path / "ring.gif")
    assert main(["film", "-o", path, "--shape", "4x2", *TINY, "--panels", "partition", "pattern", "--fps", "5"]) == 0
    assert capsys.readouterr().out == f"{path}: 3 frames, from step 0 to 4\n"
    with Image.open(path) as film:
        assert film.size == (1280, 480)
        assert film.n_frames == 3
    assert main(["film", "-o", path, "--shape", "4", *TINY, "--no-curves", "--pixels", "540", "400"]) == 0
    with Image.open(path) as film:
        assert film.size == (540, 400)


def test_experiments_are_listed(capsys):
    assert main(["experiment"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(EXPERIMENTS)


def test_experiment(capsys, tmp_path):
    pytest.importorskip("torch")
    assert main(["experiment", "post2", "-o", str(tmp_path), "--shape", "3", "4", *TINY]) == 0
    printed = capsys.readouterr().out
    assert "ring from 40 points: 4, 17 parameters" in printed
    assert str(tmp_path / "post2.csv") in printed


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("film", "-o", "ring.avi"), "the suffix of a film"),
        (("film", "-o", "nowhere/ring.gif"), "nowhere does not exist"),
        (("film", "-o", "ring.gif", "--shape", "14x0"), "each at least 1"),
        (("film", "-o", "ring.gif", "--target", "rung"), "a target should be one of"),
        (("film", "-o", "ring.gif", "--size", "8"), "the image has 64 pixels"),
        (("film", "-o", "ring.gif", "--learning-rate", "0"), "`learning_rate`"),
        (("experiment", "post9"), "the experiments are"),
        (("experiment", "post1-crease", "--points", "5"), "nothing is trained"),
        (("experiment", "post3", "--steps", "-1", "-o", "FOLDER"), "`steps`"),
    ],
)
def test_bad_experiments_get_one_sentence(capsys, tmp_path, arguments, says):
    pytest.importorskip("torch")
    assert says in refused(capsys, *(str(tmp_path) if word == "FOLDER" else word for word in arguments))


def test_options_of_training_are_those_of_a_setting():
    assert tuple(SETTING) == tuple(field.name for field in fields(RunSetting))
