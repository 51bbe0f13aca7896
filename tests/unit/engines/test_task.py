"""What is walked in runs, and what is refused."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.engines.chunks import Record
from polytope_lens.engines.kept_regions import Columnist
from polytope_lens.engines.task import CountSink, RegionSink, task
from polytope_lens.errors import OptionError
from polytope_lens.partition.provenance import Tally

LENS = Lens.from_arrays([[[1.0, 2.0], [2.0, -1.0], [0.5, 1.0]], [[1.0, 1.0, 1.0]]], [[0.1, 0.2, -0.3], [0.0]])
BOX = Box([-1, -1], [1, 1])


def test_a_task_goes_through_its_domain_in_one_order() -> None:
    assert task(LENS.network, BOX, "auto").engine == "subdivide"
    assert task(LENS.network, BOX, "split").engine == "split"
    assert task(LENS.network, None, "auto").engine == "split"
    with pytest.raises(OptionError, match=r"the engine 'subdivide' does not do in unbounded domains\. Use 'split'"):
        task(LENS.network, None, "subdivide")
    with pytest.raises(OptionError, match=r"the engine 'brute' does not do\. Use 'split'"):
        task(LENS.network, BOX, "brute")


def test_of_a_flat_box_the_flat_is_walked_and_users_are_told_of_their_layers() -> None:
    walked = task(LENS.network, Box([-1, 0.5], [1, 0.5]), "auto")
    assert walked.network.input_dim == 1
    nothing = Tally.nothing(len(walked.network.layers))
    assert len(nothing.per_layer) == 2
    assert len(walked.told(nothing).per_layer) == 1


def test_a_task_can_be_sent_elsewhere() -> None:
    walked = pickle.loads(pickle.dumps(task(LENS.network, BOX, "auto")))
    assert sum(chunk.n_regions for chunk in walked.walk(walked.span, Record(), want_output=False)) == LENS.count(BOX)


def test_sinks_make_the_same_part_of_the_same_batches() -> None:
    walked, found = task(LENS.network, BOX, "auto"), []
    counts = CountSink(walked, found.append)
    columnist = Columnist(LENS.network, BOX, ("witnesses",))
    regions = RegionSink(walked, columnist, lambda part, columns: found.extend([part, columns]))
    for sink in (counts, regions):
        for chunk in walked.walk(walked.span, Record(), **sink.wanted):
            sink.take(chunk)
        sink.flush(walked.span)
    one, other, columns = found
    assert one.span == other.span == walked.span
    assert one.n_regions == other.n_regions == len(columns["patterns"]) == LENS.count(BOX)
    np.testing.assert_array_equal(one.tally.per_layer, other.tally.per_layer)
    assert one.tally.certificate == other.tally.certificate
    regions.flush(walked.span)
    assert found[-2].n_regions == 0
    assert found[-1]["witnesses"].shape == (0, 2)
