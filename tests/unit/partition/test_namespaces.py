"""Questions by subject answer what their functions do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from polytope_lens import Box, Lens
from polytope_lens.errors import DimensionError, OptionError, PartialPartitionError, Status
from polytope_lens.function import level_set, moments, norms, variation
from polytope_lens.polyhedral_complex import face_lattice, facet_table, linear_regions
from polytope_lens.render import solid_files


def octants(d):
    lens = Lens.from_arrays([np.eye(d), np.ones((1, d))], [np.zeros(d), [-0.5]])
    return lens.partition(Box([-1] * d, [1] * d))


PLANE, SPACE = octants(2), octants(3)


def test_functions_of_the_domain():
    for exact in (False, True):
        found, expected = PLANE.function.moments(exact=exact), moments.moments(PLANE, exact=exact)
        assert (found.mean == expected.mean).all() and (found.second == expected.second).all()
        assert (PLANE.function.norms(exact=exact).l1 == norms.norms(PLANE, exact=exact).l1).all()
    assert PLANE.function.total_variation(0) == variation.total_variation(PLANE)
    assert PLANE.function.gradient_variation(0) == variation.gradient_variation(PLANE)


def test_the_complex_of_the_regions():
    found, expected = PLANE.complex.facets(), facet_table.facets(PLANE)
    assert found.regions.tolist() == expected.regions.tolist()
    assert PLANE.complex.faces().dims.tolist() == face_lattice.faces(PLANE).dims.tolist()
    assert PLANE.complex.f_vector().counts.tolist() == [9, 12, 4]
    assert PLANE.complex.linear_region_counts() == linear_regions.linear_region_counts(PLANE)
    assert PLANE.complex.linear_region_counts(max_regions=1).activation is None
    with pytest.raises(OptionError, match="max_regions=1"):
        PLANE.complex.faces(max_regions=1)
    bent = PLANE.complex.bent_hyperplane(0, 1, exact=True)
    assert bent.points.tolist() == level_set.bent_hyperplane(PLANE, 0, 1, exact=True).points.tolist()


def test_pictures_in_the_plane_and_in_space():
    axes = Figure().add_subplot()
    assert PLANE.plot(axes, "pattern") is axes
    space = Figure().add_subplot(projection="3d")
    assert SPACE.plot(space, color="layer", shrink=0.5) is space
    assert PLANE.plot.surface(Figure().add_subplot(projection="3d"), legend=False).get_zlabel()
    assert PLANE.plot.interactive(height=0.5).data


def test_files_of_solids_are_named_by_what_they_end_in(tmp_path):
    SPACE.export.write(tmp_path / "solids.obj", shrink=0.5)
    SPACE.export.write(str(tmp_path / "solids.PLY"))
    assert (
        (tmp_path / "solids.obj").read_text() == SPACE.export.obj(shrink=0.5) == solid_files.to_obj(SPACE, shrink=0.5)
    )
    assert (tmp_path / "solids.PLY").read_text() == SPACE.export.ply() == solid_files.to_ply(SPACE)
    with pytest.raises(OptionError, match=r"ends in \.obj or \.ply, but .* `partition.save\(path\)`"):
        SPACE.export.write(tmp_path / "solids.npz")
    with pytest.raises(DimensionError):
        PLANE.export.write(tmp_path / "flat.obj")
    with pytest.raises(PartialPartitionError):
        replace(SPACE, mesh=None, status=Status.INTERRUPTED).export.obj()
    assert {path.name for path in tmp_path.iterdir()} == {"solids.obj", "solids.PLY"}
