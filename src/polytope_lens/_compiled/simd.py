"""Eight numbers at a time: what loops over neurons are made of.

Compilers do not find vector instructions here: loops over some ten neurons end before their vector part begins, and
arrays that might overlap keep it from being made at all. So kernels handle octets, eight float64 as one value, and
octets of words, eight uint64. Arrays that they come from are read in whole groups of eight, so their last axis has to
be a multiple of `LANES`.

A product and the sum that it goes into may be fused into one operation with one rounding instead of two, where the
processor can. No error bound minds.

These are names, which cost nothing; what the compiler makes of them is in `intrinsics`.
"""

from __future__ import annotations

from typing import Any

from polytope_lens._compiled.instruction import Instruction

LANES = 8


def padded(n: Any) -> Any:
    """The least multiple of `LANES` that is not less than n."""
    return -(-n // LANES) * LANES


load: Any = Instruction("load")
"""``load(array, place)``: the octet that begins at a place, a tuple of indices."""
store: Any = Instruction("store")
"""``store(array, place, octet)``."""
fill: Any = Instruction("fill")
"""``fill(number)``: eight times the same."""
add: Any = Instruction("add")
"""``add(a, b)`` of octets, rounded; like the next two never fused with anything."""
subtract: Any = Instruction("subtract")
"""``subtract(a, b)``."""
multiply: Any = Instruction("multiply")
"""``multiply(a, b)``."""
divide: Any = Instruction("divide")
"""``divide(a, b)``."""
multiply_add: Any = Instruction("multiply_add")
"""``multiply_add(a, b, c)``: ``a * b + c`` of octets, with one rounding or two."""
fused: Any = Instruction("fused")
"""``fused(a, b, c)``: ``a * b + c`` of octets, with one rounding; slow where the processor has no such operation."""
size: Any = Instruction("size")
"""``size(octet)``: absolute values."""
exceeding: Any = Instruction("exceeding")
"""``exceeding(octet, bound)``: bits 0 to 7 tell where octet > bound, bits 8 to 15 where -octet > bound."""
total: Any = Instruction("total")
"""``total(octet)``: the sum of all eight, added up in pairs."""
least: Any = Instruction("least")
"""``least(octet)``: the least of all eight, of which none may be NaN."""
larger: Any = Instruction("larger")
"""``larger(a, b, then, otherwise)``: those of `then` where a > b, of `otherwise` elsewhere."""
first_of: Any = Instruction("first_of")
"""``first_of(n, octet)``: the first n, then zeros."""
shared_bits: Any = Instruction("shared_bits")
"""``shared_bits(words, word)``: how many bits each of eight words has in common with a word."""
plus: Any = Instruction("plus")
"""``plus(words, words)``."""
reaching: Any = Instruction("reaching")
"""``reaching(words, least)``: bits 0 to 7 tell where a word, as a number, is at least `least`."""
