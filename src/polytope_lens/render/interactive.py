"""The graph of an output over the plane as a figure to turn and to zoom into, made with plotly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.errors import require
from polytope_lens.render import scene
from polytope_lens.render.sheet import HEIGHT, SHEET_COLORS, checked_limits, sheet

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from polytope_lens._types import Floats
    from polytope_lens.partition.partition import Partition


RIM = "#999999"


def surface(
    partition: Partition,
    color: str = "value",
    *,
    boundaries: bool = True,
    output: int = 0,
    height: float = HEIGHT,
    limits: tuple[float, float] | None = None,
) -> go.Figure:
    """Draw the graph of an output over a bounded domain in the plane as an interactive folded surface.

    Parameters
    ----------
    partition : Partition
    color : {"value", "pattern", "slope"}
        The network's value, exact at every point up to the rounding of colours; a colour of its own for each activation
        pattern; or the norm of the gradient.
    boundaries : bool
        Draw the creases, coloured by layer; a click on a layer in the legend hides its creases.
    output : int
        Which output of the network.
    height : float
        Of the drawing, as a part of the domain's longer side: heights have a scale of their own.
    limits : (low, high), optional
        Values at the bottom and the top of the drawing, and the ends of the scale of values; by default the range of
        this partition's values.

    Returns
    -------
    plotly.graph_objects.Figure
        ``figure.show()``, or ``figure.write_html("surface.html", include_plotlyjs=True)`` for a page that needs no
        network.

    Raises
    ------
    MissingExtraError
        plotly is not installed.
    OptionError, DimensionError, UnboundedPolytopeError, PartialPartitionError

    Notes
    -----
    Exactness: each polygon is drawn as triangles in its plane; positions are rounded to single precision.
    """
    go = require("plotly.graph_objects", extra="interactive", purpose="an interactive surface")
    validate.option(color, name="color", allowed=SHEET_COLORS)
    folded = sheet(partition, output)
    limits = checked_limits(folded, limits, height)
    x, y, z = folded.points.T
    (i, j, k), regions = (found.T for found in folded.triangles())
    paint: dict[str, Any]
    if color == "value":
        paint = {"intensity": z, "cmin": limits[0], "cmax": limits[1], "colorbar_title_text": f"output {output}"}
    elif color == "slope":
        title = f"norm of the gradient<br>of output {output}"
        slopes = scene.slopes(partition, output)[regions]
        paint = {"intensity": slopes, "intensitymode": "cell", "colorbar_title_text": title}
    else:
        paint = {"facecolor": _named(scene.pattern_colors(partition))[regions]}
    first, second = scene.axis_names(partition)
    told = f"{first}: %{{x:.6g}}<br>{second}: %{{y:.6g}}<br>output {output}: %{{z:.6g}}<extra></extra>"
    light = {"ambient": 1.0, "diffuse": 0.0, "specular": 0.0, "fresnel": 0.0}  # colours as they are
    if color == "pattern":
        light |= {"ambient": 0.7, "diffuse": 0.4}
    style = {"flatshading": True, "lighting": light, "colorscale": "Cividis", "hovertemplate": told}
    figure = go.Figure(go.Mesh3d(x=x, y=y, z=z, i=i, j=j, k=k, **style, **paint))
    figure.add_trace(_lines(go, folded.points[folded.rim], color=RIM, width=2, showlegend=False))
    if boundaries:
        names = _named(scene.layer_colors(len(partition.network.layers)))
        for layer in np.unique(folded.crease_layers).tolist():
            ends = folded.points[folded.creases[folded.crease_layers == layer]]
            figure.add_trace(_lines(go, ends, color=names[layer], width=3, name=f"layer {layer}"))
    across = np.ptp(folded.points[:, :2], axis=0)
    ratio = dict(zip("xyz", (*across / across.max(), height), strict=True))
    figure.update_layout(
        scene={
            "xaxis_title": first,
            "yaxis_title": second,
            "zaxis": {"title": f"output {output}", "range": list(limits)},
            "aspectmode": "manual",
            "aspectratio": ratio,
        },
        legend={"x": 0, "y": 1},
        margin={"l": 0, "r": 0, "t": 40, "b": 0},  # the tools are above the scale
    )
    return figure


def _lines(go: Any, ends: Floats, *, color: str, width: float, **more: Any) -> Any:
    """Separate segments, (n, 2, 3), as one trace."""
    gaps = np.full((len(ends), 1, 3), np.nan)
    x, y, z = np.concatenate([ends, gaps], axis=1).reshape(-1, 3).T
    return go.Scatter3d(
        x=x, y=y, z=z, mode="lines", line={"color": color, "width": width}, hoverinfo="skip", connectgaps=False, **more
    )


def _named(colors: Floats) -> NDArray[np.str_]:
    """Colours as ``#rrggbb``, (n,)."""
    return np.array([f"#{r:02x}{g:02x}{b:02x}" for r, g, b in np.rint(255 * colors).astype(int).tolist()])
