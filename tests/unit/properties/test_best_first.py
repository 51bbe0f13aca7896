"""The best of boxes: bounds at any time, and the best value at the end."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.errors import Status
from polytope_lens.properties import best_first as module
from polytope_lens.properties import listing, property_check
from properties_twin import greatest, random_box, random_network

BOX = Box([-1] * 4, [1] * 4)


@pytest.fixture(scope="module")
def lens():
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal(shape) for shape in ((12, 4), (12, 12), (2, 12))]
    return Lens.from_arrays(weights, [rng.standard_normal(len(w)) for w in weights])


@pytest.fixture(scope="module")
def best(lens):
    return lens.maximum([1, -1], BOX)


@pytest.mark.parametrize("seconds", [1e-9, 0.2])
def test_bounds_hold_at_any_time(lens, best, seconds, monkeypatch):
    monkeypatch.setattr(listing, "few_open", lambda problem: 3)
    found = lens.maximum([1, -1], BOX, max_seconds=seconds)
    assert found.value <= best.value <= found.bound
    assert found.is_complete == (found.value == found.bound)
    least = lens.minimum([-1, 1], BOX, max_seconds=seconds)
    assert least.bound <= -best.value <= least.value
    if seconds < 1e-3:
        # A bound that is proved is there before the first batch.
        assert (found.status, found.n_boxes) == (Status.BUDGET_REACHED, 0)
        assert isinstance(found.bound, Fraction) and isinstance(least.bound, Fraction)
        assert "between" in repr(found) and "inf" not in repr(found) + found.explain()


@pytest.mark.parametrize("few", [8, 12])
def test_boxes_of_any_size_lead_to_the_same(lens, best, few, monkeypatch):
    monkeypatch.setattr(listing, "few_open", lambda problem: few)
    monkeypatch.setattr(listing, "FEW_REGIONS", 200)
    monkeypatch.setattr(module, "guesses", lambda problem: np.zeros((0, len(problem.lower))))
    found = [lens.maximum([1, -1], BOX, workers=workers) for workers in (1, 2)]
    for one in found:
        assert (one.value, one.bound, one.is_complete) == (best.value, best.value, True)
        assert one.n_boxes > 1
    assert (found[0].point, found[0].n_regions) == (found[1].point, found[1].n_regions)


@pytest.mark.parametrize("seed", range(6))
def test_the_best_of_several_combinations(seed):
    rng = np.random.default_rng([seed, 4])
    d = int(rng.integers(1, 4))
    lens, (lower, upper) = random_network(rng, d, 2), random_box(rng, d)
    rows = [[Fraction(int(v), 3) for v in rng.integers(-2, 3, 2)] for _ in range(3)]
    found = module.best_value(lens.network, rows, (lower, upper))
    assert found.value == max(greatest(lens, lower, upper, row) for row in rows)
    assert found.is_complete


def test_a_box_is_bounded_in_every_case(lens):
    """Parts of a polytope outside of which a box lies say nothing about it."""
    both = [(["-1"] * 4, ["1"] * 4), (["0"] * 4, ["0"] * 4)]
    assert lens.maximum([1, -1], both).value == lens.maximum([1, -1], BOX).value


def test_an_interrupted_search_for_a_first_point_is_no_empty_domain(monkeypatch):
    def interrupted(network, asked, **_):
        return property_check._Search(network, asked).result(None, Status.INTERRUPTED, 0.0)

    monkeypatch.setattr(module, "check", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Lens.example().maximum([1], Box([-1, -1], [1, 1]))


def test_a_bar_tells_how_much_of_the_log_is_written(lens, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("polytope_lens._progress.LINE_SECONDS", 0.0)
    found = lens.maximum([1, -1], Box([-0.1] * 4, [0.1] * 4), proof=tmp_path / "run.proof", progress=True)
    assert found.is_logged and "% of the domain proved" in capsys.readouterr().err
