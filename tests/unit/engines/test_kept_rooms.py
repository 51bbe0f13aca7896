"""Memory that a walk has left is as new for the next one, whatever network and box that has."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
import pytest

from families import golden
from polytope_lens import Box, Lens
from polytope_lens._compiled.words import taken_apart
from polytope_lens.engines import kept_rooms
from polytope_lens.engines.charts import whole
from polytope_lens.engines.kept_rooms import left, taken
from polytope_lens.engines.kernel import arrays
from polytope_lens.engines.table import ENGINES


class Arrays(NamedTuple):
    one: np.ndarray
    two: np.ndarray


CASES = [(2, "subdivide"), (2, "split"), (3, "polyhedra"), (3, "split"), (4, "split")]


@pytest.fixture(autouse=True)
def _no_rooms(monkeypatch):
    monkeypatch.setattr(kept_rooms, "_rooms", {})


@pytest.mark.parametrize(("dim", "engine"), CASES)
def test_other_networks_and_boxes_have_the_answers_of_a_process_of_their_own(dim, engine, monkeypatch):
    lenses = [Lens(golden((dim, 6, 5), 2, shift)) for shift in (0.1, 0.3)]
    questions = list(product(lenses, [Box([-size] * dim, [1] * dim) for size in (1, 2, 3)]))
    with monkeypatch.context() as patch:
        patch.setattr(kept_rooms, "MOST_KEPT", 0)
        alone = [(lens.count(box, engine), lens.partition(box, engine)) for lens, box in questions]
    for _ in range(2):
        for (lens, box), (count, partition) in zip(questions, alone, strict=True):
            found, listed = lens.count(box, engine), lens.partition(box, engine)
            assert (found.total, found.per_layer.tolist(), found.certificate) == (
                count.total,
                count.per_layer.tolist(),
                count.certificate,
            )
            assert np.array_equal(listed.packed_patterns, partition.packed_patterns)
            assert np.array_equal(listed.witnesses, partition.witnesses)
            assert np.array_equal(listed.maps, partition.maps)
    assert any(room is not None for room in kept_rooms._rooms.values())


@pytest.mark.parametrize(("dim", "engine"), CASES)
def test_a_state_in_a_room_that_was_left_is_as_in_a_new_one(dim, engine):
    first, second = (golden((dim, 6, 5), 2, shift) for shift in (0.1, 0.3))
    boxes = Box([-1] * dim, [1] * dim), Box([-2] * dim, [1.5] * dim)

    def state_of(network, box):
        return ENGINES[engine].set_up(network, whole(network, box), want_output=True)

    problem, fresh = state_of(second, boxes[1])
    fresh = [array.copy() for array in arrays(fresh)]
    assert problem.room.memory is None
    left(problem.room)
    for network, box in ((first, boxes[0]), (second, boxes[0]), (first, boxes[1])):
        problem, state = state_of(network, box)
        assert problem.room.memory is not None
        for array in arrays(state):
            if array.flags.writeable and array.size and not np.shares_memory(array, problem.room.memory[1]):
                array.view(np.uint8)[...] = 7
        left(problem.room)
    problem, state = state_of(second, boxes[1])
    for one, other in zip(arrays(state), fresh, strict=True):
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    assert taken_apart((state,), problem.room.apart) == taken_apart((state,))


def test_nobody_else_has_a_room_that_was_taken():
    def make():
        return Arrays(np.zeros(3), np.full(2, -1.0))

    for _ in range(2):
        left(taken("sizes", make))
    first, second = taken("sizes", make), taken("sizes", make)
    assert first.memory is not None and not np.shares_memory(first.state.one, second.state.one)
    first.state.one[:] = 5
    left(first)
    again = taken("sizes", make)
    assert again is first and again.state.one.tolist() == [0, 0, 0] and again.state.two.tolist() == [-1, -1]


@pytest.mark.parametrize(("limit", "value"), [("MOST_BYTES", 1), ("MOST_KEPT", 1)])
def test_few_and_small_rooms_are_kept(monkeypatch, limit, value):
    monkeypatch.setattr(kept_rooms, limit, value)

    def make():
        return Arrays(np.zeros(3), np.zeros(2))

    for sizes in ("one", "one", "two", "two"):
        left(taken(sizes, make))
    kept = {sizes for sizes, room in kept_rooms._rooms.items() if room is not None}
    assert kept == (set() if limit == "MOST_BYTES" else {"two"})
