"""Optimisers, losses, categories, divergence; shapes of equally many parameters."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.network import evaluate
from polytope_lens.training import (
    RING_SHAPE,
    Recorder,
    Samples,
    TrainingHistory,
    categories,
    equal_parameters,
    mlp,
    moons,
    n_parameters,
    ring,
    sample,
    train,
)

torch = pytest.importorskip("torch")

IMAGE = moons(64)
VALUES = sample(IMAGE, 300, 100)
CLASSES = sample(categories(IMAGE, 3), 300, 100)


def close(model, twin):
    pairs = zip(model.parameters(), twin.parameters(), strict=True)
    return all(torch.allclose(ours, theirs, atol=1e-5) for ours, theirs in pairs)


def by_hand(samples, loss_of, optimizer_of, shape, steps=5):
    twin = mlp(shape)
    optimizer = optimizer_of(twin.parameters())
    points = torch.tensor(samples.train_points, dtype=torch.float32)
    values = torch.tensor(samples.train_values)
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(twin(points), values).backward()
        optimizer.step()
    return twin


def square(outputs, values):
    return ((outputs[:, 0] - values.float()) ** 2).mean()


def cross_entropy(outputs, labels):
    return -torch.log_softmax(outputs, dim=1)[torch.arange(len(labels)), labels].mean()


def square_of_categories(outputs, labels):
    return ((outputs - torch.eye(outputs.shape[1])[labels]) ** 2).mean()


@pytest.mark.parametrize(
    ("samples", "shape", "loss", "loss_of"),
    [
        (VALUES, (2, 8, 1), None, square),
        (VALUES, (2, 8, 1), "mse", square),
        (CLASSES, (2, 8, 3), None, cross_entropy),
        (CLASSES, (2, 8, 5), "cross-entropy", cross_entropy),
        (CLASSES, (2, 8, 4), "mse", square_of_categories),
    ],
)
@pytest.mark.parametrize(
    ("options", "optimizer_of"),
    [
        ({}, lambda parameters: torch.optim.Adam(parameters, lr=0.02)),
        ({"optimizer": "sgd"}, lambda parameters: torch.optim.SGD(parameters, lr=0.02, momentum=0.9)),
        ({"optimizer": "sgd", "momentum": 0}, lambda parameters: torch.optim.SGD(parameters, lr=0.02)),
    ],
    ids=["adam", "momentum", "sgd"],
)
def test_it_is_the_loop_that_one_would_write(samples, shape, loss, loss_of, options, optimizer_of):
    model = mlp(shape)
    options = options | {"batch_size": None, "learning_rate": 0.02, "schedule": "constant", "loss": loss}
    history = train(model, samples, steps=5, history_every=1, progress=False, **options)
    assert close(model, by_hand(samples, loss_of, optimizer_of, shape))
    assert not close(model, by_hand(samples, loss_of, optimizer_of, shape, steps=4))
    points, values = torch.tensor(samples.validation_points).float(), torch.tensor(samples.validation_values)
    with torch.no_grad():
        assert history.validation_loss[-1] == pytest.approx(float(loss_of(model(points), values)), rel=1e-5)
    assert history.step.tolist() == [0, 1, 2, 3, 4, 5]


def test_gradient_descent_without_momentum_is_a_step_along_the_gradient():
    model, twin = mlp((2, 8, 1)), mlp((2, 8, 1))
    train(
        model,
        VALUES,
        steps=1,
        optimizer="sgd",
        momentum=0,
        batch_size=None,
        learning_rate=0.1,
        schedule="constant",
        progress=False,
    )
    square(twin(torch.tensor(VALUES.train_points).float()), torch.tensor(VALUES.train_values)).backward()
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter -= 0.1 * parameter.grad
    assert close(model, twin)


def test_categories_are_learnt():
    image = categories(ring(128), 2)
    model = mlp((2, 14, 14, 14, 2))
    recorder = Recorder(model, every=800)
    history = train(model, sample(image, 2000, 500), steps=800, on_step=recorder, progress=False)
    assert history.validation_loss[0] > 0.4
    assert history.validation_loss[-1] < 0.15
    points = np.array([[0.0, 0.0], [0.55, 0.0], [0.0, -0.55], [0.9, 0.9]])
    assert evaluate(recorder.networks[-1], points).argmax(axis=1).tolist() == [1, 0, 0, 1]


def test_the_same_seed_gives_the_same_weights_with_every_optimizer():
    for optimizer in ("adam", "sgd"):
        first, second, other = (mlp((2, 6, 3)) for _ in range(3))
        for model, seed in ((first, 0), (second, 0), (other, 1)):
            train(model, CLASSES, steps=8, batch_size=32, optimizer=optimizer, seed=seed, progress=False)
        assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
        assert not close(first, other)


def test_a_diverged_training_goes_on_and_says_so(capsys):
    model = mlp((2, 8, 8, 1))
    recorder = Recorder(model)
    history = train(
        model, VALUES, steps=60, optimizer="sgd", learning_rate=1e6, history_every=20, batch_size=None, on_step=recorder
    )
    assert history.diverged_at == 20
    assert len(recorder.networks) == 61
    assert recorder.networks[0] is not None
    assert recorder.networks[-1] is None
    assert capsys.readouterr().err.count("diverged by step 20; lower the learning rate") >= 1
    assert train(mlp((2, 8, 1)), VALUES, steps=5, progress=False).diverged_at is None
    assert TrainingHistory([0, 5], [1.0, np.inf], [1.0, 1.0]).diverged_at == 5


@pytest.mark.parametrize(
    ("samples", "options", "message"),
    [
        (VALUES, {"optimizer": "rmsprop"}, "optimizer should be one of 'adam', 'sgd', but received 'rmsprop'"),
        (VALUES, {"loss": "hinge"}, "loss should be one of 'mse', 'cross-entropy', but received 'hinge'"),
        (VALUES, {"loss": "cross-entropy"}, "numbers of categories, integers, but received floats"),
        (VALUES, {"learning_rate": 0}, "`learning_rate` should be a positive number"),
        (VALUES, {"learning_rate": np.nan}, "`learning_rate` should be a positive number"),
        (VALUES, {"momentum": 1.0}, "`momentum` should be at least 0 and below 1"),
    ],
)
def test_senseless_options_are_refused(samples, options, message):
    with pytest.raises(OptionError, match=message):
        train(mlp((2, 4, 1)), samples, progress=False, **options)


def test_outputs_that_do_not_fit_are_refused():
    for n_outputs in (1, 2):
        with pytest.raises(DimensionError, match=rf"each of the 3 categories.* gives shape \(1, {n_outputs}\)"):
            train(mlp((2, 4, n_outputs)), CLASSES, progress=False)
    with pytest.raises(DimensionError, match="For categories the values should be integers"):
        train(mlp((2, 4, 3)), VALUES, progress=False)
    one = Samples(np.zeros((2, 2)), np.zeros(2, dtype=int), np.zeros((0, 2)), np.zeros(0, dtype=int))
    with pytest.raises(DimensionError, match="at least 2"):
        train(mlp((2, 4, 1)), one, progress=False)
    assert np.isnan(train(mlp((2, 4, 2)), one, steps=1, progress=False).validation_loss).all()
    assert np.isnan(train(mlp((2, 4, 2)), one, steps=1, loss="mse", progress=False).validation_loss).all()


# --------------------------------------------------------------------------------- equally many parameters


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
