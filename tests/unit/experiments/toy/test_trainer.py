"""Training: what it starts at and what it leaves, optimisers, losses, categories, divergence."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import _progress
from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.experiments import (
    RING_SHAPE,
    TrainingHistory,
    categories,
    mlp,
    moons,
    ring,
    sample,
    train,
)
from polytope_lens.network.network import evaluate
from polytope_lens.training import Recorder, Samples
from refusals import NO_COUNTS, NO_NAMES, NO_NUMBERS, NO_OBJECTS, refuses

torch = pytest.importorskip("torch")


def weights(model):
    return [parameter.detach().clone() for parameter in model.parameters()]


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


SAMPLES = sample(ring(64), n_train=400, n_validation=100)
IMAGE = moons(64)
VALUES = sample(IMAGE, 300, 100)
CLASSES = sample(categories(IMAGE, 3), 300, 100)


def test_training_starts_at_the_model_and_lowers_the_loss():
    model = mlp((2, 16, 16, 1))
    points, values = torch.tensor(SAMPLES.validation_points), torch.tensor(SAMPLES.validation_values)
    with torch.no_grad():
        start = float(((model(points.float()).squeeze(1) - values) ** 2).mean())
    history = train(model, SAMPLES, steps=230, batch_size=64, history_every=100, progress=False)
    assert isinstance(history, TrainingHistory)
    assert history.step.tolist() == [0, 100, 200, 230]
    assert history.validation_loss[0] == pytest.approx(start, rel=1e-5)
    with torch.no_grad():
        end = float(((model(points.float()).squeeze(1) - values) ** 2).mean())
    assert history.validation_loss[-1] == pytest.approx(end, rel=1e-5)
    assert history.train_loss[-1] < 0.5 * history.train_loss[0]


@pytest.mark.parametrize("batch_size", [None, 64])
def test_training_is_reproducible_and_leaves_torch_as_it_was(batch_size):
    n_threads = torch.get_num_threads()
    state = torch.random.get_rng_state()
    results = []
    for seed in (0, 0, 1):
        model = mlp((2, 8, 1))
        train(model, SAMPLES, steps=20, batch_size=batch_size, seed=seed, progress=False)
        results.append(weights(model))
    assert torch.get_num_threads() == n_threads
    assert torch.equal(torch.random.get_rng_state(), state)
    assert same(results[0], results[1])
    assert same(results[0], results[2]) == (batch_size is None)


def test_full_batch_training_is_adam_on_the_mean_squared_error():
    model, twin = mlp((2, 8, 1)), mlp((2, 8, 1))
    train(model, SAMPLES, steps=5, batch_size=None, learning_rate=0.02, schedule="constant", progress=False)
    points = torch.tensor(SAMPLES.train_points, dtype=torch.float32)
    values = torch.tensor(SAMPLES.train_values, dtype=torch.float32)
    optimizer = torch.optim.Adam(twin.parameters(), lr=0.02)
    for _ in range(5):
        optimizer.zero_grad()
        ((twin(points)[:, 0] - values) ** 2).mean().backward()
        optimizer.step()
    for ours, theirs in zip(weights(model), weights(twin), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-5)
    assert not same(weights(model), weights(mlp((2, 8, 1))))


def test_threads_come_back_after_an_error():
    n_threads = torch.get_num_threads()

    def stop(step):
        assert torch.get_num_threads() == 1
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(mlp((2, 4, 1)), SAMPLES, steps=10, on_step=stop, progress=False)
    assert torch.get_num_threads() == n_threads


def test_no_steps_and_no_validation_points():
    samples = sample(ring(16), n_train=20, n_validation=0)
    model = mlp((2, 4, 1))
    before = weights(model)
    history = train(model, samples, steps=0, progress=False)
    assert history.step.tolist() == [0]
    assert np.isnan(history.validation_loss).all()
    assert np.isfinite(history.train_loss).all()
    assert same(before, weights(model))


def test_the_progress_bar_goes_to_stderr(capsys, monkeypatch):
    monkeypatch.setattr(_progress, "LINE_SECONDS", 0.0)
    train(mlp((2, 4, 1)), SAMPLES, steps=2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "training: 1 of 2" in captured.err


def test_senseless_numbers_and_samples_are_refused():
    model = mlp((2, 4, 1))
    with pytest.raises(OptionError, match="`schedule` should be one of 'cosine', 'constant', but received 'step'"):
        train(model, SAMPLES, schedule="step", progress=False)
    for name in ("steps", "batch_size", "history_every"):
        with pytest.raises(OptionError, match=f"`{name}` should be a whole number of at least"):
            train(model, SAMPLES, **{name: -1}, progress=False)
    with pytest.raises(DimensionError, match=r"one output per point, but one point gives shape \(1, 3\)"):
        train(mlp((2, 4, 3)), SAMPLES, progress=False)
    with pytest.raises(DimensionError, match="does not take points with 2 coordinates"):
        train(mlp((3, 4, 1)), SAMPLES, progress=False)
    with pytest.raises(OptionError, match="`every` should be a whole number of at least 1"):
        Recorder(model, every=0)


def test_the_ring_is_learnt():
    model = mlp(RING_SHAPE)
    recorder = Recorder(model, every=800)
    history = train(model, sample(ring(512)), steps=800, progress=False, on_step=recorder)
    assert history.validation_loss[-1] < 0.03
    values = evaluate(recorder.networks[-1], np.array([[0.0, 0.0], [0.55, 0.0], [0.0, -0.55], [0.9, 0.9]]))[:, 0]
    assert np.array_equal(values > 0.5, [True, False, False, True])


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
    assert capsys.readouterr().err.count("training diverged by step 20; lower the learning rate") == 1
    assert train(mlp((2, 8, 1)), VALUES, steps=5, progress=False).diverged_at is None
    assert TrainingHistory([0, 5], [1.0, np.inf], [1.0, 1.0]).diverged_at == 5


@pytest.mark.parametrize(
    ("samples", "options", "message"),
    [
        (VALUES, {"optimizer": "rmsprop"}, "`optimizer` should be one of 'adam', 'sgd', but received 'rmsprop'"),
        (VALUES, {"loss": "hinge"}, "`loss` should be one of 'mse', 'cross-entropy', but received 'hinge'"),
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


def test_options_of_another_kind_are_refused():
    def training(**options):
        return train(**{"model": mlp((2, 3, 1)), "samples": VALUES, "steps": 1, "progress": False, **options})

    for name in ("steps", "history_every", "seed"):
        refuses(training, name, NO_COUNTS, f"`{name}` should be a whole number of at least")
    refuses(training, "batch_size", [v for v in NO_COUNTS if v is not None], "`batch_size` should be a whole number")
    for name in ("learning_rate", "momentum"):
        refuses(training, name, NO_NUMBERS, f"`{name}` should be a")
    for name in ("optimizer", "schedule"):
        refuses(training, name, NO_NAMES, f"`{name}` should be one of")
    refuses(training, "loss", [v for v in NO_NAMES if v is not None], "`loss` should be one of 'mse', 'cross-entropy'")
    refuses(training, "on_step", NO_OBJECTS, "`on_step` should be a function or None")
    refuses(training, "samples", (None, *NO_OBJECTS, (np.zeros((2, 2)), np.zeros(2))), "`samples` should be a Samples")
    refuses(training, "model", (None, *NO_OBJECTS, mlp), "the model should be a Module, but received")


def test_models_that_cannot_be_trained_are_refused():
    frozen = mlp((2, 3, 1)).requires_grad_(False)
    for model, says in (
        (torch.nn.ReLU(), "and this one has none: ReLU"),
        (torch.nn.Sequential(), "and this one has none: Sequential"),
        (frozen, "none of which requires a gradient: Sequential"),
    ):
        with pytest.raises(OptionError, match=f"training changes the parameters of a model, {says}"):
            train(model, VALUES, progress=False)

    class Pair(torch.nn.Linear):
        def forward(self, x):
            return super().forward(x), x

    class Picky(torch.nn.Linear):
        def forward(self, x):
            raise KeyError("no")

    with pytest.raises(DimensionError, match="should answer with one tensor, but answers with tuple"):
        train(Pair(2, 1), VALUES, progress=False)
    with pytest.raises(DimensionError, match="does not take points with 2 coordinates: 'no'"):
        train(Picky(2, 1), VALUES, progress=False)
    half = mlp((2, 3, 1))
    half[0].requires_grad_(False)
    assert train(half, VALUES, steps=1, progress=False).step.tolist() == [0, 1]


def test_history_and_checks_leave_batch_norm_to_the_batches():
    def normed():
        return torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 1))

    model, twin = normed(), normed()
    twin.load_state_dict(model.state_dict())
    options = {"optimizer": "sgd", "momentum": 0, "learning_rate": 0.1, "schedule": "constant", "batch_size": None}
    train(model, VALUES, steps=3, history_every=1, progress=False, **options)
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.1)
    points, wanted = torch.tensor(VALUES.train_points).float(), torch.tensor(VALUES.train_values).float()[:, None]
    for _ in range(3):
        optimizer.zero_grad()
        ((twin(points) - wanted) ** 2).mean().backward()
        optimizer.step()
    assert model.training
    assert model[1].num_batches_tracked == 3
    assert torch.allclose(model[1].running_mean, twin[1].running_mean, atol=1e-5)
    assert torch.allclose(model[1].running_var, twin[1].running_var, atol=1e-5)
