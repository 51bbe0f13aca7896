"""States made of named parts are copied, and given room, without a list of their names."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from polytope_lens.engines._kernels import polyhedra, split, split_state, subdivide
from polytope_lens.engines.kernel import (
    arrays,
    copied,
    copy_with_frame,
    doubled,
    in_one_piece,
    only_frame,
    with_larger_stack,
)


class Stack(NamedTuple):
    layer: Any
    rows: Any


class Room(NamedTuple):
    scratch: Any
    unit: float


class Example(NamedTuple):
    scalars: Any
    layer_counts: Any
    frames: Stack
    room: Room


def example():
    stack = Stack(np.array([1, 2, 3]), np.arange(6.0).reshape(3, 2))
    return Example(np.array([7]), np.array([8]), stack, Room(np.array([0.5]), 2.0))


def test_copies_share_nothing_that_can_be_written_to():
    state = example()
    other = copied(state)
    other.room.scratch[0], other.frames.rows[:], other.scalars[0] = 9.0, 0.0, 0
    assert (state.room.scratch[0], state.room.unit, other.room.unit) == (0.5, 2.0, 2.0)
    assert (state.scalars[0], state.frames.rows[2, 1]) == (7, 5.0)


def test_a_copy_with_one_frame_has_it_in_its_place():
    state = example()
    other = copy_with_frame(state, 1)
    assert type(other) is Example
    assert other.frames.layer.tolist() == [0, 2, 0]
    assert other.frames.rows.tolist() == [[0, 0], [2, 3], [0, 0]]
    other.scalars[0] = other.room.scratch[0] = 0
    assert (state.scalars[0], state.room.scratch[0]) == (7, 0.5)
    assert only_frame(state.frames, 2).layer.tolist() == [0, 0, 3]


def test_twice_the_room_keeps_what_there_is():
    larger = with_larger_stack(example())
    assert larger.frames.layer.tolist() == [1, 2, 3, 0, 0, 0]
    assert larger.frames.rows.shape == (6, 2)
    assert larger.room.scratch.shape == (1,)
    assert doubled(np.array([[1, 2], [3, 4]]), axis=1).tolist() == [[1, 2, 0, 0], [3, 4, 0, 0]]


def test_kernels_have_what_the_driver_asks_of_them():
    for kernel, state in (
        (split, split_state.SplitState),
        (subdivide, subdivide.SubdivideState),
        (polyhedra, polyhedra.PolyhedraState),
    ):
        assert callable(kernel.walk)
        assert all(part.shape[0] <= 1 for part in kernel.NO_OUTPUT if isinstance(part, np.ndarray))
        assert {"scalars", "layer_counts", "frames"} <= set(state._fields)


def test_arrays_in_one_piece_are_the_same_arrays():
    state = example()
    state.frames.layer.flags.writeable = False
    other, memory = in_one_piece(state)
    assert [array.tolist() for array in arrays(other)] == [array.tolist() for array in arrays(state)]
    assert other.frames.layer is state.frames.layer and (type(other), other.room.unit) == (Example, 2.0)
    assert all(np.shares_memory(array, memory) for array in (other.scalars, other.frames.rows))
    memory[:] = 0
    assert not other.frames.rows.any() and state.frames.rows[2, 1] == 5.0
