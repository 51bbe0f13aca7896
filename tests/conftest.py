"""Hypothesis tries the same examples every day; `pytest --hypothesis-profile=thorough` looks further."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "default", deadline=None, derandomize=True, max_examples=40, suppress_health_check=SLOW_IS_FINE
)
settings.register_profile(
    "thorough", deadline=None, max_examples=1000, print_blob=True, suppress_health_check=SLOW_IS_FINE
)
settings.load_profile("default")
