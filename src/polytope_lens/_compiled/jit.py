"""How kernels are compiled: a kernel is a small object until it is called, and then only what the call needs.

Machine code from disk is loaded without the compiler (`loading`). If there is none, numba is imported and makes
it (`compiler`); it is kept for other processes (`machine_code`), from where it is loaded as if it had been
there. So there is one way to call a kernel, whoever has compiled it.
"""

from __future__ import annotations

import time
from ast import literal_eval
from functools import partial
from pathlib import Path
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any, NamedTuple

from polytope_lens._compiled.loading import ENTRY, LoadedCode, host, loaded
from polytope_lens._compiled.machine_code import KeptCode
from polytope_lens._compiled.notice import told
from polytope_lens._compiled.waiting import waited_for
from polytope_lens._compiled.words import NOTHING_APART, Apart, Look, described, packing, taken_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Seconds to spend in a process before kernels are compiled, which takes some ten more.
MOST_SECONDS = 2.0
# Seconds that were spent in this process to do without.
spent = [0.0]


class Compilation(NamedTuple):
    """What was compiled, how long it took, and how large the machine code is.

    `file` is None where it could not be kept.
    """

    what: str
    seconds: float
    size: int
    file: Path | None


# Held for a moment while numba's view of a function is made. A lock that is held while a kernel is compiled would not
# do: a thread that compiles another, of which this one is a part, would wait for one that waits for the compiler.
_making = Lock()

compiled: list[Compilation] = []
"""All that was compiled in this process."""


class Arguments(NamedTuple):
    """The first arguments of many calls, how they look, and their words."""

    parts: tuple[Any, ...]
    look: Look
    words: list[Any]

    @classmethod
    def of(cls, *parts: Any, known: Apart = NOTHING_APART) -> Arguments:
        """Take them apart, but for what is known."""
        return cls(parts, *taken_apart(parts, known))


NO_ARGUMENTS = Arguments.of()


class LazyKernel:
    """A function over arrays and numbers that is compiled when it is first called with arguments that look like these.

    Parameters
    ----------
    py_func : function
    options : dict
        What numba should know.
    has_long_loops : bool, default True
        Whether there are loops that are worth LLVM's vectors.
    """

    __slots__ = (
        "__weakref__",
        "_codes",
        "_dispatcher",
        "_kept",
        "_lock",
        "_was_kept",
        "has_long_loops",
        "options",
        "py_func",
    )

    def __init__(self, py_func: Any, options: dict[str, Any], has_long_loops: bool = True) -> None:
        self.py_func = py_func
        self.options = options
        self.has_long_loops = has_long_loops
        self._codes: dict[Look, LoadedCode] = {}
        self._kept: KeptCode = KeptCode(py_func)
        self._was_kept: bool | None = None
        self._dispatcher: Any = None
        self._lock = RLock()

    def __call__(self, *arguments: Any) -> Any:
        return self.prepared(*arguments)()

    def prepared(self, *arguments: Any, first: Arguments = NO_ARGUMENTS) -> Callable[[], Any]:
        """A call with these arguments that can be made again and again: arrays may change, but not their sizes.

        `first` are others before them.
        """
        look, words = taken_apart(arguments)
        arguments, look, words = first.parts + arguments, first.look + look, first.words + words
        code = self._codes.get(look)
        if code is None:
            code = self._found(look) or waited_for(self._compiled, look, arguments)
        return partial(code, code.packed(words), arguments)

    def is_at_hand(self) -> bool:
        """Whether it has been compiled, in memory or before this process; on disk it is looked for once."""
        if self._was_kept is None:
            self._was_kept = self._kept.exists()
        return self._was_kept or bool(self._codes)

    def _found(self, look: Look) -> LoadedCode | None:
        """Machine code from disk."""
        if not self._kept.exists():
            return None
        data = self._kept.read(described(look), host())
        return None if data is None else self._ready(look, data)

    def _compiled(self, look: Look, arguments: tuple[Any, ...]) -> LoadedCode:
        """Machine code that is made now, if no other thread has made it meanwhile."""
        from polytope_lens._compiled import compiler

        with self._lock:
            if look not in self._codes:
                start = time.perf_counter()
                with told(self.title, len(self.parts())) as is_done:
                    code, returned = compiler.object_code(
                        self.dispatcher, arguments, is_done, has_long_loops=self.has_long_loops
                    )
                data = repr(returned).encode() + b"\n" + code
                file = self._kept.write(described(look), host(), data)
                compiled.append(Compilation(self.title, time.perf_counter() - start, len(data), file))
                self._ready(look, data)
            return self._codes[look]

    def _ready(self, look: Look, data: bytes) -> LoadedCode:
        returned, code = data.split(b"\n", 1)
        with self._lock:
            if look not in self._codes:
                function = loaded(code, ENTRY)
                self._codes[look] = LoadedCode(function, packing(look), literal_eval(returned.decode()))
            return self._codes[look]

    @property
    def title(self) -> str:
        """What people are told it is."""
        module = Path(self.py_func.__code__.co_filename)
        is_engine = module.parent.name == "_kernels" and self.py_func.__name__ == "walk"
        return f"the {module.stem} engine" if is_engine else f"a step of {module.stem.removesuffix('_kernels')}"

    def parts(self) -> set[LazyKernel]:
        """The kernels that it consists of, itself among them."""
        found, left = {self}, [self]
        while left:
            function = left.pop().py_func
            mentioned = map(function.__globals__.get, function.__code__.co_names)
            fresh = {value for value in mentioned if isinstance(value, LazyKernel)} - found
            found |= fresh
            left += fresh
        return found

    @property
    def dispatcher(self) -> Any:
        """What numba takes it for, also where others call it."""
        from polytope_lens._compiled import compiler

        with _making:
            if self._dispatcher is None:
                self._dispatcher = compiler.dispatcher(self.py_func, self.options)
            return self._dispatcher

    @property
    def _numba_type_(self) -> Any:
        return self.dispatcher._numba_type_

    @property
    def targetoptions(self) -> Any:
        """Where numba looks whether to make it a part of its callers."""
        return self.dispatcher.targetoptions


def jit(function: Any, **options: Any) -> Any:
    """Compile lazily, keep the machine code on disk if possible, and let other threads run meanwhile.

    Compiling takes seconds, in which Ctrl-C and alarms act.
    """
    return LazyKernel(function, options)


def walk_kernel(function: Any) -> Any:
    """As `jit`, for walks over cells: their loops are over some ten numbers, or over octets (`simd`) already.

    LLVM's vectors took a fifth of the time to compile them, and made them 3 to 6 % slower.
    """
    return LazyKernel(function, {}, has_long_loops=False)


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


def is_at_hand(kernel: LazyKernel) -> bool:
    """Whether a kernel has been compiled, in memory or on disk."""
    return kernel.is_at_hand()
