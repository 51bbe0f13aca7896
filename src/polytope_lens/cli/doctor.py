"""Whether the installation works: versions, extras, where machine code is kept, known counts; and what to do if not."""

from __future__ import annotations

import os
import platform
import re
import time
import warnings
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NamedTuple

from polytope_lens.cli.arguments import add_as_json, add_command
from polytope_lens.cli.output import print_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from polytope_lens.cli.arguments import Commands
    from polytope_lens.lens import Lens

DISTRIBUTION = "polytope-lens"
NO_EXTRAS = ("all", "dev", "docs", "notebooks", "browser", "peers")
"""Extras that bring other extras, or are for those who work on the library."""


class Requirement(NamedTuple):
    """A library that is needed, always or by an extra; `version` is None where it is not installed."""

    name: str
    least: str
    extra: str
    version: str | None

    @property
    def is_met(self) -> bool:
        """Whether it is installed, and not too old."""
        return self.version is not None and _numbers(self.version) >= _numbers(self.least)


@dataclass(frozen=True, slots=True)
class Trial:
    """A question whose answer is known: number of regions, expected and found, or the error that it ended in."""

    what: str
    expected: int
    found: int | None
    error: str
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether the answer is right."""
        return self.found == self.expected


def add(commands: Commands) -> None:
    """Add this command."""
    sub = add_command(
        commands, "doctor", _doctor,
        "Whether this installation works, and what to do if not: versions, extras, machine code, known counts.",
        "",
    )  # fmt: skip
    add_as_json(sub)


def _doctor(arguments: argparse.Namespace) -> int:
    from polytope_lens import __version__
    from polytope_lens._compiled import jit
    from polytope_lens.engines._kernels import subdivide

    needed = list(requirements())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        n_before = len(jit.compiled)
        trials = list(known_counts())
        folder = code_folder(subdivide.__file__)
    compiled = jit.compiled[n_before:]
    advice = [str(warning.message) for warning in caught]
    advice += advised(needed, trials, folder, sum(one.seconds for one in compiled))
    failed = not all(trial.passed for trial in trials) or not all(one.is_met for one in needed if not one.extra)
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
    if arguments.json:
        print_json(
            {
                "version": __version__,
                "python": platform.python_version(),
                "system": system,
                "requirements": [{**one._asdict(), "is_met": one.is_met} for one in needed],
                "machine_code": folder,
                "trials": [{**asdict(trial), "passed": trial.passed} for trial in trials],
                "advice": advice,
            }
        )
        return int(failed)
    print(f"polytope_lens {__version__}, Python {platform.python_version()}, {system}")
    for extra in dict.fromkeys(one.extra for one in needed):
        told = ", ".join(_told(one) for one in needed if one.extra == extra)
        print(f"{f'extra {extra}' if extra else 'libraries'}: {told}")
    print(f"machine code: kept in {folder}" if folder else "machine code: cannot be kept")
    for trial in trials:
        found = f"{trial.found} regions" if not trial.error else trial.error
        wrong = "" if trial.passed else f", which should be {trial.expected}"
        print(f"{'ok' if trial.passed else 'FAILED':<6}  {trial.what}: {found}{wrong}, {trial.seconds:.2f} s")
    for line in advice:
        print(f"to do: {line}")
    if not failed:
        print("It works.")
    return int(failed)


def _told(one: Requirement) -> str:
    if one.version is None:
        return f"{one.name} not installed"
    return f"{one.name} {one.version}" + ("" if one.is_met else f", too old: {one.least} is needed")


def requirements() -> Iterator[Requirement]:
    """What the package says that it needs, in its order, and the versions that are there."""
    from importlib import metadata

    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:  # a folder of sources
        lines = []
    for line in lines:
        bound, _, condition = line.partition(";")
        name = re.split(r"[^\w.-]", bound, maxsplit=1)[0]
        least, extra = re.search(r">=([\d.]+)", bound), re.search(r"extra == ['\"](.+?)['\"]", condition)
        if extra is None or extra[1] not in NO_EXTRAS:
            version = _version(name)
            yield Requirement(name, least[1] if least else "0", extra[1] if extra else "", version)


def _version(name: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3]]


def code_folder(module: str) -> str | None:
    """Where machine code made from a file is kept, if anywhere."""
    from pathlib import Path

    from polytope_lens._compiled.machine_code import folder_to_write

    folder = folder_to_write(Path(module))
    return None if folder is None else str(folder)


def known_counts() -> Iterator[Trial]:
    """Questions to each engine whose answers are known, and what becomes of them."""
    from polytope_lens.domain import Box
    from polytope_lens.lens import Lens

    square, room = Box([-1, -1], [1, 1]), Box([-1000] * 3, [1000] * 3)
    trap = Lens.from_arrays([[[1], [-1]], [[3, 1]], [[1]]], [[0, 10], [-11], [0]])
    for what, expected, ask in (
        ("the example on [-1, 1]^2 (subdivide)", 3997, lambda: Lens.example().count(square, "subdivide").total),
        ("two layers on the line (split)", 5, lambda: trap.count(engine="split").total),
        ("7 planes in space (polyhedra)", 64, lambda: _general(7, 3).count(room, "polyhedra").total),
        ("6 hyperplanes in R^4 (split)", 57, lambda: _general(6, 4).count(engine="split").total),
    ):
        yield _tried(what, expected, ask)


def _tried(what: str, expected: int, ask: Callable[[], int]) -> Trial:
    """One question; whatever goes wrong is part of the answer."""
    start = time.perf_counter()
    found, error = None, ""
    try:
        found = ask()
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    return Trial(what, expected, found, error, time.perf_counter() - start)


def _general(n: int, d: int) -> Lens:
    """So many hyperplanes in general position, normal to points of a curve of which no d + 1 lie on a hyperplane."""
    from polytope_lens.lens import Lens

    rows = [[t**k for k in range(d + 1)] for t in range(1, n + 1)]
    return Lens.from_arrays([[row[:d] for row in rows], [[1] * n]], [[row[d] for row in rows], [0]])


def advised(needed: list[Requirement], trials: list[Trial], folder: str | None, seconds: float) -> Iterator[str]:
    """What to do, a sentence for each thing that is not as it should be."""
    if not needed:
        yield "this is a folder of sources, not an installation, so versions are not checked. Run: pip install ."
    for one in needed:
        if not one.is_met and not one.extra:
            yield f'{_told(one)}. Run: pip install "{one.name}>={one.least}"'
    for extra in dict.fromkeys(one.extra for one in needed if one.extra and not one.is_met):
        yield f'if you want what the extra {extra} brings, run: pip install "{DISTRIBUTION}[{extra}]"'
    if folder is None:
        yield "set NUMBA_CACHE_DIR to a folder that can be written to, or each process compiles anew."
    elif seconds > 0:
        yield f"{seconds:.0f} s were spent compiling. Run `{DISTRIBUTION} warm-up` once, so that nothing else is."
    if not all(trial.passed for trial in trials):
        yield "a known count is wrong: run `pip check`, install again, and if it stays, report what is printed here."
