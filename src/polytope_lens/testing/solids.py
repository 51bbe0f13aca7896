"""Laws of the mesh of a partition in space."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from flint import fmpq

from polytope_lens.arithmetic.rational import fraction
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.polyhedral_complex.mesh_vertices import exact_vertices
from polytope_lens.polyhedral_complex.requirements import require_polyhedral_mesh
from polytope_lens.polytope.double_description import bounded_vertices
from polytope_lens.testing.counterexamples import fail, names
from polytope_lens.testing.fractions import exact_cells, is_near

if TYPE_CHECKING:
    from flint import fmpz

    from polytope_lens.mesh.polyhedral_mesh import PolyhedralMesh
    from polytope_lens.partition.partition import Partition

    Point = tuple[Fraction, ...]


@asked_on_flat
def assert_solids_true(partition: Partition) -> None:
    """In space: the vertices and faces of each region are the exact ones, and fit together.

    The exact vertices come from the double description method in rational arithmetic. Each float is within the bound
    that the mesh states; each face has all the vertices on its plane, counter-clockwise as seen from its first region;
    Euler's formula holds. Cost: some milliseconds for each region.
    """
    __tracebackhide__ = True
    mesh = require_polyhedral_mesh(partition)
    for i, rows in enumerate(exact_cells(partition)):
        wanted = {tuple(fraction(fmpq(v, p[-1])) for v in p[:-1]) for p in _corners(rows)}
        given = list(map(tuple, exact_vertices(partition, i)))
        if set(given) != wanted or len(given) != len(wanted):
            fail("vertices are true", f"those of {names(partition, i)} are {wanted}, but `vertices` says {given}")
        for point, exact in zip(mesh.points_of(i), given, strict=True):
            corner = tuple(fmpq(v.numerator, v.denominator) for v in exact)
            if not is_near(mesh.points[point], mesh.error[point], corner):
                fail(
                    "vertices are near the exact ones",
                    f"one of {names(partition, i)} is {exact}, but the mesh has {mesh.points[point].tolist()} within "
                    f"{mesh.error[point]}",
                )
        _check_faces(partition, mesh, i, dict(zip(mesh.points_of(i).tolist(), given, strict=True)))
    edges = {frozenset(pair) for face in range(len(mesh.owners)) for pair in _sides(mesh.corners_of(face).tolist())}
    euler = len(mesh.points) - len(edges) + len(mesh.owners) - len(partition)
    if euler != 1:
        fail(
            "Euler: vertices - edges + faces - regions = 1",
            f"{len(mesh.points)} - {len(edges)} + {len(mesh.owners)} - {len(partition)} = {euler}",
        )


def _corners(rows: list[list[fmpz]]) -> list[tuple[int, ...]]:
    return [vertex.coordinates for vertex in bounded_vertices(rows)]


def _check_faces(partition: Partition, mesh: PolyhedralMesh, region: int, exact: dict[int, Point]) -> None:
    """Whether each face of a region is convex and turns the right way, and has all the vertices on its plane."""
    __tracebackhide__ = True
    center = tuple(sum((p[k] for p in exact.values()), Fraction(0)) / len(exact) for k in range(3))
    for face in mesh.faces_of(region).tolist():
        ring = mesh.corners_of(face).tolist()
        if mesh.regions[face, 0] != region:
            ring.reverse()
        flat = [p for p in exact if _volume(exact[ring[0]], exact[ring[1]], exact[ring[2]], exact[p]) == 0]
        turns = all(
            _volume(exact[a], exact[b], exact[c], center) > 0 for a, b in _sides(ring) for c in ring if c not in (a, b)
        )
        if sorted(flat) != sorted(ring) or not turns:
            fail("faces are true", f"face {face} of {names(partition, region)} has the corners {ring} out of {flat}")


def _volume(p: Point, q: Point, r: Point, x: Point) -> Fraction:
    """Six times the volume of a simplex; positive if p, q, r are counter-clockwise as seen from across x."""
    (a, b, c), (d, e, f), (g, h, i) = (tuple(u - v for u, v in zip(s, x, strict=True)) for s in (p, q, r))
    return a * (e * i - f * h) + b * (f * g - d * i) + c * (d * h - e * g)


def _sides(ring: list[int]) -> list[tuple[int, int]]:
    return list(zip(ring, ring[1:] + ring[:1], strict=True))
