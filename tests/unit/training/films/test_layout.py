"""Panels and curves stay in the frame and off each other."""

from __future__ import annotations

import pytest
import shapely

from polytope_lens.training.films.layout import layout


@pytest.mark.parametrize("size", [(1280, 480), (540, 480), (480, 540), (1920, 1080), (300, 900)])
@pytest.mark.parametrize("curves", [True, False])
def test_layouts_do_not_overlap(size, curves):
    for n in range(1, 5):
        if (size, n) == ((300, 900), 4) and curves:
            continue
        for sides in ((2.0, 2.0), (4.0, 3.0)):
            found = layout(n, size, sides, curves)
            boxes = shapely.box(
                *zip(*((x, y, x + w, y + h) for x, y, w, h in found.panels + found.curves), strict=True)
            )
            for k, one in enumerate(boxes):
                assert shapely.box(0, 0, *size).contains_properly(one)
                assert not any(one.intersects(other) for other in boxes[k + 1 :])
            assert len({box[2:] for box in found.panels}) == 1
            assert found.title <= size[1]
