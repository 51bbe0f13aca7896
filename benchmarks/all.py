"""All figures that README and docs quote, by one command, as one page of tables.

    python benchmarks/all.py [--beside PATH] [--output benchmarks/RESULTS.md] [--only NAME ...] [--list]

Scripts that compare two checkouts need ``--beside``, the root of another one, and are left out without it; peers are
left out where they are not installed. Each script runs in a process of its own, on one thread of matrix products, one
after the other: some 25 minutes in all. What a script prints stands on the page as it is; a script that fails is named
there, and the exit code is 1. The page is written anew after each script, whole.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
BESIDE = "PATH"
# Script, what is asked of it, and what has to be installed.
RUNS = {
    "first_second": (["--beside", BESIDE, "--runs", "3"], None),
    "paired": (["--beside", BESIDE, "--runs", "3"], None),
    "degenerate": (["--beside", BESIDE, "--runs", "3"], None),
    "limit": (["--runs", "3", "--seconds", "2", "--figure", "docs/images/limit.png"], None),
    "run": (["--runs", "5"], None),
    "queries": (["--runs", "5"], None),
    "explore": (["--runs", "3"], None),
    "robustness": (["--points", "20"], "sklearn"),
    "peers": (["--runs", "7"], "regioncam"),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--beside", metavar="PATH", type=Path, help="root of another checkout")
    parser.add_argument("--output", metavar="FILE", type=Path, default=HERE / "RESULTS.md")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=list(RUNS), default=list(RUNS))
    parser.add_argument("--list", action="store_true", help="say what would run, and run nothing")
    arguments = parser.parse_args()
    page, failed = [head()], []
    for name in arguments.only:
        options, package = RUNS[name]
        if BESIDE in options and arguments.beside is None:
            print(f"{name}: left out, it needs --beside", flush=True)
            continue
        if package is not None and find_spec(package) is None:
            print(f"{name}: left out, {package} is not installed", flush=True)
            continue
        beside = str(arguments.beside.resolve()) if arguments.beside else ""
        command = [f"{name}.py", *(beside if option == BESIDE else option for option in options)]
        shown = " ".join(["python", f"benchmarks/{name}.py", *options])
        print(shown, flush=True)
        if arguments.list:
            continue
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, str(HERE / command[0]), *command[1:]],
            cwd=HERE.parent,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            failed.append(name)
        page.append(section(shown, done, time.perf_counter() - start, hidden=(beside, str(HERE.parent))))
        write(arguments.output, "\n".join(page))
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def head() -> str:
    commit = subprocess.run(
        ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return (
        "# Results\n\n"
        f"Written by `python benchmarks/all.py` on {time.strftime('%Y-%m-%d')}, commit {commit.stdout.strip()}, Python "
        f"{platform.python_version()}, {os.cpu_count()} processors of {platform.machine()}. What the scripts measure, "
        "and how, stands in their first lines and in README.md. Compare only figures of one table.\n"
    )


def section(shown: str, done: subprocess.CompletedProcess[str], seconds: float, hidden: tuple[str, ...]) -> str:
    """What a script printed, or how it ended, without names of folders of this machine."""
    text = done.stdout if not done.returncode else f"{done.stdout}\n{done.stderr}\nexit code {done.returncode}"
    for folder in filter(None, hidden):
        text = text.replace(folder, "...")
    return f"## {shown}\n\n{seconds:.0f} seconds.\n\n```text\n{text.strip()}\n```\n"


def write(path: Path, text: str) -> None:
    beside = path.with_suffix(".part")
    beside.write_text(text)
    beside.replace(path)


if __name__ == "__main__":
    sys.exit(main())
