"""Operations on words of 64 bits that processors have and Python has not, for compiled loops."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic


def _operation(name: str, result: Any, more: tuple[ir.Constant, ...] = ()) -> Any:
    """A function of one unsigned word that is one instruction."""

    def typed(typing: Any, word: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, name)(arguments[0], *more)

        return result(types.uint64), code

    return intrinsic(typed)


ZERO_HAS_A_PLACE = (ir.Constant(ir.IntType(1), 0),)

lowest_bit = _operation("cttz", types.int64, ZERO_HAS_A_PLACE)
"""Place of the lowest 1, counted from the lowest bit; 64 if there is none."""
highest_bit = _operation("ctlz", types.int64, ZERO_HAS_A_PLACE)
"""Place of the highest 1, counted from the highest bit; 64 if there is none."""
count_bits = _operation("ctpop", types.int64)
"""Number of 1s."""
reverse_bits = _operation("bitreverse", types.uint64)
"""The word from its other end."""
