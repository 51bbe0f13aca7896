"""Faces of partitions by fractions; their numbers are compared in test_face_counts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import (
    golden,
)
from polytope_lens import Box, Lens
from polytope_lens.errors import OptionError
from polytope_lens.polyhedral_complex.face_lattice import faces
from polytope_lens.testing import boxes, networks
from reference import tuples

SQUARE = Box([-1, -1], [1, 1])


@settings(max_examples=25)
@given(network=networks(2, max_depth=3, max_width=3, weights="integer"), data=st.data())
def test_signs_of_corners_are_those_of_fractions(network, data):
    partition = Lens(network).partition(data.draw(boxes(2)))
    found = faces(partition)
    corners = {p for i in range(len(partition)) for p in tuples(partition.vertices(i, exact=True))}
    dyadic = {p for p in corners if all(float(v) == v for v in p)}
    signs = {tuple(s) for s in found.signs[found.dims == 0].tolist()}
    assert {tuple(reference.evaluate(network, p)[0]) for p in dyadic} <= signs
    assert len(found.signs[found.dims == 0]) == len(corners)


def test_too_many_regions_are_refused():
    with pytest.raises(OptionError, match="max_regions=2"):
        faces(Lens(golden((2, 4, 4), 1)).partition(), max_regions=2)
