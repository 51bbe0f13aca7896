"""A campaign against the library: networks by the hundred thousand, damaged files, an hour of everything at once.

    python benchmarks/campaign.py agree campaign/ --networks 1000000     # all engines on random degenerate networks
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
from collections import Counter
from pathlib import Path
from typing import Any

from agreement import agree
from damage import damage
from shared_cache import share_cache
from soak import soak

# What is done between two lines of the journal: seconds rather than minutes
BLOCKS = {"agree": (agree, 500), "damage": (damage, 100), "cache": (share_cache, 1)}


def lines_of(journal: Path) -> list[dict[str, Any]]:
    """What the journal says; a last line that was cut off is as if it were not there."""
    if not journal.exists():
        return []
    return [json.loads(line) for line in journal.read_text().splitlines(keepends=True) if line.endswith("\n")]


def told(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The sum of what blocks tell: numbers, and tables of numbers by name."""
    total: Counter[str] = Counter()
    for line in lines:
        for key, value in line.items():
            for name, n in value.items() if isinstance(value, dict) else [("", value)]:
                total[f"{key}: {name}" if name else key] += n
    total.pop("first", None)
    return dict(sorted(total.items()))


def campaign(what: str, folder: Path, begin: int, n: int, workers: int) -> bool:
    """Do the blocks that are left, and say whether nothing was found."""
    work, size = BLOCKS[what]
    journal = folder / f"{what}.jsonl"
    done = {line["first"] for line in lines_of(journal)}
    if journal.exists():
        journal.write_text("".join(json.dumps(line) + "\n" for line in lines_of(journal)))
    firsts = range(begin, begin + n, size)
    todo = [(first, min(size, begin + n - first), folder) for first in firsts if first not in done]
    with multiprocessing.get_context("spawn").Pool(workers) as pool, journal.open("a") as file:
        for i, line in enumerate(pool.imap_unordered(work, todo)):
            file.write(json.dumps(line) + "\n")
            file.flush()
            if i % 20 == 0:
                print(told(lines_of(journal)), flush=True)
    total = told(lines_of(journal))
    print(total)
    return not total["found"]


def main() -> None:
    """As the first lines of this file say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=[*BLOCKS, "soak", "tell"])
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
    sys.exit(not campaign(given.what, given.folder, given.first, given.n, given.workers))


if __name__ == "__main__":
    main()
