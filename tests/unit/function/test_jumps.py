"""Jumps against differences of maps, in floats and in fractions."""

from __future__ import annotations

from fractions import Fraction
from math import inf

import numpy as np
import pytest

from families import golden, max_of_two, random_deep, wave
from polytope_lens import Box, Lens
from polytope_lens.errors import OptionError

DUAL = {1: inf, 2: 2, inf: 1}


def written(widths, seed, negative_slope=0.0, *, whole=False):
    """A network of small integers, where many boundaries coincide, or of normal weights."""
    rng = np.random.default_rng([seed, *widths])
    draw = (lambda size: rng.integers(-2, 3, size)) if whole else rng.standard_normal
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    return Lens.from_arrays([draw(s) for s in shapes], [draw(s[0]) for s in shapes], negative_slope=negative_slope)


CASES = {
    "plane": (written((2, 8, 8, 3), 0), Box([-1, -1], [1, 1])),
    "integers in the plane": (written((2, 6, 6, 6, 2), 1, whole=True), Box([-2, -2], [2, 2])),
    "absolute values": (written((2, 5, 5, 5, 2), 2, -1.0, whole=True), Box([-2, -2], [2, 2])),
    "slopes that round": (written((2, 6, 6, 2), 3, 0.1), Box([-1, -1], [1, 1])),
    "two slopes": (written((2, 6, 6, 2), 3, 0.3, whole=True), Box([-1, -1], [1, 1])),
    "space": (written((3, 6, 6, 2), 4, 0.1, whole=True), Box([-1] * 3, [1] * 3)),
    "four inputs": (written((4, 5, 4, 2), 5, whole=True), Box([-1] * 4, [1] * 4)),
    "all of the plane": (written((2, 5, 5, 1), 6), None),
    "a line": (Lens(wave(5)), Box([0], [1])),
    "a flat": (written((3, 6, 6, 2), 7), Box([-1, 0.25, -1], [1, 0.25, 1])),
    "nothing bends": (Lens.from_arrays([[[1, 2]]], [[0]]), Box([0, 0], [1, 1])),
}


@pytest.mark.parametrize("name", CASES)
def test_a_jump_is_a_product_of_a_change_and_a_normal(name):
    lens, box = CASES[name]
    partition = lens.partition(box)
    found = partition.function.jumps()
    listed = partition.complex.facets()
    assert found.regions.tolist() == listed.regions[listed.regions[:, 1] >= 0].tolist()
    on_flat = partition if partition.on_flat is None else partition.on_flat
    gradients = on_flat.maps[:, :, :-1]
    differences = gradients[found.regions[:, 1]] - gradients[found.regions[:, 0]]
    normals = found.normals if partition.on_flat is None else found.normals[:, [0, 2]]
    np.testing.assert_allclose(found.changes[:, :, None] * normals[:, None, :], differences, rtol=1e-11, atol=1e-11)
    norms = [np.linalg.norm(matrix, 2) for matrix in differences]
    np.testing.assert_allclose(found.sizes, norms, rtol=1e-11, atol=1e-11)
    assert (found.errors <= 1e-10).all()


@pytest.mark.parametrize(("norm", "output_norm"), [(1, 1), (inf, inf), (1, inf), (inf, 1)])
@pytest.mark.parametrize("name", CASES)
def test_errors_hold_against_fractions(name, norm, output_norm):
    lens, box = CASES[name]
    partition = lens.partition(box)
    found = partition.function.jumps(norm, output_norm)
    exact = partition.function.jumps(norm, output_norm, exact=True)
    assert (found.layer.tolist(), found.neuron.tolist()) == (exact.layer.tolist(), exact.neuron.tolist())
    for size, error, true in zip(found.sizes.tolist(), found.errors.tolist(), exact.sizes, strict=True):
        assert isinstance(true, Fraction)
        assert abs(Fraction(size) - true) <= Fraction(error)


@pytest.mark.parametrize("name", ["plane", "integers in the plane", "absolute values"])
def test_euclidean_errors_hold_against_squares(name):
    lens, box = CASES[name]
    partition = lens.partition(box)
    found = partition.function.jumps()
    exact = partition.function.jumps(1, exact=True)
    squares = (exact.changes**2).sum(axis=1) * (exact.normals**2).sum(axis=1)
    for size, error, square in zip(found.sizes.tolist(), found.errors.tolist(), squares, strict=True):
        low, high = Fraction(size) - Fraction(error), Fraction(size) + Fraction(error)
        assert max(low, 0) ** 2 <= square <= high**2


def test_a_wave_turns_at_each_tooth():
    found = Lens(wave(5)).partition(Box([0], [1])).function.jumps(1, exact=True)
    assert found.sizes.tolist() == [Fraction(64)] * 31


def test_what_does_not_bend_has_no_jump():
    partition = Lens(max_of_two()).partition(Box([-1, -1], [1, 1]))
    pieces = partition.linear_pieces().labels
    for one in (partition.function.jumps(), partition.function.jumps(1, exact=True)):
        assert (one.sizes != 0).tolist() == (pieces[one.regions[:, 0]] != pieces[one.regions[:, 1]]).tolist()


def test_what_is_not_passed_on_is_known_to_have_none():
    lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]], [[0.1]]], [[0, 0], [-1], [0]])
    found = lens.partition().function.jumps()
    assert (found.errors[found.sizes == 0] == 0).all()
    assert (found.sizes == 0).sum() == 4


def test_a_part_has_the_jumps_between_its_regions():
    lens = Lens(golden((2, 8, 8), 2))
    whole = lens.partition().function.jumps()
    part = lens.explore([0.1, 0.2], max_regions=20)
    found = part.function.jumps()
    assert 0 < len(found) < len(whole)
    gradients = part.maps[:, :, :-1]
    sizes = [np.linalg.norm(gradients[j] - gradients[i]) for i, j in found.regions.tolist()]
    np.testing.assert_allclose(found.sizes, sizes, rtol=1e-11)


def test_deep_networks_have_errors_that_say_something():
    partition = Lens(random_deep((2, *[6] * 10), 0, 0.2)).partition(Box([-1, -1], [1, 1]))
    found = partition.function.jumps()
    assert (found.errors < 1e-6 * found.sizes.max()).all()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"norm": 3}, "should be 1, 2 or inf"),
        ({"norm": True}, "should be 1, 2 or inf"),
        ({"norm": 1, "output_norm": "2"}, "`output_norm` should be"),
        ({"exact": True}, "inf"),
        ({"norm": inf, "output_norm": 2, "exact": True}, "output_norm=2"),
    ],
)
def test_refusals(asked, told):
    partition = Lens(golden((2, 4, 4), 1)).partition(Box([-1, -1], [1, 1]))
    with pytest.raises(OptionError, match=told):
        partition.function.jumps(**asked)
