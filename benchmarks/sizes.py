"""How large a network can be for all of its regions to be listed: the table of docs/sizes.md.

    python benchmarks/sizes.py [--seconds 2] [--run 20]

Random networks in [-1, 1]^d, He's weights. A count of each is run where it is expected to take less than `--run`
seconds; else the numbers are those of `Lens.estimate`, marked by "about". Seconds are a processor's, so that other
programs on the machine matter less, and the least of some runs where they are short. Memory is that of a partition.
"""

from __future__ import annotations

import argparse
import time

from estimates import random_lens
from polytope_lens import Box

SHAPES = [
    (2, (64, 64)), (2, (64, 64, 64)), (2, (256, 256)), (2, (1000,)), (2, (32,) * 10),
    (3, (32, 32)), (3, (64, 64)), (3, (256, 256)),
    (4, (16, 16)), (4, (32, 32)), (4, (64, 64)),
    (6, (10, 10)), (6, (16, 16)), (6, (32, 32)),
    (10, (10, 10)), (10, (16, 16)), (10, (32, 32)),
    (20, (10, 10)), (20, (16, 16)), (64, (16,)),
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="of each estimate")
    parser.add_argument("--run", type=float, default=20.0, help="the longest count to run")
    options = parser.parse_args()
    print("| inputs | hidden layers | regions | count | partition, memory |\n|---|---|---|---|---|")
    for d in (2, 3, 4, 6, 10):
        random_lens("He", d, (2,)).count(Box([-1] * d, [1] * d))  # compiles
    for d, widths in SHAPES:
        lens, box = random_lens("He", d, widths), Box([-1] * d, [1] * d)
        found = lens.estimate(box, max_seconds=options.seconds)
        regions, seconds, about = found.regions, found.seconds, "about "
        if seconds < options.run:
            about, times = "", []
            while sum(times) < 1 and len(times) < 5:
                began = time.process_time()
                regions = int(lens.count(box))
                times.append(time.process_time() - began)
            seconds = min(times)
        print(
            f"| {d} | {_widths(widths)} | {about}{_digits(regions)} | {_time(seconds)} | {_size(found.memory)} |",
            flush=True,
        )


def _widths(widths: tuple[int, ...]) -> str:
    return f"{len(widths)} of {widths[0]}" if len(widths) > 1 else str(widths[0])


def _digits(regions: int) -> str:
    if regions >= 10**8:
        power = len(str(regions)) - 1
        return f"{regions / 10**power:.0f} x 10^{power}"
    return f"{regions:,}".replace(",", " ")


def _time(seconds: float) -> str:
    if seconds < 0.1:
        return f"{1000 * seconds:.0f} ms"
    for name, length in (("years", 3e7), ("days", 86_400), ("hours", 3_600), ("minutes", 60), ("s", 1)):
        if seconds >= 2 * length or name == "s":
            return f"{seconds / length:,.0f} {name}".replace(",", " ") if seconds >= 2 * length else f"{seconds:.2f} s"
    raise AssertionError


def _size(bytes_: int) -> str:
    for name, unit in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if bytes_ >= unit:
            return f"{bytes_ / unit:,.1f} {name}".replace(",", " ")
    return "below 1 MB"


if __name__ == "__main__":
    main()
