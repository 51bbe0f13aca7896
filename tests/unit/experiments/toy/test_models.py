"""Networks of a shape, shapes read from texts, shapes of equally many parameters."""

from __future__ import annotations

import pytest

from polytope_lens.errors import OptionError
from polytope_lens.experiments import (
    RING_SHAPE,
    equal_parameters,
    mlp,
    n_parameters,
    shape_of,
)

torch = pytest.importorskip("torch")
torch = pytest.importorskip("torch")


def weights(model):
    return [parameter.detach().clone() for parameter in model.parameters()]


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_models_have_their_shape_and_seed():
    state = torch.random.get_rng_state()
    model = mlp((2, 5, 4, 1), seed=3)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert [type(module).__name__ for module in model] == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]
    assert [tuple(parameter.shape) for parameter in model.parameters()] == [(5, 2), (5,), (4, 5), (4,), (1, 4), (1,)]
    assert same(weights(model), weights(mlp((2, 5, 4, 1), seed=3)))
    assert not same(weights(model), weights(mlp((2, 5, 4, 1), seed=4)))
    leaky = mlp((2, 5, 1), negative_slope=0.1)
    assert leaky[1].negative_slope == 0.1
    assert [type(module).__name__ for module in mlp((2, 1))] == ["Linear"]


@pytest.mark.parametrize("shape", [(), (2,), (2, 0, 1)], ids=str)
def test_senseless_shapes_are_refused(shape):
    with pytest.raises(OptionError, match="a shape lists"):
        mlp(shape)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("14x6", RING_SHAPE),
        ("10x10,2,10x3", (2, *[10] * 10, 2, 10, 10, 10, 1)),
        (" 5 , 3 x 2 ", (2, 5, 3, 3, 1)),
        ("7", (2, 7, 1)),
    ],
)
def test_shapes_are_read_from_texts(text, shape):
    assert shape_of(text) == shape
    assert shape_of(text, 3, 4) == (3, *shape[1:-1], 4)


@pytest.mark.parametrize("text", ["14x0", "0", "", "14x6,", "14xx6", "-3", "1.5", "six", "14 6", "x6"])
def test_senseless_texts_are_no_shapes(text):
    with pytest.raises(OptionError, match=f"width x number of layers.*but received '{text}'"):
        shape_of(text)


def test_parameters_are_counted_as_torch_does():
    for shape in (RING_SHAPE, (2, 1), (3, 5, 2, 4)):
        assert n_parameters(shape) == sum(parameter.numel() for parameter in mlp(shape).parameters())


@pytest.mark.parametrize("depth", [1, 2, 6, 30])
@pytest.mark.parametrize("n", [63, 70, 1107, 27_000])
@pytest.mark.parametrize(("n_inputs", "n_outputs"), [(2, 1), (5, 3)])
def test_no_other_width_comes_nearer(depth, n, n_inputs, n_outputs):
    totals = {width: n_parameters((n_inputs, *[width] * depth, n_outputs)) for width in range(1, 9001)}
    if n < totals[1]:
        with pytest.raises(OptionError, match=f"{depth} hidden layers have at least {totals[1]} parameters"):
            equal_parameters(depth, n, n_inputs, n_outputs)
        return
    shape = equal_parameters(depth, n, n_inputs, n_outputs)
    width = min(totals, key=lambda width: (abs(totals[width] - n), width))
    assert shape == (n_inputs, *[width] * depth, n_outputs)


def test_the_ring_and_the_deep_network_of_the_blog():
    assert equal_parameters(6, 1107) == RING_SHAPE
    assert equal_parameters(30, 27_000)[1] == 30
    with pytest.raises(OptionError, match="`depth` should be a whole number of at least 1"):
        equal_parameters(0, 100)
