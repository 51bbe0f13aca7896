"""An image of a scalar that is affine on each region, true at every zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.image import AxesImage
from matplotlib.transforms import Affine2D

from polytope_lens.drawing.plane_axes import FRAME, fit
from polytope_lens.drawing.strokes import draw_segments
from polytope_lens.errors import DomainError
from polytope_lens.polyhedral_complex.requirements import require_planar_mesh
from polytope_lens.render import scene

if TYPE_CHECKING:
    from matplotlib import colors as mcolors
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase

    from polytope_lens._types import Floats, Frame, Ints
    from polytope_lens.mesh.planar_mesh import PlanarMesh
    from polytope_lens.partition.partition import Partition


# Coordinates up to this size: axes compute with a few times the width.
WIDEST = 1e300


class RegionImage(AxesImage):
    """A scalar that is affine on each region, drawn for the pixels of whatever view is asked for.

    Each pixel is the mean colour of 2 x 2 points at which the scalar is evaluated: no value is interpolated, so the
    picture is true at every zoom and resolution, and has no seams. Vector formats embed it as one image.

    Parameters
    ----------
    ax : Axes
    mesh : PlanarMesh
    planes : (n_regions, 3) array, or (n_regions, k, 3)
        ``[a, b, c]``: the scalar is ``a x + b y + c`` on the region. Of k such it is the number of the greatest, of
        several equal ones the first.
    cmap, norm
        How the scalar becomes a colour.
    """

    def __init__(
        self, ax: Axes, mesh: PlanarMesh, planes: Floats, *, cmap: str | mcolors.Colormap, norm: mcolors.Normalize
    ) -> None:
        (left, bottom), (right, top) = mesh.points.min(axis=0), mesh.points.max(axis=0)
        super().__init__(ax, cmap=cmap, norm=norm, extent=(left, right, bottom, top), origin="lower")
        self.mesh, self.planes = mesh, planes
        self.set_data(
            planes[:, :1, 2] if planes.ndim == 3 else planes[:, 2:]
        )  # the base class draws nothing without an array
        self.set_clip_path(ax.patch)

    def make_image(
        self, renderer: RendererBase, magnification: float = 1.0, unsampled: bool = False
    ) -> tuple[Frame, float, float, Affine2D]:
        """Compute the pixels of the current view, and where they go."""
        corners = self.axes.bbox.get_points() * magnification
        first, last = np.floor(corners[0]), np.ceil(corners[1])  # whole pixels around the axes
        lower, upper = self.axes.transData.inverted().transform(np.array([first, last]) / magnification)
        width, height = (last - first).astype(int)
        fine = self._colors(lower, upper, (2 * height, 2 * width))
        x, y = first / magnification
        return _mean_of_fours(fine), float(x), float(y), Affine2D()

    def get_cursor_data(self, event: Any) -> None:
        """Nothing: the array that matplotlib would look into is not the picture."""

    def _check_unsampled_image(self) -> bool:
        return False  # vector formats, too, take what `make_image` returns

    def _colors(self, lower: Floats, upper: Floats, shape: tuple[int, int]) -> Frame:
        regions = scene.region_raster(self.mesh, lower, upper, shape)
        y, x = (
            start + (np.arange(n) + 0.5) * ((stop - start) / n)
            for n, start, stop in zip(shape, lower[::-1], upper[::-1], strict=True)
        )
        several = self.planes.reshape(len(self.planes), -1, 3)
        values = self._affine(several[:, 0], regions, x, y)
        if self.planes.ndim == 3:
            greatest, values = values, np.zeros_like(values)
            for k in range(1, several.shape[1]):
                other = self._affine(several[:, k], regions, x, y)
                values[other > greatest] = k
                np.maximum(greatest, other, out=greatest)
        return np.asarray(self.to_rgba(np.ma.masked_array(values, regions < 0), bytes=True))

    @staticmethod
    def _affine(planes: Floats, regions: Ints, x: Floats, y: Floats) -> Floats:
        a, b, c = planes.T
        return np.asarray(a[regions] * x + b[regions] * y[:, None] + c[regions])


def _mean_of_fours(fine: Frame) -> Frame:
    """Mean colour of each 2 x 2 pixels, (2 h, 2 w, 4) -> (h, w, 4). Transparent ones only make the mean transparent."""
    total = np.zeros((fine.shape[0] // 2, fine.shape[1] // 2, 4), dtype=np.uint16)
    opaque = np.zeros((*total.shape[:2], 1), dtype=np.uint16)
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        quarter = fine[i::2, j::2]
        total += quarter  # transparent pixels are black
        opaque += quarter[..., 3:] > 0
    total[..., :3] = (total[..., :3] + opaque // 2) // np.maximum(opaque, 1)
    total[..., 3] //= 4
    return total.astype(np.uint8)


def fill(
    ax: Axes, partition: Partition, planes: Floats, cmap: str | mcolors.Colormap, norm: mcolors.Normalize
) -> RegionImage:
    """Fill the regions by a scalar that is affine on each, outline the domain and fit the view to it."""
    mesh = require_planar_mesh(partition)
    if not np.abs(mesh.points).max() < WIDEST:
        raise DomainError(f"a domain is drawn if its coordinates are below {WIDEST:g} in size. Choose a smaller one.")
    image = RegionImage(ax, mesh, planes, cmap=cmap, norm=norm)
    ax.add_image(image)
    draw_segments(ax, scene.domain_outline(mesh), color=FRAME, width=0.8)
    fit(ax, image.get_extent())
    return image
