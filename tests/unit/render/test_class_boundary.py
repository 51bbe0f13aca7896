"""The decision boundary of a picture, by a second road."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.errors import OptionError
from polytope_lens.render.class_boundary import class_boundary

SQUARE = Box([-1, -1], [1, 1])


def test_classes_meet_where_no_other_is_greater():
    # Outputs x, y and 0, through a layer that carries x and y and has a crease through the lines where they meet.
    lens = Lens.from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 0, 0], [0, 1, 0], [0, 0, 0]]], [[9, 9, -0.5], [-9, -9, 0]])
    found = class_boundary(lens.partition(SQUARE))
    lengths = np.hypot(*(found[:, 1] - found[:, 0]).T)
    assert lengths.sum() == pytest.approx(np.sqrt(2) + 1 + 1)
    ends = {tuple(point) for point in found.reshape(-1, 2).round(12).tolist()}
    assert ends == {(0, 0), (0.25, 0.25), (1, 1), (0, -1), (-1, 0)}


def test_the_class_changes_across_the_boundary_and_nowhere_else():
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal(shape) for shape in ((8, 2), (8, 8), (4, 8))]
    lens = Lens.from_arrays(weights, [rng.standard_normal(len(weight)) for weight in weights])
    found = class_boundary(lens.partition(SQUARE))
    assert len(found)
    middle, (dx, dy) = found.mean(axis=1), (found[:, 1] - found[:, 0]).T
    across = 1e-9 * np.stack([-dy, dx], axis=1) / np.hypot(dx, dy)[:, None]
    assert (lens(middle + across).argmax(axis=1) != lens(middle - across).argmax(axis=1)).all()
    # Where a way changes class, the boundary is near.
    way = rng.uniform(-1, 1, (2, 2))
    points = way[0] + np.linspace(0, 1, 20001)[:, None] * (way[1] - way[0])
    changes = np.flatnonzero(np.diff(lens(points).argmax(axis=1)))
    for point in points[changes]:
        along = ((point - found[:, 0]) * (found[:, 1] - found[:, 0])).sum(axis=1) / (dx**2 + dy**2)
        foot = found[:, 0] + np.clip(along, 0, 1)[:, None] * (found[:, 1] - found[:, 0])
        assert np.hypot(*(foot - point).T).min() < 1e-3


@pytest.mark.parametrize(
    ("output", "length"),
    [
        ([[1, 0, 0], [0, 1, 0]], 2.0),  # relu(x) and relu(-x): along a side, seen from both regions
        ([[1, 0, 0], [0, 0, 1]], 2 + np.sqrt(2)),  # relu(x) and relu(y): equal on a whole quadrant
        ([[1, 1, 0], [1, 1, 0]], 0.0),  # equal everywhere
    ],
)
@pytest.mark.parametrize("side", [1.0, 1e-9, 1e150])
def test_coincidences(output, length, side):
    lens = Lens.from_arrays([[[1, 0], [-1, 0], [0, 1]], output], [[0, 0, 0], [0, 0]])
    partition = lens.partition(Box([-side, -side], [side, side]))
    found = class_boundary(partition)
    assert np.hypot(*(found[:, 1] - found[:, 0]).T).sum() == pytest.approx(length * side)
    assert partition.boundary(0, 1).length == pytest.approx(length * side)


def test_an_output_that_is_never_the_greatest_has_no_boundary():
    lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 0], [0, 1], [0, 0]]], [[9, 9], [-9, -9, -5]])
    found = class_boundary(lens.partition(SQUARE))
    np.testing.assert_allclose(found[..., 0], found[..., 1])


def test_a_network_with_one_output_has_none():
    with pytest.raises(OptionError, match="this network has one"):
        class_boundary(Lens.example().partition(Box([0, 0], [0.1, 0.1])))
