"""Runs that are spread over workers: the same numbers, whoever does what, and whoever dies."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.engines import spread
from polytope_lens.engines.spread import LONG, SHORT, TURN, Plan, WaitingSpan, guessed, work
from polytope_lens.engines.task import Job, task
from polytope_lens.errors import OptionError, RunError, Status
from polytope_lens.network.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = [(2, 12, 9, 1), (3, 8, 7, 2), (4, 9, 5, 1), (1, 9, 6, 1)]


def _lens(*widths: int) -> Lens:
    rng = np.random.default_rng(sum(widths))
    shapes = list(pairwise(widths))
    return Lens.from_arrays([rng.normal(size=(n, d)) for d, n in shapes], [rng.normal(size=n) / 3 for _, n in shapes])


def _box(lens: Lens) -> Box:
    d = lens.network.input_dim
    return Box(np.full(d, -1.0), np.full(d, 1.0))


def _same_arrays(one: Any, other: Any) -> bool:
    names = ("packed_patterns", "witnesses", "maps", "counts_per_layer")
    same = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)
    return same and one.certificate == other.certificate


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks that end after a batch, of a few regions."""
    monkeypatch.setattr(spread, "SHORT", 0.0)
    monkeypatch.setattr(spread, "TURN", 0.0)
    monkeypatch.setattr(spread, "LONG", 0.0)
    monkeypatch.setattr("polytope_lens.engines.driver.FIRST_BATCH", 3)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(3) as pool:
        yield pool


@pytest.mark.parametrize("widths", CASES)
def test_tasks_that_outgrow_their_budget_find_what_one_walk_finds(
    tiny: None, threads: ThreadPoolExecutor, widths: tuple[int, ...], tmp_path: Any
) -> None:
    lens = _lens(*widths)
    box = _box(lens)
    whole, numbers = lens.partition(box), lens.count(box)
    counted = lens.count(box, executor=threads)
    assert counted == numbers
    assert counted.per_layer.tolist() == numbers.per_layer.tolist()
    assert counted.certificate == numbers.certificate
    found = lens.partition(box, executor=threads)
    assert found.is_complete
    assert _same_arrays(found, whole)
    for name in type(whole.mesh).__slots__ if whole.mesh is not None else ():
        np.testing.assert_array_equal(getattr(found.mesh, name), getattr(whole.mesh, name))
    stored = lens.partition(box, executor=threads, store=tmp_path / "run", keep=["witnesses", "maps"])
    assert _same_arrays(stored, whole)
    assert len(stored.store.parts) > 5
    assert not [path for path in (tmp_path / "run" / "parts").iterdir() if path.suffix != ".parquet"]


def test_what_a_task_leaves_is_the_rest_in_order(tiny: None) -> None:
    lens = _lens(2, 20, 9, 1)
    walked = task(lens.network, _box(lens), "auto")
    job = Job(walked, (lens.network, _box(lens)), None, None)
    found = work(job, [WaitingSpan(walked.span, 1.0, 9.0)], 0.0)
    (part, columns), *_ = found.parts
    assert columns is None
    spans = [part.span, *(piece.span for piece in found.rest)]
    assert spans[0].first == 0
    assert spans[-1].end == walked.span.end
    assert all(one.end == other.first for one, other in pairwise(spans))
    assert 2 <= len(found.rest) <= spread.MOST_SPANS
    assert 0 < sum(piece.share for piece in found.rest) < 1
    paces = [piece.seconds / piece.share for piece in found.rest]
    assert min(paces) > 0
    np.testing.assert_allclose(paces, paces[0])
    left = [part.n_regions for part, _ in work(job, found.rest, 1e9).parts]
    assert len(left) == len(found.rest)
    assert part.n_regions + sum(left) == lens.count(_box(lens))


