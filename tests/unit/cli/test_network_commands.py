"""Commands about a network: counts, partitions, pictures, proofs, what a model becomes."""

from __future__ import annotations

import json
import os
import signal
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from commands import as_json, refused
from polytope_lens import Box, Lens, Partition
from polytope_lens.cli import main
from polytope_lens.engines import forecast, task
from polytope_lens.importers.npz import save_npz
from polytope_lens.network.network import from_arrays
from proof_logs import proves
from stored_runs import in_many_parts


def test_count(capsys, lines, space):
    assert as_json(capsys, "count", lines)["total"] == 7
    assert as_json(capsys, "count", lines, "--box", "0.1", "0.2")["per_layer"] == [1]
    assert as_json(capsys, "count", lines, "--box", "-1", "-1", "1", "0.25")["total"] == 6
    assert as_json(capsys, "count", lines, "--everywhere", "--engine", "split")["total"] == 7
    assert as_json(capsys, "count", space, "--everywhere")["certificate"]["float64"] > 0
    assert main(["count", lines]) == 0
    assert capsys.readouterr().out == "after layer 0: 7\ntotal: 7\n"


def test_estimate(capsys, lines, space):
    exact = as_json(capsys, "estimate", lines)
    assert (exact["regions"], exact["is_exact"], exact["per_layer"]) == (7, True, [7])
    assert main(["estimate", lines, "--everywhere"]) == 0
    assert capsys.readouterr().out.startswith("7 regions, counted in ")
    net = str(Path(__file__).parents[3] / "benchmarks" / "nets" / "d3_16x3_box1.npz")
    options = ["--box", "-5", "5", "--probes", "5", "--cells", "32", "--seed", "3", "--workers", "2"]
    found = as_json(capsys, "estimate", net, *options, "--max-seconds", "9")
    assert (found["probes"], found["cells"], found["seed"], found["workers"]) == (5, 32, 3, 2)
    assert found["at_least"] <= found["low"] <= found["regions"] <= found["high"] <= found["at_most"]
    assert main(["estimate", net, *options]) == 0
    assert capsys.readouterr().out.startswith("estimate: about ")
    assert "`--probes` should be a whole number of at least 4" in refused(
        capsys, "estimate", space, "--everywhere", "--probes", "1"
    )


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


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_plot(capsys, lines, tmp_path, suffix):
    picture = tmp_path / f"picture.{suffix}"
    np.save(tmp_path / "points.npy", np.zeros((3, 2)))
    assert main(["plot", lines, "-o", str(picture), "--points", str(tmp_path / "points.npy")]) == 0
    assert picture.read_bytes()[:4] in (b"\x89PNG", b"<?xm", b"%PDF")


def test_plot_as_a_page(capsys, lines, tmp_path):
    page = tmp_path / "page.html"
    np.save(tmp_path / "points.npy", np.zeros((3, 2)))
    np.save(tmp_path / "labels.npy", np.arange(3))
    points, labels = ["--points", str(tmp_path / "points.npy")], ["--labels", str(tmp_path / "labels.npy")]
    assert main(["plot", lines, "-o", str(page), *points, *labels, "--color", "purity", "--no-boundaries"]) == 0
    assert capsys.readouterr().out.startswith(f"{page}: Explorer(7 regions, 0.")
    assert page.read_text().startswith("<!doctype html>")
    assert main(["plot", lines, "-o", str(tmp_path / "picture.png"), *points, *labels]) == 0
    capsys.readouterr()
    assert "classes of --points" in refused(capsys, "plot", lines, "-o", "picture.png", *labels)


def test_plot_of_the_graph(capsys, lines, space, tmp_path):
    picture = tmp_path / "surface.png"
    assert main(["plot", lines, "--surface", "-o", str(picture), "--color", "slope", "--no-boundaries"]) == 0
    assert capsys.readouterr().out == f"{picture}: 7 regions\n"
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert "2 inputs" in refused(capsys, "plot", space, "--box", "0", "1", "--surface", "-o", str(picture))
    assert "without points" in refused(capsys, "plot", lines, "--surface", "-o", str(tmp_path / "a.html"))
    assert "color" in refused(capsys, "plot", lines, "--surface", "-o", str(picture), "--color", "layer")


def test_plot_in_space(space, tmp_path):
    picture = tmp_path / "solids.png"
    assert main(["plot", space, "--box", "-1", "1", "-o", str(picture), "--color", "layer"]) == 0
    assert picture.read_bytes()[:4] == b"\x89PNG"
    page = tmp_path / "solids.html"
    assert main(["plot", space, "--box", "-1", "1", "-o", str(page)]) == 0
    assert page.read_text().startswith("<!doctype html>")


