"""One case for each bug that was found, with its story."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from polytope_lens import Box, Lens, Polytope
from polytope_lens.network.network import from_arrays
from polytope_lens.testing import assert_corners_true, assert_partition, assert_witnesses_inside

UNIT = 2.0**-52


def test_a_neuron_of_size_1e_200_was_taken_for_a_constant():
    """The square of its length underflowed, so the split engine saw a normal of length zero."""
    lens = Lens.from_arrays([[[1e-200]], [[1.0]]], [[0.5e-200], [0.0]])
    assert lens.count(Box([-1], [1]), engine="split").total == 2


def test_affine_networks_had_no_inequalities_to_ask_for():
    """Singular values of a matrix without rows: there is no least one."""
    region = Lens.from_arrays([[[1, 2]]], [[0]]).at([0, 0])
    assert len(region.inequalities()) == 0
    assert region.neighbors() == []


def test_one_hyperplane_was_several_facets():
    """Rows that are multiples of each other round to floats that are not quite."""
    lens = Lens.from_arrays([[[0.1, 0.7]], [[3], [9], [-27]], [[1, 1, 1]]], [[0.3], [-1, -3, 9], [0]])
    assert len(lens.at([0, 0]).polytope.A) == 2


def test_a_ragged_output_layer_raised_numpys_error():
    with pytest.raises(ValueError, match="weight 1 should be a 2-D array of numbers, but its rows differ in length"):
        from_arrays([[[1.0], [1.0]], [[1.0], [1.0, 2.0]]], [[0, 0], [0, 0]])


def test_a_negative_slope_from_numpy_was_taken_for_a_list():
    network = from_arrays([[[1.0]], [[1.0]]], [[0], [0]], negative_slope=np.float32(0.5))
    assert network.layers[0].negative_slope.tolist() == [0.5]


def test_witnesses_of_long_thin_regions_were_at_their_far_ends():
    """The brute engine maximised the least slack of rows of any length, which is tiny at one end as at the other."""
    lens = Lens.from_arrays([[[0, 0], [1, 1]], [[0, 0]]], [[0, 1.4556887124908697], [0]])
    assert_witnesses_inside(lens.partition(Box([-1, -1], [1, -0.875]), engine="brute"))


def test_counting_needs_no_maps():
    """The brute engine computed them, and they overflowed."""
    lens = Lens.from_arrays([[[1e200]], [[1e200]], [[1e200]]], [[0], [0], [0]])
    assert lens.count(Box([-1], [1]), engine="brute").total == 2


# Two lines that differ by a factor of 1 + 2^-26 in their distance from y = 0.
THIN = from_arrays([[[0, 3], [0, 3]], [[-1, 2.0**-26]], [[0]]], [[-(2.0**-27), 0], [0], [0]])
BOX = Box([-1, -1], [1, 1])


def test_a_corner_was_half_a_unit_off():
    """Where floats cannot tell on which side of a line the ends of an edge are, the crossing was put in its middle."""
    partition = Lens(THIN).partition(BOX, engine="subdivide")
    assert np.abs(partition.vertices(3)[:, 1]).max() < 1e-8
    assert_corners_true(partition)


@pytest.mark.parametrize("engine", ["subdivide", "split", "brute"])
def test_witnesses_of_thin_regions_lay_elsewhere_or_were_nan(engine):
    partition = Lens(THIN).partition(BOX, engine=engine)
    assert_witnesses_inside(partition)
    assert_partition(partition)


# Between x = 1/2 and x = 1/2 + 2^-60 there is no float.
NO_FLOAT = from_arrays([[[1, 0], [0, 1]], [[1, 0], [0, 1]], [[1, 1]]], [[-0.5, 0], [-(2.0**-60), -0.25], [0]])


@pytest.mark.parametrize("engine", ["subdivide", "split", "brute"])
def test_regions_without_a_float_have_inequalities_and_neighbors(engine):
    """Their witness was NaN, which is no rational number."""
    partition = Lens(NO_FLOAT).partition(BOX, engine=engine)
    assert len(partition) == 9
    assert np.isfinite(partition.witnesses).all()
    assert_partition(partition)


def thin_domain(d):
    """2/3 of a unit above 1 to 4/5 of a unit above 1, a unit being 2^-52; in the plane, times [-1, 1]."""
    rows = np.zeros((2, d))
    rows[:, 0] = -3, 5
    A = np.vstack([rows, np.eye(d)[1:], -np.eye(d)[1:]])
    return Polytope(A, [-(3 + 2 * UNIT), 5 + 4 * UNIT, *[1.0] * (2 * d - 2)])


@pytest.mark.parametrize(("engine", "d"), [("subdivide", 2), ("split", 2), ("brute", 2), ("split", 1), ("brute", 1)])
def test_a_domain_that_holds_no_float(engine, d):
    """Its middle rounds to a float outside, whose sign was then taken for that of a point inside."""
    first = np.eye(d)[:1]
    # x - 1 = 9/10 of a unit is beyond the domain; 3/4 is inside.
    for share, regions in ((0.9, 1), (0.75, 2), (0.5, 1)):
        lens = Lens.from_arrays([first, [[1.0]], [[1.0]]], [[-1.0], [-share * UNIT], [0.0]])
        assert lens.count(thin_domain(d), engine=engine).total == regions


@pytest.mark.parametrize("engine", ["subdivide", "split"])
def test_counting_in_the_whole_plane_warned_of_maps_that_overflow(engine):
    lens = Lens.from_arrays([[[1e200, 0], [0, 1]], [[1e200, 0], [0, 1]], [[1, 1]]], [[1, 0], [0, 0], [0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert lens.count(None, engine=engine).per_layer.tolist() == [4, 4]


FAR = [
    Lens.from_arrays([[[0, 0], [2.0**25, 2.0**25]], [[0, -1]], [[0]]], [[0, 0], [2.0**-28], [0]]),
    Lens.from_arrays([[[0, 2.0**-27], [1, 1]], [[-2, 1]], [[0]]], [[0, 0], [2.0**26], [0]]),
    # x > 2^60, where 2^60 + 1 is no float.
    Lens.from_arrays([[[1, 0]], [[1]]], [[-(2.0**60)], [0]]),
]


@pytest.mark.parametrize("engine", ["split", "subdivide", "brute"])
@pytest.mark.parametrize("lens", FAR, ids=["a strip", "a far strip", "a far halfplane"])
def test_witnesses_of_far_regions_were_rounded_out_of_them(lens, engine):
    """They were found in a chart of the projective plane, divided by t, rounded, and not looked at again."""
    partition = lens.partition(None, engine)
    assert (lens.patterns(partition.witnesses) == partition.patterns()).all()
    assert_witnesses_inside(partition)


@pytest.mark.parametrize("engine", ["split", "brute"])
def test_witnesses_beyond_the_range_of_floats_are_finite(engine):
    """x > 10^600."""
    partition = Lens.from_arrays([[[1e-300]], [[1.0]]], [[-1e300], [0.0]]).partition(None, engine)
    assert len(partition) == 2
    assert np.isfinite(partition.witnesses).all()
    assert_witnesses_inside(partition)


def test_a_neuron_that_is_zero_is_off_also_where_floats_place_no_corner():
    """A bound of zero times infinity was no number, and a layer of zeros was taken to be surely on.

    Found by a facet that led to a region which was not listed.
    """
    lens = Lens.from_arrays([[[1, 2.0**-47], [2.0**48, 1], [1, 0]], [[0, 0, 0]], [[0]]], [[0, 0.5, 0], [0], [0]])
    found = [lens.partition(None, engine=engine) for engine in ("subdivide", "split", "brute")]
    assert [partition.patterns()[:, 3].any() for partition in found] == [False] * 3
    assert len(found[0].complex.facets()) == 9