def test_spans_for_which_no_time_is_left_come_back(tiny: None) -> None:
    lens = _lens(2, 20, 9, 1)
    walked = task(lens.network, _box(lens), "auto")
    job = Job(walked, (lens.network, _box(lens)), None, None)
    first = work(job, [WaitingSpan(walked.span, 1.0, 9.0)], 0.0)
    again = work(job, first.rest, 0.0)
    assert again.rest[-len(first.rest) + 1 :] == first.rest[1:]
    assert again.rest[0].span.end <= first.rest[1].span.first


def test_guesses() -> None:
    whole = WaitingSpan(Span(0, 64), 0.5, 7.0)
    # A quarter of the whole took 3 seconds.
    rest = guessed([(Span(10, 20), 0.125), (Span(20, 64), 0.125)], whole, 3.0)
    assert [piece.seconds for piece in rest] == [1.5, 1.5]
    # Where no share has gone, nothing is known.
    assert guessed([(Span(10, 64), 0.5)], whole, 3.0) == [WaitingSpan(Span(10, 64), 0.5, 7.0)]


def test_the_largest_span_is_next_and_small_ones_go_together() -> None:
    plan = Plan([Span(0, 100)], 2)
    pieces, seconds = plan.task(0)
    assert (pieces, seconds) == ([WaitingSpan(Span(0, 100), 1.0, LONG)], SHORT)
    plan.done(pieces)
    large = [WaitingSpan(Span(i, i + 1), 0.01, size) for i, size in enumerate([40.0, 5.0, 100.0])]
    small = [WaitingSpan(Span(i, i + 1), 0.001, 0.5) for i in range(10, 20)]
    plan.add([*large, *small])
    assert plan.task(0) == ([large[2]], LONG)
    assert plan.task(1) == ([large[0]], LONG)
    plan.done([large[2]])
    plan.done([large[0]])
    # 10 seconds are left, for 2 workers, in portions.
    assert plan.task(2) == ([large[1]], 10 / 2 / 4)
    plan.done([large[1]])
    pieces, seconds = plan.task(3)
    assert seconds == 5 / 2 / 4
    assert pieces == small[:2]
    # With many tasks, none is so short that whoever hands them out has no time for it.
    assert Plan([Span(0, 100)], 5000).task(5000)[1] == 5000 * TURN


def test_unbounded_and_flat_domains_are_spread(tiny: None, threads: ThreadPoolExecutor) -> None:
    lens = _lens(3, 6, 5, 1)
    for domain in (None, Box([-1, 0.25, -1], [1, 0.25, 1])):
        whole = lens.partition(domain, engine="auto" if domain else "split", mesh=False)
        found = lens.partition(domain, executor=threads)
        for name in ("packed_patterns", "witnesses", "counts_per_layer"):
            np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))
        np.testing.assert_allclose(found.maps, whole.maps, rtol=1e-12, atol=1e-12)  # products of matrices, of any sizes
        assert lens.count(domain, executor=threads).per_layer.tolist() == whole.counts_per_layer.tolist()


def test_a_budget_ends_a_spread_run_which_goes_on_without_the_executor(
    tiny: None, threads: ThreadPoolExecutor, tmp_path: Any
) -> None:
    lens = _lens(2, 30, 12, 1)
    box, path = _box(lens), tmp_path / "run"
    some = lens.partition(box, executor=threads, store=path, max_regions=20)
    assert some.status is Status.BUDGET_REACHED
    assert 20 <= len(some) < lens.count(box)
    assert lens.count(box, executor=threads, max_regions=20).status is Status.BUDGET_REACHED
    whole = lens.partition(box, store=path, resume=True)
    np.testing.assert_array_equal(whole.packed_patterns, lens.partition(box, mesh=False).packed_patterns)


