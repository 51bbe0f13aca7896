"""Recorders around loops of any kind."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.errors import OptionError, UnsupportedLayerError
from polytope_lens.experiments import mlp, ring, train
from polytope_lens.training import Recorder, Samples
from refusals import NO_COUNTS, NO_OBJECTS, refuses
from trainings import SAMPLES, run, same_network, steps_of

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from polytope_lens.importers.torch.torch import from_module  # noqa: E402


def weights(model):
    return [parameter.detach().clone() for parameter in model.parameters()]


def same_weights(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def n_hooks():
    from torch.optim.optimizer import _global_optimizer_post_hooks

    return len(_global_optimizer_post_hooks)


def test_any_loop_is_recorded_without_knowing_it():
    model = mlp((2, 6, 6, 1))
    with Recorder(model, every=3, samples=SAMPLES, target=ring(32)) as recorder:
        expected = [from_module(model) for _ in steps_of(model, 10)]
    assert recorder.steps == [0, 3, 6, 9]
    assert all(
        same_network(network, expected[step]) for step, network in zip(recorder.steps, recorder.networks, strict=True)
    )
    recording = recorder.recording()
    assert repr(recording) == "Recording(4 steps from 0 to 9 on Box([-1.0, -1.0], [1.0, 1.0]))"
    assert recording.samples is SAMPLES
    assert np.array_equal(recording.target, ring(32))
    assert [step for step, _ in recording] == recorder.steps
    run(model, 5)
    assert recorder.steps == [0, 3, 6, 9]


def test_the_trainer_is_such_a_loop_and_both_ways_at_once_are_one():
    by_hand, inside, both = (mlp((2, 5, 1)) for _ in range(3))
    first = Recorder(by_hand, every=2)
    train(by_hand, SAMPLES, steps=6, on_step=first, progress=False)
    with Recorder(inside, every=2) as second:
        train(inside, SAMPLES, steps=6, progress=False)
    with Recorder(both, every=2) as third:
        train(both, SAMPLES, steps=6, on_step=third, progress=False)
    assert first.steps == second.steps == third.steps == [0, 2, 4, 6]
    for networks in zip(first.networks, second.networks, third.networks, strict=True):
        assert same_network(networks[0], networks[1])
        assert same_network(networks[0], networks[2])


def test_only_optimisers_of_the_model_count_and_recorders_nest():
    one, other = mlp((2, 4, 1)), mlp((2, 4, 1), seed=1)
    n_before = n_hooks()
    with Recorder(one) as outer, Recorder(other, every=2) as inner, Recorder(one, every=4) as sparse:
        run(one, 4)
        run(other, 5, torch.optim.SGD(other[0].parameters(), lr=0.1))  # some of its parameters are enough
        assert n_hooks() == n_before + 3
    assert n_hooks() == n_before
    assert outer.steps == [0, 1, 2, 3, 4]
    assert inner.steps == [0, 2, 4]
    assert sparse.steps == [0, 4]
    assert same_network(outer.networks[-1], sparse.networks[-1])
    assert same_network(inner.networks[0], from_module(mlp((2, 4, 1), seed=1)))


def test_an_exception_in_the_loop_leaves_the_steps_before_it_and_no_hook():
    model = mlp((2, 4, 1))
    n_before = n_hooks()
    recorder = Recorder(model)

    def loop():
        with recorder:
            for step, _ in enumerate(steps_of(model, 10)):
                if step == 3:
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loop()
    assert n_hooks() == n_before
    assert recorder.steps == [0, 1, 2, 3]
    run(model, 2)
    assert len(recorder.steps) == 4


def test_a_recorder_goes_on_where_it_was_left():
    model = mlp((2, 4, 1))
    recorder = Recorder(model, every=2)
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(3):  # epochs of three steps
        with recorder:
            run(model, 3, optimizer)
    assert recorder.steps == [0, 2, 4, 6, 8]
    with recorder, pytest.raises(OptionError, match="recording already"):
        recorder.__enter__()


def test_divergence_is_recorded_and_training_goes_on():
    model = mlp((2, 4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    kept = [parameter.detach().clone() for parameter in model.parameters()]
    with Recorder(model) as recorder:
        for step, _ in enumerate(steps_of(model, 6, optimizer)):
            with torch.no_grad():
                if step == 2:
                    model[0].weight[0, 0] = torch.nan
                if step == 4:
                    for parameter, old in zip(model.parameters(), kept, strict=True):
                        parameter.copy_(old)
    assert [network is None for network in recorder.networks] == [False, False, False, True, True, False, False]
    assert repr(recorder.recording()) == "Recording(7 steps from 0 to 6, 2 of them diverged)"


def test_compiled_models_and_unreadable_ones():
    model = mlp((2, 4, 1))
    assert Recorder(torch.compile(model, backend="eager")).model is model
    n_before = n_hooks()
    recorder = Recorder(nn.Sequential(nn.Linear(2, 2), nn.GELU()))
    with pytest.raises(UnsupportedLayerError, match="GELU"), recorder:
        pass
    assert n_hooks() == n_before


def test_steps_by_hand_should_increase():
    recorder = Recorder(mlp((2, 4, 1)), every=2)
    for step in (0, 1, 2, 2, 4):
        recorder(step)
    assert recorder.steps == [0, 2, 4]
    with pytest.raises(OptionError, match="2 comes after 4"):
        recorder(2)


def test_the_forwarders_hand_everything_on(monkeypatch):
    recorder = Recorder(mlp((2, 4, 1)))
    recorder(0)
    calls = []

    monkeypatch.setattr(
        "polytope_lens.training.recording.film",
        lambda recording, path, **options: calls.append((len(recording), path, options)),
    )
    monkeypatch.setattr(
        "polytope_lens.training.recording.events", lambda recording, **options: calls.append((len(recording), options))
    )
    recorder.film("ring.mp4", fps=10)
    recorder.events(workers=1)
    assert calls == [(1, "ring.mp4", {"fps": 10}), (1, {"workers": 1})]


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
    assert same_weights(kept[0], first)
    for step, network in zip(recorder.steps, recorder.networks, strict=True):
        for layer, weight, bias in zip(network.layers, kept[step][0::2], kept[step][1::2], strict=False):
            assert np.array_equal(layer.weight, weight.double().numpy())
            assert np.array_equal(layer.bias, bias.double().numpy())
        assert np.array_equal(network.output_weight, kept[step][4].double().numpy())
    assert not np.array_equal(recorder.networks[0].output_weight, recorder.networks[1].output_weight)


def test_options_of_another_kind_are_refused():
    model = mlp((2, 3, 1))
    refuses(lambda every: Recorder(model, every), "every", NO_COUNTS, "`every` should be a whole number of at least 1")
    refuses(Recorder, "model", (None, *NO_OBJECTS), "a Recorder watches a torch.nn.Module, but received")
    refuses(lambda samples: Recorder(model, samples=samples), "samples", NO_OBJECTS, "`samples` should be a Samples")
    refuses(lambda domain: Recorder(model, domain=domain), "domain", NO_OBJECTS, "needs a Box as domain")
    refuses(lambda target: Recorder(model, target=target), "target", NO_OBJECTS, "an image")
    refuses(Recorder(model), "step", NO_COUNTS, "the step should be a whole number of at least 0")


def test_categories_that_a_model_cannot_tell_are_refused_before_it_trains():
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    points = np.array([[0.0, 0.0], [1.0, 1.0]])
    with pytest.raises(OptionError, match=r"a network with 1 output .*as floats, 0\.0 and 1\.0"):
        Recorder(model, samples=Samples(points, [0, 1])).__enter__()
    with Recorder(model, samples=Samples(points, [0.0, 1.0])) as recorder:
        assert repr(recorder) == "Recorder(1 network, every 1 step)"
    wide = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 3))
    with pytest.raises(OptionError, match=r"a network with 3 outputs tells those from 0 to 2, but .* 3 to 4"):
        Recorder(wide, samples=Samples(points, [3, 4])).__enter__()


def test_what_is_left_out_at_the_end_is_told(capsys):
    layers = [torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)]
    for end, told in (([], ""), ([torch.nn.Sigmoid()], "the 3 (Sigmoid) at the end of the model is left out: values")):
        with Recorder(torch.nn.Sequential(*layers, *end)):
            pass
        assert told in capsys.readouterr().err
    assert told
