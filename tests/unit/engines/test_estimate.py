"""Estimates before a run: the truth lies where they say, as often as they say."""

from __future__ import annotations

from dataclasses import asdict
from itertools import pairwise

import numpy as np
import pytest

from polytope_lens import Box, Lens, Polytope
from polytope_lens.engines import estimate as estimates
from polytope_lens.engines.estimate import interval
from polytope_lens.errors import IntractableError, OptionError

TIMES = ("seconds", "seconds_range", "spent", "per_layer")


def _lens(d: int, widths: tuple[int, ...], seed: int, kind: str = "He") -> Lens:
    rng, sizes = np.random.default_rng(seed), (d, *widths, 1)
    weights, biases = [], []
    for n_in, n in pairwise(sizes):
        if kind == "integers":
            weights.append(rng.integers(-2, 3, (n, n_in)))
            biases.append(rng.integers(-1, 2, n))
        elif kind == "PyTorch":
            weights.append(rng.uniform(-1, 1, (n, n_in)) / np.sqrt(n_in))
            biases.append(rng.uniform(-1, 1, n) / np.sqrt(n_in))
        else:
            weights.append(rng.normal(size=(n, n_in)) * np.sqrt(2 / n_in))
            biases.append(rng.normal(size=n) * 0.3)
    return Lens.from_arrays(weights, biases)


def _box(d: int, size: float = 1.0) -> Box:
    return Box(np.full(d, -size), np.full(d, size))


NETWORKS = [
    (2, (16, 16, 16, 16)), (2, (50, 50)), (3, (12, 12, 12)), (4, (10, 10)), (5, (9, 9)), (6, (8, 8)), (1, (40, 40, 40)),
]  # fmt: skip


def test_intervals_hold_the_truth_as_often_as_they_say(monkeypatch):
    monkeypatch.setattr(estimates, "MOST_COUNTED", 0)
    held, n_networks = 0, 35
    for seed in range(n_networks):
        d, widths = NETWORKS[seed % len(NETWORKS)]
        kind = ("He", "PyTorch", "He", "integers")[seed % 4]
        lens, domain = _lens(d, widths, seed, kind), None if seed % 9 == 0 else _box(d)
        truth = lens.count(domain).total
        found = lens.estimate(domain, probes=8, cells=64, seed=seed)
        assert found.low <= found.regions <= found.high
        assert found.at_least <= truth <= found.at_most
        held += found.low <= truth <= found.high
    # At 95 %, fewer than 30 of 35 come about once in a hundred times.
    assert held >= 30


@pytest.mark.parametrize(("d", "domain"), [(2, _box(2)), (3, _box(3)), (4, _box(4)), (3, None), (2, None)])
def test_the_same_probes_are_the_same_estimate(d, domain):
    lens = _lens(d, (80, 60, 10), 1)
    one, again = (asdict(lens.estimate(domain, probes=5, cells=128, seed=4)) for _ in range(2))
    assert one["per_layer"].tolist() == again["per_layer"].tolist()
    assert {name: one[name] for name in one if name not in TIMES} == {
        name: again[name] for name in again if name not in TIMES
    }
    assert lens.estimate(domain, probes=5, cells=128, seed=5).regions != one["regions"]


def test_layers_are_estimated_too():
    lens, domain = _lens(4, (12, 12, 12), 3), _box(4)
    truth, found = lens.count(domain), lens.estimate(domain, probes=16, cells=512)
    assert not found.is_exact
    assert found.per_layer == pytest.approx(truth.per_layer, rel=0.15)
    assert found.per_layer[-1] == pytest.approx(found.regions, abs=1)
    assert found.spread < 0.3


@pytest.mark.parametrize("n_hidden", [0, 1])
@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_small_networks_are_counted(n_hidden, d):
    lens = _lens(d, (6,) * n_hidden, 0)
    for domain in (_box(d), None):
        found, truth = lens.estimate(domain), lens.count(domain)
        assert found.is_exact
        assert found.regions == found.low == found.high == found.at_least == found.at_most == truth.total
        assert found.per_layer.tolist() == truth.per_layer.tolist()


def test_what_can_be_counted_in_the_time_is_counted():
    lens = _lens(3, (24, 24), 0)
    found = lens.estimate(_box(3), max_seconds=60)
    assert found.is_exact
    assert found.regions == lens.count(_box(3)).total > estimates.MOST_COUNTED


def test_flat_boxes_and_polytopes():
    lens = _lens(4, (16, 16), 2)
    slice_ = Box([-1, -1, 0.3, -1], [1, 1, 0.3, 1])
    found, truth = lens.estimate(slice_, probes=8, cells=128), lens.count(slice_)
    assert len(found.per_layer) == 2
    assert found.low <= truth.total <= found.high
    simplex = Polytope(np.vstack([-np.eye(4), np.ones(4)]), np.array([1.0, 1, 1, 1, 1]))
    found, truth = lens.estimate(simplex, probes=8, cells=256), lens.count(simplex)
    assert found.low <= truth.total <= found.high


def test_time_and_sizes_are_those_of_a_run():
    for d, widths in ((2, (40, 40)), (3, (16, 16, 16)), (4, (14, 14))):
        lens = _lens(d, widths, 1)
        found, listed = lens.estimate(_box(d), probes=12, cells=1024), lens.partition(_box(d))
        parts = [listed.packed_patterns, listed.maps, listed.witnesses]
        mesh = [] if listed.mesh is None else _arrays(listed.mesh)
        assert found.memory / found.regions == pytest.approx(
            sum(a.nbytes for a in [*parts, *mesh]) / len(listed), rel=0.1
        )
        assert found.bytes == listed.packed_patterns.itemsize * listed.packed_patterns.shape[1] * found.regions
        assert found.seconds_range[0] <= found.seconds <= found.seconds_range[1]


def _arrays(mesh):
    return [value for name in mesh.__slots__ if isinstance(value := getattr(mesh, name), np.ndarray)]


def test_intervals_stay_within_what_is_proved():
    assert interval([50.0, 150.0, 50.0, 150.0], 0.95, 60, 120)[:3] == (100, 60, 120)
    regions, low, high, spread = interval([90.0, 110.0, 100.0, 100.0], 0.95, 1, 10**9)
    assert low * high == pytest.approx(regions**2, rel=0.01)
    assert spread == pytest.approx(0.0816, rel=0.01)
    wider = interval([90.0, 110.0, 100.0, 100.0], 0.99, 1, 10**9)
    assert wider[1] < low < high < wider[2]
    assert interval([float("inf")] * 4, 0.95, 5, 10**400)[0] == 10**400


def test_what_would_take_too_long_says_what_to_do():
    lens = _lens(40, (40, 40), 0)
    with pytest.raises(IntractableError, match=r"Raise `max_seconds`, or .*`explore`.*`slice`"):
        lens.estimate(_box(40), max_seconds=0.01)


@pytest.mark.parametrize(
    "options",
    [
        {"probes": 3}, {"probes": 4.5}, {"cells": 1}, {"max_seconds": 0}, {"max_seconds": "long"}, {"seed": -1},
        {"workers": 0}, {"engine": "brute"}, {"engine": "fast"},
    ],
)  # fmt: skip
def test_wrong_options_are_refused(options):
    with pytest.raises(OptionError):
        _lens(2, (3,), 0).estimate(_box(2), **options)
