"""Properties as layers of neurons: rows have the values that constraints say, at fractions that no float is, too."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.sparse import csr_array

from polytope_lens import Property
from polytope_lens.errors import DomainError
from polytope_lens.network.network import Layer, Network, from_arrays
from polytope_lens.properties.counterexample import exact_outputs
from polytope_lens.properties.problem import float_parts, problems
from polytope_lens.properties.property import Constraint, checked_property
from properties_twin import random_box, random_network

TENTH = Fraction(1, 10)


def sides(lower, upper):
    return [Constraint(((k, Fraction(s)),), (), s * v) for s, c in ((1, upper), (-1, lower)) for k, v in enumerate(c)]


def sparsely(network):
    def layer(one):
        return Layer(csr_array(one.weight), one.bias, one.negative_slope, one.positive_slope, one.cuts)

    return Network(tuple(map(layer, network.layers)), csr_array(network.output_weight), network.output_bias)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("is_sparse", [False, True])
def test_rows_are_constraints_times_a_positive_number(seed, is_sparse):
    rng = np.random.default_rng(seed)
    d, out = 3, 2
    network, (lower, upper) = random_network(rng, d, out).network, random_box(rng, d)
    network = sparsely(network) if is_sparse else network
    lower[0], upper[0] = (TENTH / 7, TENTH / 7) if seed % 2 else (lower[0], upper[0] + 1)
    constraints = [
        Constraint(
            ((0, TENTH), (2, Fraction(-1, 3))), ((0, Fraction(2)), (1, Fraction(1, 7))), Fraction(10**25, 10**25 + 1)
        ),
        Constraint((), ((1, Fraction(-1)),), Fraction(0), strict=True),
        Constraint(((1, Fraction(1)),), ((0, TENTH),), TENTH**3),
    ]
    (problem,) = problems(network, checked_property(d, out, [(*sides(lower, upper), *constraints)]))
    assert problem.strict.tolist() == [False, True, False]
    assert len(problem.coordinates.free) == sum(a < b for a, b in zip(lower, upper, strict=True))
    factors = [set() for _ in constraints]
    for _ in range(4):
        share = [Fraction(int(v), 7) for v in rng.integers(0, 8, len(problem.lower))]
        u = [a + s * (b - a) for s, a, b in zip(share, *problem.exact, strict=True)]
        x = problem.coordinates.point(u)
        assert all(a <= v <= b for v, a, b in zip(x, lower, upper, strict=True))
        y, rows = exact_outputs(network, x), exact_outputs(problem.margins, u)
        for constraint, row, found in zip(constraints, rows, factors, strict=True):
            value = sum(a * x[k] for k, a in constraint.inputs) + sum(c * y[j] for j, c in constraint.outputs)
            value -= constraint.bound
            assert (row > 0) == (value > 0) and (row == 0) == (value == 0)
            if value:
                found.add(row / value)
    assert all(len(found) <= 1 for found in factors)


def test_boxes_are_rounded_outward():
    (problem,) = problems(from_arrays([[[1.0, 1.0]]], [[0.0]]), Property.of((["0.1", 0], ["0.3", 1]), ([[1]], [0])))
    for exact, rounded, sign in zip(problem.exact, (problem.lower, problem.upper), (1, -1), strict=True):
        assert all(sign * Fraction(r) <= sign * e for e, r in zip(exact, rounded.tolist(), strict=True))
    assert Fraction(problem.lower[0]) < TENTH and problem.lower[1] == 0


def test_cases_with_one_box_are_one_problem():
    network = from_arrays([np.eye(2), np.eye(2)], [np.zeros(2), np.zeros(2)])
    targets = [([[1, 0]], [0]), ([[0, 1]], [0]), ([[1, 0], [0, 1]], [0, 0])]
    found = problems(network, Property.of([([0, 0], [1, 1]), ([2, 2], [3, 3])], targets))
    assert [problem.numbers for problem in found] == [[0, 1, 2], [3, 4, 5]]
    assert [case.tolist() for case in found[0].cases] == [[0], [1], [0, 1]]


def test_lowered_rows_are_lower():
    network = random_network(np.random.default_rng(0), 2, 1).network
    (problem,) = problems(network, Property.of(([-1, -1], [1, 1]), ([[1], [-1]], ["0.1", 3])))
    assert (problem.walked.layers[-1].bias < problem.bounded.layers[-1].bias).all()
    assert np.allclose(problem.walked.layers[-1].bias, problem.bounded.layers[-1].bias, rtol=1e-6, atol=1e-6)


def test_numbers_beyond_floats_are_refused():
    network = from_arrays([[[1.0]]], [[0.0]])
    with pytest.raises(DomainError, match="no multiple"):
        problems(network, Property.of((["0.1e-400"], [1]), ([[1]], ["1e-400"])))
    with pytest.raises(OverflowError):
        float_parts(Fraction(1, 2**1100))
