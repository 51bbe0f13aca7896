"""Where a recording is looked at, and what is said about it."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import Box
from polytope_lens.engines.enumerate import count
from polytope_lens.errors import DomainError
from polytope_lens.training import Recorder, Recording, Samples
from polytope_lens.training.recorded_domain import SQUARE, box_around, in_domain, n_outside, usual_domain
from recordings import POINTS, learnt, random_network

WIDE = Box([-3, -3], [3, 3])
MOONS = Samples([[-1.03, -0.61], [2.07, 1.1]], [0, 1])


@pytest.mark.parametrize(
    ("points", "lower", "upper"),
    [
        ([[-1.03, -0.61], [2.07, 1.1]], [-1.4, -0.8], [2.4, 1.3]),
        ([[0, 0], [1, 1]], [-0.1, -0.1], [1.1, 1.1]),
        ([[1e-7, -2e5], [3e-7, 3e5]], [8e-8, -250000], [3.2e-7, 350000]),
        ([[5, 0], [5, 0]], [4.5, -0.1], [5.5, 0.1]),  # nothing to tell an extent
    ],
)
def test_the_box_of_samples_is_round_and_has_a_margin(points, lower, upper):
    found = box_around(Samples(points, [0.0] * len(points)))
    assert (found.lower.tolist(), found.upper.tolist()) == (lower, upper)


def test_any_samples_are_held():
    rng = np.random.default_rng(0)
    for scale in 10.0 ** rng.uniform(-8, 8, 50):
        points = rng.normal(rng.normal() * scale, scale, (6, 3))
        samples = Samples(points[:4], np.zeros(4), points[4:], np.zeros(2))
        found = box_around(samples)
        assert n_outside(found, samples) == 0
        extent = np.ptp(points, axis=0)
        room = np.array([points.min(axis=0) - found.lower, found.upper - points.max(axis=0)]) / extent
        assert ((room >= 0.0999) & (room <= 0.2001)).all()


def test_what_is_said_goes_before_what_is_there():
    target = np.zeros((4, 4))
    assert usual_domain(WIDE, MOONS, target) is WIDE
    assert usual_domain(None, MOONS, target) is SQUARE
    assert usual_domain(None, MOONS, None).lower.tolist() == [-1.4, -0.8]
    assert usual_domain(None, None, None) is None
    assert usual_domain(None, Samples(np.zeros((0, 2)), []), None) is None
    with pytest.raises(DomainError, match="needs a Box"):
        usual_domain(3, MOONS, None)


def test_without_anything_it_is_asked_for(tmp_path):
    recording = Recording([0], (random_network(),))
    assert recording.domain is None
    for asked in (recording.measure, recording.events, recording.explorer, lambda: recording.film("a.gif")):
        with pytest.raises(DomainError, match=r"Say `domain=Box\(.*`samples=Samples\(X, y\)`"):
            asked()
    found = recording.measure(domain=WIDE, progress=False)
    assert found.counts[0].tolist() == count(random_network(), WIDE).per_layer.tolist()
    assert recording.explorer(domain=WIDE, progress=False).n_regions == (found.counts[0, -1],)
    recording.film(tmp_path / "film.gif", domain=WIDE, progress=False)
    assert len(recording.events(domain=WIDE, progress=False)) == 0
    recording.save(tmp_path / "r.npz")
    assert Recording.load(tmp_path / "r.npz").domain is None
    assert in_domain(recording, WIDE).domain is WIDE


def test_a_recorder_says_where_it_looks(capsys):
    torch = pytest.importorskip("torch")
    model = torch.nn.Linear(2, 2)
    recorder = Recorder(model, samples=MOONS)
    told = capsys.readouterr().err
    assert told.startswith(
        "polytope_lens: regions are looked for in Box([-1.4, -0.8], [2.4, 1.3]), which holds the samp"
    )
    assert told.count("\n") == 1
    assert recorder.recording().domain == recorder.domain
    Recorder(model, samples=MOONS, domain=WIDE)
    Recorder(model, samples=learnt().samples, target=learnt().target)
    Recorder(model)
    assert capsys.readouterr().err == ""
    with pytest.raises(DomainError, match="where should the regions"), Recorder(model, live=True):
        pass


def test_samples_elsewhere_are_warned_of():
    torch = pytest.importorskip("torch")
    model = torch.nn.Linear(2, 2)
    with pytest.warns(UserWarning, match=r"1 of 2 samples lie outside of Box\(\[-1\.4, .*Say `domain="):
        Recorder(model, samples=MOONS, domain=Box([-1.4, -1], [2, 2]))
    with pytest.warns(UserWarning, match=r"2 of 2 samples lie outside of Box\(\[-1\.0, -1\.0"):
        Recorder(model, samples=MOONS, target=np.zeros((4, 4)))
    assert n_outside(Box([-1], [1]), MOONS) == 0  # other coordinates: another error
    assert n_outside(SQUARE, Samples(POINTS, np.zeros(len(POINTS)))) == 0