def test_a_spread_run_says_how_far_it_is(
    tiny: None, threads: ThreadPoolExecutor, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr("polytope_lens._progress.LINE_SECONDS", 0.0)
    lens = _lens(2, 30, 12, 1)
    box, path = _box(lens), tmp_path / "run"
    lens.count(box, executor=threads, store=path, max_regions=20, progress=True)
    assert re.search(r"regions: \d+, [\d,]+/s, \d+\.\d% of the search tree done, .*\d tasks", capsys.readouterr().err)
    lens.count(box, executor=threads, store=path, resume=True, progress=True)
    assert "% of the rest done" in capsys.readouterr().err


class _Unreliable(ThreadPoolExecutor):
    """Loses every other task, as a cluster does whose machines are switched off."""

    n = 0

    def submit(self, *arguments: Any, **options: Any) -> Future[Any]:
        self.n += 1
        if self.n % 2:
            return super().submit(*arguments, **options)
        lost: Future[Any] = Future()
        lost.cancel()
        lost.set_running_or_notify_cancel()
        return lost


def test_what_a_lost_worker_was_at_is_done_again(tiny: None) -> None:
    lens = _lens(3, 8, 7, 2)
    with _Unreliable(2) as pool:
        assert _same_arrays(lens.partition(_box(lens), executor=pool), lens.partition(_box(lens), mesh=False))
        assert pool.n > 10


class _Gone(ThreadPoolExecutor):
    def submit(self, *arguments: Any, **options: Any) -> Future[Any]:
        lost: Future[Any] = Future()
        lost.cancel()
        lost.set_running_or_notify_cancel()
        return lost


def test_an_executor_without_workers_is_given_up() -> None:
    lens = _lens(2, 5, 1)
    with _Gone(1) as pool, pytest.raises(RunError, match="the executor broke down"):
        lens.count(_box(lens), executor=pool)


def _die(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_processes_that_are_killed_leave_a_store_to_go_on_with(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "SHORT", 0.0)
    monkeypatch.setattr(spread, "TURN", 0.0)
    lens = _lens(3, 14, 12, 1)
    box, path = _box(lens), tmp_path / "run"
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        lens.partition(box, executor=pool, store=path, max_regions=100)
        pool.submit(_die, 0).exception()
        with pytest.raises(RunError, match="`resume=True`"):
            lens.partition(box, executor=pool, store=path, resume=True)
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        stored = lens.partition(box, executor=pool, store=path, resume=True)
    whole = lens.partition(box, mesh=False)
    np.testing.assert_array_equal(stored.packed_patterns, whole.packed_patterns)
    np.testing.assert_array_equal(stored.witnesses, whole.witnesses)


def test_errors_of_tasks_are_raised(tiny: None, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise MemoryError("no more")

    monkeypatch.setattr(spread, "work", fails)
    lens = _lens(2, 5, 1)
    with pytest.raises(MemoryError, match="no more"):
        lens.count(_box(lens), executor=threads)


def test_what_is_no_executor_is_refused() -> None:
    lens = _lens(2, 5, 1)
    with pytest.raises(OptionError, match=r"`executor` should have the interface of concurrent\.futures\.Executor"):
        lens.count(_box(lens), executor=3)
    with ThreadPoolExecutor(1) as pool, pytest.raises(OptionError, match="has workers of its own"):
        lens.count(_box(lens), executor=pool, workers=2)


@pytest.mark.long
def test_a_cluster_whose_workers_are_killed_in_mid_run_finds_the_same(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(spread, "SHORT", 0.1)
    monkeypatch.setattr(spread, "LONG", 0.3)
    lens = _lens(4, 40, 20, 2)
    box = _box(lens)
    whole = lens.partition(box)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert lens.count(box, executor=client) == len(whole)
        assert _same_arrays(lens.partition(box, executor=client), whole)
        killed = []

        class Killer(spread.Pool):
            def submit(self, *arguments: Any) -> Future[Any]:
                if len(killed) < 3 and self.n % 10 == 9:
                    killed.append(os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL))
                self.n += 1
                return super().submit(*arguments)

            n = 0

        monkeypatch.setattr(spread, "Pool", Killer)
        stored = lens.partition(box, executor=client, store=tmp_path / "run", keep=["witnesses", "maps"])
        assert len(killed) == 3
        assert _same_arrays(stored, whole)
