"""Code for instructions; what it computes is tested under the names of `simd` and `bits`."""

from __future__ import annotations

from polytope_lens._compiled import bits, simd, structures
from polytope_lens._compiled.instruction import Instruction
from polytope_lens._compiled.intrinsics import CODE


def test_each_name_has_its_code_and_no_code_is_without_a_name():
    named = {
        name: value
        for name, value in {**vars(bits), **vars(simd), **vars(structures)}.items()
        if isinstance(value, Instruction)
    }
    assert {name: value.code for name, value in named.items()} == CODE
