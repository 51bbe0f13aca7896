"""Hypothesis tries the same examples every day; `pytest --hypothesis-profile=thorough` looks further."""

from __future__ import annotations

import os

# Processes that share the tests would wait for each other's threads, and forked ones for ever: see processes.py.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import pytest
from hypothesis import HealthCheck, settings

SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "default", deadline=None, derandomize=True, max_examples=40, suppress_health_check=SLOW_IS_FINE
)
settings.register_profile(
    "thorough", deadline=None, max_examples=1000, print_blob=True, suppress_health_check=SLOW_IS_FINE
)
settings.load_profile("default")


@pytest.fixture
def seeded_torch():
    """The same weights of new modules each time, whatever was drawn before."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield
