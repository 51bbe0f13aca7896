"""Time that is left."""

from __future__ import annotations

import re

import numpy as np
import pytest

from polytope_lens.engines.pace import MOST_SEEN, Pace


def paced(times, shares):
    pace = Pace()
    for now, share in zip(times, shares, strict=True):
        pace.see(share, now)
    return pace


@pytest.mark.parametrize("start", [0.0, 0.7])
def test_an_even_pace_is_told_as_it_is(start):
    """Also after a resume, where the first share is not 0."""
    times = np.linspace(100, 160, 50)
    pace = paced(times, start + (1 - start) * (times - 100) / 600)
    assert pace.left() == pytest.approx((540, 540))
    assert str(pace) == "about 9 min left"


def test_a_run_that_becomes_slower_or_quicker_is_told_as_a_range():
    times = np.linspace(0, 1000, 200)
    for shares in (np.sqrt(times / 2000), (times / 2000) ** 2):
        low, high = paced(times, shares).left()
        overall = (1 - shares[-1]) * 1000 / shares[-1]
        assert low < high
        assert overall in (pytest.approx(low), pytest.approx(high))
    assert str(paced([0, 500, 750, 1000], [0, 0.5, 0.6, 0.65])) == "about 9 min to 29 min left"


def test_too_little_is_not_told():
    assert str(Pace()) == ""
    assert str(paced([0, 1], [0, 0.5])) == ""
    assert str(paced([0, 100], [0, 1e-9])) == ""
    assert str(paced([0, 50, 100], [0, 0.5, 0.5])).startswith("more than 2 min left")


def test_it_remembers_little():
    n = 20 * MOST_SEEN
    pace = paced(range(n), np.arange(n) / (2 * n))
    assert len(pace._seen) <= MOST_SEEN + 1
    assert pace.left() == pytest.approx((n, n), rel=0.01)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "0 s"), (59, "59 s"), (600, "10 min"), (9000, "2.5 h"), (90000, "1.0 days"), (1e6, "12 days")],
)
def test_words(seconds, told):
    assert str(paced([0, 10], [0, 10 / (10 + seconds)])) == f"about {told} left"


def test_how_far_a_run_is_comes_with_its_memory():
    assert re.fullmatch(r"25\.0% of the area done, [\d,]+ MB", Pace().far(0.25, "area"))
    pace = paced([0, 10], [0, 0.2])
    assert re.fullmatch(r"50\.0% of the search tree done, about .* left, [\d,]+ MB", pace.far(0.5, "search tree"))
