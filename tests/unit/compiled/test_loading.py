"""Machine code is loaded by LLVM alone."""

from __future__ import annotations

import os
import subprocess
import sys
from struct import Struct

import llvmlite.binding as llvm
import pytest

from polytope_lens._compiled import loading

ASK = "from polytope_lens._compiled.loading import host; print(host())"


def asked(**environment):
    left = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    done = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, text=True, env=left | environment, check=True
    )
    return done.stdout


def test_code_for_another_processor_or_made_otherwise_is_other_code():
    here = asked()
    assert asked() == here
    others = [asked(NUMBA_CPU_NAME="generic"), asked(NUMBA_OPT="1"), asked(NUMBA_BOUNDSCHECK="1")]
    assert len({here, *others}) == 4


def test_a_processor_that_is_named_is_the_same_everywhere():
    features = llvm.get_host_cpu_features().flatten()
    assert features in asked() and features not in asked(NUMBA_CPU_NAME="generic")


@pytest.mark.parametrize(
    ("returned", "values", "expected"),
    [
        ("", [], None),
        ("q", [-1], -1),
        ("Q", [2**64 - 1], 2**64 - 1),
        ("d", [0.5], 0.5),
        ("?", [True], True),
        (("d", ("q", "?"), ""), [0.5, 7, False], (0.5, (7, False), None)),
        ((), [], ()),
    ],
)
def test_results_are_put_together(returned, values, expected):
    letters = "".join(loading.flat(returned))
    assert letters.replace(" ", "") == "".join(letters)
    assert loading.together(returned, iter(values)) == expected


def test_a_kernel_that_fails_says_so():
    function = loading.CALL(lambda words, results: 1)
    code = loading.LoadedCode(function, Struct("=q"), "q")
    with pytest.raises(SystemError, match="a kernel has failed"):
        code(code.packed([1]))
