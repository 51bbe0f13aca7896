"""What is said of a broken law."""

from __future__ import annotations

import pytest

from broken import planar
from families import chain
from polytope_lens import Lens
from polytope_lens.testing.counterexamples import fail, names, show


def test_patterns_have_a_gap_between_layers():
    bits = planar().patterns()[0]
    text = "".join("1" if bit else "0" for bit in bits)
    assert show(bits, planar()) == f"{text[:4]} {text[4:]}"
    assert show(Lens(chain(3)).partition().patterns()[-1], Lens(chain(3)).partition()) == "1 1 1"
    affine = Lens.from_arrays([[[1, 2]]], [[0]]).partition()
    assert show(affine.patterns()[0], affine) == "without bits"


def test_six_regions_are_named_and_the_rest_counted():
    partition = planar()
    one = names(partition, 3)
    assert one == f"region 3 ({show(partition.patterns()[3], partition)})"
    assert names(partition, 3, 3) == f"{one}, {one}"
    assert names(partition, *[3] * 6) == ", ".join([one] * 6)
    assert names(partition, *[3] * 9) == ", ".join([one] * 6) + " and 3 more"


def test_a_law_comes_before_its_counterexample():
    with pytest.raises(AssertionError) as raised:
        fail("pigs fly", "this one is 3 years old")
    assert str(raised.value) == "pigs fly: this one is 3 years old."