def test_a_saved_torch_model(capsys, tmp_path):
    torch = pytest.importorskip("torch")
    torch.save(torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)), tmp_path / "m.pt")
    assert 1 <= as_json(capsys, "count", str(tmp_path / "m.pt"), "--everywhere")["total"] <= 7


def test_proofs_are_written_and_verified(lines, space, tmp_path, capsys):
    log = str(tmp_path / "run.proof")
    for verb in ("count", "partition"):
        assert main([verb, lines, "--proof", log]) == 0
        assert main(["verify", log]) == 0
        told = capsys.readouterr().out
        assert "proved: 7 regions, [7] after each layer\nnetwork: 2 inputs, 3 hidden neurons, SHA-256 " in told
        assert "\ndomain: box from [-1.0, -1.0] to [1.0, 1.0]\nchecked: " in told
        assert proves(as_json(capsys, "verify", log, "--network", lines), 7, [7])
    assert main(["verify", log, "--plain"]) == 0
    assert capsys.readouterr().out.endswith("\nchecked: in integers, by checker.py\n")
    assert as_json(capsys, "verify", log, "--plain")["checker"] == "plain"
    assert main(["verify", log, "--max-seconds", "0"]) == 3
    assert "NOT DECIDED at line 1: not decided within 0 seconds" in capsys.readouterr().out
    assert main(["verify", log, "--network", space]) == 1
    assert "another network" in capsys.readouterr().out
    with open(log, "a") as file:
        file.write("more\n")
    assert main(["verify", log, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["proved"] is False
    assert "there is no such file" in refused(capsys, "verify", str(tmp_path / "absent.proof"))
    assert "there is no folder" in refused(capsys, "count", lines, "--proof", str(tmp_path / "absent" / "run.proof"))


def test_proofs_about_two_networks_and_about_values(lines, space, tmp_path, capsys):
    log, other = str(tmp_path / "run.proof"), str(tmp_path / "other.npz")
    save_npz(from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]]), other)
    Lens(lines).distance(Lens(other), Box([-1, -1], [1, 1]), proof=log)
    assert main(["verify", log, lines, other]) == 0
    told = capsys.readouterr().out
    assert told.startswith(
        "proved: the greatest value of 1 y0 and -1 y0 is 3/2, at (1, 1); y is what the first network "
    )
    assert "\nvalue: 3/2\nbound: 3/2\n" in told
    assert "\noutputs: those of this network less those of another one, with 2 hidden neurons\n" in told
    assert "\ndomain: 1 x0 <= 1; " in told
    for files, reason in (
        ([lines], "about the difference of two networks: name both"),
        ([other, lines], f"not about what {other} gives more than {lines}"),
        ([lines, space], f"not about what {lines} gives more than {space}"),
    ):
        assert main(["verify", log, *files]) == 1
        assert reason in capsys.readouterr().out
    Lens(lines).maximum([1], Box([-1, -1], [1, 1]), proof=log)
    assert main(["verify", log, lines]) == 0
    assert "proved: the greatest value of 1 y0 is 7/2, at (1, 1)" in capsys.readouterr().out
    assert main(["verify", log, lines, other]) == 1
    assert "about one network: name that one alone" in capsys.readouterr().out
    Lens(lines).robustness_radius([0.5, 0.25], norm=float("inf"), value=1.25, proof=log)
    assert main(["verify", log, lines]) == 0
    assert "\nradius: 1/16\nreached: 1/16\npoint: 9/16, 5/16\n" in capsys.readouterr().out


