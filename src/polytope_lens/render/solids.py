"""A partition in space as plain arrays: the faces of its polyhedra, and what colours them. Needs no drawing library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._ragged import entries, list_of, starts
from polytope_lens.errors import OptionError
from polytope_lens.render.scene import layer_of_bit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens.partition import Partition

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SolidFaces:
    """The faces of all regions, each as often as there are regions beside it.

    Parameters
    ----------
    corners : (n_corners, 3) array
        Face j has the rows ``indptr[j]:indptr[j + 1]``, counter-clockwise as seen from outside of its region.
    indptr : (n_faces + 1,) int array
    regions : (n_faces,) int array
    layers : (n_faces,) int array
        Layer of the neuron whose face it is; -1 for sides of the domain.
    values : (n_faces,) array
        An output of the network in the middle of the face, before anything was moved.
    """

    corners: Floats
    indptr: Ints
    regions: Ints
    layers: Ints
    values: Floats


def solid_faces(partition: Partition, *, shrink: float = 1.0, output: int = 0) -> SolidFaces:
    """The faces of all regions, each region scaled about its witness by `shrink`.

    Raises
    ------
    OptionError
        `shrink` is not between 0 and 1.
    """
    mesh = partition.polyhedral_mesh()
    if not 0 < shrink <= 1:
        raise OptionError(
            f"`shrink` should be more than 0 and at most 1, which leaves regions as they are; received {shrink!r}."
        )
    face = mesh.faces.astype(np.int64)
    regions = list_of(mesh.face_indptr)
    at = entries(mesh.corner_indptr, face)
    indptr = starts(np.diff(mesh.corner_indptr)[face])
    # Seen from their second region, faces turn the other way.
    owner = list_of(indptr)
    is_second = mesh.regions[face, 1] == regions
    here = np.arange(len(at))
    back = indptr[owner] + indptr[owner + 1] - 1 - here
    corners = mesh.points[mesh.corners[at[np.where(is_second[owner], back, here)]]]
    middles = np.add.reduceat(corners, indptr[:-1], axis=0) / np.diff(indptr)[:, None]
    maps = partition.maps[regions, output]
    centers = partition.witnesses[regions[owner]]
    layers = np.append(layer_of_bit(partition.network), -1)[np.maximum(mesh.owners, -1)][face]
    values = np.einsum("nk,nk->n", maps[:, :-1], middles) + maps[:, -1]
    return SolidFaces(centers + shrink * (corners - centers), indptr, regions, layers, values)
