"""Each class and each module has a name of its own, and each module a test of its name."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "polytope_lens"
STANDALONE = SOURCE / "proof" / "checker.py"  # runs anywhere, so it imports no types


def modules():
    return sorted(path for path in SOURCE.rglob("*.py") if path.name not in ("__init__.py", "__main__.py"))


def is_kernel(path):
    return path.parent.name == "_kernels" or path.stem.endswith("_kernels")


def has_only_names(path):
    """Whether a module defines nothing but constants and names for types, which nobody can call."""
    return not any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in tree(path).body)


@cache
def tree(path):
    return ast.parse(path.read_text())


def shared(names):
    """Names that several places have."""
    return {name for name, places in names.items() if len(places) > 1}


def test_no_class_name_stands_in_two_modules():
    names = defaultdict(set)
    for path in modules():
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and path != STANDALONE:
                names[node.name].add(path)
    assert not shared(names)


def test_no_module_name_stands_in_two_packages():
    """But a kernel's beside its engine, and that of a package's first module."""
    names = defaultdict(set)
    for path in [*modules(), *(path.parent for path in SOURCE.rglob("__init__.py") if path.parent != SOURCE)]:
        beside_engine = is_kernel(path) and (path.parent.parent / path.name).exists()
        if not beside_engine and path.parent.name != path.stem:
            names[path.stem].add(path)
    assert not shared(names)


def test_every_module_has_a_test_of_its_name():
    untested = set()
    for path in modules():
        place = path.relative_to(SOURCE).with_suffix("")
        folders = [folder.lstrip("_") for folder in place.parts[:-1]]
        test = Path(ROOT, "tests", "unit", *folders, f"test_{place.name.lstrip('_')}.py")
        if not is_kernel(path) and not has_only_names(path) and not test.is_file():
            untested.add(str(place))
    assert not untested, "write a test named after these modules, where their packages are mirrored"


def test_tests_stand_where_their_module_does():
    """A test in a folder that mirrors a package is named after a module of it; others are about several."""
    packages = {_mirror(init.parent) for init in SOURCE.rglob("__init__.py")}
    for test in (ROOT / "tests" / "unit").rglob("test_*.py"):
        assert test.parent.relative_to(ROOT / "tests" / "unit") in packages, f"{test} mirrors no package"


def _mirror(package):
    return Path(*(part.lstrip("_") for part in package.relative_to(SOURCE).parts))
