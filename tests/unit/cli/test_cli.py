"""The program: bad input gets one sentence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from commands import refused
from polytope_lens.cli import main
from polytope_lens.importers.npz import save_npz
from polytope_lens.importers.read import EXAMPLE
from polytope_lens.network.network import from_arrays


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("count", "nowhere.npz"), "nowhere.npz cannot be read"),
        (("count", "model.h5"), "model.h5 cannot be read: there is no such file"),
        (("count", "LINES", "--box", "1", "0"), "lower <= upper"),
        (("count", "LINES", "--box", "1", "1"), "is a single point"),
        (("count", "LINES", "--box", "1", "2", "3"), "--box takes 2 numbers, or 4"),
        (("count", "SPACE"), "--everywhere"),
        (("count", "SPACE", "--everywhere", "--engine", "subdivide"), "works for 2 inputs"),
        (("at", "LINES"), "needs the 2 coordinates"),
        (("at", "LINES", "1"), "one point with 2 coordinates"),
        (("at", "LINES", "nan", "1"), "should be finite"),
        (("at", "LINES", "--point", "LINES"), "not a .npy file"),
        (("plot", "LINES", "-o", "picture.jpg"), ".png, .svg or .pdf"),
        (("plot", "LINES", "-o", "nowhere/picture.png"), "nowhere/picture.png"),
        (("plot", "WIDE", "--box", "0", "1", "-o", "picture.png"), "networks with 2 inputs"),
        (("plot", "LINES", "-o", "picture.png", "--output-index", "3"), "output"),
        (("demo", "--steps", "0"), "at least 1"),
    ],
)
def test_bad_input_gets_one_sentence(capsys, lines, space, tmp_path, arguments, says):
    save_npz(from_arrays([np.eye(4)], [np.zeros(4)]), tmp_path / "wide.npz")
    named = {"LINES": lines, "SPACE": space, "WIDE": str(tmp_path / "wide.npz")}
    assert says in refused(capsys, *(named.get(word, word) for word in arguments))


def test_the_module_is_the_program(lines):
    run = subprocess.run(
        [sys.executable, "-m", "polytope_lens", "count", lines, "--json"], capture_output=True, text=True, check=True
    )
    assert json.loads(run.stdout)["total"] == 7


def test_arguments_that_cannot_be_read_get_one_sentence_too(capsys, lines):
    for arguments, says in (
        (["count", lines, "--box", "a", "1"], "argument --box: 'a' is not a number"),
        (["count"], "the following arguments are required: file"),
        (["enumerate"], "there is no command 'enumerate'"),
        (["count", lines, "--engine", "spilt"], "(choose from"),
        (["count", lines, "-1x"], "unrecognized arguments: -1x. `polytope-lens count --help`"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        streams = capsys.readouterr()
        assert ended.value.code == 2
        assert streams.out == ""
        assert streams.err.count("\n") == 1
        assert says in streams.err
        assert "--help" in streams.err


def test_ctrl_c_while_kernels_are_compiled_ends_the_program_at_once(lines, tmp_path):
    """It ended in a traceback of numba, after what was left of half a minute."""
    # Who tells numba how to compile is not given the code that a wheel brings along.
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache"), "NUMBA_OPT": "3"}
    command = [sys.executable, "-m", "polytope_lens", "partition", lines, "--save", str(tmp_path / "run.npz")]
    # Shells start what runs in the background with the signal ignored, which would be inherited.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    try:
        started_run = subprocess.Popen(command, env=environment, **pipes)
    finally:
        signal.signal(signal.SIGINT, before)
    with started_run as run:
        assert "compiling the subdivide engine" in run.stderr.readline()
        started = time.perf_counter()
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
    assert time.perf_counter() - started < 2
    assert (run.returncode, out, err) == (130, "", "polytope-lens: interrupted; no file is half-written.\n")
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".npz" and path.name != "lines.npz"]


def test_a_reader_that_has_seen_enough_ends_the_program_quietly(lines):
    command = [sys.executable, "-m", "polytope_lens", "partition", lines]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        run.stdout.close()
        assert run.stderr.read() == ""
    assert run.returncode == 141


def test_a_table_that_is_read_in_part_ends_the_program_quietly():
    command = [sys.executable, "-m", "polytope_lens", "table", str(EXAMPLE), "--without-facets"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout.readline().startswith("region,pattern,")
        run.stdout.close()
        assert run.stderr.read() == ""
    assert run.returncode == 141


def test_help_comes_without_the_library():
    program = "import sys\nfrom polytope_lens.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    program += "assert not {'numba', 'scipy', 'matplotlib', 'flint'} & set(sys.modules), sorted(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
