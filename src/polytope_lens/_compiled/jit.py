"""How kernels are compiled, and that machine code kept on disk is never older than its sources.

numba keeps machine code beside the sources, and compiles anew when the file of a function has changed; it does not see
that a function which was compiled into it has, in another file. So the machine code of a module goes when any file that
it imports from this package, however indirectly, is no longer what it was compiled from.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numba

from polytope_lens._compiled.machine_code import kept_code
from polytope_lens._compiled.waiting import waited_for

if TYPE_CHECKING:
    from collections.abc import Sequence

# Seconds to spend in a process before kernels are compiled, which takes some ten more.
MOST_SECONDS = 2.0
# Seconds that were spent in this process to do without.
spent = [0.0]

PACKAGE = Path(__file__).parent.parent
# An import of this package at the top of a module: from where, and what. Types alone are imported further in.
IMPORT = re.compile(r"^from (polytope_lens[\w.]*) import (\([^)]*\)|.*)", re.MULTILINE)


def jit(function: Any, **options: Any) -> Any:
    """Compile lazily, keep the machine code on disk if possible, and let other threads run meanwhile.

    Compiling takes seconds, in which Ctrl-C and alarms act.

    Without numba's run-time: kernels allocate nothing, and counting references to the arrays of the state would take
    most of their time (14 x 6 neurons: 19 ms with it, 3 ms without).
    """
    compile_later: Any = numba.njit
    compiled = compile_later(nogil=True, error_model="numpy", _nrt=False, **options)(function)
    code = kept_code(function)
    if code is not None and forget_if_stale(Path(code.cache_path), Path(function.__code__.co_filename)):
        compiled._cache = code
    compiled._compile_for_args = partial(waited_for, compiled._compile_for_args)
    return compiled


def inlined(function: Any) -> Any:
    """Compile as a part of its callers, so that passing the state along costs nothing."""
    return jit(function, forceinline=True)


def merged(function: Any) -> Any:
    """Make it a part of its callers before they are compiled, where the functions that it is given are known."""
    return jit(function, inline="always")


def pays(kernels: Sequence[Any], seconds: float) -> bool:
    """Whether to ask kernels a question that can be answered without them in so many seconds, which is an estimate.

    If they are compiled, in memory or on disk, yes. Else that would take some ten seconds, for a first question that
    may be the only one. So small questions are answered without, until those asked so far have cost MOST_SECONDS:
    whoever asks so many is likely to go on. The answers are the same.
    """
    if all(map(is_at_hand, kernels)):
        return True
    spent[0] += seconds
    return spent[0] > MOST_SECONDS


def is_at_hand(kernel: Any) -> bool:
    """Whether a kernel has been compiled, in memory or on disk."""
    return bool(kernel.overloads) or _is_on_disk(kernel)


@cache
def _is_on_disk(kernel: Any) -> bool:
    """Whether a kernel had been compiled before this process; looked up once."""
    function = kernel.py_func
    folder = kernel.stats.cache_path
    index = f"{Path(function.__code__.co_filename).stem}.{function.__qualname__}-*.nbi"
    return folder is not None and next(Path(folder).glob(index), None) is not None


@cache
def forget_if_stale(folder: Path, module: Path) -> bool:
    """Delete a module's machine code in a folder, unless its stamp there says that it was compiled from these sources.

    Processes that start at once may both delete and both write the stamp, which is the same. Where there are no
    sources, as in a frozen program, nothing can change.

    Returns
    -------
    bool
        Whether what is in the folder now may be believed.
    """
    if not module.is_file():
        return True
    stamp, now = folder / f"{module.stem}.sources", digest(module).encode()
    try:
        if stamp.exists() and stamp.read_bytes() == now:
            return True
        for compiled in folder.glob(f"{module.stem}.*.nb[ic]"):
            compiled.unlink(missing_ok=True)
    except OSError:
        return False
    with suppress(OSError):  # where there is no room for it, all is deleted again by the next process
        stamp.write_bytes(now)
    return True


def digest(module: Path) -> str:
    """SHA-256 of a module and of all that it imports from this package, however indirectly."""
    found, left = {module}, [module]
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
    return path.read_text(encoding="utf-8")
