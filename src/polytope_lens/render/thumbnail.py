"""A partition at a glance, for notebooks: its edges in the colours of their layers, and its numbers."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import astuple
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._kept import kept
from polytope_lens.displays.cards import counts_table, decided_by
from polytope_lens.displays.markup import ask, beside, card, note
from polytope_lens.displays.sketch import Frame, frame_around
from polytope_lens.errors import Status
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.render.scene import axis_names, boundary_segments, domain_outline, layer_colors

if TYPE_CHECKING:
    from polytope_lens._types import Floats
    from polytope_lens.partition.partition import Partition
    from polytope_lens.render.scene import Boundaries

MOST_EDGES = 3000
"""Edges that are lines: more become the pixels of a picture."""
MOST_REGIONS = 100_000
"""Regions whose edges are found in a fraction of a second."""
FINER, MOST_COLORS = 2, 255
"""Pixels of the picture to one of the drawing, and colours beside none; deeper layers have the last one."""


def partition_card(partition: Partition) -> str:
    """The domain, numbers of regions by layer, whether they are all and who decided, and a drawing in the plane."""
    n = len(partition)
    network, counts = partition.network, partition.counts_per_layer.tolist()
    where = f"all of R^{network.input_dim}" if partition.domain is None else repr(partition.domain)
    drawn = thumbnail(partition)
    colors = hex_colors(len(counts)) if drawn else []
    text = counts_table(counts, partition.is_complete, network.bits_per_layer, colors)
    text += note("" if partition.is_complete else partition.explain()) + decided_by(astuple(partition.certificate))
    is_part = "cells of a preimage in" if partition.status is Status.PREIMAGE else "of the regions of"
    title = f"{n} regions of {where}" if partition.is_complete else f"{n} {is_part} {where}"
    shapes = ["partition.plot()", "partition.explorer()"] if partition.mesh is not None else []
    return card(title, note(f"engine: {partition.engine}"), beside(drawn, text), ask("partition[0]", *shapes))


@kept
def thumbnail(partition: Partition) -> str:
    """The edges of a bounded domain in the plane as SVG; "" of other domains, and of too many regions."""
    mesh = partition.mesh
    if not isinstance(mesh, PlanarMesh) or len(mesh.indptr) - 1 > MOST_REGIONS:
        return ""
    frame = frame_around(mesh.points)
    if frame is None:
        return ""
    found, colors = boundary_segments(partition), hex_colors(len(partition.network.layers))
    draw = _lines if len(found.layers) <= MOST_EDGES else _pixels
    outline = "".join(map(frame.line, domain_outline(mesh)))
    told = f"{len(mesh.indptr) - 1} regions over {' and '.join(axis_names(partition))}"
    return frame.svg(f'{draw(frame, found, colors)}<path d="{outline}"/>', told)


def hex_colors(n_layers: int) -> list[str]:
    """The colours of layers for HTML."""
    return ["#" + bytes(color).hex() for color in _bytes(layer_colors(n_layers))]


def _bytes(colors: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return (255 * colors).round().astype(np.uint8)


def _lines(frame: Frame, found: Boundaries, colors: list[str]) -> str:
    """A path for each layer, the deepest first."""
    paths = []
    for layer in np.unique(found.layers)[::-1].tolist():
        path = "".join(map(frame.line, found.segments[found.layers == layer]))
        paths.append(f'<path d="{path}" stroke="{colors[layer]}"/>')
    return "".join(paths)


def _pixels(frame: Frame, found: Boundaries, colors: list[str]) -> str:
    """A picture of the same lines, with nothing between them; earlier layers lie on top."""
    from PIL import Image  # which only large partitions need

    width, height = np.ceil(frame.size).astype(int)
    shape = FINER * np.array([height + 8, width + 8])
    ends = FINER * frame.places(found.segments.reshape(-1, 2)).reshape(-1, 2, 2)
    steps = np.ceil(np.abs(ends[:, 1] - ends[:, 0]).max(axis=1)).astype(np.int64) + 1
    edge = np.repeat(np.arange(len(steps)), steps)
    t = (np.arange(len(edge)) - np.repeat(np.cumsum(steps) - steps, steps)) / np.maximum(steps - 1, 1)[edge]
    x, y = ((1 - t[:, None]) * ends[edge, 0] + t[:, None] * ends[edge, 1]).astype(np.int64).T
    pixels = np.zeros(shape, dtype=np.uint8)
    pixels[y, x] = 1 + np.minimum(found.layers[edge], MOST_COLORS - 1)  # the last one of a pixel stays
    picture, file = Image.fromarray(pixels), BytesIO()
    picture.putpalette(bytes(3) + _bytes(layer_colors(len(colors)))[:MOST_COLORS].tobytes())
    picture.save(file, "png", transparency=0)
    data = b64encode(file.getvalue()).decode()
    size = f'width="{shape[1] / FINER:g}" height="{shape[0] / FINER:g}"'
    return f'<image {size} href="data:image/png;base64,{data}"/>'
