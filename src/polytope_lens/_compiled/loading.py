"""Object files as functions that can be called; LLVM alone does that, and is loaded with the first of them.

numba, which has made them, is not needed any more, nor anything of it: they call nobody.
"""

from __future__ import annotations

import ctypes
import os
import platform
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING, Any

from polytope_lens._compiled.families import FEATURES, OPTIONS, PROCESSOR, asked_for, label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENTRY = "entry"
"""The name of the function in an object file."""
CALL = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
"""Other threads run meanwhile."""
_engines: list[Any] = []
"""They hold the code of what was loaded."""


@cache
def host() -> str:
    """All that machine code depends on besides its source: processor, compiler, options.

    Who sets NUMBA_CPU_NAME, to ``generic`` for example, gets code for that processor, wherever it runs.
    """
    if (family := asked_for()) is not None:
        return label(family)
    import llvmlite
    import llvmlite.binding as llvm

    processor = os.environ.get(PROCESSOR) or llvm.get_host_cpu_name()
    features = os.environ.get(FEATURES)
    if features is None and processor != "generic":
        features = llvm.get_host_cpu_features().flatten()
    options = " ".join(f"{name}={os.environ[name]}" for name in OPTIONS if name in os.environ)
    head = object.__basicsize__
    return f"{llvm.get_process_triple()} {processor} {features} {llvmlite.__version__} {_numba()} {head} {options}"


def _numba() -> str:
    """What tells releases of numba apart, without importing it."""
    found = find_spec("numba")
    versions = [Path(folder) / "_version.py" for folder in (found and found.submodule_search_locations) or ()]
    return " ".join(sha256(path.read_bytes()).hexdigest()[:8] for path in versions if path.is_file())


def loaded(code: bytes, name: str) -> Callable[..., int]:
    """A function of an object file."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(jit=True)
    # Where calls and data reach only so far, memory has to be had in one piece.
    in_one_piece = platform.machine() in ("aarch64", "arm64")
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine, use_lmm=in_one_piece)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)
    return CALL(engine.get_function_address(name))


class LoadedCode:
    """A function of machine code: words in, values out."""

    __slots__ = ("_call", "_n_results", "_packing", "_returned", "_unpack")

    def __init__(self, function: Callable[..., int], packing: Struct, returned: Any) -> None:
        letters = "".join(flat(returned))
        self._call = function
        self._packing = packing
        self._returned = returned
        self._n_results = max(len(letters), 1)
        self._unpack = Struct("=" + letters.replace("?", "?7x")).unpack_from

    def packed(self, words: list[Any]) -> bytes:
        """The words of arguments as the function reads them."""
        return self._packing.pack(*words)

    def __call__(self, words: bytes, arguments: tuple[Any, ...] = ()) -> Any:
        """What the kernel returns; the `arguments` that words stand for have to be there meanwhile."""
        results = (ctypes.c_int64 * self._n_results)()
        if self._call(words, ctypes.addressof(results)):
            raise SystemError("a kernel has failed.")
        if self._returned == "q":
            return results[0]
        return together(self._returned, iter(self._unpack(results)))


def flat(returned: Any) -> Iterator[str]:
    """The letters of what a kernel returns."""
    if isinstance(returned, tuple):
        for part in returned:
            yield from flat(part)
    else:
        yield returned


def together(returned: Any, values: Iterator[Any]) -> Any:
    """What a kernel returns, from its words."""
    if isinstance(returned, tuple):
        return tuple(together(part, values) for part in returned)
    return next(values) if returned else None
