"""Pre-activations whose large terms cancel exactly, which sums of rounded products do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens import Box, Lens
from polytope_lens.testing import assert_same_regions

BOX = Box([-1, -1], [1, 1])
ENGINES = pytest.mark.parametrize("engine", ["subdivide", "split"])
FORTY_BITS = st.integers(2**39, 2**40).map(lambda n: n * 2.0**-40)


@st.composite
def cancelling(draw, rest):
    """Layer 0: two neurons u, v, their triples, and u again; layer 1: ``3 a u + 3 b v - a (3 u) - b (3 v) + rest u``.

    Exactly, only the last term is left. In floats, rounding leaves about 1e-17 of the others. A second neuron, always
    on, keeps the numbers of layer 1 at their ordinary size, so that no relative measure gives the small ones away.
    """
    a, b, *w = [draw(FORTY_BITS) for _ in range(8)]
    rows = np.array([[w[0], w[1]], [-w[2], w[3]]])
    offsets = np.array([w[4] - 1, w[5] / 2 - 0.25])
    first = np.vstack([rows, 3 * rows, rows[:1]])
    second = [[3 * a, 3 * b, -a, -b, rest], [1, 1, 0, 0, 0]]
    biases = np.concatenate([offsets, 3 * offsets, offsets[:1]]), [0, 1000]
    return Lens.from_arrays([first, second, [[1, 1]]], [*biases, [0]])


@ENGINES
@pytest.mark.parametrize("domain", [BOX, None], ids=["box", "plane"])
@given(lens=cancelling(rest=0.0))
def test_what_cancels_exactly_cuts_nothing(engine, domain, lens):
    partition = lens.partition(domain, engine=engine)
    assert partition.counts_per_layer.tolist()[0] == len(partition)
    assert not partition.patterns()[:, -2].any()
    assert not lens.patterns(partition.witnesses)[:, -2].any()


@ENGINES
@pytest.mark.parametrize("rest", [2.0**-90, -(2.0**-90)])
@given(data=st.data())
def test_what_is_left_of_a_cancellation_has_its_own_sign(engine, rest, data):
    lens = data.draw(cancelling(rest=rest))
    partition = lens.partition(BOX, engine=engine)
    bits = partition.patterns()
    assert partition.counts_per_layer.tolist()[0] == len(partition)
    # rest * relu(u): positive where u is on, if `rest` is.
    assert (bits[:, -2] == (bits[:, 0] if rest > 0 else False)).all()
    assert (lens.patterns(partition.witnesses) == bits).all()


@given(lens=cancelling(rest=2.0**-60))
def test_engines_agree_on_cancellations(lens):
    partition = lens.partition(BOX, engine="subdivide")
    assert_same_regions(partition, lens.partition(BOX, engine="split"))
    assert_same_regions(partition, lens.partition(BOX, engine="brute"))
