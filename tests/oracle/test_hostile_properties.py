"""Properties that floats get wrong or that are only just true: each is decided, proved, and checked by the checker."""

from __future__ import annotations

from fractions import Fraction

import pytest

from hostile_networks import absorbed, controller, needle, tents
from polytope_lens import Box, Property, Status, Verdict
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
    lens, box = absorbed(digits), Box([0.5], [1])
    found = decided(lens, Property.of(box, ([[-1]], [-1])), tmp_path)
    assert found.verdict is Verdict.VIOLATED and found.counterexample.outputs == (1,)
    assert not found.counterexample.is_violated_in_float32
    assert (lens([[0.75]])[0, 0] == 1) == (digits < 53)
    assert decided(lens, Property.of(box, ([[1]], [1 - THIN])), tmp_path).verdict is Verdict.HOLDS
    assert decided(lens, Property.of(box, ([[-1]], [-1 - THIN])), tmp_path).verdict is Verdict.HOLDS
