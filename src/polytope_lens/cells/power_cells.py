"""The cells of a layer as those of a power diagram: a centre and a radius in place of inequalities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.network import network as net
from polytope_lens.network.affine import preactivation_maps

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats
    from polytope_lens.network.network import Layer
    from polytope_lens.region import Region


@dataclass(frozen=True, slots=True, eq=False)
class PowerCell:
    """A cell of a power diagram: the points whose power is less than for any other cell.

    Parameters
    ----------
    centroid : (d,) array
        It need not lie in the cell.
    radius : float
        What is subtracted from squared distances; it may be negative, and is the square of a length only if not.
    """

    centroid: Floats
    radius: float

    def power(self, X: Floats) -> Floats:
        """``||x - centroid||^2 - radius`` at points (n, d), or at one; rounded."""
        return np.asarray(((X - self.centroid) ** 2).sum(axis=-1) - self.radius)


def power_cell(layer: Layer, on: Bools) -> PowerCell:
    """The cell of a layer in which these of its neurons are on, in the space of the layer's inputs.

    Parameters
    ----------
    layer : Layer
    on : (n,) bool array
        One for each neuron; those of neurons that do not cut are ignored.

    Notes
    -----
    The sum of the layer's outputs is ``c . x + q`` where these neurons are on. Each activation is the greatest of its
    two pieces, hence so is the sum among those of all cells: the cell is where ``c . x + q`` is greatest, which is
    where ``||x - c||^2 - (||c||^2 + 2 q)`` is least. Neurons whose slope falls at 0 are counted with the opposite
    sign; those with equal slopes that are said to cut, as if they were ReLU.
    The numbers are computed in float64; as exact ones they define exactly the layer's cells.
    Source: Balestriero, Cosentino, Aazhang and Baraniuk 2019, *The geometry of deep networks: power diagram
    subdivision*, theorem 3.

    Examples
    --------
    >>> layer = net.piecewise_layer([[1.0, 0.0], [0.0, 2.0]], [0.0, -1.0])
    >>> power_cell(layer, np.array([True, True]))
    PowerCell(centroid=array([1., 2.]), radius=3.0)
    """
    slope = _slopes(layer, on)
    return _cell(slope @ layer.factor(), float(slope @ layer.bias))


def power_cells(region: Region) -> list[PowerCell]:
    """For each layer, the cell of its power diagram that a region lies in, pulled back to the input space.

    The diagram of layer l is the one that it draws in the region of the layers before it; the region is the part of all
    these cells that they have in common, so far as the domain reaches.

    Notes
    -----
    The numbers are computed in float64. A layer's inputs are an affine map of the network's, hence its sum of outputs
    is one, too; otherwise as `power_cell`. Cost: a product of matrices for each layer.
    Source: the same, section 4.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]], [[1]]], [[0, 0], [-3], [0]])
    >>> for cell in lens.at([1, 3]).power_cells():
    ...     print(cell)
    PowerCell(centroid=array([1., 1.]), radius=2.0)
    PowerCell(centroid=array([1., 1.]), radius=-4.0)
    """
    network, bits = region.network, region.pattern.array
    cells = []
    maps, on_of = preactivation_maps(network, bits), net.neurons_on(network.layers, bits)
    for layer, on, rows in zip(network.layers, on_of, maps, strict=True):
        total = _slopes(layer, on) @ rows
        cells.append(_cell(total[:-1], float(total[-1])))
    return cells


def _cell(slope: Floats, value: float) -> PowerCell:
    """The cell where ``slope . x + value`` is greatest."""
    return PowerCell(slope, float(slope @ slope + 2 * value))


def _slopes(layer: Layer, on: Bools) -> Floats:
    """Slope of each neuron, of a convex function that bends where the neuron does; 0 if it does not cut."""
    low, high = layer.negative_slope, layer.positive_slope
    turn = np.where(low > high, -1.0, 1.0)
    low, high = np.where(low == high, 0.0, turn * low), np.where(low == high, 1.0, turn * high)
    return np.where(layer.cuts, np.where(on, high, low), 0.0)
