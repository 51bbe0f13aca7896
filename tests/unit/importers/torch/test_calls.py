"""Modules with several inputs and outputs, and programs of torch.export."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from polytope_lens import Lens  # noqa: E402
from polytope_lens.errors import InvalidNetworkError, OptionError, UnsupportedLayerError  # noqa: E402
from torch_models import Does  # noqa: E402

Pair = namedtuple("Pair", ["mean", "scale"])
X = np.random.default_rng(0).standard_normal((9, 2))


@dataclass
class Answer:
    loss: object
    logits: torch.Tensor


def heads(returns):
    return Does(lambda x, first, one, two: returns(one(torch.relu(first(x))), two(torch.relu(first(x)))), *LAYERS)


torch.manual_seed(0)
LAYERS = nn.Linear(2, 4), nn.Linear(4, 3), nn.Linear(4, 1)


def expected(head):
    with torch.no_grad():
        first = nn.functional.relu(nn.functional.linear(torch.tensor(X), *(p.double() for p in LAYERS[0].parameters())))
        return nn.functional.linear(first, *(p.double() for p in LAYERS[head].parameters())).numpy()


@pytest.mark.parametrize(
    ("returns", "outputs", "head"),
    [
        (lambda a, b: (a, b), 1, 2),
        (lambda a, b: [a, b], "0", 1),
        (lambda a, b: {"scores": a, "value": b}, "value", 2),
        (lambda a, b: {"scores": a, "value": b.tanh()}, "value", 2),
        (lambda a, b: Pair(a, b), "scale", 2),
        (lambda a, b: Answer(None, a), None, 1),
        (lambda a, b: (a,), None, 1),
        (lambda a, b: (None, {"deep": [a, b]}), "1.deep.1", 2),
    ],
)
def test_one_of_several_outputs(returns, outputs, head):
    lens = Lens(heads(returns), outputs=outputs)
    np.testing.assert_allclose(lens(X), expected(head), rtol=1e-12, atol=1e-12)
    assert lens.self_check.within_bound
    if outputs is not None:
        assert lens.lowering.outputs == (str(outputs),)
        assert f"output {outputs}" in repr(lens)


def test_several_outputs_are_laid_end_to_end():
    lens = Lens(heads(lambda a, b: {"scores": a.softmax(1), "value": b.tanh()}), outputs=["value", "scores"])
    np.testing.assert_allclose(lens(X), np.hstack([expected(2), expected(1)]), rtol=1e-12, atol=1e-12)
    assert lens.lowering.stripped == "tanh, softmax"


def test_a_choice_is_asked_for():
    with pytest.raises(UnsupportedLayerError, match=r"returns 2 tensors: 'a', 'b'. Say which of them, as outputs='a'"):
        Lens(heads(lambda a, b: {"a": a, "b": b}))
    with pytest.raises(OptionError, match="names 'c', but the tensors that the model returns are: 'a', 'b'"):
        Lens(heads(lambda a, b: {"a": a, "b": b}), outputs="c")
    with pytest.raises(UnsupportedLayerError, match="returns str, which holds no tensors"):
        Lens(heads(lambda a, b: "none"))


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(2, 3), nn.Linear(4, 3)

    def forward(self, x, y, gain=None, mode="plain"):
        z = torch.relu(self.left(x) + self.right(y.flatten(1)))
        return z if gain is None else gain * z


def test_several_inputs():
    model, rng = Two(), np.random.default_rng(1)
    x, y = rng.standard_normal((5, 2)), rng.standard_normal((5, 2, 2))
    weights = [p.detach().double().numpy() for p in model.parameters()]

    def answer(x, y, gain=1.0):
        return gain * np.maximum(x @ weights[0].T + weights[1] + y.reshape(len(y), -1) @ weights[2].T + weights[3], 0)

    shapes = {"x": 2, "y": (2, 2)}
    both = Lens(model, shapes, inputs=["x", "y"])
    np.testing.assert_allclose(both(np.hstack([x, y.reshape(5, 4)])), answer(x, y), rtol=1e-12, atol=1e-12)
    assert both.lowering.inputs == ("x", "y") and both.lowering.input_shape == (6,)
    assert "inputs x, y" in repr(both)
    turned = Lens(model, shapes, inputs=["y", "x"])
    np.testing.assert_allclose(turned(np.hstack([y.reshape(5, 4), x])), answer(x, y), rtol=1e-12, atol=1e-12)
    fixed = Lens(model, (2, 2), inputs={"x": x[0], "gain": 3.0, "mode": "other"})
    np.testing.assert_allclose(fixed(y.reshape(5, 4)), answer(x[:1], y, 3.0), rtol=1e-12, atol=1e-12)
    tensor = Lens(model, 2, inputs={"x": None, "y": torch.tensor(y[0])})
    np.testing.assert_allclose(tensor(x), answer(x, y[:1]), rtol=1e-12, atol=1e-12)


def test_inputs_are_asked_for():
    with pytest.raises(UnsupportedLayerError, match=r"takes 2 inputs: x, y. Say which are looked at, as inputs="):
        Lens(Two())
    with pytest.raises(InvalidNetworkError, match=r"input 'x' cannot be known. Say `input_shape` as a mapping"):
        Lens(Two(), inputs=["x", "y"])
    with pytest.raises(OptionError, match="'y' is neither looked at nor fixed"):
        Lens(Two(), inputs="x")
    with pytest.raises(OptionError, match="no input is left to look at"):
        Lens(Two(), inputs={"x": X[0], "y": X[:2]})
    with pytest.raises(OptionError, match="`inputs` names 'z', but the model's inputs are 'x', 'y', 'gain', 'mode'"):
        Lens(Two(), inputs="z")


@pytest.mark.filterwarnings("ignore")
def test_exported_programs_are_read():
    model = nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2), nn.Softmax(1)).eval()
    program = torch.export.export(model, (torch.zeros(2, 1, 3, 3),))
    lens, same = Lens(program), Lens(model, (1, 3, 3))
    assert lens.network == same.network
    assert lens.lowering.input_shape == (1, 3, 3)
    assert lens.self_check.within_bound


def test_lazy_modules_are_refused_in_one_sentence():
    with pytest.raises(InvalidNetworkError, match=r'^module "0" is lazy: it has no weights before its first call'):
        Lens(nn.Sequential(nn.LazyLinear(3), nn.ReLU()), 2)
