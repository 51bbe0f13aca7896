"""Many points at once are as one after the other."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from families import golden
from polytope_lens import Box, Lens, Region, RegionsAt
from polytope_lens.errors import DimensionError, DomainError, OutsideDomainError

THREE = Lens.from_arrays([[[1, 0], [0, 1], [-1, -1]], [[1, 1, 1]]], [[0, 0, 0], [0]])


def points(n, seed=0):
    """Some of them where neurons are zero."""
    return np.random.default_rng(seed).integers(-4, 5, (n, 2)) / 4


@pytest.mark.parametrize("domain", [None, Box([-1, -1], [1, 1.5])], ids=str)
def test_each_is_the_region_of_its_point(domain):
    X = points(40)
    regions = THREE.at(X, domain)
    assert isinstance(regions, RegionsAt)
    assert len(regions) == 40
    for x, region in zip(X, regions, strict=True):
        alone = THREE.at(x, domain)
        assert isinstance(region, Region)
        assert region.pattern == alone.pattern
        assert region.domain is domain
        assert np.array_equal(region.point, x)
    assert np.array_equal(regions.patterns(), [region.pattern.array for region in regions])
    assert regions.patterns().dtype == bool


def test_points_of_one_region_share_a_number():
    X = points(60, 1)
    regions = THREE.at(X)
    ids = regions.ids()
    rows = [row.tobytes() for row in regions.patterns()]
    assert np.array_equal(ids[:, None] == ids, [[a == b for a in rows] for b in rows])
    first = [np.flatnonzero(ids == k)[0] for k in range(ids.max() + 1)]
    assert first == sorted(first)
    assert repr(regions) == f"RegionsAt(60 points in {len(set(rows))} regions of R^2)"


def test_in_a_domain_it_is_the_region_that_locate_finds():
    box = Box([-1, -1], [1, 1])
    found = THREE.partition(box)
    X = points(50, 2)
    assert [found[i].pattern for i in found.locate(X)] == [region.pattern for region in THREE.at(X, box)]


def test_index_slices_and_what_is_none():
    X = points(9, 3)
    regions = THREE.at(X)
    assert np.array_equal(regions[-1].point, X[8])
    assert np.array_equal(regions[2:8:2].points, X[2:8:2])
    assert np.array_equal(regions[2:8:2].patterns(), regions.patterns()[2:8:2])
    assert len(regions[20:]) == 0
    assert np.array_equal(regions[[3, -1]].points, X[[3, -1]])
    assert np.array_equal(regions[X[:, 0] > 0].points, X[X[:, 0] > 0])
    assert [region.pattern for region in regions[:3]] == [regions[i].pattern for i in np.arange(3)]
    for index in ("a", 1.0, True, None, (0, 1)):
        with pytest.raises(IndexError, match="there are 9 points, picked by a number, a slice, or an array"):
            regions[index]
    for index in (9, -10):
        with pytest.raises(IndexError, match=f"there are 9 points, but number {index} was asked for"):
            regions[index]


def test_no_points_and_no_neurons():
    none = THREE.at(np.zeros((0, 2)))
    assert (len(none), list(none), none.patterns().shape, none.ids().tolist()) == (0, [], (0, 3), [])
    assert repr(none) == "RegionsAt(0 points in 0 regions of R^2)"
    affine = Lens.from_arrays([[[1.0, 2.0]]], [[0.0]]).at([[0, 1], [2, 3]])
    assert affine.ids().tolist() == [0, 0]
    assert affine.patterns().shape == (2, 0)


def test_the_table():
    pytest.importorskip("pandas")
    lens = Lens(golden((2, 6, 5, 1), 3))
    X = points(20, 4)
    regions = lens.at(X)
    table = regions.to_frame()
    assert len(table) == 20
    assert table.index.name == "point"
    assert table.region.tolist() == regions.ids().tolist()
    assert table.pattern.tolist() == [region.pattern.hex for region in regions]
    for layer in range(len(lens.network.layers)):
        assert table[f"on_{layer}"].tolist() == [int(region.pattern.layers[layer].sum()) for region in regions]
    assert np.array_equal(table[["output_0"]], lens(X))


def test_they_can_be_pickled_and_not_written_to():
    regions = pickle.loads(pickle.dumps(THREE.at(points(5))))
    assert len(regions) == 5
    with pytest.raises(ValueError, match="read-only"):
        THREE.at(points(5)).points[0] = 1


def test_bad_points():
    for x, error, words in (
        ([[1, 2], [1]], DimensionError, "rows differ in length"),
        ([[1, 2, 3]], DimensionError, "`at` needs points with 2 coordinates"),
        ([1, 2, 3], DimensionError, "`at` needs one point with 2 coordinates"),
        ([[[1, 2]]], DimensionError, "1-D array"),
        (3, DimensionError, "1-D array"),
        ("ab", DimensionError, "real numbers"),
        ([[1, np.nan]], DimensionError, "finite"),
    ):
        with pytest.raises(error, match=words):
            THREE.at(x)
    with pytest.raises(OutsideDomainError, match="the first is point 1"):
        THREE.at([[0, 0], [3, 3]], Box([-1, -1], [1, 1]))
    with pytest.raises(DomainError):
        THREE.at([[0, 0]], "box")
