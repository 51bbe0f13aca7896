"""Limits of runs."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.engines import budget as budgets
from polytope_lens.engines.budget import Budget, Meter, budget, metered, resident
from polytope_lens.errors import OptionError, Status

LENS = Lens.from_arrays(
    [np.random.default_rng(0).normal(size=(60, 2)), np.ones((1, 60))], [np.linspace(-0.5, 0.5, 60), [0.0]]
)
BOX = Box([-1, -1], [1, 1])


def test_a_limit_ends_a_run() -> None:
    assert not Budget().is_set
    assert budget(3, None, None) == Budget(regions=3)
    meter = Meter(Budget(regions=10), threading.Event())
    assert meter.status() is Status.COMPLETE
    meter.n_regions = 10
    assert meter.status() is Status.BUDGET_REACHED
    assert Meter(Budget(seconds=1e-9), threading.Event()).status() is Status.BUDGET_REACHED
    assert Meter(Budget(seconds=1e9), threading.Event()).status() is Status.COMPLETE
    assert Meter(Budget(memory=1), threading.Event()).status() is Status.BUDGET_REACHED
    assert Meter(Budget(memory=2**50), threading.Event()).status() is Status.COMPLETE
    stop = threading.Event()
    stop.set()
    assert Meter(Budget(), stop).status() is Status.INTERRUPTED


def test_memory_is_that_of_this_process(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    before = resident()
    held = np.ones(2**23)
    assert 2**25 < before < 2**36
    assert resident() - before > held.nbytes / 2
    monkeypatch.setattr(budgets, "STATM", tmp_path / "missing")
    assert resident() >= before / 2


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ((0, None, None), "`max_regions` should be a whole number"),
        ((None, -1.0, None), "`max_seconds`"),
        ((None, None, 0), "`max_memory`"),
    ],
)
def test_limits_that_are_none_are_refused(limits, told) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(OptionError, match=told):
        budget(*limits)


def test_without_a_store_a_limited_answer_is_a_part_and_says_so() -> None:
    whole, numbers = LENS.partition(BOX), LENS.count(BOX)
    some = LENS.partition(BOX, max_regions=100)
    assert some.status is Status.BUDGET_REACHED
    assert some.mesh is None
    assert 100 <= len(some) < len(whole)
    np.testing.assert_array_equal(some.packed_patterns, whole.packed_patterns[: len(some)])
    assert some.certificate.total < whole.certificate.total
    few = LENS.count(BOX, max_seconds=1e-9)
    assert few.status is Status.BUDGET_REACHED
    assert 0 < few < numbers
    assert repr(few).startswith("RegionCounts(total>=")
    assert not few.is_complete
    enough = LENS.count(BOX, max_regions=10**9)
    assert enough.is_complete
    assert enough == numbers
    assert enough.certificate == numbers.certificate
    assert LENS.partition(BOX, max_regions=10**9).mesh is not None


def test_a_limit_that_is_just_reached_at_the_end_is_not_taken_for_one_before_it() -> None:
    n = int(LENS.count(BOX))
    assert LENS.count(BOX, max_regions=n).is_complete


def test_a_proof_is_about_all_regions(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from polytope_lens.errors import PartialPartitionError

    for ask in (LENS.count, LENS.partition):
        with pytest.raises(PartialPartitionError, match="a proof log is about all regions"):
            ask(BOX, max_regions=1, proof=tmp_path / "log")
    assert not (tmp_path / "log").exists()


def test_ctrl_c_ends_a_metered_run_once() -> None:
    import signal

    with metered(Budget()) as meter:
        signal.raise_signal(signal.SIGINT)
        assert meter.status() is Status.INTERRUPTED
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
