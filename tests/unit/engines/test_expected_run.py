"""What an estimate says, and in which words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from polytope_lens import Box, Lens
from polytope_lens.engines.expected_run import duration, number, size


def test_an_estimate_says_that_it_is_one():
    found = Lens.example().estimate(Box([-9, -9], [9, 9]), probes=4, cells=64)
    assert repr(found).startswith("RegionEstimate(about ")
    assert str(found).startswith("estimate: about ")
    assert f"{found.low:,}".replace(",", " ") in str(found)
    for word in ("95% confidence", "proved: at least", "on one core", "store of patterns", "in memory", "seed 0"):
        assert word in str(found)
    assert "with 8 workers" in str(replace(found, workers=8))


def test_what_was_counted_says_that_it_was():
    found = Lens.example().estimate(Box([-1, -1], [1, 1]))
    assert repr(found) == "RegionEstimate(3997 regions, counted)"
    assert "estimate" not in str(found)
    assert str(found).startswith("3997 regions, counted in ")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (12345, "12 345"),
        (10**6, "1.0 x 10^6"),
        (1.29e9, "1.2 x 10^9"),
        (10**400, "1.0 x 10^400"),
    ],
)
def test_numbers(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0123, "0.012 seconds"),
        (59.6, "60 seconds"),
        (150, "2 minutes"),
        (7300, "2 hours"),
        (86400 * 3, "3 days"),
        (3.2e10, "1 014 years"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("n_bytes", "text"), [(900, "1 kB"), (1.5e6, "1.5 MB"), (16e9, "16 GB"), (2.5e12, "2.5 TB"), (4e15, "4 000 TB")]
)
def test_sizes(n_bytes, text):
    assert size(n_bytes) == text
