"""Colours for layers and classes; those of layers on the page are tested with the scene."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.drawing import palettes


@pytest.mark.parametrize("n", [0, 1, 3, 8, 9, 40])
def test_classes_have_different_colours_and_pale_ones_are_lighter(n):
    hues, pale = palettes.class_hues(n), palettes.class_colors(n)
    assert hues.shape == pale.shape == (n, 3)
    assert len(np.unique(hues.round(2), axis=0)) == n
    assert (pale >= hues).all() and pale.max(initial=1) <= 1


def test_lines_of_every_layer_are_seen_on_every_class():
    def luminance(colors):
        linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    grounds, lines = palettes.class_colors(8), palettes.layer_colors(6)
    distance = np.linalg.norm(grounds[:, None] - lines, axis=2)
    assert distance.min() > 0.3
    assert luminance(grounds).min() > luminance(lines).max() * 0.9
