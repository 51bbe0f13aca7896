"""What a reader of a picture sees that says nothing about the network: colours, widths, titles, scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from polytope_lens._arrays import validate
from polytope_lens.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.colors import Colormap


class StyleOptions(TypedDict, total=False):
    """The fields of `PictureStyle`, as keywords of the methods that draw."""

    cmap: str | Colormap | None
    limits: tuple[float, float] | None
    linewidth: float | None
    title: str | None
    legend: bool
    colorbar: bool
    figsize: tuple[float, float] | None


@dataclass(frozen=True, slots=True, eq=False)
class PictureStyle:
    """How a picture is drawn; see `style`.

    Parameters
    ----------
    cmap : str, Colormap or None
    limits : (low, high) or None
    linewidth : float or None
    title : str or None
    legend, colorbar : bool
    figsize : (width, height) or None
    """

    cmap: str | Colormap | None = None
    limits: tuple[float, float] | None = None
    linewidth: float | None = None
    title: str | None = None
    legend: bool = True
    colorbar: bool = True
    figsize: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.cmap is not None:
            _check_colors(self.cmap)
        if self.limits is not None:
            object.__setattr__(self, "limits", _pair(self.limits, "limits", "(low, high) with low < high"))
            if not self.limits[0] < self.limits[1]:
                raise OptionError(
                    f"`limits` should be (low, high) with low < high, but received {validate.shown(self.limits)}."
                )
        if self.linewidth is not None:
            validate.number(self.linewidth, name="`linewidth`", positive=True)
        if self.title is not None:
            validate.text(self.title, name="`title`")
        validate.flag(self.legend, name="`legend`")
        validate.flag(self.colorbar, name="`colorbar`")
        if self.figsize is not None:
            size = _pair(self.figsize, "figsize", "(width, height) in inches")
            for side in size:
                validate.number(side, name="each side of `figsize`", positive=True)
            object.__setattr__(self, "figsize", size)


PLAIN = PictureStyle()
"""As it is drawn if nothing is asked for."""


def style(options: Mapping[str, Any]) -> PictureStyle:
    """A style from keywords.

    Parameters
    ----------
    options : dict
    cmap : str or Colormap, optional
        Colours of a value or slope, as matplotlib names them.
    limits : (low, high), optional
        Values at the ends of the scale of colours, by default the least and the greatest. Give it when several
        pictures should share one scale.
    linewidth : float, optional
        Of boundaries of the last layer, in points; those of earlier layers are up to twice as thick, edges of solids
        all the same. By default widths follow the size of the axes and the number of regions.
    title : str, optional
    legend : bool
        Say which colours are which layers, or classes.
    colorbar : bool
        Draw the scale of colours, where they stand for numbers.
    figsize : (width, height), optional
        Of the new figure, in inches, where no `ax` is given.

    Raises
    ------
    OptionError
        An option that there is not, or a value that makes no sense.
    """
    for name in options:
        validate.option(name, name="an option of a picture", allowed=PictureStyle.__slots__)
    return PictureStyle(**options)


def _check_colors(cmap: Any) -> None:
    from matplotlib import colormaps
    from matplotlib.colors import Colormap

    if isinstance(cmap, Colormap):
        return
    if not isinstance(cmap, str) or cmap not in colormaps:
        raise OptionError(
            "`cmap` should be a colour map of matplotlib, or the name of one, such as 'viridis', but received "
            f"{validate.shown(cmap)}."
        )


def _pair(value: Any, name: str, told: str) -> tuple[float, float]:
    """Two finite numbers."""
    found = validate.float_array(value, name=f"`{name}`", ndim=1, error=OptionError)
    if found.shape != (2,):
        raise OptionError(f"`{name}` should be {told}, but received {validate.shown(value)}.")
    first, second = found.tolist()
    return first, second
