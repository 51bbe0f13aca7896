"""Tables as text, of which the middle may be left out where they are long."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ROWS = 20
"""That are printed of what may be long; the first and the last of them."""


def text_table(head: Sequence[str], rows: Sequence[Sequence[str]], most_rows: int | None = None) -> str:
    """Cells below their names, flush right; all rows, or so many.

    Examples
    --------
    >>> print(text_table(("step", "regions"), [("0", "12"), ("50", "9"), ("100", "7")], 2))
    step  regions
       0       12
     ...
     100        7
    """
    lines = [head, *rows]
    if most_rows is not None and len(rows) > most_rows:
        half = most_rows // 2
        lines[half + 1 : -half] = [("...",) + ("",) * (len(head) - 1)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = ("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(line.rstrip() for line in padded)
