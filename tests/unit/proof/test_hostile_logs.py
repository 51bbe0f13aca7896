"""Logs that were made to waste memory and time get as much of both as the checker states, and no more."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from polytope_lens.proof import checker
from proof_logs import sealed

LARGE, SMALL, ZERO, ONE = (value.hex() for value in (1.7e308, 5e-324, 0.0, 1.0))


def layer(width, *weights, negative=ZERO, positive=ONE):
    """Equal neurons, with a bias of 0."""
    return [f"layer {width}", *[f"neuron {negative} {positive} {ONE} {' '.join(weights)} {ZERO}"] * width]


def square(d):
    return f"domain box {' '.join([f'-{ONE}'] * d + [ONE] * d)}"


def asks(d, *words, n=1, width=1):
    """One output and a property about inputs from 0 to 1."""
    output = " ".join(["output", *[ONE] * width, ZERO])
    sides = [f"constraint <= {bound} x{k} {a}" for k in range(d) for bound, a in (("1", "1"), ("0", "-1"))]
    more = [f"constraint <= {' '.join(words)}"] * n
    return ["outputs 1", output, "property 1", f"case {2 * d + n}", *sides, *more, "cases 0"]


def wide(n):
    """A layer and a property of its sum."""
    return [*layer(n, ONE), *asks(1, "0 y0 1", width=n)]


def chain(n, width):
    """Layers one behind the other, in which numbers grow by 4000 bits each."""
    later = layer(width, SMALL, *[LARGE] * (width - 1), negative=LARGE, positive=SMALL)
    return ["inputs 1", *layer(width, LARGE, negative=LARGE, positive=SMALL), *later * (n - 1), square(1)]


HOSTILE = {
    "a huge box": ["inputs 30000", "domain box 0 1"],
    "a box that is there": ["inputs 20000", square(20000), "chart 0 tree", "in 1"],
    "many charts": ["inputs 600", "domain cone 0"],
    "charts, each of which is begun": ["inputs 2000", "domain cone 0", *[f"chart {k} tree" for k in range(9)]],
    "no end of inputs": ["inputs 999999999999999999", "domain cone 0"],
    "more inputs than words": ["inputs 99999999999999999999", "domain cone 0"],
    "more neurons than lines": ["inputs 2", "layer 999999999999999999", "neuron 0"],
    "many sides": ["inputs 2", "domain polytope 999999999999999999", "side 0"],
    "long numbers": [*chain(3000, 1), "chart 0 tree", "cut 0", "off 0 1"],
    "long numbers of many neurons": [*chain(30, 30), "chart 0 tree", "cut 0"],
    "a long corner": ["inputs 2", *layer(300, LARGE, SMALL), square(2), "chart 0 plane", "v 0 0 1" + "0" * 200_000],
    "a long factor": ["inputs 300", *layer(1, *[SMALL] * 300), square(300), "chart 0 tree", "off 0 " + "f" * 2**21],
    "a stack of cuts": ["inputs 1", *layer(20000, ONE), square(1), "chart 0 tree", *[f"cut {k}" for k in range(20000)]],
    "many corners": ["inputs 2", *layer(2000, ZERO, ZERO), square(2), "chart 0 plane", *["v 0 0 1"] * 3000, "r 0 0 0"],
    "more outputs than lines": ["inputs 2", "outputs 999999999999999999", "output 0"],
    "more cases than lines": ["inputs 1", "outputs 1", f"output {ONE} {ZERO}", "property 999999999999999999", "case 1"],
    "long fractions": ["inputs 1", *layer(1, ONE), *asks(1, "1/" + "f" * 4000, "y0", "1", n=2000)],
    "long multipliers": ["inputs 300", *layer(1, *[SMALL] * 300), *asks(300, "0 y0 1"), "close 0 1 600 " + "f" * 2**21],
    "a stack of halves": ["inputs 1", *wide(2000), *["halve 0"] * 20000],
    "a stack of signs": ["inputs 1", *wide(20000), *[f"split 0 {k}" for k in range(20000)]],
    "ever finer bounds": ["inputs 1", *wide(1000), *[f"bounds 0 {k}" for k in range(4000)]],
    "bounds behind long numbers": [*chain(30, 30)[:-1], *asks(1, "0 y0 1", width=30), *["bounds 29 0 0 0 0"] * 9],
    "a ball of many sides": ["inputs 40", *asks(40, "0 y0 1", width=40)[:2], f"ball 1 1{' 0' * 40}"],
    "sides with long numbers": ["inputs 16", *asks(16, "0 y0 1", width=16)[:2], f"ball 1 1{(' ' + 'f' * 500) * 16}"],
    "inputs handed on through many layers": [
        "inputs 300", "outputs 1", f"output {' '.join([ONE] * 301)}", "less", "inputs 300",
        *layer(1, *[ONE] * 300), *layer(1, ONE) * 300, "outputs 1", f"output {ONE} {ONE}",
    ],
    "wide networks side by side": [
        "inputs 1", *layer(3000, ONE), "outputs 1", f"output {' '.join([ONE] * 3001)}", "less",
        "inputs 1", *layer(3000, SMALL), "outputs 1", f"output {' '.join([ONE] * 3001)}",
    ],
    "a line without end": ["inputs " + "1" * 10_000_000],
}  # fmt: skip
LIMITED = "import json, resource, runpy, sys; resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[3]),) * 2); "
LIMITED += "print(json.dumps(runpy.run_path(sys.argv[1])['verify'](sys.argv[2], 5)))"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_logs_get_as_much_memory_and_time_as_is_stated(name, tmp_path):
    path = tmp_path / "hostile.proof"
    path.write_bytes(sealed(["polytope_lens proof 1", *HOSTILE[name]]))
    most = checker.FREE_BYTES + checker.BYTES_PER_BYTE * path.stat().st_size + 2**26  # the last for Python itself
    run = [sys.executable, "-I", "-S", "-c", LIMITED, checker.__file__, str(path), str(most)]
    done = subprocess.run(run, capture_output=True, text=True, check=True, timeout=30)
    found = json.loads(done.stdout)
    assert not found["proved"] and "more memory than there is" not in found["reason"]
