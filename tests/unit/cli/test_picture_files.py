"""Pictures that commands write."""

from __future__ import annotations

import pytest

from polytope_lens.cli.picture_files import check_picture, new_axes, save_axes
from polytope_lens.errors import OptionError


def test_names_of_pictures():
    for name in (None, "a.png", "b.SVG", "c/d.pdf"):
        check_picture(name)
    check_picture("page.html", ".html")
    with pytest.raises(OptionError, match=r"written as .png, .svg or .pdf, but 'page.html' ends otherwise"):
        check_picture("page.html")
    with pytest.raises(OptionError, match=r"and a page as .html, but 'a.jpg' ends otherwise"):
        check_picture("a.jpg", ".html")


@pytest.mark.parametrize("in_space", [False, True])
def test_axes_are_saved(tmp_path, in_space):
    ax = new_axes(in_space=in_space)
    assert (ax.name == "3d") == in_space
    save_axes(ax, str(tmp_path / "a.svg"))
    assert (tmp_path / "a.svg").read_bytes()[:4] == b"<?xm"
