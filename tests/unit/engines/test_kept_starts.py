"""A walk that begins where an earlier one began finds the same, whatever became of that one."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from families import golden
from polytope_lens import Box, Lens
from polytope_lens.engines import kept_starts, split
from polytope_lens.engines._kernels import outcomes
from polytope_lens.engines.charts import whole
from polytope_lens.engines.kept_starts import left, taken
from polytope_lens.engines.kernel import arrays
from polytope_lens.engines.table import ENGINES

CASES = [(2, "subdivide"), (2, "split"), (3, "polyhedra"), (3, "split"), (4, "split")]


def lens_and_box(dim):
    return Lens(golden((dim, 6, 5), 2, 0.1)), Box([-1] * dim, [1] * dim)


@pytest.mark.parametrize(("dim", "engine"), CASES)
@pytest.mark.parametrize("workers", [1, 2])
def test_the_same_question_has_the_same_answer_again(dim, engine, workers):
    lens, box = lens_and_box(dim)
    options = {"engine": engine, "workers": workers}
    counts = [lens.count(box, **options) for _ in range(4)]
    listed = [lens.partition(box, **options) for _ in range(4)]
    assert len({(found.total, *found.per_layer.tolist(), found.certificate) for found in counts}) == 1
    for found in listed:
        assert np.array_equal(found.packed_patterns, listed[0].packed_patterns)
        assert np.array_equal(found.witnesses, listed[0].witnesses) and np.array_equal(found.maps, listed[0].maps)
    assert len(listed[0]) == counts[0].total


@pytest.mark.parametrize("engine", ["subdivide", "split"])
def test_all_of_the_plane_has_several_beginnings(engine):
    lens = Lens(golden((2, 6, 5), 2, 0.1))
    assert (
        len({(found.total, *found.per_layer.tolist()) for found in (lens.count(None, engine) for _ in range(4))}) == 1
    )


@pytest.mark.parametrize(("dim", "engine"), CASES)
def test_walks_at_the_same_time_are_not_in_each_others_way(dim, engine):
    lens, box = lens_and_box(dim)
    known = [region.pattern for region in lens.regions(box, engine)]
    for _ in range(3):
        walks = [lens.regions(box, engine) for _ in range(3)]
        first = [list(islice(walk, 2)) for walk in walks]
        for two, walk in zip(first, walks, strict=True):
            assert [region.pattern for region in (*two, *walk)] == known


@pytest.mark.parametrize(("dim", "engine"), CASES)
def test_what_was_broken_off_or_limited_leaves_nothing_behind(dim, engine):
    lens, box = lens_and_box(dim)
    known = [region.pattern for region in lens.regions(box, engine)]
    for _ in range(3):
        next(lens.regions(box, engine))
        lens.partition(box, engine, max_regions=1)
        assert [region.pattern for region in lens.regions(box, engine)] == known
        assert lens.count(box, engine).total == len(known)


def test_what_is_taken_is_as_new():
    network, box = golden((4, 6, 5), 2, 0.1), Box([-1] * 4, [1] * 4)

    def make():
        return split.set_up(network, whole(network, box), want_output=False)

    fresh, starts = make()[1], []
    for _ in range(4):
        starts.append(taken(network, "key", make))
        for one, other in zip(arrays(starts[-1].state), arrays(fresh), strict=True):
            assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
        starts[-1].state.scalars[:] = 7
        starts[-1].state.frames.rows[:] = np.nan
        left(network, "key", starts[-1])
    first, second, third, fourth = starts
    assert first.memory is None and second is third is fourth
    alone = taken(network, "key", make), taken(network, "key", make)
    assert alone[0] is second and alone[1].state.scalars is not second.state.scalars
    assert alone[1].state.scalars[outcomes.TOP] == 1


@pytest.mark.parametrize(("dim", "engine"), CASES)
def test_what_is_kept_looks_alike_to_the_compiler(dim, engine):
    network, box = golden((dim, 6, 5), 2, 0.1), Box([-1] * dim, [1] * dim)
    set_up = ENGINES[engine].set_up
    starts = []
    for _ in range(2):
        starts.append(taken(network, "key", lambda: set_up(network, whole(network, box), want_output=True)))
        left(network, "key", starts[-1])
    assert starts[0].arguments.look == starts[1].arguments.look and starts[1].memory is not None


@pytest.mark.parametrize(("limit", "value", "is_kept"), [("MOST_BYTES", 100, False), ("MOST_KEPT", 1, True)])
def test_little_is_kept(monkeypatch, limit, value, is_kept):
    monkeypatch.setattr(kept_starts, limit, value)
    network, box = golden((4, 6, 5), 2, 0.1), Box([-1] * 4, [1] * 4)

    def make():
        return split.set_up(network, whole(network, box), want_output=False)

    starts = [taken(network, "key", make)]
    for _ in range(2):
        left(network, "key", starts[-1])
        starts.append(taken(network, "key", make))
    assert (starts[2].memory is not None) == is_kept
    left(network, "key", starts[2])
    left(network, "another", taken(network, "another", make))
    assert (taken(network, "key", make) is starts[2]) == (limit != "MOST_KEPT" and is_kept)
