"""Pieces of paths against trying all, and against points on the way."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from families import sparsely, wave
from polytope_lens import Lens
from polytope_lens.errors import OptionError


def written(widths, seed, *, whole=False):
    rng = np.random.default_rng([seed, *widths])
    draw = (lambda size: rng.integers(-2, 3, size)) if whole else rng.standard_normal
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    return Lens.from_arrays([draw(s) for s in shapes], [draw(s[0]) for s in shapes])


CASES = {
    "generic": written((3, 9, 9, 2), 0),
    "integers": written((3, 9, 9, 2), 1, whole=True),
    "one layer": written((3, 20, 1), 2),
    "no layers": written((3, 2), 3),
}


def way(name):
    rng = np.random.default_rng(4)
    shape = (4, 3)
    return CASES[name].path(*(2 * rng.integers(-2, 3, shape) if name == "integers" else 2 * rng.standard_normal(shape)))


def knots_of(path, leg):
    """Places and values of all knots of a segment, in fractions."""
    places = [t - leg for t in path.exact_breakpoints() if leg < t < leg + 1]
    start, stop = ([Fraction(v) for v in point] for point in path.points[leg : leg + 2].tolist())
    inputs = [[p + (q - p) * t for p, q in zip(start, stop, strict=True)] for t in (Fraction(0), *places, Fraction(1))]
    return [Fraction(0), *places, Fraction(1)], [exact_outputs(path.network, x) for x in inputs]


def exact_outputs(network, x):
    for layer in network.layers:
        before = [
            sum(Fraction(w) * v for w, v in zip(row, x, strict=True)) + Fraction(b)
            for row, b in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
        ]
        x = [v if v > 0 else Fraction(0) for v in before]
    return [
        sum(Fraction(w) * v for w, v in zip(row, x, strict=True)) + Fraction(b)
        for row, b in zip(network.output_weight.tolist(), network.output_bias.tolist(), strict=True)
    ]


def level(places, values):
    """Half of the greatest distance from a chord to a knot below or above it."""
    most = Fraction(0)
    for column in zip(*values, strict=True):
        for i in range(len(places)):
            for k in range(i + 2, len(places)):
                slope = (column[k] - column[i]) / (places[k] - places[i])
                rest = [abs(column[j] - column[i] - slope * (places[j] - places[i])) for j in range(i + 1, k)]
                most = max(most, *rest)
    return most / 2


def fewest(places, values, eps):
    best = [0] + [len(places)] * (len(places) - 1)
    for end in range(1, len(places)):
        for start in reversed(range(end)):
            if level(places[start : end + 1], values[start : end + 1]) > eps:
                break
            best[end] = min(best[end], best[start] + 1)
    return best[-1]


@pytest.mark.parametrize("eps", [0, 0.1, 0.5, 2.0])
@pytest.mark.parametrize("name", CASES)
def test_there_are_no_fewer(name, eps):
    path = way(name)
    found = path.pieces(eps)
    legs = [knots_of(path, leg) for leg in range(3)]
    assert len(found) == sum(fewest(*knots, Fraction(eps)) for knots in legs)
    assert found.n_intervals == sum(len(places) - 1 for places, _ in legs)


@pytest.mark.parametrize("output", [None, 0, -1])
@pytest.mark.parametrize("name", CASES)
def test_pieces_are_near_the_network(name, output):
    path = way(name)
    found = path.pieces(0.5, output)
    assert (found.deviations <= 0.5).all()
    for piece, (start, stop) in enumerate(pairwise(found.stops)):
        share = np.linspace(0, 1, 30)
        outputs = CASES[name](path.embed(start + (stop - start) * share))
        outputs = outputs if output is None else outputs[:, [output]]
        line = (1 - share)[:, None] * found.values[piece, 0] + share[:, None] * found.values[piece, 1]
        assert np.abs(outputs - line).max() <= found.deviations[piece] + 1e-9


def test_all_outputs_need_at_least_as_many_pieces_as_one():
    path = way("generic")
    for eps in (0.01, 0.1, 1.0):
        assert len(path.pieces(eps)) >= max(len(path.pieces(eps, k)) for k in range(2))


def test_a_wave_is_flat_within_its_height():
    path = Lens(wave(6)).path([0], [1])
    assert [len(path.pieces(eps)) for eps in (0, 0.25, 0.4999, 0.5)] == [64, 64, 64, 1]


def test_a_corner_on_a_boundary_is_one_knot():
    lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    path = lens.path([-1, 0.5], [0, 0.5], [1, 0.5])
    assert path.pieces(0).n_intervals == 2
    assert path.pieces(0).stops.tolist() == [0, 1, 2]


def test_a_path_that_goes_nowhere():
    found = CASES["generic"].path([0] * 3, [0] * 3).pieces(0.1)
    assert (len(found), found.n_intervals, found.stops.tolist()) == (1, 1, [0, 0])
    assert found.values[0, 0].tolist() == CASES["generic"]([[0] * 3])[0].tolist()


def test_legs_of_length_zero_have_no_pieces():
    lens = CASES["generic"]
    x, y = [-1, 0, 2], [2, 1, -1]
    assert len(lens.path(x, x, y, y).pieces(0.1)) == len(lens.path(x, y).pieces(0.1))


def test_sparse_layers():
    network = CASES["generic"].network
    ends = [-3, 1, 2], [3, -2, -1]
    for eps in (0.0, 0.1):
        one, other = (Lens(one).path(*ends).pieces(eps) for one in (network, sparsely(network)))
        assert one.stops.tolist() == other.stops.tolist()


@pytest.mark.parametrize(("eps", "output", "told"), [(-1, None, "at least 0"), ("1", None, "eps"), (1, 7, "output")])
def test_refusals(eps, output, told):
    with pytest.raises(OptionError, match=told):
        way("generic").pieces(eps, output)
