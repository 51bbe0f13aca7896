"""Laws of the mesh of a partition in the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays.ragged import following, list_of
from polytope_lens.arithmetic.rational import fraction, nearest_float
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.polyhedral_complex.mesh_vertices import exact_vertices
from polytope_lens.polyhedral_complex.requirements import require_planar_mesh
from polytope_lens.testing.counterexamples import fail, names
from polytope_lens.testing.fractions import exact_cells, is_near, polygon

if TYPE_CHECKING:
    from polytope_lens.partition.partition import Partition


@asked_on_flat
def assert_corners_true(partition: Partition) -> None:
    """Planar: the corners of each region, counter-clockwise, are the exact ones within the bounds that the mesh states.

    The exact ones come from cutting the domain with the region's inequalities in rational arithmetic, and those that
    `Partition.vertices` gives with ``exact=True`` are these.
    """
    __tracebackhide__ = True
    mesh = require_planar_mesh(partition)
    for i, rows in enumerate(exact_cells(partition)):
        exact = polygon(partition.domain, rows)
        corners = mesh.corners[mesh.indptr[i] : mesh.indptr[i + 1]]
        if len(corners) != len(exact):
            fail("corners are true", f"{names(partition, i)} has {len(exact)} corners, but the mesh has {len(corners)}")
        fits = np.array([[is_near(mesh.points[q], mesh.error[q], corner) for corner in exact] for q in corners])
        n = len(exact)
        turns = [turn for turn in range(n) if all(fits[k, (k + turn) % n] for k in range(n))]
        if not turns:
            shown = [[nearest_float(x), nearest_float(y)] for x, y in exact]
            fail(
                "corners are true",
                f"those of {names(partition, i)} are {shown}, but the mesh has {mesh.points[corners].tolist()} within "
                f"{mesh.error[corners].tolist()}",
            )
        wanted = [(fraction(x), fraction(y)) for x, y in exact]
        try:
            given = list(map(tuple, exact_vertices(partition, i)))
        except ZeroDivisionError:
            given = []
        if not any(given == wanted[turn:] + wanted[:turn] for turn in turns):
            fail(
                "exact corners come in the order of the floats",
                f"those of {names(partition, i)} are {wanted}, but `vertices` says {given}",
            )


@asked_on_flat
def assert_valid_coverage(partition: Partition) -> None:
    """Planar: the polygons close up without gap or overlap, and neighbours share their corners to the last bit.

    Every edge joins two regions or lies on the boundary of the domain, Euler's formula holds, and shapely calls the
    polygons a valid coverage. Shapely is not asked where some region is thinner than the rounding of its corners, since
    a polygon of rounded corners may then be flat or turned over.
    """
    import shapely

    __tracebackhide__ = True
    mesh = require_planar_mesh(partition)
    starts, ends = mesh.corners.tolist(), mesh.corners[following(mesh.indptr)].tolist()
    region = list_of(mesh.indptr)
    edges: dict[tuple[int, int], int] = {}
    for at, edge in enumerate(zip(starts, ends, strict=True)):
        if edge in edges:
            fail(
                "an edge has one region on each side",
                f"{names(partition, region[edges[edge]], region[at])} share a side",
            )
        edges[edge] = at
    n_edges = 0
    for (start, end), at in edges.items():
        twin = edges.get((end, start))
        n_edges += twin is None or start < end
        of_domain = mesh.owners[at] < 0
        if of_domain != (twin is None):
            fail(
                "an edge joins two regions, unless it is the domain's",
                f"the edge of {names(partition, region[at])} from {mesh.points[start].tolist()} to "
                f"{mesh.points[end].tolist()} is {'' if of_domain else 'not '}the domain's and joins "
                f"{1 if twin is None else 2} regions",
            )
    euler = len(mesh.points) - n_edges + len(partition)
    if euler != 1 or sorted(set(starts)) != list(range(len(mesh.points))):
        fail(
            "Euler: corners - edges + regions = 1",
            f"{len(mesh.points)} - {n_edges} + {len(partition)} = {euler}; {len(set(starts))} corners are in use",
        )
    polygons = partition.polygons()
    sizes, errors = partition.volumes(), np.maximum.reduceat(mesh.error[mesh.corners], mesh.indptr[:-1])
    if (sizes <= shapely.length(polygons) * (errors + np.spacing(np.abs(mesh.points).max()))).any():
        return
    if not shapely.coverage_is_valid(polygons):
        flawed = np.flatnonzero(shapely.length(shapely.coverage_invalid_edges(polygons)) > 0)
        fail("shapely calls the polygons a valid coverage", f"it finds flawed edges in {names(partition, *flawed)}")
