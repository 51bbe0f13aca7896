"""How far a run is, and how long it may still take, by the share of the whole that is behind it."""

from __future__ import annotations

import time
from collections import deque

from polytope_lens.engines.budget import resident

# Nothing is said before so many seconds and such a share of the whole.
LEAST_SECONDS, LEAST_SHARE = 5.0, 1e-6
# The recent pace is that of the last part of the time, as a share of it.
RECENT = 0.25
# Times that differ by less than this factor are told as one.
ALIKE = 1.25
MOST_SEEN = 512
UNITS = ((86400.0, "days"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


class Pace:
    """Sees shares of a whole, and tells the time that is left: by the pace of all the run, and by the recent one.

    The share of a domain or tree does not grow evenly with time, so the two differ, and the time is told as a range
    where they do. It is no bound.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def see(self, share: float, now: float | None = None) -> None:
        """Note the share that is done now."""
        self._seen.append((time.monotonic() if now is None else now, share))
        if len(self._seen) > MOST_SEEN:  # every second one, but the first and the last
            kept = list(self._seen)
            self._seen = deque([*kept[:-1:2], kept[-1]])

    def far(self, share: float, of: str) -> str:
        """How far a run is now, how long it may take, and its memory, in words."""
        self.see(share)
        told = [f"{share:.1%} of the {of} done", str(self), f"{resident() / 1e6:,.0f} MB"]
        return ", ".join(filter(None, told))

    def left(self) -> tuple[float, float] | None:
        """Seconds that are left, the least and the most of both paces; None where there is too little to tell."""
        if not self._seen:
            return None
        (began, first), (now, last) = self._seen[0], self._seen[-1]
        if now - began < LEAST_SECONDS or last - first < LEAST_SHARE:
            return None
        since = now - RECENT * (now - began)
        then, share = next((pair for pair in reversed(self._seen) if pair[0] <= since), self._seen[0])
        overall = (1.0 - last) * (now - began) / (last - first)
        recent = (1.0 - last) * (now - then) / (last - share) if last > share else float("inf")
        return min(overall, recent), max(overall, recent)

    def __str__(self) -> str:
        """The time that is left, in words; empty where there is too little to tell."""
        if (found := self.left()) is None:
            return ""
        low, high = found
        if high == float("inf"):
            return f"more than {_told(low)} left"
        return f"about {_told(high)} left" if high < ALIKE * low else f"about {_told(low)} to {_told(high)} left"


def _told(seconds: float) -> str:
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= size), UNITS[-1])
    number = seconds / size
    return f"{number:.1f} {unit}" if number < 10 and unit in ("days", "h") else f"{number:,.0f} {unit}"
