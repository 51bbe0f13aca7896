"""What several pieces hold together is counted once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from families import generic, seven_lines
from polytope_lens import Lens, Polytope
from polytope_lens.engines import enumerate as engines
from polytope_lens.engines import overlap, subdivide
from polytope_lens.engines.charts import charts
from polytope_lens.engines.chunks import Record
from polytope_lens.engines.table import ENGINES
from polytope_lens.network.network import from_arrays
from polytope_lens.testing import assert_same_regions, networks


@settings(max_examples=80)
@given(
    network=networks(2, max_depth=3, weights="integer"),
    domain=st.sampled_from([None, Polytope([[1, 1]], [1]), Polytope([[-1, 0], [0, -1]], [1, 0])]),
    size=st.sampled_from([1.0, 1.0, 2.0, None]),
)
def test_counts_are_those_of_the_partition_in_one_piece(network, domain, size):
    """Small integers put neurons on the borders of small charts, x = 1 and the like."""
    lens = Lens(network)
    with pytest.MonkeyPatch.context() as patch:
        if size is not None:
            patch.setattr(engines, "central_size", lambda network: size)
        counts, whole = lens.count(domain, "subdivide"), lens.partition(domain, "split")
        assert counts.total == len(whole)
        assert counts.per_layer.tolist() == whole.counts_per_layer.tolist()
        assert sum(1 for _ in lens.regions(domain, "subdivide")) == len(whole)
        assert_same_regions(lens.partition(domain, "subdivide"), whole)


def spied(monkeypatch):
    wanted = []
    honest = subdivide.walk

    def walk(*args, want_output, **options):
        wanted.append(want_output)
        return honest(*args, want_output=want_output, **options)

    monkeypatch.setitem(ENGINES, "subdivide", replace(ENGINES["subdivide"], walk=walk))
    return wanted


def test_the_central_chart_is_only_counted(monkeypatch):
    wanted = spied(monkeypatch)
    assert Lens(generic(12, 2)).count().total == 79
    assert wanted == [True] * 4 + [False]


def test_but_where_a_neuron_lies_on_its_border(monkeypatch):
    wanted = spied(monkeypatch)
    lens = Lens(from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]], [[-1, 0, 0.5], [0]]))
    monkeypatch.setattr(engines, "central_size", lambda network: 1.0)
    assert lens.count().total == 7
    assert wanted == [True] * 5


@pytest.mark.parametrize("network", [generic(30, 2), seven_lines()], ids=["generic", "seven lines"])
def test_patterns_kept_are_few(network):
    """Those with an edge on a side, whichever engine would have to say so."""
    for chart in charts(None, 2):
        for chunk in subdivide.walk(network, chart, Record(), want_output=True):
            at_border = overlap.reaches_border(chunk)
            owners = np.split(chunk.corners.owner, chunk.corners.indptr[1:-1])
            assert at_border.tolist() == [bool((owner < 0).any()) for owner in owners]
