"""What a network is told to be."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from polytope_lens.importers import graph
from polytope_lens.importers.describe import describe, layer_facts
from polytope_lens.importers.layering import Lowering, schedule


def lowering():
    x = graph.source((1000,))
    y = graph.affine(x, sparse.eye_array(1000, format="csr"), np.zeros(1000), (1000,), "conv")
    z = graph.relu(graph.gather([y], np.arange(999)), "act")
    result = graph.matmul(graph.concatenate([z, graph.gather([x], np.array([0]))], 0), np.ones((1000, 2)), 0.0, "head")
    found = schedule(result, 1000)
    return Lowering(found.network, (10, 100), (2,), found.steps, "end (Softmax)")


def test_facts_are_those_of_the_matrices():
    found = lowering()
    hidden, output = layer_facts(found.network, found)
    assert (hidden.inputs, hidden.width, hidden.cutting) == (1000, 1000, 999)
    assert hidden.nonzero == np.count_nonzero(found.network.layers[0].dense_weight()) == 1000
    assert hidden.density == 0.001
    assert hidden.is_sparse
    assert hidden.steps == ("conv", "act")
    assert (output.inputs, output.width, output.cutting, output.activation) == (1000, 2, 0, "")
    assert output.density == 1.0
    assert not output.is_sparse


def test_the_text_has_it_all():
    found = lowering()
    text = describe(found.network, found)
    for part in (
        "1000 inputs, 2 outputs, 999 neurons that cut in 1 layer", "shape (10, 100) gives (2,)",
        "left out at the end: end (Softmax)", "mixed, 1 pass on", "0.1 % of 1000000 weights, stored sparsely",
        "conv, act", "head",
    ):  # fmt: skip
        assert part in text
