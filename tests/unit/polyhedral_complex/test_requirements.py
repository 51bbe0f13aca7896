"""Refusals that say what is missing, and what to do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.errors import (
    DimensionError,
    OptionError,
    PartialPartitionError,
    Status,
    UnboundedPolytopeError,
)
from polytope_lens.polyhedral_complex.requirements import (
    require_complete,
    require_mesh,
    require_planar_mesh,
    require_polyhedral_mesh,
)


def cube(d):
    lens = Lens.from_arrays([np.eye(d), np.ones((1, d))], [np.zeros(d), [0]])
    return lens.partition(Box([-1] * d, [1] * d))


def test_a_mesh_that_is_there_is_handed_out():
    plane, space = cube(2), cube(3)
    assert require_planar_mesh(plane) is require_mesh(plane) is plane.mesh
    assert require_polyhedral_mesh(space) is require_mesh(space) is space.mesh
    require_complete(plane, "a test")


def test_a_part_is_refused():
    part = replace(cube(2), status=Status.BUDGET_REACHED, mesh=None)
    with pytest.raises(PartialPartitionError, match=r"a test needs every region .* lists 4 of them\. Status\.BUDGET"):
        require_complete(part, "a test")
    with pytest.raises(PartialPartitionError, match="a mesh of polygons needs every region"):
        require_planar_mesh(part)


@pytest.mark.parametrize(("d", "what"), [(2, "polygons"), (3, "polyhedra")])
def test_what_a_mesh_needs(d, what):
    whole = cube(d)
    with pytest.raises(OptionError, match=f"without a mesh, so its {what} are not known. Make it with `mesh=True`"):
        require_mesh(replace(whole, mesh=None))
    with pytest.raises(UnboundedPolytopeError, match=f"outer regions are no {what}. Choose a bounded domain"):
        require_mesh(replace(whole, mesh=None, domain=None))
    other, wrong = (require_polyhedral_mesh, "polyhedra") if d == 2 else (require_planar_mesh, "polygons")
    with pytest.raises(DimensionError, match=f"{wrong} exist for networks with {5 - d} inputs; this one has {d}"):
        other(whole)
    with pytest.raises(DimensionError, match="this one has 4"):
        require_mesh(cube(4))
