"""Machine code that a wheel brings: used where the processor is of the family, and only if nobody asks for other."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from polytope_lens._compiled import families

SOURCES = Path(__file__).parents[3] / "src"
X86 = platform.machine().lower() in ("x86_64", "amd64")
KNOWN = {name for name, is_there in llvm.get_host_cpu_features().items() if is_there}
IS_V3 = X86 and families.FAMILIES["x86-64-v3"] <= KNOWN
V3 = {"NUMBA_CPU_NAME": "x86-64-v3", "NUMBA_CPU_FEATURES": ""}
KERNEL = """
import os, sys
from pathlib import Path
from polytope_lens._compiled import families, machine_code
from polytope_lens._compiled.jit import compiled, jit

families.SHIPPED = machine_code.SHIPPED = Path(os.environ["SHIPPED"]) / "polytope_lens"


@jit
def twice(x):
    return 2 * x


if __name__ == "__main__":
    at_hand = twice.is_at_hand()
    print(twice(3), len(compiled), at_hand, "numba" in sys.modules)
"""


@pytest.fixture
def run(tmp_path):
    """What a process prints that asks a kernel: the answer, how many were compiled, whether it was at hand, numba."""
    (tmp_path / "kernel.py").write_text(KERNEL)

    def found(cache, **environment):
        left = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
        more = {"SHIPPED": str(tmp_path / "shipped"), "NUMBA_CACHE_DIR": str(tmp_path / cache), **environment}
        done = subprocess.run(
            [sys.executable, str(tmp_path / "kernel.py")], capture_output=True, text=True, env=left | more
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    return found


@pytest.mark.skipif(not IS_V3, reason="needs a processor of the family")
def test_what_was_brought_along_is_loaded_without_a_compiler(run):
    assert run("shipped", **V3) == ["6", "1", "False", "True"]
    assert run("own") == ["6", "0", "True", "False"]
    # Who asks for something else gets it.
    assert run("own", NUMBA_OPT="1") == ["6", "1", "False", "True"]


def test_a_processor_of_no_family_compiles(run, tmp_path, monkeypatch):
    monkeypatch.setattr(families, "SHIPPED", tmp_path)
    monkeypatch.setattr(families, "FAMILIES", {"x86-64-v9": frozenset({"avx2048"})})
    families.fitting.cache_clear()
    assert families.fitting() == ()
    families.fitting.cache_clear()


@pytest.mark.skipif(SOURCES not in families.SHIPPED.parents, reason="about a checkout, and this is an installation")
def test_nothing_is_looked_for_in_a_checkout():
    assert not families.SHIPPED.exists()
    assert families.fitting() == ()


@pytest.mark.skipif(not X86, reason="names of other processors' features differ")
def test_features_are_called_as_llvm_calls_them():
    known = set(llvm.get_host_cpu_features())
    assert all(needed <= known for needed in families.FAMILIES.values())


def test_the_wheel_of_the_makefile_has_every_family():
    text = (Path(__file__).parents[3] / "Makefile").read_text()
    assert all(family in text for family in families.FAMILIES)
