"""What is to be expected of a run: how many regions, for how long, in how much room, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polytope_lens.displays.cards import answer_card

if TYPE_CHECKING:
    from polytope_lens._types import Ints


@dataclass(frozen=True, slots=True, eq=False)
class RegionEstimate:
    """What is to be expected of a run; an estimate unless `is_exact`.

    Parameters
    ----------
    regions : int
        How many there are, estimated without bias.
    low, high : int
        An interval around it that holds the true number with probability `confidence`, for all that is known of the
        probes' spread, and within what is proved.
    confidence : float
    is_exact : bool
        Whether the regions were simply counted.
    per_layer : (L,) int array
        Regions after each layer, estimated.
    at_least, at_most : int
        Proved: as many regions were met, and no network of this shape has more.
    seconds : float
        How long `Lens.count` takes with `workers`, at the speed of stretches that start at random regions.
    seconds_range : tuple of float
        From the least number at the highest speed of a stretch, to the largest at the lowest.
    workers : int
        Taken to share the work evenly.
    bytes : int
        Of a store that keeps patterns, before it is compressed.
    memory : int
        Bytes of a `Partition` with all regions in memory, and its mesh where there is one.
    probes, cells, seed : int
        That many thinned walks it rests on, each of which kept about so many cells at each depth, and where random
        numbers began: the same three give the same estimate.
    spread : float
        Standard deviation among the probes, in shares of the mean.
    spent : float
        Seconds that the estimate took.
    engine : str
        Whose tree was looked at.
    """

    regions: int
    low: int
    high: int
    confidence: float
    is_exact: bool
    per_layer: Ints
    at_least: int
    at_most: int
    seconds: float
    seconds_range: tuple[float, float]
    workers: int
    bytes: int
    memory: int
    probes: int
    cells: int
    seed: int
    spread: float
    spent: float
    engine: str

    def _repr_html_(self) -> str:
        return answer_card("RegionEstimate", str(self))

    def __repr__(self) -> str:
        if self.is_exact:
            return f"RegionEstimate({self.regions} regions, counted)"
        within = f"{number(self.low)} to {number(self.high)} at {self.confidence:.0%}"
        return f"RegionEstimate(about {number(self.regions)} regions, {within}, {duration(self.seconds)} to count)"

    def __str__(self) -> str:
        cores = "on one core" if self.workers == 1 else f"with {self.workers} workers"
        sizes = f"store of patterns: {size(self.bytes)}; partition in memory: {size(self.memory)}"
        if self.is_exact:
            return f"{self.regions} regions, counted in {duration(self.spent)}\n{sizes}"
        fastest, slowest = map(duration, self.seconds_range)
        return "\n".join(
            [
                f"estimate: about {number(self.regions)} regions",
                f"with {self.confidence:.0%} confidence: {number(self.low)} to {number(self.high)}",
                f"proved: at least {number(self.at_least)}, at most {number(self.at_most)}",
                f"time to count them {cores}: about {duration(self.seconds)} ({fastest} to {slowest})",
                sizes,
                f"rests on: {self.probes} thinned walks of {self.cells} cells at each depth, spread {self.spread:.0%}, "
                f"{duration(self.spent)}; seed {self.seed}",
            ]
        )


def number(value: float) -> str:
    """A number of things in words: in full up to a million, else with two digits."""
    return f"{value:,.0f}".replace(",", " ") if value < 10**6 else power_of_ten(value)


def power_of_ten(value: float) -> str:
    """As 1.2 x 10^9; it may have thousands of digits."""
    digits = len(str(int(value))) - 1
    first = int(value) * 10 // 10**digits
    return f"{first / 10:.1f} x 10^{digits}"


def duration(seconds: float) -> str:
    """A time in words, in units that suit it."""
    for unit, length in (("years", 365.25 * 86400), ("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{number(seconds / length)} {unit}"
    return f"{seconds:.0f} seconds" if seconds >= 10 else f"{seconds:.2g} seconds"


def size(n_bytes: float) -> str:
    """A number of bytes in units that suit it."""
    for unit, length in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if n_bytes >= length:
            share = n_bytes / length
            return f"{share:.1f} {unit}" if share < 10 else f"{number(share)} {unit}"
    return f"{number(n_bytes / 1000)} kB"
