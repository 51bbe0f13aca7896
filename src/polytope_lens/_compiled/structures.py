"""What kernels say about the named tuples that they are given; see `held`."""

from __future__ import annotations

from typing import Any

from polytope_lens._compiled.instruction import Instruction

far: Any = Instruction("far")
"""``far(named)``: the same tuple, for a function that is not compiled into its callers."""
