"""Families of processors for which wheels bring machine code along, so that nothing is compiled after `pip install`.

An object file needs nothing but a processor that knows its instructions: neither numba nor the version of llvmlite that
has made it. So code for a family is told from other code by the family, by the system, and by where Python's objects
keep their fields, and by nothing else. Code for the very processor, if there is any, comes first: it is some 5 to 10
percent faster.
"""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from pathlib import Path

SHIPPED = Path(__file__).with_name("code") / "polytope_lens"
"""Where a wheel keeps it (`make wheel`); not there in a checkout."""
_V3 = frozenset({"avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe", "popcnt", "sse4.2"})
FAMILIES = {
    "x86-64-v4": _V3 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
    "x86-64-v3": _V3,
}
"""What processors of each family know, the best family first. Names are LLVM's, and the x86-64 ABI's."""
OPTIONS = (
    "NUMBA_BOUNDSCHECK",
    "NUMBA_ENABLE_AVX",
    "NUMBA_LOOP_VECTORIZE",
    "NUMBA_OPT",
    "NUMBA_SLP_VECTORIZE",
)
"""Variables that tell numba how to compile."""
PROCESSOR, FEATURES = "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"
"""Variables that tell numba for what."""


def label(family: str) -> str:
    """What code for a family depends on besides its source."""
    return f"{family} {sys.platform} {object.__basicsize__}"


@cache
def asked_for() -> str | None:
    """The family for which this process is told to compile, by numba's variables."""
    family = os.environ.get(PROCESSOR, "")
    is_plain = os.environ.get(FEATURES) == "" and not any(name in os.environ for name in OPTIONS)
    return family if family in FAMILIES and is_plain else None


@cache
def fitting() -> tuple[str, ...]:
    """The families of which this processor is one, where code was brought along and nobody asks for other code."""
    if not SHIPPED.is_dir() or platform.machine().lower() not in ("x86_64", "amd64"):
        return ()
    if any(name in os.environ for name in (PROCESSOR, FEATURES, *OPTIONS)):
        return ()
    import llvmlite.binding as llvm

    known = {name for name, is_there in llvm.get_host_cpu_features().items() if is_there}
    return tuple(family for family, needed in FAMILIES.items() if needed <= known)
