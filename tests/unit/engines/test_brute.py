from __future__ import annotations

import numpy as np

from families import generic, zaslavsky
from polytope_lens import Box
from polytope_lens.engines import brute
from polytope_lens.engines.charts import charts
from polytope_lens.engines.chunks import Record
from polytope_lens.network.network import evaluate
from polytope_lens.network.pattern import unpack


def test_lines_in_general_position():
    network, record = generic(4, 2), Record()
    (chart,) = charts(Box([-1e6] * 2, [1e6] * 2), 2)
    (chunk,) = brute.walk(network, chart, record, want_output=True)
    assert chunk.n_regions == zaslavsky(4, 2) == 11
    assert record.layer_counts == [11]
    assert (record.float64, record.double_double) == (0, 0)
    assert record.rational > 0
    values = chunk.witnesses @ network.layers[0].weight.T + network.layers[0].bias
    assert (unpack(chunk.patterns, 4) == (values > 0)).all()
    outputs = (chunk.maps @ np.column_stack([chunk.witnesses, np.ones(11)])[:, :, None])[:, :, 0]
    assert np.allclose(outputs, evaluate(network, chunk.witnesses))


def test_a_count_holds_no_patterns():
    (chart,) = charts(Box([-1e6], [1e6]), 1)
    (chunk,) = brute.walk(generic(3, 1), chart, Record(), want_output=False)
    assert chunk.n_regions == 4
    assert chunk.patterns.size == 0
