"""The first answers of a process that has no compiled code: soon, and the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from polytope_lens import Lens
from polytope_lens._compiled.families import SHIPPED
from polytope_lens.importers.npz import load_npz

NET = Path(__file__).parents[2] / "benchmarks" / "nets" / "d2_14x6_box1.npz"
ASK = """
import json, sys, time
import numpy as np
from polytope_lens import Lens
from polytope_lens.importers.npz import load_npz

lens = Lens(load_npz(sys.argv[1])[0])
seconds, start = [], time.process_time()
region = lens.at(np.full(2, 0.1))
rows = region.inequalities()
seconds.append(time.process_time() - start)
near = region.neighbors()
seconds.append(time.process_time() - start - seconds[0])
rest = [region.is_bounded, region.vertices().tolist(), region.volume()]
answer = [rows.A.tolist(), rows.b.tolist(), rows.is_facet.tolist(), [str(other.pattern) for other in near], *rest]
from polytope_lens._compiled import jit
print(json.dumps([seconds, answer, jit.compiled]))
"""


def test_inequalities_and_neighbours_do_not_wait_for_a_compiler(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    asked = [sys.executable, "-c", ASK, str(NET)]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, env=environment)
    seconds, answer, compiled = json.loads(done.stdout)
    # Some hundredths of a second each; a compiler takes ten or more.
    assert max(seconds) < 2
    assert not compiled and not list(tmp_path.rglob("*.machine"))
    assert done.stderr == ""
    region = Lens(load_npz(NET)[0]).at(np.full(2, 0.1))
    rows, near = region.inequalities(), region.neighbors()
    assert answer[:3] == [rows.A.tolist(), rows.b.tolist(), rows.is_facet.tolist()]
    assert answer[3] == [str(other.pattern) for other in near]
    assert answer[4:] == [region.is_bounded, region.vertices().tolist(), region.volume()]


MANY = """
import sys
import numpy as np
from polytope_lens import Lens
from polytope_lens._compiled import jit
from polytope_lens.importers.npz import load_npz

lens = Lens(load_npz(sys.argv[1])[0])
for x in np.random.default_rng(0).uniform(-1, 1, (200, 2)):
    region = lens.at(x)
    region.inequalities(), region.vertices(), region.neighbors()
print({one.what for one in jit.compiled})
"""


@pytest.mark.skipif(SHIPPED.exists(), reason="a wheel with machine code compiles nothing")
def test_questions_about_regions_never_wait_for_an_engine(tmp_path):
    """However many there are: what they compile in the end is what they need."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    asked = [sys.executable, "-c", MANY, str(NET)]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, env=environment)
    assert "engine" not in done.stdout + done.stderr
    assert "redundancy" in done.stdout
