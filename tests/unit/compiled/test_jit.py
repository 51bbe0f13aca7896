"""Machine code on disk follows its sources, those of inlined functions in other files too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest
from numba.core.compiler_lock import global_compiler_lock

from polytope_lens import _progress
from polytope_lens._compiled import compiler, jit
from polytope_lens._compiled.jit import inlined, merged

INNER = """
from polytope_lens._compiled.jit import inlined


@inlined
def number():
    return {}
"""
OUTER = """
from polytope_lens._compiled.jit import jit
from polytope_lens.inner import (
    number,
)


@jit
def twice():
    return 2 * number()
"""
ASK = """
from polytope_lens._compiled.jit import compiled
from polytope_lens.outer import twice
print(twice(), len(compiled))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small package of the same name, with the real module that compiles."""
    folder = tmp_path / "polytope_lens"
    (folder / "_compiled").mkdir(parents=True)
    for package in (folder, folder / "_compiled"):
        (package / "__init__.py").touch()
    for module in Path(jit.__file__).parent.glob("*.py"):
        shutil.copy(module, folder / "_compiled")
    shutil.copy(_progress.__file__, folder)
    (folder / "inner.py").write_text(INNER.format(1))
    (folder / "outer.py").write_text(OUTER)
    return folder


def said(package: Path, code: str) -> list[str]:
    """What a process of its own prints, in words."""
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("NUMBA_CACHE_DIR", None)  # which would hold the machine code
    asked = [sys.executable, "-c", code]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, env=environment, cwd=package.parent)
    return done.stdout.split()


def answer(package: Path) -> tuple[int, int]:
    """What the kernel returns in a process of its own, and how many kernels were compiled there."""
    returned, n_compiled = said(package, ASK)
    return int(returned), int(n_compiled)


def test_a_kernel_is_compiled_anew_when_what_it_inlines_has_changed(package: Path):
    assert answer(package) == (2, 1)
    assert answer(package) == (2, 0)
    (package / "inner.py").write_text(INNER.format(3))
    assert answer(package) == (6, 1)
    assert len(list(package.glob("__pycache__/outer.*.machine"))) == 1  # what is stale has gone


def test_small_questions_are_asked_without_kernels_until_there_were_many(monkeypatch):
    monkeypatch.setattr(jit, "spent", [0.0])
    monkeypatch.setattr(jit, "is_at_hand", lambda _: False)
    answers = [jit.pays((), jit.MOST_SECONDS / 3) for _ in range(3)]
    assert answers == [True] * 3  # no kernel is missing
    assert [jit.pays((None,), jit.MOST_SECONDS / 3) for _ in range(5)] == [False, False, False, True, True]


def test_large_questions_are_worth_a_compiler(monkeypatch):
    monkeypatch.setattr(jit, "spent", [0.0])
    monkeypatch.setattr(jit, "is_at_hand", lambda _: False)
    assert jit.pays((None,), 2 * jit.MOST_SECONDS)


def test_kernels_on_disk_are_at_hand(package):
    ask = (
        "from polytope_lens._compiled.jit import is_at_hand; from polytope_lens.outer import twice; "
        "before = is_at_hand(twice); twice(); print(int(before), int(is_at_hand(twice)))"
    )
    for expected in (["0", "1"], ["1", "1"]):
        assert said(package, ask) == expected


class Part(NamedTuple):
    numbers: Any
    words: Any


class Whole(NamedTuple):
    part: Part
    empty: tuple[()]
    scale: float


@inlined
def scaled(whole, x):
    return whole.scale * x


@jit.jit
def everything(whole, k, word, flag, small, strided):
    whole.part.numbers[k] = scaled(whole, strided[1, 0])
    whole.part.words[0] = word
    return strided[1, 1], (k, word, flag), small, whole.part.numbers.shape[0], np.sqrt(np.float32(2))


@jit.jit
def nothing(array):
    array[0] += 1


@merged
def applied(function, x):
    return function(function(x))


@jit.jit
def fourth(x):
    return applied(square, x)


@inlined
def square(x):
    return x * x


@jit.jit
def ratio(x, y):
    return x / y


def test_arguments_and_results_of_all_kinds():
    """numba types them as it does by itself; the same bits come and go, and strides are followed."""
    numbers, words = np.zeros(3), np.zeros(2, dtype=np.uint64)
    strided = np.arange(24.0).reshape(4, 6)[::2, ::3]
    whole = Whole(Part(numbers, words), (), 3.0)
    word = np.uint64(2**64 - 1)
    for k, flag, small in ((1, True, -1), (np.int64(2), np.bool_(False), np.int32(-5)), (0, False, np.uint8(255))):
        found = everything(whole, k, word, flag, small, strided)
        assert found == (strided[1, 1], (k, 2**64 - 1, flag), small, 3, float(np.sqrt(np.float32(2))))
        assert [type(part) for part in (found[0], *found[1])] == [float, int, int, bool]
        assert numbers[k] == 3 * strided[1, 0] and words[0] == word
        numbers[:] = words[:] = 0


def test_what_returns_nothing_returns_none():
    array = np.zeros(1)
    assert nothing(array) is None and array[0] == 1


def test_a_function_given_to_another_is_a_part_of_it():
    assert [fourth(3), fourth(0.5)] == [81, 0.0625]


def test_floats_divide_as_those_of_numpy():
    assert np.isnan(ratio(0.0, 0.0)) and ratio(-1.0, 0.0) == -np.inf


@pytest.mark.parametrize("argument", ["text", None, [1], 1j, {}])
def test_what_no_kernel_can_take_is_refused(argument):
    with pytest.raises(TypeError, match="a kernel takes arrays, numbers and tuples of them, but received"):
        ratio(argument, 1.0)


def test_arrays_in_the_order_of_other_machines_are_refused():
    with pytest.raises(Exception, match="dtype"):
        nothing(np.zeros(2, dtype=">f8"))


def test_arrays_that_look_alike_share_code_and_others_do_not():
    before = len(jit.compiled)
    nothing(np.zeros(5))
    assert len(jit.compiled) == before
    for array in (np.zeros(3, dtype=np.float32), np.zeros(6)[::2], np.zeros(2, dtype=np.int8)):
        nothing(array)
        assert array[0] == 1
    locked = np.zeros(2)
    locked.flags.writeable = False
    with pytest.raises(Exception, match="readonly"):
        nothing(locked)


def test_many_threads_that_ask_first_compile_once(monkeypatch):
    @jit.jit
    def fresh(x, y):
        return x + y

    before = len(jit.compiled)
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda k: fresh(k, 1), range(40))) == list(range(1, 41))
    assert len(jit.compiled) <= before + 1


def test_a_kernel_and_a_part_of_it_are_compiled_at_the_same_time(monkeypatch):
    """One thread has the compiler and asks for the part, whose own first call waits for the compiler."""
    part = jit.jit(lambda x: x + 1)

    @jit.jit
    def whole(x):
        return part(x) + part(2 * x)

    compiling, asked, object_code = Event(), Event(), compiler.object_code

    def slow_object_code(dispatcher, *arguments, **options):
        if dispatcher is whole.dispatcher:
            with global_compiler_lock:
                compiling.set()
                asked.wait(10)
                return object_code(dispatcher, *arguments, **options)
        asked.set()
        return object_code(dispatcher, *arguments, **options)

    monkeypatch.setattr(compiler, "object_code", slow_object_code)
    for kernel in (part, whole):
        monkeypatch.setattr(kernel, "_kept", SimpleNamespace(exists=lambda: False, write=lambda *_: None))
    found = {}
    threads = [Thread(target=lambda: found.update(whole=whole(3)), daemon=True)]
    threads.append(Thread(target=lambda: compiling.wait(10) and found.update(part=part(3)), daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == {"part": 4, "whole": 11}


def test_kernels_are_compiled_where_numba_is_told_to_leave_functions_to_python(monkeypatch):
    monkeypatch.setattr("numba.config.DISABLE_JIT", 1)
    fresh = jit.jit(lambda x: x * 7)
    monkeypatch.setattr(fresh, "_kept", SimpleNamespace(exists=lambda: False, write=lambda *_: None))
    assert fresh(6) == 42
    assert numba.config.DISABLE_JIT == 1


@jit.jit
def reuses(array):
    found = array[0] + 1.0
    total = found
    for k in range(array.shape[0]):
        if k > 0:
            found = array[k:]
            total += found[0]
    return total


def test_what_is_merged_leaves_options_of_others_alone():
    """numba takes single assignment away from what it merges."""
    assert fourth(2.0) == 16.0
    assert reuses(np.array([1.0, 2.0, 4.0])) == 8.0
