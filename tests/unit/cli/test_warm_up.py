"""Compiling everything beforehand: what is told, and that nothing is left to compile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from polytope_lens._compiled import jit
from polytope_lens._compiled.jit import Compilation
from polytope_lens.cli import main, warm_up

FOUND = [
    Compilation("the new engine", 3.25, 2**17, Path("/cache/new.machine")),
    Compilation("a step of all", 0.5, 2**20, None),
]


def test_what_was_compiled_is_told_with_seconds_size_and_place(capsys, monkeypatch):
    def compile_both(report):
        list(map(report, FOUND))
        return FOUND

    monkeypatch.setattr(warm_up, "warm_up", compile_both)
    assert main(["warm-up"]) == 0
    first, second, total = capsys.readouterr().out.splitlines()
    assert first.split() == ["the", "new", "engine", "3.2", "s", "128", "kB"]
    assert second.split() == ["a", "step", "of", "all", "0.5", "s", "1024", "kB"]
    assert total == "2 compiled in 4 s, 1.1 MB, kept in /cache"


def test_as_json(capsys, monkeypatch):
    monkeypatch.setattr(warm_up, "warm_up", lambda report: FOUND)
    assert main(["warm-up", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)["compiled"]
    assert first == {"what": "the new engine", "seconds": 3.25, "size": 2**17, "file": "/cache/new.machine"}
    assert second["file"] is None


def test_each_compilation_is_reported_once_and_small_questions_are_small_again(monkeypatch):
    def asked():
        for one in FOUND:
            jit.compiled.append(one)
            yield

    monkeypatch.setattr(warm_up, "_asked", asked)
    spent, told = jit.spent[0], []
    before = list(jit.compiled)
    assert warm_up.warm_up(told.append) == FOUND == told
    assert jit.spent[0] == spent
    jit.compiled[:] = before


ASK = """
import numpy as np
from polytope_lens import Box, Lens
from polytope_lens._compiled import jit

jit.spent[0] = float("inf")
rng = np.random.default_rng(3)
for d in (1, 2, 3, 5):
    sizes = (d, 7, 5, 2)
    weights = [rng.normal(size=(m, n)) for n, m in zip(sizes, sizes[1:])]
    lens, box = Lens.from_arrays(weights, [rng.normal(size=m) for m in sizes[1:]]), Box([-1] * d, [1] * d)
    lens.count(box), lens.count(), lens.partition(box).adjacency(), list(lens.regions(box))
    region = lens.at(np.full(d, 0.1))
    region.inequalities(), region.neighbors()
    lens.explore(np.full(d, 0.1), max_regions=4)
print([one.what for one in jit.compiled])
"""


@pytest.mark.long
def test_afterwards_first_calls_compile_nothing(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-m", "polytope_lens", "warm-up"], check=True, env=environment)
    done = subprocess.run([sys.executable, "-c", ASK], check=True, env=environment, capture_output=True, text=True)
    assert done.stdout == "[]\n"
