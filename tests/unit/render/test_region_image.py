"""The image of regions; what reaches the pixels is tested with the pictures."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure

from polytope_lens.render.region_image import RegionImage, fill


def test_of_several_planes_the_greatest_counts_and_of_equal_ones_the_first(lines):
    ax = Figure(figsize=(1, 1), dpi=20).add_axes((0, 0, 1, 1))
    planes = np.tile([[0.0, 0, 1], [1, 0, 1], [0, 0, 1]], (len(lines), 1, 1))  # 1, 1 + x, 1
    image = fill(ax, lines, planes, ListedColormap(["black", "white", "red"]), Normalize(-0.5, 2.5))
    assert isinstance(image, RegionImage)
    pixels, left, bottom, _ = image.make_image(None)
    assert (left, bottom) == (0, 0)
    assert (pixels[:, :10, :3] == 0).all() and (pixels[:, 10:, :3] == 255).all()
    assert image.get_cursor_data(None) is None
