"""Machine code on disk follows its sources, those of inlined functions in other files too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from polytope_lens._compiled import jit

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
ASK = "from polytope_lens.outer import twice; print(twice(), sum(twice.stats.cache_hits.values()))"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small package of the same name, with the real module that compiles."""
    folder = tmp_path / "polytope_lens"
    (folder / "_compiled").mkdir(parents=True)
    for package in (folder, folder / "_compiled"):
        (package / "__init__.py").touch()
    for module in ("jit", "machine_code", "waiting"):
        shutil.copy(Path(jit.__file__).with_name(f"{module}.py"), folder / "_compiled")
    (folder / "inner.py").write_text(INNER.format(1))
    (folder / "outer.py").write_text(OUTER)
    return folder


def answer(package: Path) -> tuple[int, int]:
    """What the kernel returns in a process of its own, and how often it was found on disk."""
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    asked = [sys.executable, "-c", ASK]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, env=environment, cwd=package.parent)
    returned, hits = done.stdout.split()
    return int(returned), int(hits)


def test_a_kernel_is_compiled_anew_when_what_it_inlines_has_changed(package: Path):
    assert answer(package) == (2, 0)
    assert answer(package) == (2, 1)
    (package / "inner.py").write_text(INNER.format(3))
    assert answer(package) == (6, 0)


def test_a_kernel_whose_old_machine_code_cannot_be_read_is_compiled_anew(package: Path):
    """An index that names a class which has moved since, as after an upgrade, made every call fail."""
    assert answer(package) == (2, 0)
    (index,) = package.glob("__pycache__/outer.*.nbi")
    index.write_bytes(index.read_bytes()[:40])
    (package / "inner.py").write_text(INNER.format(3))
    assert answer(package) == (6, 0)


def test_imports_are_followed_through_packages_and_modules():
    kernels = jit.PACKAGE / "engines" / "_kernels"
    assert jit.PACKAGE / "arithmetic" / "signs.py" in jit.imported(kernels / "split.py")
    assert kernels / "blockwise.py" in jit.imported(jit.PACKAGE / "engines" / "cell_corners.py")
    assert jit.digest(kernels / "split.py") != jit.digest(kernels / "polyhedra.py")


def test_a_module_without_sources_is_left_alone(tmp_path: Path):
    (tmp_path / "gone.walk-1.nbi").touch()
    assert jit.forget_if_stale(tmp_path, tmp_path / "gone.py")
    assert [path.name for path in tmp_path.iterdir()] == ["gone.walk-1.nbi"]


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
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    for expected in (["0", "1"], ["1", "1"]):
        asked = [sys.executable, "-c", ask]
        done = subprocess.run(asked, capture_output=True, text=True, check=True, env=environment, cwd=package.parent)
        assert done.stdout.split() == expected
