"""A campaign against the library: networks by the hundred thousand, damaged files, an hour of everything at once.

    python benchmarks/campaign.py agree campaign/ --networks 1000000     # all engines on random degenerate networks
    python benchmarks/campaign.py prove campaign/ --networks 100000      # their proof logs, and changed ones
    python benchmarks/campaign.py damage campaign/ --files 100000        # stores and manifests with wrong bytes
    python benchmarks/campaign.py cache campaign/ --rounds 20 --workers 1 # processes that compile into one folder
    python benchmarks/campaign.py soak campaign/ --minutes 60            # memory, threads and descriptors stay flat
    python benchmarks/campaign.py tell campaign/                         # what has been done so far

Each may be ended at any time and started again with the same words: it goes on from the last line of its journal. What
it finds lies beside the journal, one file for each, and the exit code is 1. docs/reliability.md has the figures.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections import Counter
from pathlib import Path

from agreement import agree
from damage import damage
from proof_agreement import prove
from shared_cache import share_cache
from soak import soak

# What is done, and how many times between two lines of the journal: for seconds rather than minutes
WORK = {"agree": (agree, 500), "prove": (prove, 50), "damage": (damage, 100), "cache": (share_cache, 1)}


def lines_of(journal: Path) -> list[dict[str, float]]:
    """What the journal says; a last line that was cut off is as if it were not there."""
    if not journal.exists():
        return []
    return [json.loads(line) for line in journal.read_text().splitlines(keepends=True) if line.endswith("\n")]


def told(lines: list[dict[str, float]]) -> dict[str, float]:
    """The sum of what lines tell."""
    total: Counter[str] = Counter({"found": 0})
    for line in lines:
        total.update(line)
    del total["first"]
    return dict(sorted(total.items()))


def do(block: tuple[str, range, Path]) -> dict[str, float]:
    """Do some of the work: a line of the journal."""
    what, numbers, folder = block
    began, tally = time.perf_counter(), WORK[what][0](numbers, folder)
    return {"first": numbers.start, "done": len(numbers), "seconds": time.perf_counter() - began, **tally}


def campaign(what: str, folder: Path, numbers: range, workers: int) -> bool:
    """Do the blocks that are left, and say whether nothing was found."""
    journal, size = folder / f"{what}.jsonl", WORK[what][1]
    lines = lines_of(journal)
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = {line["first"] for line in lines}
    blocks = [numbers[i : i + size] for i in range(0, len(numbers), size)]
    todo = [(what, block, folder) for block in blocks if block.start not in done]
    with multiprocessing.get_context("spawn").Pool(workers) as pool, journal.open("a") as file:
        for i, line in enumerate(pool.imap_unordered(do, todo)):
            lines.append(line)
            file.write(json.dumps(line) + "\n")
            file.flush()
            if i % 20 == 0:
                print(told(lines), flush=True)
    print(told(lines))
    return not told(lines)["found"]


def main() -> None:
    """As the first lines of this file say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=[*WORK, "soak", "tell"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--networks", "--files", "--rounds", type=int, default=10**6, dest="n")
    parser.add_argument("--first", type=int, default=0, help="number of the first one: each is another")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.what == "tell":
        for journal in sorted(given.folder.glob("*.jsonl")):
            print(journal.stem, json.dumps(told(lines_of(journal)), indent=1))
        return
    if given.what == "soak":
        sys.exit(not soak(given.folder, 60 * given.minutes))
    sys.exit(not campaign(given.what, given.folder, range(given.first, given.first + given.n), given.workers))


if __name__ == "__main__":
    main()
