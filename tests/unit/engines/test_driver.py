from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest
from tqdm import tqdm

from polytope_lens import Box, Lens
from polytope_lens.engines import driver
from polytope_lens.engines.charts import charts
from polytope_lens.engines.chunks import Record
from polytope_lens.engines.table import ENGINES
from polytope_lens.errors import OptionError


def random_lens(widths, seed, scale=1.0):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(n, m)) * np.sqrt(2 / m) * scale for m, n in pairwise(widths)]
    return Lens.from_arrays(weights, [rng.normal(size=n) * 0.3 for n in widths[1:]])


@pytest.mark.parametrize(
    ("widths", "engine"),
    [((2, 40, 40, 40, 1), "subdivide"), ((3, 14, 14, 14, 1), "split"), ((3, 14, 14, 14, 1), "polyhedra")],
)
def test_any_number_of_workers_finds_the_same_in_the_same_order(widths, engine):
    lens, box = random_lens(widths, seed=3), Box([-1] * widths[0], [1] * widths[0])
    alone = lens.partition(box, engine)
    assert len(alone) > 2000
    for workers in (2, 3, 5):
        shared = lens.partition(box, engine, workers=workers)
        for field in ("packed_patterns", "maps", "witnesses", "counts_per_layer"):
            assert np.array_equal(getattr(alone, field), getattr(shared, field)), field
        assert shared.certificate == alone.certificate
        counts = lens.count(box, engine, workers=workers)
        assert counts.per_layer.tolist() == alone.counts_per_layer.tolist()
    patterns = [region.pattern for region in lens.regions(box, engine, workers=2)]
    assert patterns == [region.pattern for region in alone]


@pytest.mark.parametrize(
    ("widths", "engine"), [((2, 60, 60, 1), "subdivide"), ((3, 20, 20, 1), "polyhedra"), ((4, 14, 14, 1), "split")]
)
@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_done_grows_from_nothing_to_all(widths, engine, workers):
    network, d = random_lens(widths, seed=0).network, widths[0]
    record = Record(is_watched=True)
    (chart,) = charts(Box([-1] * d, [2] * d), d)
    done = [record.closed() for _ in ENGINES[engine].walk(network, chart, record, want_output=False, workers=workers)]
    assert done[-1] == pytest.approx(1.0, abs=1e-12)
    if workers == 1:
        assert len(done) > 3 and 0 < done[0] < 0.9
        assert (np.diff(done) >= -1e-12).all()


