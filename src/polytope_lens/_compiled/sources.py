"""Which files machine code comes from, so that what is kept on disk is never older than they are."""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from pathlib import Path

PACKAGE = Path(__file__).parent.parent
COMPILED = frozenset(Path(__file__).with_name(f"{name}.py") for name in ("compiler", "held", "intrinsics", "words"))
"""On these all machine code depends."""
# An import of this package at the top of a module: from where, and what. Types alone are imported further in.
IMPORT = re.compile(r"^from (polytope_lens[\w.]*) import (\([^)]*\)|.*)", re.MULTILINE)


@cache
def digest(module: Path) -> str:
    """SHA-256 of a module, of all that it imports from this package, however indirectly, and of what compiles it.

    Where there are no sources, as in a frozen program, nothing can change.
    """
    found = {module, *COMPILED}
    left = list(found)
    while left:
        fresh = imported(left.pop()) - found
        found |= fresh
        left += fresh
    total = sha256()
    for path in sorted(found):
        total.update(_text(path).encode())
    return total.hexdigest()


@cache
def imported(module: Path) -> frozenset[Path]:
    """Files of this package that a module imports at its top."""
    paths = set()
    for package, names in IMPORT.findall(_text(module)):
        folder = PACKAGE.joinpath(*package.split(".")[1:])
        paths |= {folder.with_suffix(".py"), folder / "__init__.py"}
        paths |= {folder / f"{name}.py" for name in re.findall(r"\w+", names)}
    return frozenset(path for path in paths if path.is_file())


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
