from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from polytope_lens.errors import DomainError
from polytope_lens.network.pattern import pack
from polytope_lens.render.explorer.planar_arrays import planar_arrays
from polytope_lens.render.explorer.region_arrays import flips_owner_alone, known_regions, single


def test_colours_stay_within_what_single_precision_holds():
    found = single(np.array([1e300, -1e300, np.inf, 0.1]))
    most = np.finfo(np.float32).max
    assert found.tolist() == [most, -most, most, np.float32(0.1)]


def test_a_flip_of_the_owner_alone():
    bits = np.zeros((3, 70), dtype=bool)
    bits[1, 66] = bits[2, [3, 66]] = True
    patterns = pack(bits)
    sides = np.array([[0, 1], [1, 0], [0, 1], [0, 2], [1, 2]])
    owners = np.array([66, 66, 3, 66, 3])
    assert flips_owner_alone(owners, sides, patterns).tolist() == [True, True, False, False, True]


@pytest.mark.parametrize(
    ("sides", "known"),
    [([[0, 1], [1, 0], [2, 1], [1, 2], [3, 2], [2, 3]], [0]), ([[1, 2], [2, 1]], [0, 1, 3]), ([], [0, 1, 2, 3])],
)
def test_one_region_of_each_part_is_known(sides, known):
    assert known_regions(np.array(sides, dtype=np.int64).reshape(-1, 2), 4).tolist() == known


def test_coordinates_beyond_what_is_drawn_are_refused(lines):
    far = replace(lines, mesh=replace(lines.mesh, points=lines.mesh.points * 1e301))
    with pytest.raises(DomainError, match=r"below 1e\+300 in size\. Choose a smaller one"):
        planar_arrays(far)