def test_a_bar_tells_what_is_done(capsys, monkeypatch):
    def at_once(progress, **options):
        return tqdm(**options, disable=not progress, mininterval=0)

    monkeypatch.setattr("polytope_lens.engines.enumerate.bar", at_once)
    lens, box = random_lens((2, 80, 80, 1), seed=0), Box([-1, -1], [1, 1])
    lens.count(box, progress=True)
    assert "% of the area done" in capsys.readouterr().err
    lens.count(box, progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("workers", [0, -1, 1.5, True])
def test_workers_are_a_whole_number(workers):
    with pytest.raises(OptionError, match="`workers` should be a whole number of at least 1"):
        random_lens((2, 3, 1), seed=0).count(Box([-1, -1], [1, 1]), workers=workers)


@pytest.mark.parametrize("limits", [{"MOST_WALKS": 2}, {"FEWEST_WALKS": 2, "MOST_BYTES": 1}])
def test_few_walks_are_held_at_a_time(monkeypatch, limits):
    """On 5 170 neurons each walk that waits holds up to 25 MB, and there was one for each cell on the stack."""
    for name, value in limits.items():
        monkeypatch.setattr(driver, name, value)
    monkeypatch.setattr(driver, "AHEAD", 1)
    monkeypatch.setattr(driver, "AHEAD_COUNTED", 1)
    seen, give = [], driver._Team._give

    def noted(team, walk):
        give(team, walk)
        seen.append(len(team.walks))

    monkeypatch.setattr(driver._Team, "_give", noted)
    lens, box = random_lens((2, 80, 80, 80, 1), seed=0), Box([-1, -1], [1, 1])
    alone = lens.partition(box, mesh=False)
    assert np.array_equal(lens.partition(box, mesh=False, workers=2).packed_patterns, alone.packed_patterns)
    assert lens.count(box, workers=2).per_layer.tolist() == alone.counts_per_layer.tolist()
    assert seen and max(seen) <= 4


def test_deep_networks_climb_the_second_rung_and_agree_with_the_third():
    """Thirty layers: bounds on running sums say nothing in the end, and rows are recomputed in double-double."""
    lens = random_lens((2, *[10] * 30, 1), seed=1)
    box = Box([-0.06, -0.06], [0.06, 0.06])
    exact = lens.partition(box, "brute")
    for engine in ("subdivide", "split"):
        found = lens.partition(box, engine)
        assert np.array_equal(found.packed_patterns, exact.packed_patterns)
        # In split, deep neurons may be proved to keep their sign on cells of early layers.
        assert found.certificate.double_double > 100 or engine == "split"
        assert found.certificate.rational < found.certificate.total / 1000


def test_streams_may_be_left_at_any_time_and_helpers_stop():
    lens, box = random_lens((2, 60, 60, 60, 1), seed=3), Box([-1, -1], [1, 1])
    for n in (1, 300, 5000):
        stream = lens.regions(box, workers=3)
        assert len([region for region, _ in zip(stream, range(n), strict=False)]) == n
        stream.close()
    assert lens.count(box, workers=3).total == lens.count(box).total


@pytest.mark.parametrize("workers", [100, 10**5, 10**12])
def test_senseless_numbers_of_workers_cost_nothing(workers):
    lens, box = random_lens((2, 6, 6, 1), seed=3), Box([-1, -1], [1, 1])
    assert lens.count(box, workers=workers).total == lens.count(box).total


def test_an_interrupted_run_does_not_wait_for_its_helpers(monkeypatch):
    """A helper that had begun to compile was waited for: 100 seconds."""

    def slow(*_):
        time.sleep(5)

    monkeypatch.setattr(driver, "PATIENCE_SECONDS", 0.1)
    lens, box = random_lens((2, 60, 60, 60, 1), seed=3), Box([-1, -1], [1, 1])
    stream = lens.regions(box, workers=2)
    next(stream)
    monkeypatch.setattr(driver._Walk, "advance", slow)
    started = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        stream.throw(KeyboardInterrupt)
    assert time.perf_counter() - started < 2


def no_row_is_exact(monkeypatch):
    """Kernels decide no ties, but ask, also where rows are small integers."""
    monkeypatch.setattr(
        "polytope_lens.engines.whole_rows.whole_scales",
        lambda network: [np.zeros(layer.width) for layer in network.layers],
    )


def test_an_error_in_a_helper_reaches_the_caller(monkeypatch):
    def fails(*_):
        raise RuntimeError("the oracle is out")

    lens = Lens.from_arrays([[[1, 2], [2, 4], [3, 1], [1, 3], [0, 1]], [[1] * 5]], [[1, 2, 0, 1, 0], [0]])
    no_row_is_exact(monkeypatch)
    monkeypatch.setattr("polytope_lens.engines.subdivide._CrossingDecisions.answer", fails)
    for workers in (1, 2, 3):
        with pytest.raises(RuntimeError, match="the oracle is out"):
            lens.count(Box([-1, -1], [1, 1]), workers=workers)


@pytest.mark.parametrize(
    ("widths", "engine"),
    [((2, 6, 6, 1), "subdivide"), ((2, 6, 6, 1), "split"), ((3, 5, 4, 1), "polyhedra"), ((3, 5, 4, 1), "split")],
)
@pytest.mark.parametrize("bounded", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_walks_may_be_shared_at_every_step_also_while_an_answer_waits(widths, engine, bounded, seed, monkeypatch):
    """An answer from rational arithmetic went with the copy, too, which took it for one to its own next question."""
    rng = np.random.default_rng(seed)
    weights = [rng.integers(-2, 3, size=(n, m)) for m, n in pairwise(widths)]
    lens = Lens.from_arrays(weights, [rng.integers(-1, 2, size=n) for n in widths[1:]])
    box = Box([-2] * widths[0], [1] * widths[0]) if bounded else None
    no_row_is_exact(monkeypatch)
    alone = lens.partition(box, engine)
    assert alone.certificate.rational > 0

    class Restless(driver._Team):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self._ask()

        def _is_short_of_work(self):
            return True

    monkeypatch.setattr(driver, "_Team", Restless)
    monkeypatch.setattr(driver, "WORTH_SHARING", 0)
    shared = lens.partition(box, engine, workers=2)
    assert np.array_equal(shared.packed_patterns, alone.packed_patterns)
    assert np.array_equal(shared.maps, alone.maps)
    assert shared.counts_per_layer.tolist() == alone.counts_per_layer.tolist()
    assert shared.certificate == alone.certificate


@pytest.mark.parametrize("engine", ["subdivide", "split"])
def test_the_first_call_of_a_process_may_have_helpers_and_be_soon_done(engine, monkeypatch):
    """What the first batch of a tiny network counted was lost."""
    monkeypatch.setattr(driver, "_READY", set())
    lens, box = random_lens((2, 4, 1), seed=1), Box([-1, -1], [1, 1])
    counts = lens.count(box, engine)
    for _ in range(2):
        assert lens.count(box, engine, workers=2).per_layer.tolist() == counts.per_layer.tolist()
        assert len(lens.partition(box, engine, workers=2)) == counts.total
        monkeypatch.setattr(driver, "_READY", set())
