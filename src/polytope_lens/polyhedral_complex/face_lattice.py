"""The faces of a partition, of every dimension, and which neurons vanish on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpz, fmpz_mat

from polytope_lens._arrays import validate
from polytope_lens.cells.region_facets import domain_sides
from polytope_lens.errors import OptionError
from polytope_lens.exact.rows import ExactRows, cell_rows
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.polyhedral_complex.requirements import require_complete
from polytope_lens.polytope.recession import ConeGenerators, cone_of_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Ints
    from polytope_lens.partition.partition import Partition


MAX_REGIONS = 5_000


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """All faces of the complex that the regions form, each once.

    Parameters
    ----------
    signs : (n, n_neurons) int8 array
        Sign of each neuron inside the face: its sign vector. Inside the domain no two faces have the same one.
    dims : (n,) int array
        From 0, corners, to d, regions. Faces ascend in dimension.
    on_boundary : (n,) bool array
        Whether the face lies on the boundary of the domain.
    """

    signs: NDArray[np.int8]
    dims: Ints
    on_boundary: Bools

    def __post_init__(self) -> None:
        for name in self.__slots__:
            getattr(self, name).flags.writeable = False

    def __len__(self) -> int:
        return len(self.dims)

    def __repr__(self) -> str:
        return f"Faces({len(self)} faces, {np.bincount(self.dims).tolist()} by dimension)"


@asked_on_flat
def faces(partition: Partition, *, max_regions: int = MAX_REGIONS) -> Faces:
    """Every face of every region, each once, in any number of dimensions; exact.

    Parameters
    ----------
    partition : Partition
    max_regions : int
        More regions than this are refused.

    Raises
    ------
    OptionError
        More regions than `max_regions`.
    PartialPartitionError

    Notes
    -----
    The corners and rays of each region come from the double description method, and its faces are the sets of them that
    lie on some of its rows. Regions that share a face agree on the signs of all neurons inside it, and no other face
    has these signs, since the points with given signs form a convex set, layer by layer; so sign vectors tell faces
    apart without comparing coordinates (Grigsby and Lindsey 2022, *On transversality of bent hyperplane arrangements
    and the topological expressiveness of ReLU neural networks*, section 2).
    Cost: milliseconds to seconds for each region; numbers of faces grow at least like 3^d.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> found = lens.partition().complex.faces()
    >>> found, found.signs[0].tolist()
    (Faces(9 faces, [1, 4, 4] by dimension), [0, 0])
    """
    require_complete(partition, "`faces`")
    network, n_bits = partition.network, partition.network.n_neurons
    if len(partition) > validate.count(max_regions, name="`max_regions`"):
        raise OptionError(
            f"the faces of {len(partition)} regions were asked for, which takes milliseconds to seconds for each; the "
            f"limit is max_regions={max_regions}. Raise it, or choose a smaller domain."
        )
    source = ExactRows(network)
    sides = domain_sides(partition.domain, network.input_dim).exact
    found: dict[bytes, tuple[int, NDArray[np.int8]]] = {}
    for bits in partition.patterns():
        rows = [*cell_rows(network, source, bits), *sides]
        for vanishing, dim in _faces_of(rows, network.input_dim):
            signs = np.where(vanishing, 0, np.append(np.where(bits, 1, -1), np.ones(len(sides)))).astype(np.int8)
            found.setdefault(signs.tobytes(), (dim, signs))
    ordered = sorted(found.values(), key=lambda face: face[0])
    signs = np.array([face[1] for face in ordered], dtype=np.int8).reshape(len(ordered), -1)
    dims = np.array([face[0] for face in ordered], dtype=np.int64)
    return Faces(signs[:, :n_bits].copy(), dims, (signs[:, n_bits:] == 0).any(axis=1))


def _faces_of(rows: Sequence[Sequence[fmpz]], d: int) -> Iterator[tuple[Bools, int]]:
    """Faces of ``{x : a . x + c <= 0}``: which rows vanish on each, and its dimension."""
    cone, spans = cone_faces(rows, d)
    tight = [rays_on(row, cone.rays) for row in rows]
    for span, dim in spans:
        yield np.array([span & ~held == 0 for held in tight], dtype=bool), dim


def cone_faces(rows: Sequence[Sequence[fmpz]], d: int) -> tuple[ConeGenerators, list[tuple[int, int]]]:
    """The cone over ``{x : a . x + c <= 0}``, and the faces of this polyhedron: the rays of each, and its dimension.

    It is the part with t = 1 of the cone, whose faces are spanned by those of its rays that lie on some rows; sets of
    rays are the bits of an integer.
    """
    upward = [fmpz(0)] * d + [fmpz(-1)]
    cone = cone_of_rows([*rows, upward], d + 1)
    at_infinity = sum(1 << k for k, ray in enumerate(cone.rays) if ray[-1] == 0)
    spans = {(1 << len(cone.rays)) - 1}
    for held in {rays_on(row, cone.rays) for row in rows}:
        spans |= {span & held for span in spans}
    found = []
    for span in spans:
        if span & ~at_infinity:
            rays = [ray for k, ray in enumerate(cone.rays) if span >> k & 1]
            found.append((span, fmpz_mat([*map(list, rays), *map(list, cone.lines)]).rank() - 1))
    return cone, found


def rays_on(row: Sequence[fmpz], rays: Sequence[tuple[int, ...]]) -> int:
    """Which rays lie on a row, as bits."""
    return sum(1 << k for k, ray in enumerate(rays) if not sum(a * v for a, v in zip(row, ray, strict=True)))
