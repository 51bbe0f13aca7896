"""What of an ONNX graph is followed, in which order, and what its names alone say."""

from __future__ import annotations

import pytest

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
from onnx import helper  # noqa: E402

from onnx_models import floats, model_of  # noqa: E402
from polytope_lens.errors import FileFormatError, UnsupportedLayerError  # noqa: E402
from polytope_lens.importers.onnx.needed_nodes import check_names, domain, needed, place, reason  # noqa: E402
from polytope_lens.importers.onnx.onnx import lower  # noqa: E402


def graph_of(nodes, **weights):
    return model_of(nodes, (1, 2), weights).graph


def test_nodes_come_after_what_they_take_and_what_nobody_takes_is_left_out():
    one = helper.make_node("Add", ["x", "b"], ["a"], name="one")
    two = helper.make_node("Relu", ["a"], ["y"], name="two")
    idle = helper.make_node("Sin", ["x"], ["z"], name="idle")
    nodes, leaves = needed(graph_of([two, idle, one], b=floats(2)), ["y"])
    assert [node.name for node in nodes] == ["one", "two"]
    assert leaves == {"x", "b"}
    assert needed(graph_of([two, one], b=floats(2)), ["x"]) == ([], {"x"})


def test_cycles_are_refused():
    nodes = [helper.make_node("Add", ["x", "b"], ["a"], name="one"), helper.make_node("Relu", ["a"], ["b"], name="two")]
    with pytest.raises(FileFormatError, match=r"node 'one' \(Add\) takes 'b', but the graph has a cycle"):
        lower(model_of(nodes, (1, 2), output="b"))
    with pytest.raises(FileFormatError, match="takes 'q', but nothing computes it"):
        lower(model_of([helper.make_node("Relu", ["q"], ["y"])], (1, 2)))
    with pytest.raises(FileFormatError, match="the output 'y' is not computed"):
        lower(model_of([helper.make_node("Relu", ["x"], ["z"])], (1, 2)))
    twice = [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Relu", ["x"], ["y"])]
    with pytest.raises(FileFormatError, match="which is there already"):
        lower(model_of(twice, (1, 2)))


def test_names_alone_refuse():
    nodes = [helper.make_node("Relu", ["x"], ["a"], name="one"), helper.make_node("Gelu", ["a"], ["y"], name="two")]
    with pytest.raises(UnsupportedLayerError, match=r"node 'two' \(Gelu\) is not piecewise affine"):
        check_names({("", "Relu")}, nodes, {"x"}, ["y"])
    check_names({("", "Relu")}, nodes, set(), ["y"])  # of constants, which are computed


def test_nodes_are_told_by_name_and_domain():
    node = helper.make_node("Relu", ["x"], ["y"], domain="ai.onnx")
    assert (place(node), domain(node)) == ("node 'y' (Relu)", "")
    other = helper.make_node("Own", ["x"], ["y"], name="mine", domain="org.example")
    assert (place(other), domain(other)) == ("node 'mine' (Own)", "org.example")
    assert reason(other) == "is of the domain 'org.example', which this release does not read"
