"""What compiled code is given: the arguments of a call as words of 64 bits, and how they look.

An array goes as the address of its object, whose fields compiled code reads itself, and a number as it is. How
arguments look is all that their types depend on: calls whose arguments look alike share machine code.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from types import MappingProxyType
from typing import Any

import numpy as np

C_ORDER, F_ORDER, ALIGNED, WRITEABLE = 0x1, 0x2, 0x100, 0x400
"""Flags of arrays as numpy numbers them."""
OF_TYPE = C_ORDER | F_ORDER | ALIGNED | WRITEABLE
KINDS = {
    flags: flags & ~F_ORDER if flags & C_ORDER else flags for flags in range(2 * WRITEABLE) if not flags & ~OF_TYPE
}
"""What these flags say to the compiler: who has both orders has the first."""
LETTERS: dict[type, str] = {
    **{np.dtype(code).type: "q" for code in np.typecodes["Integer"]},
    **{np.dtype(code).type: "Q" for code in np.typecodes["UnsignedInteger"]},
    int: "q",
    bool: "?",
    np.bool_: "?",
    float: "d",
    np.float32: "d",
    np.float64: "d",
}
"""Numbers that kernels are given, and how `struct` packs them."""

Look = tuple[Any, ...]
Apart = Mapping[int, tuple[Look, list[Any]]]
"""How tuples look that stay what they are, and their words, by their identity."""
NOTHING_APART: Apart = MappingProxyType({})


def taken_apart(arguments: tuple[Any, ...], known: Apart = NOTHING_APART) -> tuple[Look, list[Any]]:
    """How arguments look, and their words; of some parts that may be known."""
    look: list[Any] = []
    words: list[Any] = []
    _take_apart(arguments, look, words, known)
    return tuple(look), words


def parts_apart(whole: Any) -> Apart:
    """What `taken_apart` finds for each tuple of a tuple, which has to be there as long as this is used."""
    return {id(part): taken_apart((part,)) for part in whole if isinstance(part, tuple)}


def _take_apart(parts: tuple[Any, ...], look: list[Any], words: list[Any], known: Apart) -> None:
    """Walks take some hundred arrays, and tiny networks a tenth of a millisecond: each step here counts."""
    for part in parts:
        kind = type(part)
        if kind is np.ndarray:
            look += (part.dtype, part.ndim, KINDS[part.flags.num & OF_TYPE])
            words.append(id(part))
        elif kind in LETTERS:
            look.append(kind)
            words.append(part)
        elif id(part) in known:
            look += known[id(part)][0]
            words += known[id(part)][1]
        elif isinstance(part, tuple):
            look += (kind, len(part))
            _take_apart(part, look, words, known)
        else:
            raise TypeError(f"a kernel takes arrays, numbers and tuples of them, but received {kind.__name__}.")


def packing(look: Look) -> Struct:
    """What packs the words of arguments that look like this."""
    letters = (
        "q" if isinstance(part, np.dtype) else LETTERS.get(part, "") if isinstance(part, type) else "" for part in look
    )
    return Struct("=" + "".join("?7x" if letter == "?" else letter for letter in letters))


def described(look: Look) -> str:
    """The same for all processes."""
    return " ".join(map(_described, look))


def _described(part: Any) -> str:
    if isinstance(part, np.dtype):
        return part.str
    return f"{part.__module__}.{part.__qualname__}" if isinstance(part, type) else str(part)
