"""How long a run may go on, and who ends it."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polytope_lens._arrays import validate
from polytope_lens._progress import interruptible
from polytope_lens.errors import Status

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

STATM = Path("/proc/self/statm")
# Runs with a longer limit than this are looked ahead of.
PATIENT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of a run, None for none; it ends with the batch in which it comes to one.

    Parameters
    ----------
    regions : int, optional
        Regions found in this run.
    seconds : float, optional
    memory : int, optional
        Bytes of memory that the process takes, resident.
    """

    regions: int | None = None
    seconds: float | None = None
    memory: int | None = None

    @property
    def is_set(self) -> bool:
        """Whether there is a limit."""
        return (self.regions, self.seconds, self.memory) != (None, None, None)


def budget(max_regions: int | None, max_seconds: float | None, max_memory: float | None) -> Budget:
    """Limits as users give them.

    Raises
    ------
    OptionError
    """
    return Budget(
        None if max_regions is None else validate.count(max_regions, name="`max_regions`"),
        None if max_seconds is None else validate.number(max_seconds, name="`max_seconds`", positive=True),
        None if max_memory is None else int(validate.number(max_memory, name="`max_memory`", positive=True)),
    )


class Meter:
    """Watches a run: what it has found, and whether it is to end."""

    def __init__(self, limits: Budget, stop: threading.Event) -> None:
        self._limits, self._stop = limits, stop
        self._began = time.monotonic()
        self.n_regions = 0

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._began

    @property
    def is_patient(self) -> bool:
        """Whether the run may go on for a while, so that it is worth seconds to tell what is to be expected."""
        limit = self._limits.seconds
        return limit is None or limit >= PATIENT_SECONDS

    def is_over(self, share: float = 1.0) -> bool:
        """Whether the run is to end, or a part of it that may take a share of the time."""
        limits = self._limits
        return (
            self._stop.is_set()
            or (limits.regions is not None and self.n_regions >= limits.regions)
            or (limits.seconds is not None and self.seconds >= share * limits.seconds)
            or (limits.memory is not None and resident() >= limits.memory)
        )

    @property
    def ended(self) -> Status:
        """What a run is that has ended before it was complete: INTERRUPTED or BUDGET_REACHED."""
        return Status.INTERRUPTED if self._stop.is_set() else Status.BUDGET_REACHED

    def status(self) -> Status:
        """COMPLETE as long as nothing ends the run."""
        return self.ended if self.is_over() else Status.COMPLETE


@contextmanager
def metered(limits: Budget) -> Iterator[Meter]:
    """A meter that Ctrl-C ends, too; pressed again, it interrupts."""
    with interruptible() as stop:
        yield Meter(limits, stop)


def resident() -> int:
    """Bytes of memory that this process takes; elsewhere than on Linux the most that it has ever taken."""
    if STATM.exists():
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    if sys.platform == "win32":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most
