"""Small drawings."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from polytope_lens.displays.sketch import ALONE, MARGIN, SIZE, alone, clipped, curves, frame_around, polygon

NO_POINTS = np.zeros((0, 2))
SQUARE = frame_around(np.array([[0.0, 0.0], [1.0, 1.0]]))


def area(corners):
    x, y = corners.T
    return 0.5 * abs(x @ np.roll(y, -1) - y @ np.roll(x, -1))


def test_frames_keep_proportions_but_extreme_ones():
    assert SQUARE.size.tolist() == [SIZE, SIZE]
    assert frame_around(np.array([[0, 0], [2.0, 1]])).size.tolist() == [SIZE, SIZE / 2]
    flat = frame_around(np.array([[0, 0], [1.0, 1e-3]]))
    assert flat.size.tolist() == [SIZE, SIZE / 4]
    assert SQUARE.places(np.array([[0.0, 0], [1, 1]])).tolist() == [[MARGIN, SIZE + MARGIN], [SIZE + MARGIN, MARGIN]]


@pytest.mark.parametrize("points", [NO_POINTS, np.zeros((1, 2)), np.array([[-1e308, 0], [1e308, 1e308]])])
def test_what_has_no_size_has_no_frame(points):
    assert frame_around(points) is None
    assert curves([], points, "nothing") == ""


def test_lines_have_a_frame_with_interior():
    frame = frame_around(np.array([[0.0, 3.0], [2.0, 3.0]]))
    assert (frame.lower < frame.upper).all()


def test_clipping_is_an_intersection():
    corners, sides = clipped(np.array([[1.0, 1.0], [-1.0, 0.0]]), np.array([0.75, -0.25]), SQUARE)
    assert area(corners) == pytest.approx(0.5**2 / 2)
    assert sorted(sides.tolist()) == [-1, 0, 1]
    for k, side in enumerate(sides.tolist()):
        middle = (corners[k] + np.roll(corners, -1, axis=0)[k]) / 2
        expected = {0: middle.sum() - 0.75, 1: 0.25 - middle[0], -1: middle[1]}[side]
        assert expected == pytest.approx(0, abs=1e-12)
    nothing, _ = clipped(np.array([[1.0, 0.0]]), np.array([-1.0]), SQUARE)
    assert nothing.shape == (0, 2)
    assert polygon(SQUARE, np.array([[1.0, 0.0]]), np.array([-1.0]), NO_POINTS, [], "nothing") == ""


def test_drawings_are_svg_that_takes_the_colour_of_the_text():
    drawing = polygon(SQUARE, np.array([[1.0, 1.0]]), np.array([1.0]), np.array([[0.25, 0.25]]), ["7"], "a part")
    tree = ElementTree.fromstring(drawing)
    assert tree.get("aria-label") == "a part" and tree.get("stroke") == "currentColor"
    assert [node.text for node in tree.iter("{http://www.w3.org/2000/svg}text")] == ["7"]
    assert "white" not in drawing and "#" not in drawing
    assert f'color="{ALONE}"' in alone(drawing) and ElementTree.fromstring(alone(drawing)) is not None
    assert alone("") == ""


def test_curves_and_points_are_drawn():
    tree = ElementTree.fromstring(curves([np.array([[0, 0], [1, 2]])], np.array([[0.5, 0.5]]), "a line"))
    (path,) = tree.iter("{http://www.w3.org/2000/svg}path")
    assert path.get("d").count("L") == 1
    assert len(list(tree.iter("{http://www.w3.org/2000/svg}circle"))) == 1
