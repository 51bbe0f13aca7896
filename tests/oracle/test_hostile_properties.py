"""Properties that floats get wrong or that are only just true: each is decided, proved, and checked by the checker."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from polytope_lens import Box, Lens, Property, Status, Verdict
from polytope_lens.proof.checker import verify
from polytope_lens.properties.property_proof import is_about_property

THIN = Fraction(1, 2**40)


def decided(lens, asked, tmp_path, **options):
    """The verdict, after its proof was checked."""
    path = tmp_path / "run.proof"
    found = lens.check(asked, proof=path, **options)
    answer = verify(str(path))
    assert found.status is Status.COMPLETE
    assert answer["proved"] and is_about_property(answer, lens.network, asked)
    assert answer["verdict"] == found.verdict.name
    return found


def tents(k):
    """Each of two inputs of [0, 1] folded k times, 2^k regions each, and the sum of both tents: 2 at most."""
    folds = [np.array([[2.0, -4, 0, 0], [2, -4, 0, 0], [0, 0, 2, -4], [0, 0, 2, -4]])] * (k - 1)
    weights = [np.array([[1.0, 0], [1, 0], [0, 1], [0, 1]]), *folds, np.array([[2.0, -4, 2, -4]])]
    return Lens.from_arrays(weights, [*[np.array([0, -0.5, 0, -0.5])] * k, np.zeros(1)])


def controller(d, seed=0, width=12):
    """A random network with d inputs and three outputs."""
    rng = np.random.default_rng([d, seed])
    sizes = (d, width, width, 3)
    weights = [rng.standard_normal((n, m)) / np.sqrt(m) for m, n in pairwise(sizes)]
    return Lens.from_arrays(weights, [rng.standard_normal(n) / 8 for n in sizes[1:]])


def needle(d):
    """A network that is 1 but on a pyramid of height 1, whose base is 2^-30 around a point, and that point."""
    centre = np.random.default_rng(d).integers(-(2**10), 2**10, d) / 2.0**11
    first = 2.0**30 * np.concatenate([np.eye(d), -np.eye(d)])
    bias = -first @ centre
    return Lens.from_arrays([first, -np.ones((1, 2 * d)), [[1.0]]], [bias, [1.0], [1.0]]), centre


@pytest.mark.parametrize("k", [1, 2, pytest.param(3, marks=pytest.mark.long)])
def test_lattices_of_two_inputs_whose_peaks_are_all_just_below(k, tmp_path):
    square, lens = Box([0, 0], [1, 1]), tents(k)
    found = decided(lens, Property.of(square, ([[-1]], [-2 - THIN])), tmp_path)
    assert found.verdict is Verdict.HOLDS
    found = decided(lens, Property.of(square, ([[-1]], [-2])), tmp_path)
    assert found.verdict is Verdict.VIOLATED


@pytest.mark.parametrize("d", [4, *(pytest.param(d, marks=pytest.mark.long) for d in (6, 8, 10, 12, 14))])
def test_controllers_with_some_inputs(d, tmp_path):
    """The first output is never so much greater than the second, on a box and with a bound that is nearly reached."""
    lens = controller(d)
    box = Box([-0.25] * d, [0.25] * d)
    most = lens.maximum([1, -1, 0], box, max_seconds=5)
    room = (most.bound - lens.minimum([1, -1, 0], box, max_seconds=5).value) / 100
    found = decided(lens, Property.of(box, ([[-1, 1, 0]], [-most.bound - room])), tmp_path)
    assert found.verdict is Verdict.HOLDS
    found = decided(lens, Property.of(box, ([[-1, 1, 0]], [-most.value])), tmp_path)
    assert found.verdict is Verdict.VIOLATED


@pytest.mark.parametrize("d", [1, 2, pytest.param(3, marks=pytest.mark.long)])
def test_the_greatest_value_and_a_little_more(d, tmp_path):
    """Between lines that are 2^-40 apart, one is reached and the other is not."""
    lens, box = controller(d, width=6), Box([-1] * d, [1] * d)
    most = lens.maximum([1, 0, 0], box).value
    for bound, verdict in ((most + THIN, Verdict.HOLDS), (most, Verdict.VIOLATED)):
        assert decided(lens, Property.of(box, ([[-1, 0, 0]], [-bound])), tmp_path).verdict is verdict
    between = ([[1, 0, 0], [-1, 0, 0]], [most + THIN, -most])  # a strip that only the greatest value lies in
    assert decided(lens, Property.of(box, between), tmp_path).verdict is Verdict.VIOLATED
    above = ([[1, 0, 0], [-1, 0, 0]], [most + 2 * THIN, -most - THIN])
    assert decided(lens, Property.of(box, above), tmp_path).verdict is Verdict.HOLDS


@pytest.mark.parametrize("d", [1, 2])
def test_a_violation_under_a_needle(d, tmp_path):
    """Its base is narrower than the distance of floats of 32 bits near 1."""
    (lens, centre), box = needle(d), Box([-1] * d, [1] * d)
    found = decided(lens, Property.of(box, ([[-1]], [-2])), tmp_path)  # at one point alone
    assert found.verdict is Verdict.VIOLATED and list(found.point) == [Fraction(v) for v in centre]
    assert decided(lens, Property.of(box, ([[-1]], [-2 - THIN])), tmp_path).verdict is Verdict.HOLDS


@pytest.mark.parametrize("digits", [26, 55, 300])
def test_large_weights_that_cancel(digits, tmp_path):
    """relu(2^digits x + 1) - relu(2^digits x) is 1 where x is at least 0; floats absorb the 1, of 32 or of 64 bits."""
    large, box = 2.0**digits, Box([0.5], [1])
    lens = Lens.from_arrays([[[large], [large]], [[1, -1]]], [[1.0, 0.0], [0.0]])
    found = decided(lens, Property.of(box, ([[-1]], [-1])), tmp_path)
    assert found.verdict is Verdict.VIOLATED and found.counterexample.outputs == (1,)
    assert not found.counterexample.is_violated_in_float32
    assert (lens([[0.75]])[0, 0] == 1) == (digits < 53)
    assert decided(lens, Property.of(box, ([[1]], [1 - THIN])), tmp_path).verdict is Verdict.HOLDS
    assert decided(lens, Property.of(box, ([[-1]], [-1 - THIN])), tmp_path).verdict is Verdict.HOLDS
