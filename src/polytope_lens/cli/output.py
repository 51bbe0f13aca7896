"""What several commands print: JSON, and regions in it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from polytope_lens.errors import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from polytope_lens.partition.partition import Partition


# Exit codes of answers that lack something; of others it is 0.
CODES = {Status.BUDGET_REACHED: 3, Status.UNFINISHED: 3, Status.INTERRUPTED: 130}


def print_json(value: Mapping[str, Any]) -> None:
    """One line on standard output."""
    json.dump(value, sys.stdout)
    print()


def regions_as_json(found: Partition, order: Iterable[int], columns: Mapping[str, Any] | None = None) -> list[Any]:
    """Pattern, witness and affine map of regions in some order, with a number of each from further columns."""
    return [
        {
            "pattern": found[i].pattern.hex,
            "witness": found.witnesses[i].tolist(),
            "map": found.maps[i].tolist(),
            **{name: values[i] for name, values in (columns or {}).items()},
        }
        for i in order
    ]
