"""Properties decided the slow way: all regions of a larger box, and rational programs over each."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
from flint import fmpq

from polytope_lens import Box, Lens
from polytope_lens.arithmetic.rational import fraction
from polytope_lens.exact.rows import ExactRows
from polytope_lens.lp.rational_simplex import Halfspace, maximize


def random_network(rng, d, out):
    """Small integers, without or with biases, or floats; with ReLUs, leaky ones or absolute values."""
    kind = ("integers", "no biases", "floats")[rng.integers(3)]
    sizes = [d, *rng.integers(2, 6, rng.integers(1, 4)).tolist(), out]
    weights, biases = [], []
    for m, n in itertools.pairwise(sizes):
        weights.append(rng.standard_normal((n, m)) if kind == "floats" else rng.integers(-2, 3, (n, m)).astype(float))
        biases.append(rng.standard_normal(n) / 2 if kind == "floats" else rng.integers(-1, 2, n) * (kind == "integers"))
    return Lens.from_arrays(weights, biases, negative_slope=(0.0, 0.01, -1.0)[rng.integers(3)])


def random_box(rng, d):
    """A box of fractions, often flat, and often one that floats do not hold."""
    unit = (1, 10, 3, 1000)[rng.integers(4)]
    lower = [Fraction(int(v), unit) for v in rng.integers(-2 * unit, unit, d)]
    upper = [low + Fraction(int(v), unit) for low, v in zip(lower, rng.integers(0, 2 * unit + 1, d), strict=True)]
    if rng.random() < 0.5:
        k = rng.integers(d)
        upper[k] = lower[k]
    return lower, upper


def exact_maps(lens, lower, upper):
    """The closed regions around a box of fractions, as rows and bounds, and the exact map of each."""
    around = Box([float(v) - 0.5 for v in lower], [float(v) + 0.5 for v in upper])
    for region in lens.partition(around):
        A, b = region.polytope.fractions()
        rows, scale = ExactRows(lens.network).scaled_rows(len(lens.network.layers), region.pattern.array)
        maps = [[Fraction(int(v), int(scale)) for v in row] for row in rows]
        yield [Halfspace([_q(v) for v in row], _q(bound)) for row, bound in zip(A, b, strict=True)], maps


def greatest(lens, lower, upper, coefficients):
    """The greatest value of a combination of outputs on a box; exact."""
    best = None
    for rows, maps in exact_maps(lens, lower, upper):
        total = [sum(c * row[k] for c, row in zip(coefficients, maps, strict=True)) for k in range(len(lower) + 1)]
        found = maximize([_q(v) for v in total[:-1]], rows, [_q(v) for v in lower], [_q(v) for v in upper])
        if found is not None and (best is None or fraction(found.value) + total[-1] > best):
            best = fraction(found.value) + total[-1]
    return best


def is_reached(lens, lower, upper, rows_of_target):
    """Whether some point of a box satisfies ``a . x + c . y <= bound`` for all (a, c, bound); exact."""
    d = len(lower)
    for rows, maps in exact_maps(lens, lower, upper):
        halfspaces = list(rows)
        for a, c, bound in rows_of_target:
            normal = [a[k] + sum(v * row[k] for v, row in zip(c, maps, strict=True)) for k in range(d)]
            constant = sum(v * row[d] for v, row in zip(c, maps, strict=True))
            halfspaces.append(Halfspace([_q(v) for v in normal], _q(bound - constant)))
        nothing = [fmpq(0)] * d
        if maximize(nothing, halfspaces, [_q(v) for v in lower], [_q(v) for v in upper]) is not None:
            return True
    return False


def _q(value):
    return fmpq(*Fraction(value).as_integer_ratio())


def as_objects(rows):
    return np.array(rows, dtype=object)
