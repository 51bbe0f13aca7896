from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import reference
from polytope_lens import Attributions, Lens
from polytope_lens.errors import DimensionError, OptionError


def random_lens(sizes, seed, slope=0.0):
    rng = np.random.default_rng([*sizes, seed])
    pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
    weights = [rng.standard_normal(pair) for pair in pairs]
    return Lens.from_arrays(weights, [0.3 * rng.standard_normal(len(w)) for w in weights], negative_slope=slope)


@pytest.mark.parametrize("slope", [0.0, 0.1, -1.0])
@pytest.mark.parametrize("output", [0, 1])
def test_against_a_riemann_sum_of_automatic_gradients(slope, output):
    lens = random_lens((4, 8, 7, 2), 1, slope)
    x, baseline = np.random.default_rng(0).standard_normal((2, 4))
    n = 100_000
    t = (torch.arange(n, dtype=torch.float64)[:, None] + 0.5) / n
    hidden = start = (torch.tensor(baseline) + t * torch.tensor(x - baseline)).requires_grad_()
    for layer in lens.network.layers:
        z = hidden @ torch.tensor(layer.weight).T + torch.tensor(layer.bias)
        hidden = torch.where(z > 0, z, slope * z)
    (hidden @ torch.tensor(lens.network.output_weight[output])).sum().backward()
    riemann = (x - baseline) * start.grad.numpy().mean(axis=0)
    found = lens.integrated_gradients(x, baseline, output=output)
    assert np.abs(found - riemann).max() < 1e-3
    assert found.sum() == pytest.approx(lens(x)[output] - lens(baseline)[output], rel=1e-12)


def outputs(lens, x):
    return reference.evaluate(lens.network, x)[1]


def test_the_sum_is_the_change_of_the_output_exactly():
    for seed in range(5):
        lens = random_lens((3, 6, 5, 2), seed, 0.1)
        x, baseline = np.random.default_rng(seed).standard_normal((2, 3))
        for output in range(2):
            exact = lens.integrated_gradients(x, baseline, output=output, exact=True)
            assert sum(exact) == outputs(lens, x)[output] - outputs(lens, baseline)[output]
            assert all(isinstance(v, Fraction) for v in exact)
            rounded = lens.integrated_gradients(x, baseline, output=output)
            assert np.allclose(exact.astype(float), rounded, rtol=1e-12, atol=1e-13)


@given(data=st.data())
def test_paths_along_boundaries(data):
    """Neurons that vanish on the whole way, end points on boundaries: the sum is the change all the same."""
    numbers = st.integers(-2, 2)
    draw = lambda n: np.array(data.draw(st.lists(numbers, min_size=n, max_size=n)), dtype=float)  # noqa: E731
    lens = Lens.from_arrays([draw(6).reshape(3, 2), draw(6).reshape(2, 3), draw(2)[None]], [draw(3), draw(2), draw(1)])
    x, baseline = draw(2), draw(2)
    exact = lens.integrated_gradients(x, baseline, exact=True)
    assert sum(exact) == outputs(lens, x)[0] - outputs(lens, baseline)[0]
    assert (exact + lens.integrated_gradients(baseline, x, exact=True) == 0).all()


def test_pieces_of_one_layer_by_hand():
    """relu(x - 1) from 0 to 3: a third of the way is flat. Inputs that are the same contribute nothing."""
    lens = Lens.from_arrays([[[1, 5]], [[2]]], [[-1], [7]])
    assert lens.integrated_gradients([3, 0], [0, 0], exact=True).tolist() == [4, 0]
    assert lens.integrated_gradients([3, 0], [3, 0]).tolist() == [0, 0]
    affine = Lens.from_arrays([[[2.0, -3.0]]], [[1.0]])
    assert affine.integrated_gradients([1, 1], [0, 0]).tolist() == [2, -3]
    assert affine.integrated_gradients([1, 1], [0, 0], exact=True).tolist() == [2, -3]


def test_bad_questions():
    lens = random_lens((2, 3, 2), 0)
    for output in (2, -3, True, 0.0, "a"):
        with pytest.raises(OptionError, match=r"`output` (is|should be)"):
            lens.integrated_gradients([0, 0], [1, 1], output=output)
    with pytest.raises(DimensionError, match="`integrated_gradients` needs one point with 2 coordinates"):
        lens.integrated_gradients([0, 0, 0], [1, 1])
    with pytest.raises(DimensionError, match="`integrated_gradients` needs points with 2 coordinates"):
        lens.integrated_gradients([[0, 0, 0]], [1, 1])
    with pytest.raises(DimensionError, match="as many baselines as points, or one for all, but received 3 and 2"):
        lens.integrated_gradients(np.zeros((2, 2)), np.zeros((3, 2)))
    with pytest.raises(DimensionError, match="rows differ in length"):
        lens.integrated_gradients([[0, 0], [1]], [1, 1])
    with pytest.raises(DimensionError, match="the point given to `integrated_gradients` should be finite"):
        lens.integrated_gradients([0, 0], [1, np.inf])


@pytest.mark.parametrize("exact", [False, True])
def test_many_points_are_one_after_the_other(exact):
    lens = random_lens((3, 7, 5, 2), 1)
    rng = np.random.default_rng(2)
    X, B = rng.standard_normal((2, 5, 3))
    for x, baseline in ((X, B), (X, B[0]), (X[0], B), (X[:1], B), (X, B[:1])):
        many = lens.integrated_gradients(x, baseline, output=-1, exact=exact, progress=False)
        assert isinstance(many, Attributions)
        assert (len(many), many.output) == (5, 1)
        for row, start, stop in zip(many, many.baselines, many.points, strict=True):
            assert np.array_equal(row, lens.integrated_gradients(stop, start, output=1, exact=exact))
        change = (lens(many.points) - lens(many.baselines))[:, 1]
        assert np.allclose(np.asarray(many, dtype=float).sum(axis=1), change)
    assert np.array_equal(np.asarray(many), many.values)
    assert np.array_equal(many[-1], many.values[4])
    assert np.array_equal(many[1:3].values, many.values[1:3])
    assert np.array_equal(many[::2].baselines, many.baselines[::2])


def test_many_points_as_a_table():
    pytest.importorskip("pandas")
    lens = Lens.from_arrays([[[1, 1]], [[1]]], [[-1], [0]])
    found = lens.integrated_gradients([[2, 1], [0, 3]], [0, 0])
    assert repr(found) == "Attributions(2 points, 2 inputs, output 0)"
    table = found.to_frame()
    assert table.columns.tolist() == ["input_0", "input_1"]
    assert table.loc[1].tolist() == [0, 2]
    assert table.index.name == "point"
    assert found[[1]].values.tolist() == found.values[1:].tolist()
    with pytest.raises(IndexError, match="there are 2 points, but number -3"):
        found[-3]
    with pytest.raises(ValueError, match="read-only"):
        found.values[0] = 1
    assert lens.integrated_gradients(np.zeros((0, 2)), [0, 0]).to_frame().shape == (0, 2)
