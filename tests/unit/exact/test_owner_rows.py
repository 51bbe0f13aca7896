"""Rows of owners are those of fractions, up to a positive factor, and halfspaces hold on the cell."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from families import sparsely
from polytope_lens.domain import Box
from polytope_lens.exact.owner_rows import OwnerRows, float_sides, integer_sides
from polytope_lens.exact.sparse import rows_on
from polytope_lens.network.network import bit_places
from polytope_lens.polytope import Polytope
from polytope_lens.testing import networks, points_in

HALF = Polytope([[1.0, 0.25], [0.0, 0.0], [-3.0, 0.0]], [0.5, 1.0, 0.0])


@pytest.mark.parametrize("kept", [lambda network: network, sparsely], ids=["dense", "sparse"])
@given(network=networks(2), data=st.data())
def test_rows_are_those_of_the_owners(kept, network, data):
    x = data.draw(points_in(Box([-1, -1], [1, 1]), 1))[0]
    signs, _ = reference.evaluate(network, x)
    bits = np.array(signs) > 0
    expected = reference.affine_rows(network, bits.tolist())
    owners = OwnerRows(network, rows_on(kept(network)), integer_sides(HALF))
    one = [*reference.fractions(x), Fraction(1)]
    for bit, (layer, neuron) in enumerate(bit_places(network)):
        row, half = ([Fraction(int(v)) for v in found(bit, bits)] for found in (owners.row, owners.halfspace))
        assert is_positive_multiple(row, expected[layer][neuron])
        assert half == ([-v for v in row] if bits[bit] else row)
        assert reference.dot(half, one) <= 0
        assert reference.sign(reference.dot(row, one)) == signs[bit]
    for side in range(3):
        row = [Fraction(int(v)) for v in owners.row(-1 - side, bits)]
        assert is_positive_multiple(row, [*reference.fractions(HALF.A[side]), -Fraction(HALF.b[side])])
        assert list(owners.halfspace(-1 - side, bits)) == list(owners.row(-1 - side, bits))


def is_positive_multiple(row, other):
    pairs = [(v, w) for v, w in zip(row, other, strict=True) if v or w]
    ratios = {v / w if w else Fraction(-1) for v, w in pairs}
    return not pairs or (len(ratios) == 1 and min(ratios) > 0)


def test_sides_are_as_stated():
    assert float_sides(HALF, 2).tolist() == [[1, 0.25, -0.5], [0, 0, -1], [-3, 0, 0]]
    assert [[int(v) for v in row] for row in integer_sides(HALF)] == [[4, 1, -2], [0, 0, -1], [-3, 0, 0]]
    assert float_sides(None, 2).shape == (0, 3)
    assert integer_sides(None) == []
