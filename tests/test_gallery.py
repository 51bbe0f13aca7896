"""Every script of the gallery runs and draws a picture with something in it; run with `make gallery`."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

GALLERY = Path(__file__).parents[1] / "docs" / "gallery"
SCRIPTS = sorted(GALLERY.glob("plot_*.py"))


@pytest.mark.gallery
@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_draws_one_picture(script):
    from matplotlib import pyplot

    pyplot.close("all")
    with mpl.rc_context({"backend": "agg"}):
        runpy.run_path(str(script))
        (number,) = pyplot.get_fignums()
        figure = pyplot.figure(number)
        figure.canvas.draw()
        drawn = np.asarray(figure.canvas.buffer_rgba())[..., :3].reshape(-1, 3)
        pyplot.close(figure)
    colors, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(colors) > 50
    assert counts.max() < 0.97 * len(drawn)


def test_a_gallery_has_many_scripts_with_titles_and_a_last_word():
    assert len(SCRIPTS) >= 25
    for script in SCRIPTS:
        text = script.read_text(encoding="utf-8")
        title, line, blank, *sentence = (ast.get_docstring(ast.parse(text)) or "").splitlines()
        assert line == "=" * len(title) and not blank and sentence, script
        last = text.rpartition("# %%\n")[2]
        assert last.endswith(".\n") and all(part.startswith("# ") for part in last.splitlines()), script
        assert len(text.splitlines()) < 50, script
    assert len({script.read_text(encoding="utf-8").splitlines()[1] for script in SCRIPTS}) == len(SCRIPTS)
