"""All of R^d against a box: time for each region, and which regions are unbounded.

    python benchmarks/unbounded.py [--runs 9]

Random networks (He weights, biases of standard deviation 0.3, one seed), the box is [-1, 1]^d, one thread. Times are
medians of `--runs` turns that alternate between R^d and the box; the ratio, of times for each region, is the median of
those of neighbouring turns.
Numbers of regions in R^d are asserted: by Zaslavsky's formula for one layer, else against another way to walk R^d, in
the 2 d + 1 charts that cover it (for two inputs: against the general engine).
"""

from __future__ import annotations

import argparse
import statistics
import time
from functools import partial
from itertools import pairwise
from math import comb

import numpy as np

from polytope_lens import Box, Lens
from polytope_lens.engines import split
from polytope_lens.engines.charts import charts, whole
from polytope_lens.engines.chunks import Record
from polytope_lens.network.pattern import distinct

NETWORKS = (
    (2, 100),
    (2, 64, 64, 64),
    (2, *[14] * 6),
    (3, 20),
    (3, 16, 16),
    (3, *[8] * 8),
    (4, 12, 12),
    (5, 12, 12),
    (6, 10, 10),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    print(
        f"{'':<22}{'':>9}{'count':>10}{'us/region':>10}{'':>7}{'partition':>10}{'us/region':>10}{'':>7}{'':>9}"
        f"{'is_bounded':>11}\n{'network':<22}{'regions':>9}{'box':>10}{'R^d':>10}{'ratio':>7}{'box':>10}{'R^d':>10}"
        f"{'ratio':>7}{'bounded':>9}{'us/region':>11}"
    )
    for widths in NETWORKS:
        lens = random_lens(widths)
        box = Box([-1] * widths[0], [1] * widths[0])
        n = lens.count(None).total
        assert n == expected(lens, widths), widths
        cells = []
        for question in (lens.count, lens.partition):
            in_box, everywhere = alternately(partial(question, box), partial(question, None), runs=runs)
            in_box = [1e6 * seconds / lens.count(box).total for seconds in in_box]
            everywhere = [1e6 * seconds / n for seconds in everywhere]
            ratios = [b / a for a, b in zip(in_box, everywhere, strict=True)]
            cells += [statistics.median(values) for values in (in_box, everywhere, ratios)]
        partition = lens.partition(None)
        (seconds,) = alternately(lambda p=partition: p.bounded_mask(), runs=runs)
        per_region = 1e6 * statistics.median(seconds) / n
        bounded = int(partition.bounded_mask().sum())
        assert len(widths) > 2 or bounded == comb(widths[1] - 1, widths[0]), widths
        print(
            f"{'-'.join(map(str, widths)):<22}{n:>9}{cells[0]:>10.2f}{cells[1]:>10.2f}{cells[2]:>7.2f}"
            f"{cells[3]:>10.2f}{cells[4]:>10.2f}{cells[5]:>7.2f}{bounded:>9}{per_region:>11.2f}",
            flush=True,
        )


def random_lens(widths: tuple[int, ...]) -> Lens:
    rng = np.random.default_rng(0)
    weights, biases = [], []
    for m, n in pairwise(widths):
        weights.append(rng.normal(size=(n, m)) * np.sqrt(2 / m))
        biases.append(rng.normal(size=n) * 0.3)
    return Lens.from_arrays([*weights, rng.normal(size=(1, widths[-1]))], [*biases, [0]])


def expected(lens: Lens, widths: tuple[int, ...]) -> int:
    if len(widths) == 2:
        d, n = widths
        return sum(comb(n, i) for i in range(d + 1))
    pieces = [whole(lens.network, None)] if widths[0] == 2 else charts(None, widths[0])
    chunks = [c for p in pieces for c in split.walk(lens.network, p, Record(), want_output=True)]
    return len(distinct(np.concatenate([chunk.patterns for chunk in chunks]))[0])


def alternately(*questions, runs):
    times = [[] for _ in questions]
    for question in questions:
        question()
    for _ in range(runs):
        for taken, question in zip(times, questions, strict=True):
            start = time.perf_counter()
            question()
            taken.append(time.perf_counter() - start)
    return times


if __name__ == "__main__":
    main()
