"""Tables as text, of which the middle is left out where they are long."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ROWS = 20
"""That are printed; of longer tables, the first and the last."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells below their names, flush right.

    Examples
    --------
    >>> print(table(("step", "regions"), [("0", "12"), ("100", "7")]))
    step  regions
       0       12
     100        7
    """
    lines = [head, *rows]
    if len(rows) > MOST_ROWS:
        half = MOST_ROWS // 2
        lines[half + 1 : -half] = [("...",) + ("",) * (len(head) - 1)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = ("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(line.rstrip() for line in padded)
