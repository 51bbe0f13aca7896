"""How broken laws are told."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn

from polytope_lens.network.network import bit_starts

if TYPE_CHECKING:
    from polytope_lens._types import Bools
    from polytope_lens.partition.partition import Partition


def show(bits: Bools, partition: Partition) -> str:
    """A pattern with a gap between layers."""
    text = "".join("1" if bit else "0" for bit in bits)
    stops = bit_starts(partition.network).tolist()
    return " ".join(text[a:b] for a, b in pairwise(stops)) or "without bits"


def names(partition: Partition, *regions: Any) -> str:
    """Regions by number and pattern, the first six of them."""
    bits = partition.patterns()
    shown = ", ".join(f"region {int(i)} ({show(bits[int(i)], partition)})" for i in regions[:6])
    return shown + (f" and {len(regions) - 6} more" if len(regions) > 6 else "")


def fail(law: str, counterexample: str) -> NoReturn:
    """Say which law does not hold, and where."""
    __tracebackhide__ = True
    raise AssertionError(f"{law}: {counterexample}.")
