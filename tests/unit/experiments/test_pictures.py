"""Pictures of trained networks: what is drawn, by a second road."""

from __future__ import annotations

import numpy as np

from polytope_lens import Box, Lens
from polytope_lens.experiments import pictures

SQUARE = Box([-1, -1], [1, 1])


def test_over_categories_the_boundary_is_drawn():
    lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 0], [0, 1]]], [[9, 9], [0, 0]])
    found = lens.partition(SQUARE)
    for image, drawn in ((np.zeros((4, 4), dtype=int), True), (np.zeros((4, 4)), False)):
        (ax,) = pictures.creases(found, image).axes
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        assert ("decision boundary" in labels) == drawn
