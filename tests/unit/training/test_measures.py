"""Measurements from polygons against the network evaluated at every pixel."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from polytope_lens.domain import Box
from polytope_lens.engines.enumerate import count, partition
from polytope_lens.errors import DimensionError, DomainError, OptionError
from polytope_lens.experiments import pixel_coordinates, ring
from polytope_lens.network import network as net
from polytope_lens.training import Recording, Samples, measures
from polytope_lens.training.measures import Measures, measure, true_error
from polytope_lens.training.recorded_domain import SQUARE
from recordings import labelled, learnt, recorded


def random_network(widths=(7, 6, 5), outputs=1, inputs=2, seed=0):
    rng = np.random.default_rng(seed)
    sizes = [inputs, *widths, outputs]
    weights = [rng.normal(size=(n, m)) * np.sqrt(2 / m) for m, n in pairwise(sizes)]
    return net.from_arrays(weights, [rng.normal(size=n) * 0.3 for n in sizes[1:]])


def categories(size=31, n=3):
    return np.random.default_rng(5).integers(0, n, (size, size))


@pytest.mark.parametrize("domain", [Box([-1, -1], [1, 1]), Box([-1.5, -2], [1, 3])])
@pytest.mark.parametrize("size", [1, 30, 101])
def test_true_error_is_that_of_all_pixels(domain, size):
    network = random_network(outputs=2)
    found = partition(network, domain)
    target = np.random.default_rng(size).random((size, size))
    outputs = net.evaluate(network, pixel_coordinates(size))
    for output in range(2):
        dense = np.mean((outputs[:, output] - target.ravel()) ** 2)
        assert true_error(found, target, output) == pytest.approx(dense, rel=1e-12)


def test_true_error_of_categories_is_the_share_of_wrong_pixels():
    network, target = random_network(outputs=3), categories()
    outputs = net.evaluate(network, pixel_coordinates(31))
    dense = np.mean(outputs.argmax(axis=1) != target.ravel())
    assert 0.1 < dense < 0.95
    assert true_error(partition(network, Box([-1, -1], [1, 1])), target) == dense


def test_measures_of_a_recording():
    target = ring(40)
    points = pixel_coordinates(40)
    samples = Samples(points[::7], target.ravel()[::7], points[3::50], target.ravel()[3::50])
    networks = (random_network(seed=1), None, random_network(seed=2))
    found = measure(Recording([0, 5, 9], networks, samples=samples, target=target), progress=False)
    assert isinstance(found, Measures)
    assert len(found) == 3
    assert found.step.tolist() == [0, 5, 9]
    for k in (0, 2):
        outputs = net.evaluate(networks[k], points)[:, 0]
        square = (outputs - target.ravel()) ** 2
        assert found.true_error[k] == pytest.approx(square.mean())
        assert found.train_loss[k] == pytest.approx(square[::7].mean())
        assert found.validation_loss[k] == pytest.approx(square[3::50].mean())
        assert found.counts[k].tolist() == count(networks[k], Box([-1, -1], [1, 1])).per_layer.tolist()
    assert np.isnan([found.train_loss[1], found.validation_loss[1], found.true_error[1]]).all()
    assert not found.counts[1].any()
    assert not found.categorical
    with pytest.raises(ValueError, match="read-only"):
        found.counts[0] = 0


def test_cross_entropy_against_torch():
    torch = pytest.importorskip("torch")
    network, target = random_network(outputs=3), categories()
    points, labels = pixel_coordinates(31), target.ravel()
    samples = Samples(points, labels, points[:0], labels[:0])
    found = measure(Recording([0], (network,), samples=samples, target=target), progress=False)
    outputs = torch.tensor(net.evaluate(network, points))
    assert found.train_loss[0] == pytest.approx(float(torch.nn.functional.cross_entropy(outputs, torch.tensor(labels))))
    assert np.isnan(found.validation_loss[0])
    assert found.categorical


def test_products_in_pieces_give_the_same(monkeypatch):
    points, values = pixel_coordinates(20), np.zeros(400)
    whole = measures._loss(random_network(), 0, points, values)
    monkeypatch.setattr(measures, "PRODUCT", 500)
    assert measures._loss(random_network(), 0, points, values) == pytest.approx(whole, rel=1e-14)


def test_other_recordings():
    flat = net.from_arrays([[[1.0, 2.0]]], [[0.5]])
    assert measure(Recording([0], (flat,), SQUARE), progress=False).counts.shape == (1, 0)
    assert measure(Recording([3], (None,), SQUARE), progress=False).counts.shape == (1, 0)
    space = random_network(inputs=3)
    box = Box([-1] * 3, [1] * 3)
    found = measure(Recording([0], (space,), box), progress=False)
    assert found.counts[0].tolist() == count(space, box).per_layer.tolist()
    assert np.isnan(found.true_error).all()


def test_bad_recordings():
    network = random_network()
    with pytest.raises(OptionError, match="`output` is 1, but the network has 1 output, counted from 0"):
        measure(Recording([0], (network,), SQUARE), output=1)
    with pytest.raises(OptionError, match="1 output tells those from 0 to 0, but the values run from 0 to 2"):
        measure(Recording([0], (network,), target=categories()))
    with pytest.raises(DimensionError, match="networks with 2 inputs, but these have 3"):
        measure(Recording([0], (random_network(inputs=3),), Box([-1] * 3, [1] * 3), target=ring(8)))
    with pytest.raises(DomainError, match=r"covers \[-1, 1\]\^2, but the domain"):
        measure(Recording([0], (network,), Box([-1, -1], [1, 0.5]), target=ring(8)))


def test_measures_as_a_table_say_what_is_known():
    pandas = pytest.importorskip("pandas")
    found = measure(learnt(3, diverged=[1]), progress=False)
    frame = found.to_frame()
    assert frame.index.name == "step" and frame.index.tolist() == [0, 10, 20]
    assert frame.columns.tolist() == ["train_loss", "validation_loss", "true_error", "regions_0", "regions_1"]
    assert np.array_equal(frame["true_error"], found.true_error, equal_nan=True)
    assert frame["regions_0"].dtype == pandas.Series([1]).dtype
    assert frame["regions_1"].tolist() == found.counts[:, 1].tolist()
    alone = measure(recorded(2), progress=False)
    assert alone.to_frame().columns.tolist() == ["regions_0", "regions_1"]
    assert str(alone).splitlines()[0].split() == ["step", "regions_0", "regions_1"]
    assert str(alone).splitlines()[2].split() == ["10", *map(str, alone.counts[1].tolist())]
    last = f"{alone.counts[0, 1]} to {alone.counts[1, 1]} regions"
    assert repr(alone) == f"Measures(2 steps from 0 to 10, {last})"
    assert repr(found).startswith("Measures(3 steps from 0 to 20, train_loss 0.")
    assert "nan" in str(found).splitlines()[2]
    assert repr(measure(Recording([], [], SQUARE), progress=False)) == "Measures(0 steps)"


def test_measures_are_drawn_as_far_as_they_are_known():
    from matplotlib import pyplot
    from matplotlib.figure import Figure

    found = measure(learnt(3, diverged=[1]), progress=False)
    losses, counts = found.plot().axes
    pyplot.close("all")
    assert [line.get_label() for line in losses.lines] == ["training", "validation", "whole image"]
    assert np.array_equal(losses.lines[0].get_ydata(), found.train_loss, equal_nan=True)
    assert np.isnan(counts.lines[0].get_ydata()).tolist() == [False, True, False]
    assert (losses.get_ylabel(), counts.get_xlabel()) == ("mean squared error", "step")
    figure = Figure()
    (only,) = measure(recorded(2), progress=False).plot(figure).axes
    assert only.figure is figure
    assert [line.get_label() for line in only.lines] == ["after layer 0", "after layer 1"]
    assert measure(labelled(), progress=False).plot(Figure()).axes[0].lines[2].get_label() == "share wrong"
    with pytest.raises(DimensionError, match="at least one recorded step"):
        measure(recorded(1, diverged=[0]), progress=False).plot()
