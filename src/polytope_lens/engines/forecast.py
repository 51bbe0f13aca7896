"""A word some seconds into a run that is watched: about how many regions there are, and whether it will ever end."""

from __future__ import annotations

import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

from polytope_lens._arrays.validate import memory_of_machine
from polytope_lens.engines.estimate import estimate
from polytope_lens.engines.expected_run import duration, number, size
from polytope_lens.engines.table import ENGINES
from polytope_lens.errors import IntractableError, LongRunWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytope_lens.domain import Domain
    from polytope_lens.engines.chunks import Chunk
    from polytope_lens.engines.expected_run import RegionEstimate
    from polytope_lens.engines.table import EngineName
    from polytope_lens.network.network import Network

# Seconds after which a run is looked at, and for how long
SOON, LOOK = 5.0, 2.0
# Seconds that nobody waits for
DAY = 86400.0
INSTEAD = (
    "Ask about less: `explore` the regions around a point, `check` a property, `slice` the network, or take a smaller "
    "domain; or let it be a run with a `store`, which can be resumed."
)


def forecast(
    chunks: Iterator[Chunk],
    shown: Any,
    network: Network,
    domain: Domain,
    *,
    engine: EngineName,
    workers: int,
    keeps: bool,
) -> Iterator[Chunk]:
    """Pass chunks of a run on; after some seconds, where its bar is shown, write a line about the rest beside it.

    Parameters
    ----------
    shown : bar
    keeps : bool
        Whether the regions will be in memory.

    Warns
    -----
    LongRunWarning
        If it takes more than a day, or more memory than there is.
    """
    is_wanted = not shown.disable and ENGINES[engine].set_up is not None
    due = time.monotonic() + SOON if is_wanted else None
    for chunk in chunks:
        if due is not None and time.monotonic() > due:
            due = None
            expected = look_ahead(shown, network, domain, engine=engine, workers=workers)
            if expected is not None and (doubt := doubts(expected, keeps=keeps)) is not None:
                warnings.warn(doubt, LongRunWarning, stacklevel=2)
        yield chunk


def look_ahead(
    shown: Any, network: Network, domain: Domain, *, engine: EngineName, workers: int
) -> RegionEstimate | None:
    """Write beside a bar what is to be expected, and return it; None if nothing can be told in so few seconds."""
    try:
        expected = estimate(network, domain, engine=engine, workers=workers, max_seconds=LOOK)
    except IntractableError:
        shown.write("estimate: none in so few seconds; see `Lens.estimate`", file=sys.stderr)
        return None
    shown.write(str(expected).partition("\nrests on")[0], file=sys.stderr)
    return expected


def doubts(expected: RegionEstimate, *, keeps: bool) -> str | None:
    """Why a run may be hopeless, with what to do; None if it is not."""
    about = f"about {number(expected.regions)} regions"
    if expected.seconds > DAY:
        low, high = map(duration, expected.seconds_range)
        return f"{about} would take about {duration(expected.seconds)} ({low} to {high}) on this machine. {INSTEAD}"
    if keeps and expected.memory > (there_is := memory_of_machine()):
        needed, there = size(expected.memory), size(there_is)
        return f"{about} would take about {needed} of memory, and this machine has {there}. {INSTEAD}"
    return None
