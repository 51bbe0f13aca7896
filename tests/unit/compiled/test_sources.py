"""Which files machine code comes from."""

from __future__ import annotations

from polytope_lens._compiled import sources

KERNELS = sources.PACKAGE / "engines" / "_kernels"


def test_imports_are_followed_through_packages_and_modules():
    assert sources.PACKAGE / "arithmetic" / "signs.py" in sources.imported(KERNELS / "split.py")
    assert KERNELS / "blockwise.py" in sources.imported(sources.PACKAGE / "engines" / "cell_corners.py")
    assert sources.digest(KERNELS / "split.py") != sources.digest(KERNELS / "polyhedra.py")


def test_how_kernels_are_compiled_counts_for_all():
    assert all(path.is_file() for path in sources.COMPILED)
    assert "compiler.py" in {path.name for path in sources.COMPILED}


def test_a_module_without_sources_never_changes(tmp_path):
    assert sources.digest(tmp_path / "gone.py") == sources.digest(tmp_path / "gone.py")
