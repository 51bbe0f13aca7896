"""Distances between networks, against samples."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from families import generic, golden, random_deep, with_a_neuron_in_two_halves
from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import DimensionError, UnboundedPolytopeError
from polytope_lens.network.network import evaluate, from_arrays
from polytope_lens.proof.fast_checker import verify
from polytope_lens.properties import best_first, listing

SQUARE = Box([-1, -1], [1, 1])


def test_distances_between_networks():
    first, second = random_deep((2, 6), 0, 0.0), random_deep((2, 5, 5), 1, 0.0)
    lens = Lens(first)
    found, exact = lens.distance(Lens(second), SQUARE), lens.distance(second, SQUARE, exact=True)
    X = np.random.default_rng(0).uniform(-1, 1, (400_000, 2))
    gap = evaluate(first, X)[:, 0] - evaluate(second, X)[:, 0]
    assert found.l1 / 4 == pytest.approx(np.abs(gap).mean(), rel=0.01)
    assert found.l2**2 / 4 == pytest.approx((gap**2).mean(), rel=0.02)
    assert 0.95 * found.sup < np.abs(gap).max() <= found.sup * (1 + 1e-12)
    assert found.mean_difference[0] == pytest.approx(gap.mean(), abs=0.02)
    at = found.argmax[None]
    assert abs(evaluate(first, at) - evaluate(second, at))[0, 0] == pytest.approx(found.sup)
    for name in ("l1", "l2", "sup", "volume"):
        assert getattr(found, name) == pytest.approx(float(getattr(exact, name)))
    assert isinstance(exact.sup, Fraction) and exact.volume == 4
    nothing = lens.distance(lens, SQUARE, exact=True)
    assert (nothing.l1, nothing.l2, nothing.sup, nothing.n_regions) == (0, 0, 0, len(lens.partition(SQUARE)))


@pytest.mark.parametrize("exact", [False, True])
def test_integrals_of_squares_beyond_the_largest_float_have_roots(exact):
    large, small = (from_arrays([[[w]], [[1]]], [[0], [0]]) for w in (2.0**600, 0.0))
    found = Lens(large).distance(small, Box([-1], [1]), exact=exact)
    assert found.l2 == pytest.approx(2.0**600 / 3**0.5)  # relu(2^600 x) between -1 and 1
    assert found.sup == 2**600


def test_several_outputs():
    first = from_arrays([[[1, 0], [0, 1]]], [[0, 0]])
    second = from_arrays([[[0, 0], [0, 2]]], [[0, 0]])
    found = Lens(first).distance(second, SQUARE, exact=True)
    # The outputs differ by x and by -y.
    assert (found.l1, found.sup, found.n_regions) == (4, 1, 1)
    assert found.l2**2 == pytest.approx(8 / 3) and found.mean_difference.tolist() == [0, 0]


def test_refusals():
    plane = Lens(golden((2, 4, 4), 1))
    with pytest.raises(UnboundedPolytopeError):
        plane.distance(plane, None)
    space = Lens(generic(5, 4))
    with pytest.raises(UnboundedPolytopeError):
        space.distance(space, None)
    with pytest.raises(DimensionError, match="inputs"):
        plane.distance(space, SQUARE)


def test_the_supremum_is_found_by_boxes_and_by_corners():
    first, second = random_deep((2, 6), 0, 0.0), random_deep((2, 5, 5), 1, 0.0)
    whole = Lens(first).distance(second, SQUARE, exact=True)
    alone = Lens(first).distance(second, SQUARE, exact=True, max_seconds=600)
    assert (alone.sup, alone.bound, alone.output) == (whole.sup, whole.sup, whole.output)
    assert alone.l1 is None
    gap = [evaluate(network, alone.argmax.astype(float)[None])[0, 0] for network in (first, second)]
    assert abs(gap[0] - gap[1]) == pytest.approx(float(alone.sup))


def test_a_limit_leaves_two_bounds():
    first, second = random_deep((4, 8, 8), 0, 0.0), random_deep((4, 9, 8), 1, 0.0)
    box = Box([-1] * 4, [1] * 4)
    found, whole = (Lens(first).distance(second, box, max_seconds=seconds) for seconds in (1e-9, None))
    assert whole.is_complete and not found.is_complete
    assert found.sup <= whole.sup == whole.bound <= found.bound
    assert "at most" in repr(found) and "at most" not in repr(whole)


def test_polytopes_need_no_rows_of_a_box():
    one, other = Lens(random_deep((4, 6), 0, 0.0)), Lens(from_arrays([np.zeros((1, 4))], [[0]]))
    simplex = Polytope(np.vstack([-np.eye(4), np.ones((1, 4))]), [0, 0, 0, 0, 1])
    found = one.distance(other, simplex)
    X = np.random.default_rng(0).dirichlet(np.ones(5), 20_000)[:, :4]
    assert 0.8 * found.sup < np.abs(one(X)).max() <= found.sup


def test_beyond_space_the_supremum_is_known_and_nothing_else():
    first, second = random_deep((4, 4, 4), 0, 0.0), random_deep((4, 5), 1, 0.0)
    box = Box([-1] * 4, [1] * 4)
    found, exact = Lens(first).distance(Lens(second), box), Lens(first).distance(second, box, exact=True)
    assert found.sup == float(exact.sup) == found.bound and found.argmax.tolist() == exact.argmax.astype(float).tolist()
    assert found.l1 is found.l2 is found.mean_difference is found.volume is None
    X = np.random.default_rng(0).uniform(-1, 1, (200_000, 4))
    gap = np.abs(evaluate(first, X) - evaluate(second, X)).max()
    assert 0.8 * found.sup < gap <= found.sup
    assert repr(found).startswith("Distance(sup=")
    assert Lens(first).distance(first, box).sup == 0


def in_half_precision(network):
    """The same network with weights in half precision."""
    W = [layer.dense_weight() for layer in network.layers]
    W = [w.astype(np.float16).astype(float) for w in (*W, network.dense_output_weight())]
    slope = float(network.layers[0].negative_slope[0])
    return from_arrays(W, [*(layer.bias for layer in network.layers), network.output_bias], negative_slope=slope)


SIMPLEX = Polytope(np.vstack([-np.eye(3), np.ones((1, 3))]), [0, 0, 0, 1])


@pytest.mark.parametrize("slope", [0.0, 0.25, -1.0])
@pytest.mark.parametrize("domain", [Box([-1] * 3, [1] * 3), Box([-1, 0.1, -1], [0.5, 0.1, 1]), SIMPLEX])
def test_twins_lead_to_what_all_regions_do(slope, domain, monkeypatch):
    first = random_deep((3, 6, 5, 2), 1, slope)
    second = in_half_precision(first)
    whole = Lens(first).distance(second, domain, exact=True)
    monkeypatch.setattr(best_first, "guesses", lambda problem: np.zeros((0, len(problem.lower))))
    for few_open in (listing.few_open, lambda problem: 3):
        monkeypatch.setattr(listing, "few_open", few_open)
        found = Lens(first).distance(second, domain, exact=True, max_seconds=600)
        assert (found.sup, found.bound, found.output) == (whole.sup, whole.sup, whole.output)
        assert found.is_complete


def test_small_differences_are_found_from_few_regions():
    """Bounds on each network alone left 169 000 regions to list."""
    first = random_deep((4, 16, 16, 3), 0, 0.0)
    box = Box([-1] * 4, [1] * 4)
    found = Lens(first).distance(in_half_precision(first), box)
    assert found.is_complete and found.n_regions < 50_000


@pytest.mark.parametrize("apart", [Fraction(0), Fraction(1, 2**40)])
def test_networks_that_differ_by_a_constant_are_compared_without_twins(apart, tmp_path):
    """Nothing that is rounded comes down to what is taken everywhere."""
    first = random_deep((3, 6, 5), 3, 0.0)
    halved = with_a_neuron_in_two_halves(first)
    one, other = Lens(first), Lens(replace(halved, output_bias=halved.output_bias + float(apart)))
    box = Box([-1] * 3, [1] * 3)
    found = one.distance(other, box, exact=True, max_seconds=60, proof=tmp_path / "run.proof")
    assert found.is_complete and found.is_logged and found.sup == found.bound == apart
    assert verify(tmp_path / "run.proof")["proved"]
    assert one.is_equal(other, box, within=apart, max_seconds=60).verdict.name == "HOLDS"
    assert not apart or one.is_equal(other, box, within=apart / 2).verdict.name == "VIOLATED"
