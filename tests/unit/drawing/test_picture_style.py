"""Options of pictures."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import colormaps

import wrong_values as wrong
from polytope_lens.drawing.picture_style import PictureStyle, StyleOptions, style
from polytope_lens.errors import OptionError, PolytopeLensError

WORKING = {
    "cmap": colormaps["viridis"], "limits": (0, 1), "linewidth": 0.5, "title": "a", "legend": False, "colorbar": False,
    "figsize": [3.25, 3],
}  # fmt: skip


def test_the_keywords_are_the_fields():
    assert tuple(StyleOptions.__annotations__) == PictureStyle.__slots__ == tuple(WORKING)
    found = style(WORKING)
    assert found.limits == (0.0, 1.0) and found.figsize == (3.25, 3.0) and found.cmap is WORKING["cmap"]


@pytest.mark.parametrize("name", WORKING)
def test_a_style_or_one_sentence(name):
    refused = []
    for value in wrong.VALUES.values():
        try:
            style({name: value})
        except PolytopeLensError as error:
            refused.append(str(error))
    assert len(refused) > 20
    assert all("\n" not in told and name in told for told in refused)


def test_limits_ascend():
    for limits in ((1, 0), (1, 1), (0, 1, 2), np.nan):
        with pytest.raises(OptionError, match="limits"):
            PictureStyle(limits=limits)


def test_an_option_that_there_is_not():
    with pytest.raises(OptionError, match="an option of a picture should be one of 'cmap', 'limits'"):
        style({"colour": "red"})
