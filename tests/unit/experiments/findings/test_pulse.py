"""Rhythms, and noise that is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import detrend, lfilter

from polytope_lens.errors import OptionError
from polytope_lens.experiments.findings.pulse import autocorrelation, bursts, rhythm


def red(n: int, memory: float, seed: int):
    return lfilter([1], [1, -memory], np.random.default_rng(seed).normal(size=3 * n))[-n:]


def test_autocorrelations_are_those_of_numpy():
    series = red(100, 0.8, 1) + 0.1 * np.arange(100)
    flat = detrend(series)
    full = np.correlate(flat, flat, mode="full")[99:]
    assert np.allclose(autocorrelation(series, 20), full[:21] / full[0])


@pytest.mark.parametrize("period", [2, 5.5, 9, 40])
def test_periods_are_found_in_noise_that_remembers(period):
    series = 10 + red(400, 0.6, 2) + 1.5 * np.cos(2 * np.pi * np.arange(400) / period)
    found = rhythm(series, draws=99)
    assert found.period == pytest.approx(period, rel=0.06) and found.p == 0.01
    assert found.swing == pytest.approx(detrend(series).std() / series.mean())


@pytest.mark.parametrize("memory", [0.0, 0.9, -0.5])
def test_noise_is_called_a_rhythm_no_more_often_than_said(memory):
    p = [rhythm(5 + red(128, memory, seed), draws=39, seed=seed).p for seed in range(40)]
    assert np.mean(np.array(p) <= 0.05) < 0.15 and 0.3 < np.mean(p) < 0.7


def test_a_pure_wave_has_all_the_variance():
    assert rhythm(1 + np.cos(2 * np.pi * np.arange(180) / 9), draws=9).share > 0.99


def test_bursts_are_told_from_ringing_and_from_drift():
    starts = [150, 300, 420]
    series = np.linspace(2, 1, 600)
    for start in starts:
        ringing = 6 * np.exp(-np.arange(40) / 15) * np.abs(np.cos(np.pi * np.arange(40) / 6))
        series[start : start + 40] += ringing
    assert bursts(series).tolist() == starts
    assert bursts(np.linspace(5, 1, 600)).tolist() == []


def test_bad_input():
    with pytest.raises(OptionError, match="at least 16 values, but received 3"):
        rhythm([1, 2, 3])
    with pytest.raises(OptionError, match="without any change"):
        rhythm(np.full(20, 2.0))
    with pytest.raises(OptionError, match="lags from 0 to 19, not 20"):
        autocorrelation(np.arange(20.0), 20)