def test_a_proof_that_fails_leaves_nothing_behind(lines, tmp_path, monkeypatch):
    from polytope_lens.proof import write

    def fail(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(write, "descend", fail)
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
    assert answer["inputs"] == answer["outputs"] == answer["remarks"] == []
    assert answer["layers"][0]["steps"] == ["conv (Conv)", "act (Relu)"]
    assert answer["layers"][0]["nonzero"] == 12 * 4
    answer = as_json(capsys, "inspect", path, "--input-shape", "1", "3", "4", "--outputs", "h")
    assert answer["outputs"] == ["h"]
    assert answer["stripped"] is None
    assert answer["n_neurons"] == 0
    assert "names 'q'" in refused(capsys, "inspect", path, "--outputs", "q")
    assert "`--inputs` names 'q'" in refused(capsys, "inspect", path, "--inputs", "q")
    assert "Say `--input-shape`" in refused(capsys, "inspect", path)


def test_weights_with_an_architecture(capsys, tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    path = str(tmp_path / "w.safetensors")
    safetensors.save_file({"a.weight": np.eye(2), "b.weight": np.ones((1, 2))}, path)
    for steps in (["relu"], ["a", "relu", "b"]):
        assert as_json(capsys, "count", path, "--everywhere", "--architecture", *steps)["total"] == 4
    said = refused(capsys, "count", path, "--everywhere")
    assert "as in --architecture fc1 relu fc2, or" in said and "as in --architecture relu;" in said
    assert "[" not in said


def test_runs_that_end_early_say_so_and_go_on(capsys, lines, tmp_path, monkeypatch):
    in_many_parts(monkeypatch, 2)
    for command, total in (("count", "total"), ("partition", "n_regions")):
        run, told = str(tmp_path / command), []
        ask = (command, lines, "--store", run, "--resume", "--max-regions", "1")
        while (code := main([*ask, "--json"])) == 3:
            told.append(json.loads(capsys.readouterr().out))
        assert code == 0
        assert len(told) > 1
        assert {answer["status"] for answer in told} == {"BUDGET_REACHED"}
        assert [answer[total] for answer in told] == sorted({answer[total] for answer in told})
        answer = json.loads(capsys.readouterr().out)
        assert (answer["status"], answer[total]) == ("COMPLETE", 7)
        assert refused(capsys, command, lines, "--store", run) == (
            f"polytope-lens: {run} holds a run already. Go on with it with `--resume`, or choose another folder.\n"
        )
        assert main(list(ask)) == 0
        assert "7" in capsys.readouterr().out
    assert len(Partition.load(run)) == 7


@pytest.mark.parametrize(
    ("limit", "keeps"),
    [(["--max-regions", "1"], False), (["--max-seconds", "1e-9"], True), (["--max-memory", "1"], True)],
)
def test_limits_without_and_with_a_store(capsys, lines, tmp_path, monkeypatch, limit, keeps):
    in_many_parts(monkeypatch, 2)
    where = ["--store", str(tmp_path / "run")] if keeps else []
    advice = "Go on with the same call and `--resume`" if keeps else "or give a `--store` to go on with"
    for command in ("count", "partition"):
        assert main([command, lines, *where, *limit]) == 3
        told = capsys.readouterr().out
        assert "at least" in told
        assert advice in told
        where = [*where[:1], str(tmp_path / "other")] if keeps else []


def test_an_interrupted_run_ends_with_130(capsys, lines, tmp_path, monkeypatch):
    in_many_parts(monkeypatch, 2)
    walk, at = task.Task.walk, count()

    def walked(self, span, record, **options):
        for chunk in walk(self, span, record, **options):
            if next(at) == 1:
                os.kill(os.getpid(), signal.SIGINT)
            yield chunk

    monkeypatch.setattr(task.Task, "walk", walked)
    run = str(tmp_path / "run")
    assert main(["count", lines, "--store", run]) == 130
    assert "The regions found are correct but not all of them." in capsys.readouterr().out
    assert as_json(capsys, "count", lines, "--store", run, "--resume")["total"] == 7


def test_what_a_run_is_refused_for(capsys, lines, tmp_path):
    assert "no `--store` was given" in refused(capsys, "count", lines, "--resume")
    assert "`--keep` should be a list of names" in refused(
        capsys, "partition", lines, "--store", str(tmp_path / "run"), "--keep", "colours"
    )
    assert "`--max-seconds`" in refused(capsys, "count", lines, "--max-seconds", "-1")
    assert not (tmp_path / "run").exists()


def test_files_in_the_wrong_order_are_told(capsys, lines, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.proof", "a.vnnlib"):
        (tmp_path / name).touch()
    assert "looks like a proof log, where a network is expected: mind the order" in refused(
        capsys, "verify", lines, "a.proof"
    )
    assert "looks like a property, where" in refused(capsys, "check", "a.vnnlib", lines)


@pytest.mark.parametrize("command", ["count", "partition"])
def test_hopeless_runs_end_where_nobody_watches_too(capsys, monkeypatch, space, command):
    monkeypatch.setattr(forecast, "SOON", -1.0)
    monkeypatch.setattr(forecast, "DAY", -1.0)
    asked = [command, space, "--box", "-1", "1", "--engine", "split"]
    assert main(asked) == 3
    streams = capsys.readouterr()
    assert "8 regions" in streams.err and "It was ended; with --yes it goes on." in streams.err and not streams.out
    assert main([*asked, "--yes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "COMPLETE"
