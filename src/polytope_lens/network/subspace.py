"""Flats of the input space, and a network seen on one of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.arithmetic.rational import integer_matrix
from polytope_lens.errors import DimensionError, DomainError
from polytope_lens.network.network import Layer, Network, pass_through_layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Flat:
    """An affine subspace with coordinates on it: the image of R^k under affine maps, one after the other.

    Parameters
    ----------
    layers : tuple of Layer
        The maps, as layers that only pass values on. Several are kept apart because their product would be rounded.
    """

    layers: tuple[Layer, ...]

    @property
    def dim(self) -> int:
        """Number of coordinates on the flat, k."""
        return int(self.layers[0].weight.shape[1])

    @property
    def ambient_dim(self) -> int:
        """Number of coordinates of the space that it lies in, d."""
        return self.layers[-1].width

    def embed(self, Y: Floats) -> Floats:
        """Coordinates on the flat to points of the space, (n, k) -> (n, d); rounded."""
        return reduce(lambda points, layer: points @ layer.factor().T + layer.bias, self.layers, Y)

    def project(self, X: Floats) -> Floats:
        """Coordinates of the nearest points of the flat, (n, d) -> (n, k); rounded."""
        origin = self.embed(np.zeros((1, self.dim)))
        basis = reduce(lambda columns, layer: layer.factor() @ columns, self.layers, np.eye(self.dim))
        return np.asarray(np.linalg.lstsq(basis, (X - origin).T, rcond=None)[0].T)

    def __repr__(self) -> str:
        return f"Flat({self.dim}-dimensional in R^{self.ambient_dim})"


def through_points(points: Sequence[ArrayLike], dim: int) -> Flat:
    """The flat through k + 1 points of R^dim; point 0 has the coordinates (0, ..., 0), point 1 (1, 0, ..., 0), ...

    Points are mixed with weights ``1 - y_1 - ... - y_k, y_1, ..., y_k``, in a layer of its own: so no differences of
    points are rounded, and the points lie on the flat exactly.

    Raises
    ------
    DomainError
        The points lie on a flat of fewer dimensions: two are equal, three are on a line; decided exactly.
    DimensionError
    """
    rows = np.array([validate.point(x, dim, what="`slice`") for x in points])
    k = len(rows) - 1
    if k < 1:
        raise DimensionError(f"a slice needs at least two points, three for a plane, but received {len(rows)}.")
    spanned = int(integer_matrix(np.column_stack([rows, np.ones(k + 1)])).rank()) - 1
    if spanned < k:
        raise DomainError(
            f"the {k + 1} points of a slice should span a {_name(k)}, but span only a {_name(spanned)}. Choose points "
            "of which none lies on the flat through the others."
        )
    mix = np.vstack([-np.ones((1, k)), np.eye(k)])
    return Flat((pass_through_layer(mix, np.eye(k + 1)[0]), pass_through_layer(rows.T, np.zeros(dim))))


def spanned_by(origin: ArrayLike, basis: ArrayLike, dim: int) -> Flat:
    """The flat ``origin + y @ basis`` in R^dim, with one row of `basis` (k, dim) for each coordinate y_i.

    Raises
    ------
    DomainError
        The rows of `basis` are linearly dependent; decided exactly.
    DimensionError
    """
    start = validate.point(origin, dim, what="`slice`")
    rows = validate.float_array(basis, name="the basis of a slice", ndim=2)
    if rows.shape[1] != dim or not len(rows):
        raise DimensionError(
            f"the basis of a slice should have one row of {dim} coordinates, the input dimension, for each direction, "
            f"but received an array of shape {rows.shape}."
        )
    rank = int(integer_matrix(rows).rank())
    if rank < len(rows):
        raise DomainError(
            f"the {len(rows)} rows of the basis should be linearly independent, but span only {rank} "
            f"dimension{'s' * (rank != 1)}. Leave out rows that depend on others."
        )
    return Flat((pass_through_layer(rows.T, start),))


def compose(inner: Flat, outer: Flat) -> Flat:
    """A flat in the coordinates of another one, as a flat in the space of that one."""
    return Flat((*inner.layers, *outer.layers))


def restrict(network: Network, flat: Flat) -> Network:
    """The network on a flat, as a function of the coordinates there; exact: the flat's layers come first."""
    return Network((*flat.layers, *network.layers), network.output_weight, network.output_bias)


def _name(k: int) -> str:
    return {0: "point", 1: "line", 2: "plane"}.get(k, f"flat of {k} dimensions")
