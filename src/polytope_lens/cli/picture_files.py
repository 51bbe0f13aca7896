"""Pictures that commands write."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from polytope_lens.errors import OptionError

if TYPE_CHECKING:
    import argparse

    from matplotlib.axes import Axes

SUFFIXES = (".png", ".svg", ".pdf")
DPI = 200


def add_picture(sub: argparse.ArgumentParser, text: str) -> None:
    """A picture to write besides."""
    sub.add_argument("-o", "--output", metavar="FILE", help=f"also a picture of {text}: .png, .svg or .pdf")


def check_picture(output: str | None, *more: str) -> None:
    """Refuse a name that no picture has, before the work; `more` are other suffixes that are fine."""
    if output is not None and Path(output).suffix.lower() not in (*SUFFIXES, *more):
        page = ", and a page as .html" if more else ""
        raise OptionError(f"a picture is written as .png, .svg or .pdf{page}, but {output!r} ends otherwise.")


def new_axes(*, in_space: bool) -> Axes:
    """Axes of a new figure, in the plane or in space."""
    from matplotlib.figure import Figure

    ax: Axes = Figure(figsize=(6.4, 6.0), layout="constrained").add_subplot(projection="3d" if in_space else None)
    return ax


def save_axes(ax: Axes, output: str) -> None:
    """Write the figure of some axes; the file is complete or not there."""
    from polytope_lens.render.matplotlib import save_figure

    figure: Any = ax.figure
    save_figure(figure, output, DPI)
