"""Names of instructions cost nothing until a kernel is compiled."""

from __future__ import annotations

import subprocess
import sys

ASK = """
import sys
from polytope_lens._compiled.simd import load
assert load.code is None and "numba" not in sys.modules
import polytope_lens._compiled.intrinsics
assert load.code is not None and load.name == "load"
"""


def test_an_instruction_is_a_name_until_it_is_given_its_code():
    subprocess.run([sys.executable, "-c", ASK], check=True, capture_output=True)
