"""The distance to the decision boundary by other roads: all regions of a partition, cvxpy, samples."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from polytope_lens import Box, Lens, Polytope
from polytope_lens.arithmetic.rational import fraction
from polytope_lens.errors import Status
from polytope_lens.lp.rational_nearest import exact_nearest
from polytope_lens.lp.rational_simplex import Halfspace

NORMS = [1, 2, np.inf]


def random_lens(sizes, seed, scale=1.0):
    rng = np.random.default_rng([*sizes, seed])
    pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
    weights = [scale * rng.standard_normal(pair) * (2 / pair[1]) ** 0.5 for pair in pairs]
    return Lens.from_arrays(weights, [0.3 * rng.standard_normal(len(w)) for w in weights])


def integer_lens(sizes, draw):
    pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
    return Lens.from_arrays([draw(pair) for pair in pairs], [draw(n) for n, _ in pairs])


def rivals(outputs):
    leader = max(range(len(outputs)), key=lambda i: (outputs[i], -i))
    return [(leader, i) for i in range(len(outputs)) if i != leader]


def rows_of(domain):
    pairs = zip(domain.A.tolist(), domain.b.tolist(), strict=True)
    return [[*map(Fraction, row), -Fraction(b)] for row, b in pairs]


def systems(lens, x, domain=None):
    """For each region and rival, exact rows ``[a, c]`` of where the rival is not behind: from plain fractions."""
    _, outputs = reference.evaluate(lens.network, x)
    around = [] if domain is None else rows_of(domain)
    for bits in lens.partition(domain).patterns().tolist():
        *hidden, last = reference.affine_rows(lens.network, bits)
        flat = [row for rows in hidden for row in rows]
        rows = [[-v for v in row] if bit else row for row, bit in zip(flat, bits, strict=True)]
        for leader, rival in rivals(outputs):
            yield [*rows, *around, [a - b for a, b in zip(last[leader], last[rival], strict=True)]]


def brute_power(lens, x, norm, domain=None):
    """Distance, or its square, by an exact program in each region, without search, bounds or proposals."""
    start = [*reference.fractions(x), Fraction(1)]
    powers = []
    for rows in systems(lens, x, domain):
        around = [Halfspace([*map(as_fmpq, row[:-1])], as_fmpq(-reference.dot(row, start))) for row in rows]
        found = exact_nearest(around, len(x), norm)
        if found is not None:
            powers.append(fraction(found.power))
    return min(powers, default=None)


def as_fmpq(value):
    return fmpq(value.numerator, value.denominator)


def check(lens, x, norm, domain=None):
    want = brute_power(lens, x, norm, domain)
    exact = lens.robustness_radius(x, norm=norm, domain=domain, exact=True, max_regions=None)
    rounded = lens.robustness_radius(x, norm=norm, domain=domain, max_regions=None)
    for found in (exact, rounded):
        assert found.status is Status.COMPLETE
        assert found.lower <= found.radius <= found.upper
    if want is None:
        assert exact.radius == rounded.radius == rounded.lower == np.inf
        assert exact.point is exact.exact is None
        return
    assert exact.exact == want
    power = 2 if norm == 2 else 1
    for found in (exact, rounded):
        assert Fraction(found.lower) ** power <= want <= Fraction(found.upper) ** power
    assert rounded.upper - rounded.lower <= 1e-8 * rounded.upper
    # The point is at that distance, inside the domain, and a tie.
    start = reference.fractions(x)
    assert size([v - w for v, w in zip(exact.exact_point, start, strict=True)], norm) == want
    outputs = evaluate(lens.network, exact.exact_point)
    assert outputs[exact.pair[0]] == outputs[exact.pair[1]] == max(outputs)
    step = [v - w for v, w in zip(reference.fractions(rounded.point), start, strict=True)]
    assert abs(float(size(step, norm)) - float(want)) <= 1e-8 * float(want)
    if domain is not None:
        assert all(reference.dot(row, [*exact.exact_point, Fraction(1)]) <= 0 for row in rows_of(domain))


def evaluate(network, x):
    """Outputs at fractions."""
    hidden = list(x)
    for layer in network.layers:
        z = affine(layer.weight, layer.bias, hidden)
        slopes = zip(z, layer.negative_slope, layer.positive_slope, strict=True)
        hidden = [Fraction(float(high if v > 0 else low)) * v for v, low, high in slopes]
    return affine(network.output_weight, network.output_bias, hidden)


def affine(weight, bias, hidden):
    pairs = zip(weight, bias, strict=True)
    return [reference.dot(reference.fractions(w), hidden) + Fraction(float(b)) for w, b in pairs]


def size(step, norm):
    if norm == 2:
        return sum(v * v for v in step)
    return sum(map(abs, step)) if norm == 1 else max(map(abs, step))


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("sizes", [(1, 4, 2), (2, 5, 5, 3), (3, 4, 3, 3), (6, 3, 3, 3)])
def test_against_a_program_in_every_region(sizes, norm):
    for seed in range(2):
        check(random_lens(sizes, seed), np.random.default_rng(seed).standard_normal(sizes[0]), norm)


@pytest.mark.parametrize("norm", NORMS)
def test_inside_a_domain(norm):
    triangle = Polytope([[-1, 0], [0, -1], [1, 1]], [0.3, 0.2, 0.7])
    for seed in range(2):
        check(random_lens((2, 5, 4, 3), seed), [0.1, 0.25], norm, triangle)
        check(random_lens((2, 5, 4, 3), seed), [-0.5, 0.5], norm, Box([-0.5, -1], [0.25, 0.75]))


@pytest.mark.parametrize("norm", NORMS)
@settings(max_examples=15)
@given(data=st.data())
def test_small_integers(data, norm):
    """Ties of all kinds: dead and duplicated neurons, boundaries only touched, outputs that are equal on regions."""

    def draw(shape):
        n = int(np.prod(shape))
        return np.reshape(data.draw(st.lists(st.integers(-2, 2), min_size=n, max_size=n)), shape).astype(float)

    lens = integer_lens((2, 3, 2, 3), draw)
    check(lens, draw(2), norm)


@pytest.mark.parametrize("norm", NORMS)
def test_against_cvxpy(norm):
    cp = pytest.importorskip("cvxpy")
    lens, x = random_lens((3, 5, 3, 3), 1), np.array([0.3, -0.4, 0.2])
    best = np.inf
    for rows in systems(lens, x):
        A = np.array([[float(v) for v in row] for row in rows])
        w = cp.Variable(3)
        best = min(
            best,
            cp.Problem(cp.Minimize(cp.norm(w - x, norm)), [A[:, :-1] @ w + A[:, -1] <= 0]).solve(solver=cp.CLARABEL),
        )
    assert lens.robustness_radius(x, norm=norm).radius == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("norm", NORMS)
def test_samples_find_nothing_nearer(norm):
    rng = np.random.default_rng(5)
    for seed in range(4):
        lens, x = random_lens((5, 12, 12, 4), seed), np.random.default_rng(seed).standard_normal(5)
        found = lens.robustness_radius(x, norm=norm)
        ways = rng.standard_normal((20_000, 5))
        ways /= np.linalg.norm(ways, norm, axis=1)[:, None]
        ways = np.vstack([ways, (found.point - x) / found.upper])
        winners = lens(x + found.lower * (1 - 1e-9) * ways).argmax(axis=1)
        assert (winners == found.pair[0]).all()
        assert lens(x + found.upper * (1 + 1e-9) * ways)[-1].argmax() == found.pair[1]


def test_norms_are_ordered():
    for seed in range(3):
        lens = random_lens((4, 6, 4, 3), seed)
        one, two, greatest = (lens.robustness_radius([0.1, 0.2, -0.3, 0.4], norm=norm).radius for norm in NORMS)
        assert greatest <= two * (1 + 1e-12) <= one * (1 + 1e-9)
        assert one <= 2 * two * (1 + 1e-9) <= 4 * greatest * (1 + 1e-9)


@pytest.mark.parametrize("norm", NORMS)
def test_permuted_inputs_and_outputs_change_nothing(norm):
    lens, x = random_lens((3, 6, 3), 3), np.array([0.2, 0.5, -0.1])
    want = lens.robustness_radius(x, norm=norm, exact=True).exact
    layer, network = lens.network.layers[0], lens.network
    for order in permutations(range(3)):
        turned = Lens.from_arrays(
            [layer.weight[:, order], network.output_weight[list(order)]], [layer.bias, network.output_bias[list(order)]]
        )
        assert turned.robustness_radius(x[list(order)], norm=norm, exact=True).exact == want
