"""What terminals and notebooks say of a row: its owner, its terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polytope_lens._types import Floats


def owner_name(layer: int, neuron: int) -> str:
    """A neuron or a side of the domain in words.

    Examples
    --------
    >>> owner_name(2, 7), owner_name(-1, 0)
    ('layer 2, neuron 7', 'domain, row 0')
    """
    return f"domain, row {neuron}" if layer < 0 else f"layer {layer}, neuron {neuron}"


def owner_names(owners: Iterable[tuple[int, int]]) -> str:
    """All owners of a row in words; empty without owners."""
    return ", and ".join(owner_name(*owner) for owner in owners)


def linear_form(row: Floats, terms: int = 4) -> str:
    """A row of numbers as a sum, rounded to three digits: all terms, or the largest of them.

    Examples
    --------
    >>> linear_form(np.array([0.5, 0.0, -1.25])), linear_form(np.array([1.0, 2.0, 3.0]), terms=2)
    ('0.5 x0 - 1.25 x2', '3 x2 + 2 x1 + (1 more)')
    """
    present = np.flatnonzero(row)
    shown = present if len(present) <= terms else present[np.argsort(-np.abs(row[present]), kind="stable")[:terms]]
    text = ""
    for k in shown:
        value = f"{abs(row[k]):.3g} x{k}"
        text += (f" - {value}" if row[k] < 0 else f" + {value}") if text else (f"-{value}" if row[k] < 0 else value)
    if len(present) > terms:
        text += f" + ({len(present) - terms} more)"
    return text or "0"


def many(n: int, noun: str, plural: str = "s") -> str:
    """A number of things.

    Examples
    --------
    >>> many(1, "layer"), many(3, "layer"), many(2, "box", "es")
    ('1 layer', '3 layers', '2 boxes')
    """
    return f"{n} {noun}{plural * (n != 1)}"
