"""Rows that a study measures anew replace those of before, and no others."""

from __future__ import annotations

from report import keep, kept


def test_a_short_run_refreshes_its_rows_and_leaves_those_of_the_full_one(tmp_path):
    keep(
        "counts",
        ["depth"],
        [{"depth": 1, "regions": 10}, {"depth": 2, "regions": 20}, {"depth": 9, "regions": 9}],
        tmp_path,
    )
    after = keep("counts", ["depth"], [{"depth": 3, "regions": 30}, {"depth": 2, "regions": 21}], tmp_path)
    assert after.equals(kept("counts", tmp_path))
    assert list(after.itertuples(index=False, name=None)) == [(1, 10), (2, 21), (3, 30), (9, 9)]


def test_a_small_sample_does_not_replace_a_large_one(tmp_path):
    keep(
        "means", ["depth"], [{"depth": 1, "mean": 1.5, "lines": 300}, {"depth": 2, "mean": 2.5, "lines": 40}], tmp_path
    )
    again = [{"depth": 1, "mean": 1.0, "lines": 40}, {"depth": 2, "mean": 2.0, "lines": 40}]
    after = keep("means", ["depth"], again, tmp_path, sample="lines")
    assert after["mean"].tolist() == [1.5, 2.0]


def test_no_file_is_no_rows(tmp_path):
    assert kept("nothing", tmp_path).empty
