"""Logs that were made to waste memory and time get as much of both as the checker states, and no more."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time

import pytest

from polytope_lens.proof import checker, fast_checker
from proof_logs import sealed

LARGE, SMALL, ZERO, ONE = (value.hex() for value in (1.7e308, 5e-324, 0.0, 1.0))


def layer(width, *weights, negative=ZERO, positive=ONE):
    """Equal neurons, with a bias of 0."""
    return [f"layer {width}", *[f"neuron {negative} {positive} {ONE} {' '.join(weights)} {ZERO}"] * width]


def zigzag(n):
    """Layers of tents, which have ever more regions."""
    steep, half = (4.0).hex(), (-0.5).hex()
    tent = [
        "layer 2",
        f"neuron -{steep} {steep} {ONE} {ONE} {ZERO} {half}",
        f"neuron -{steep} {steep} {ONE} {ZERO} {ONE} {half}",
    ]
    return tent * n


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


def piece(*lines, counts=1):
    """A trunk without steps, and its only piece."""
    return ["to", f"piece 0 0 {' '.join(['1'] * counts)}", *lines]


HOSTILE = {
    "a huge box": ["inputs 30000", "domain box 0 1"],
    "a box that is there": ["inputs 20000", square(20000), "form tree", *piece("1" * 20000, counts=0)],
    "all of a large space": ["inputs 30000", "domain polytope 0", "form tree"],
    "no end of inputs": ["inputs 999999999999999999", "domain polytope 0"],
    "more inputs than words": ["inputs 99999999999999999999", "domain polytope 0"],
    "more neurons than lines": ["inputs 2", "layer 999999999999999999", "neuron 0"],
    "many sides": ["inputs 2", "domain polytope 999999999999999999", "side 0"],
    "many pieces": ["inputs 1", *layer(9, ONE), square(1), "form tree", *["to 0", "piece 0 0 1"] * 3000],
    "a piece that is not there": ["inputs 1", *layer(1, ONE), square(1), "form tree", "to", "piece 99999999999999 0 1"],
    "long numbers": [*chain(3000, 1), "form tree", *piece("0", counts=3000)],
    "long numbers of many neurons": [*chain(30, 30), "form tree", *piece("0", counts=30)],
    "a long corner": ["inputs 2", *layer(300, LARGE, SMALL) * 40, square(2), "form plane", *piece(counts=40)],
    "a long factor": ["inputs 300", *layer(1, *[SMALL] * 300), square(300), "form tree", *piece("0+9A" + "f" * 2**21)],
    "many halfspaces": ["inputs 300", *layer(1, *[SMALL] * 300), square(300), "form tree", *piece("0+" + "A" * 2**21)],
    "a name without end": ["inputs 1", *layer(1, ONE), square(1), "form tree", *piece("0+1" + "g" * 2**21 + "A1")],
    "a long point": ["inputs 1", *layer(1, ONE), square(1), "form tree", *piece("0 " + "1" * 2**24, "1")],
    "a stack of cuts": ["inputs 1", *layer(20000, ONE), square(1), "form tree", *piece(" ".join(map(str, range(999))))],
    "many neurons": ["inputs 2", *layer(2000, ONE, SMALL), square(2), "form plane", *piece()],
    "polygons without end": ["inputs 2", *zigzag(60), square(2), "form plane", *piece(counts=60)],
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
    path.write_bytes(sealed(["polytope_lens proof 1", *HOSTILE[name], "regions 1"]))
    most = checker.FREE_BYTES + checker.BYTES_PER_BYTE * path.stat().st_size + 2**26  # the last for Python itself
    refuses(path, most)


@pytest.mark.parametrize("name", ["a stack of signs", "a name without end", "polygons without end", "a long point"])
def test_the_compiled_checker_says_the_same_in_time(name, tmp_path):
    path = tmp_path / "hostile.proof"
    path.write_bytes(sealed(["polytope_lens proof 1", *HOSTILE[name], "regions 1"]))
    start = time.process_time()
    found = fast_checker.verify(path, 2)
    assert not found["proved"] and time.process_time() - start < 10
    reasons = {found["reason"], checker.verify(path, 2)["reason"]}
    # On a busy machine one of them may run out of time before it runs out of memory.
    assert len(reasons) == 1 or any(reason.startswith("not decided") for reason in reasons)


@pytest.mark.parametrize("name", ["neurons", "steps", "lines", "one line", "bounds"])
def test_bombs_that_are_packed_are_refused(name, tmp_path):
    """A megabyte of gzip holds hundreds."""
    head = ["polytope_lens proof 1", "inputs 1", *layer(1, ONE)]
    start, again = {
        "neurons": ([*head[:2], "layer 99999999"], layer(1, ONE)[1]),
        "steps": ([*head, square(1), "form tree", "to"], "to 0"),
        "lines": ([*head, square(1), "form tree", "to", "piece 999999999 0 1"], "0 8"),
        "one line": ([*head, square(1), "form tree"], "to 0 0 0 0 0 0 0 0 0 0"),
        "bounds": ([*head, *asks(1, "0 y0 1")], "bounds 0 1 0 * *"),
    }[name]
    end = " " if name == "one line" else "\n"
    path = tmp_path / "bomb.proof.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(("\n".join(start) + "\n").encode())
        block = (again + end).encode() * 2**16
        for _ in range(2**27 // len(block)):
            file.write(block)
    refuses(path, checker.FREE_BYTES + checker.BYTES_PER_BYTE * path.stat().st_size + 2**26)


def refuses(path, most):
    """The checker says no within 30 seconds, in so many bytes."""
    run = [sys.executable, "-I", "-S", "-c", LIMITED, checker.__file__, str(path), str(most)]
    done = subprocess.run(run, capture_output=True, text=True, check=True, timeout=30)
    found = json.loads(done.stdout)
    assert not found["proved"] and "more memory than there is" not in found["reason"]
