"""Operations on words of 64 bits that processors have and Python has not, for compiled loops."""

from __future__ import annotations

from typing import Any

import numpy as np

from polytope_lens._compiled.instruction import Instruction

NOTHING, ONE = np.uint64(0), np.uint64(1)
lowest_bit: Any = Instruction("lowest_bit")
"""Place of the lowest 1, counted from the lowest bit; 64 if there is none."""
highest_bit: Any = Instruction("highest_bit")
"""Place of the highest 1, counted from the highest bit; 64 if there is none."""
count_bits: Any = Instruction("count_bits")
"""Number of 1s."""
reverse_bits: Any = Instruction("reverse_bits")
"""The word from its other end."""
