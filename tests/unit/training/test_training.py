"""Targets, samples, models, the training loop and the recorder."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from polytope_lens.errors import DimensionError, FileFormatError, OptionError, OutsideDomainError
from polytope_lens.network import evaluate
from polytope_lens.training import (
    RING_SHAPE,
    Recorder,
    Samples,
    TrainingHistory,
    disc,
    from_file,
    lookup,
    mlp,
    pixel_coordinates,
    ring,
    sample,
    shape_of,
    train,
)

# ----------------------------------------------------------------------------------------------------- targets


def test_pixels_are_read_with_y_upwards():
    centres = pixel_coordinates(4)
    assert centres.shape == (16, 2)
    assert centres[0].tolist() == [-0.75, 0.75]
    assert centres[3].tolist() == [0.75, 0.75]
    assert centres[4].tolist() == [-0.75, 0.25]
    assert centres[-1].tolist() == [0.75, -0.75]


def test_lookup_finds_the_pixel_around_its_centre():
    for size in (1, 5, 16, 37):
        image = np.random.default_rng(size).random((size, size))
        assert np.array_equal(lookup(image, pixel_coordinates(size)), image.ravel())


def test_lookup_knows_corners_edges_and_outside():
    image = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert lookup(image, [[-1, 1], [1, 1], [-1, -1], [1, -1], [0, 0]]).tolist() == [1, 2, 3, 4, 4]
    assert lookup(image, [-0.1, 0.9]).tolist() == [1]
    with pytest.raises(OutsideDomainError, match=r"point 1 is \[1\.5, 0\.0\]"):
        lookup(image, [[0, 0], [1.5, 0]])
    with pytest.raises(DimensionError, match=r"square of at least one pixel, but has shape \(1, 2\)"):
        lookup(image[:1], [[0, 0]])


def test_the_ring_is_black_on_white_and_sharp():
    image = ring(256, inner=0.3, outer=0.6)
    assert image.shape == (256, 256)
    assert set(np.unique(image)) == {0.0, 1.0}
    assert lookup(image, [[0, 0], [0.45, 0], [0, -0.45], [0.32, 0.32], [0.7, 0], [1, 1]]).tolist() == [1, 0, 0, 0, 1, 1]
    area = 4 * np.mean(image == 0)
    assert area == pytest.approx(np.pi * (0.6**2 - 0.3**2), rel=0.01)
    assert np.array_equal(image, image.T)
    assert np.array_equal(image, image[::-1])


def test_the_disc_is_a_ring_without_hole():
    image = disc(128, radius=0.5)
    assert lookup(image, [[0, 0], [0.4, 0], [0.6, 0]]).tolist() == [0, 0, 1]
    assert 4 * np.mean(image == 0) == pytest.approx(np.pi / 4, rel=0.02)


def test_senseless_targets_are_refused():
    with pytest.raises(OptionError, match=r"0 <= inner < outer, but received inner=0\.7 and outer=0\.4"):
        ring(8, inner=0.7, outer=0.4)
    with pytest.raises(OptionError, match="at least 1 pixel, but received 0"):
        ring(0)


def test_images_are_read_in_grey(tmp_path):
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
    Image.fromarray(pixels).save(tmp_path / "grey.png")
    assert np.array_equal(from_file(tmp_path / "grey.png"), pixels[:, :3] / 255)
    Image.fromarray(np.dstack([pixels] * 3)).save(tmp_path / "colour.png")
    assert np.array_equal(from_file(str(tmp_path / "colour.png")), pixels[:, :3] / 255)
    Image.fromarray(pixels.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    assert np.array_equal(from_file(tmp_path / "deep.png"), pixels[:, :3] / 255)
    transparent = np.zeros((2, 2, 4), dtype=np.uint8)
    transparent[0, 0, 3] = 255
    Image.fromarray(transparent).save(tmp_path / "clear.png")
    assert from_file(tmp_path / "clear.png").tolist() == [[0, 1], [1, 1]]
    large = from_file(tmp_path / "grey.png", size=16)
    assert large.shape == (16, 16)
    assert large[:8].mean() < large[8:].mean()


def test_files_that_are_no_images_are_refused(tmp_path):
    (tmp_path / "text.png").write_text("not an image")
    for name in ("text.png", "missing.png"):
        with pytest.raises(FileFormatError, match=rf"{name} cannot be read as an image"):
            from_file(tmp_path / name)
    with pytest.raises(OptionError, match="at least 1 pixel"):
        from_file(tmp_path / "text.png", size=0)


# ---------------------------------------------------------------------------------------------------- sampling


def test_samples_are_different_pixels_with_their_values():
    image = np.random.default_rng(0).random((20, 20))
    samples = sample(image, n_train=300, n_validation=100, seed=4)
    points = np.vstack([samples.train_points, samples.validation_points])
    values = np.concatenate([samples.train_values, samples.validation_values])
    assert samples.train_points.shape == (300, 2)
    assert samples.validation_values.shape == (100,)
    assert np.array_equal(lookup(image, points), values)
    assert {tuple(point) for point in points} == {tuple(point) for point in pixel_coordinates(20)}
    assert not samples.train_points.flags.writeable


def test_the_seed_decides_the_samples():
    image = ring(64)
    first, again, other = (sample(image, 50, 10, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.train_points, again.train_points)
    assert not np.array_equal(first.train_points, other.train_points)


def test_impossible_samples_are_refused():
    with pytest.raises(OptionError, match=r"the image has 16 pixels, but 10 \+ 7 = 17 different ones"):
        sample(ring(4), 10, 7)
    with pytest.raises(OptionError, match="n_train should be at least 1"):
        sample(ring(4), 0, 7)
    with pytest.raises(DimensionError, match="one value per point"):
        Samples(np.zeros((3, 2)), np.zeros(2), np.zeros((1, 2)), np.zeros(1))


# -------------------------------------------------------------------------------------------- models, training

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


SAMPLES = sample(ring(64), n_train=400, n_validation=100)


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


def test_the_progress_bar_goes_to_stderr(capsys):
    train(mlp((2, 4, 1)), SAMPLES, steps=2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "training" in captured.err


def test_senseless_options_are_refused():
    model = mlp((2, 4, 1))
    with pytest.raises(OptionError, match="schedule should be one of 'cosine', 'constant', but received 'step'"):
        train(model, SAMPLES, schedule="step", progress=False)
    for name in ("steps", "batch_size", "history_every"):
        with pytest.raises(OptionError, match=f"`{name}` should be at least"):
            train(model, SAMPLES, **{name: -1}, progress=False)
    with pytest.raises(DimensionError, match=r"one output per point, but one point gives shape \(1, 3\)"):
        train(mlp((2, 4, 3)), SAMPLES, progress=False)
    with pytest.raises(DimensionError, match="does not take points with 2 coordinates"):
        train(mlp((3, 4, 1)), SAMPLES, progress=False)
    with pytest.raises(OptionError, match="`every` should be a whole number of at least 1"):
        Recorder(model, every=0)


def test_the_recorder_keeps_exact_weights_of_its_steps():
    model = mlp((2, 6, 6, 1))
    first = weights(model)
    kept = {}
    recorder = Recorder(model, every=4)

    def on_step(step):
        kept[step] = weights(model)
        recorder(step)

    train(model, SAMPLES, steps=10, on_step=on_step, progress=False)
    assert sorted(kept) == list(range(11))
    assert recorder.steps == [0, 4, 8]
    assert same(kept[0], first)
    for step, network in zip(recorder.steps, recorder.networks, strict=True):
        for layer, weight, bias in zip(network.layers, kept[step][0::2], kept[step][1::2], strict=False):
            assert np.array_equal(layer.weight, weight.double().numpy())
            assert np.array_equal(layer.bias, bias.double().numpy())
        assert np.array_equal(network.output_weight, kept[step][4].double().numpy())
    assert not np.array_equal(recorder.networks[0].output_weight, recorder.networks[1].output_weight)


def test_the_ring_is_learnt():
    model = mlp(RING_SHAPE)
    recorder = Recorder(model, every=800)
    history = train(model, sample(ring(512)), steps=800, progress=False, on_step=recorder)
    assert history.validation_loss[-1] < 0.03
    values = evaluate(recorder.networks[-1], np.array([[0.0, 0.0], [0.55, 0.0], [0.0, -0.55], [0.9, 0.9]]))[:, 0]
    assert np.array_equal(values > 0.5, [True, False, False, True])
