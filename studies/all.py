"""Run every study one after the other, each in a process of its own: `make studies`, or with `--full` all there is.

The short ones take under ten minutes together on two cores. A study that fails is named at the end, and the others run.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
NOT_STUDIES = {"all.py", "digits.py", "report.py"}


def main() -> int:
    """The number of studies that failed."""
    failed = []
    for script in sorted(HERE.glob("*.py")):
        if script.name in NOT_STUDIES:
            continue
        print(f"\n=== {script.stem} ===", flush=True)
        begun = time.perf_counter()
        if subprocess.run([sys.executable, str(script), *sys.argv[1:]], check=False).returncode:
            failed.append(script.stem)
        print(f"=== {script.stem}: {time.perf_counter() - begun:.0f} s ===", flush=True)
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
