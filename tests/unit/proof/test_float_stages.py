"""Bounds on sums in floats, held against those that the checker finds in integers."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from polytope_lens.proof import checker
from polytope_lens.proof.checker import Cell, Layer, Multiples
from polytope_lens.proof.float_stages import FloatStages, OutOfRangeError


def drawn(rng, widths, size, slopes=((0.0, 1.0), (0.25, 1.0), (-1.0, 1.0), (1.0, 0.3))):
    """Layers of a random network; weights are of many sizes."""
    stages = []
    for at, (m, n) in enumerate(pairwise(widths)):
        weights = rng.normal(size=(n, m + 1)) * size ** rng.uniform(-1, 1, size=(n, m + 1))
        bends = [slopes[int(i)] for i in rng.integers(len(slopes), size=n)]
        last = at == len(widths) - 2
        stages.append(Layer([[*(bend if not last else (1.0, 1.0)), float(not last), *row]
                             for bend, row in zip(bends, weights.tolist(), strict=True)]))  # fmt: skip
    return stages


def cell_of(rng, stages, dim):
    """A random cell: bounds are only what the sums are computed from, so any will do."""
    known = []
    for layer in stages[:-1]:
        n, bits = len(layer.rows), int(rng.integers(4, 14))
        ends = [sorted(rng.integers(-(2**14), 2**14, size=2).tolist()) for _ in range(n)]
        pairs = [(low, high + 1) for low, high in ends]
        leans = {j: int(rng.integers(0, 4097)) for j in range(n) if rng.random() < 0.3}
        known.append(checker.drawn(layer, bits, pairs, leans))
    unit = 30
    lower = rng.integers(-50, 0, size=dim).tolist()
    return Cell(lower, [v + int(rng.integers(0, 60)) for v in lower], unit, known, {}, [0])


def at_hand(stages, cell):
    floats = FloatStages(stages, len(cell.lower))
    floats.enter(cell.lower, cell.upper, cell.unit)
    for at, (here, known) in enumerate(zip(floats.at, cell.known, strict=True)):
        floats.low[here] = [low / 2**known.bits for low, _ in known.bounds]
        floats.high[here] = [high / 2**known.bits for _, high in known.bounds]
        floats.lean[here] = [known.leans.get(j, -1) for j in range(len(known.bounds))]
        floats.units[at] = 2.0**known.bits
    if floats.at:
        floats.draw(0, len(floats.at) - 1)
    return floats


def asked(rng, stages, dim, last):
    """Random multiples of outputs, if they are asked, of pre-activations and of inputs, and a constant."""
    n, top = len(stages[-1].rows), 2**20
    outputs = rng.integers(-top, top, size=n).tolist() if last == len(stages) else [0] * n
    sums = [*rng.integers(-top, top, size=dim).tolist(), *outputs, int(rng.integers(-top, top))]
    z = {at: [(int(rng.integers(len(stages[at].rows))), int(rng.integers(-top, top))) for _ in range(2)]
         for at in range(min(last, len(stages) - 1))}  # fmt: skip
    return Multiples(sums, z, False)


def in_integers(stages, cell, last, multiples):
    """What the checker finds, in the units of the sums."""
    dim, n = len(cell.lower), len(stages[last - 1].rows)
    y = multiples.sums[dim:-1] if last == len(stages) else [0] * n
    found = checker.highest(stages[:last], cell, y, multiples.z, multiples.sums[:dim], multiples.sums[-1])
    units = [stage.scale for stage in stages[:last]] + [stage.unit << 12 for stage in stages[: last - 1]]
    return Fraction(found, cell.unit * int(np.prod([Fraction(unit) for unit in units])))


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("size", [1.0, 10.0, 2.0**20])
def test_bounds_are_above_those_in_integers_and_near(seed, size):
    rng = np.random.default_rng(seed)
    dim, widths = int(rng.integers(1, 4)), rng.integers(1, 12, size=int(rng.integers(1, 5))).tolist()
    stages = drawn(rng, [dim, *widths], size)
    cell = cell_of(rng, stages, dim)
    floats = at_hand(stages, cell)
    for last in range(1, len(stages) + 1):
        multiples = asked(rng, stages, dim, last)
        exact = in_integers(stages, cell, last, multiples)
        bits = max(v.bit_length() for v in (*multiples.sums, *(v for pairs in multiples.z.values() for _, v in pairs)))
        found = Fraction(floats.greatest(last, multiples)) * 2**bits
        assert found >= exact
        if size == 1.0:
            assert found - exact <= Fraction(1, 10**6) * (abs(exact) + 2**bits)


def test_a_neuron_without_bounds_is_left_to_integers():
    rng = np.random.default_rng(0)
    stages = drawn(rng, [2, 3, 1], 1.0, [(0.0, 1.0)])
    cell = cell_of(rng, stages, 2)
    floats = at_hand(stages, cell)
    floats.high[1] = np.inf
    floats.draw(0, 0)
    assert floats.greatest(2, asked(rng, stages, 2, 2)) == np.inf


@pytest.mark.parametrize("weight", [2.0**-1074, 2.0**-600, 2.0**300, 1.7e308])
def test_numbers_out_of_range_are_refused(weight):
    with pytest.raises(OutOfRangeError):
        FloatStages([Layer([[1.0, 1.0, 0.0, weight, 0.0]])], 1)


def test_boxes_are_rounded_outward():
    floats = FloatStages([Layer([[1.0, 1.0, 0.0, 1.0, 1.0, 0.0]])], 2)
    floats.enter([1, 4], [2, 5], 3)
    assert Fraction(floats.lower[0]) < Fraction(1, 3) and Fraction(floats.upper[0]) > Fraction(2, 3)
    assert Fraction(floats.lower[1]) < Fraction(4, 3) and Fraction(floats.upper[1]) > Fraction(5, 3)
    with pytest.raises(OutOfRangeError):
        floats.enter([0, 0], [1, 2**300], 1)
