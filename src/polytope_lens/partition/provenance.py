"""What a search for regions tells besides the regions: who decided, how many there are, in which order they came."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from functools import reduce, total_ordering
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._places import POINTS
from polytope_lens.displays.cards import counts_card
from polytope_lens.errors import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polytope_lens._types import Floats, Ints


# What to do about a run that a limit or somebody ended, if there is a store and if there is none.
ENDED = (
    "The regions found are correct but not all of them. Go on with the same call and `resume=True`, or raise the limit."
)
ENDED_IN_MEMORY = (
    "The regions found are correct but not all of them. Raise the limit, choose a smaller `domain`, or give a `store` "
    "to go on with."
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """How many decisions each rung of the ladder took.

    A decision is the answer to "does this neuron cut this cell, and if not, which sign has it there?".
    """

    float64: int
    double_double: int
    rational: int

    @property
    def total(self) -> int:
        """All decisions."""
        return self.float64 + self.double_double + self.rational


class Tally(NamedTuple):
    """What a walk has counted: regions after each layer, (L,), and decisions by rung."""

    per_layer: Ints
    float64: int
    double_double: int
    rational: int

    def plus(self, other: Tally, sign: int = 1) -> Tally:
        """Both together."""
        return Tally(
            self.per_layer + sign * other.per_layer,
            self.float64 + sign * other.float64,
            self.double_double + sign * other.double_double,
            self.rational + sign * other.rational,
        )

    @classmethod
    def nothing(cls, n_layers: int) -> Tally:
        """What is counted before anything is."""
        return cls(np.zeros(n_layers, np.int64), 0, 0, 0)

    @classmethod
    def total(cls, tallies: Iterable[Tally], n_layers: int) -> Tally:
        """All together."""
        return reduce(cls.plus, tallies, cls.nothing(n_layers))

    @property
    def certificate(self) -> Certificate:
        """The decisions."""
        return Certificate(self.float64, self.double_double, self.rational)

    def minus(self, other: Tally) -> Tally:
        """What there is more here."""
        return self.plus(other, -1)


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class RegionCounts:
    """Numbers of regions: a number, the total, which says more when it is asked.

    It converts, compares and hashes as its total does: ``lens.count(box) > 100``, ``int(lens.count(box))``.

    Parameters
    ----------
    per_layer : (L,) int array
        Entry l is the number of regions that layers 0 ... l together cut the domain into.
    total : int
        The last entry; 1 for a network without hidden layers.
    status : Status
        Whether these are all. Where a budget ended the count, or somebody interrupted it, numbers are lower bounds.
    is_stored : bool
        Whether there is a folder with which the count can be gone on.
    """

    total: int
    per_layer: Ints
    certificate: Certificate
    status: Status = Status.COMPLETE
    is_stored: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether every region of the domain was counted."""
        return self.status is Status.COMPLETE

    def explain(self) -> str:
        """The status in one or two sentences: whether these are all, and how to go on."""
        if self.is_complete:
            return f"{self.status!r}: every region of the domain was counted."
        return f"{self.status!r}: {ENDED if self.is_stored else ENDED_IN_MEMORY}"

    def __index__(self) -> int:
        return self.total

    def __int__(self) -> int:
        return self.total

    def __float__(self) -> float:
        return float(self.total)

    def __eq__(self, other: object) -> bool:
        value = _number(other)
        return NotImplemented if value is None else self.total == value

    def __lt__(self, other: object) -> bool:
        value = _number(other)
        return NotImplemented if value is None else self.total < value

    def __hash__(self) -> int:
        return hash(self.total)

    def _repr_html_(self) -> str:
        explained = "" if self.is_complete else self.explain()
        return counts_card(self.total, self.per_layer.tolist(), explained, astuple(self.certificate))

    def __repr__(self) -> str:
        if self.is_complete:
            return f"RegionCounts(total={self.total}, per_layer={self.per_layer.tolist()})"
        return f"RegionCounts(total>={self.total}, per_layer>={self.per_layer.tolist()}, {self.status.name})"


def _number(value: object) -> Any:
    """A number that counts can be compared with."""
    if isinstance(value, RegionCounts):
        return value.total
    return value if isinstance(value, Real) else None


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """How a facet-crossing search went.

    Parameters
    ----------
    start : (d,) array
        The point it started from.
    order : (n_regions,) int array
        The regions in the order in which they were found; the first one holds `start`.
    distances : (n_regions,) array or None
        Distance of each region from `start`, rounded; None if they were not found in that order.
    crossings : (n_regions,) int array or None
        Least number of facets to cross on a way from the first region; None if they were not found in that order.
    limit : str
        What ended the search, such as ``"max_regions=10000"``; empty if it came to its end.
    n_uncrossed : int
        Facets of the regions that are known to lead to regions not listed.
    n_unseen : int
        Regions at some of whose facets the search did not look: at all of the last ones in order of crossings, and in
        order of distance at those behind which no region is near enough.
    """

    start: Floats = field(metadata=POINTS)
    order: Ints
    distances: Floats | None
    crossings: Ints | None
    limit: str
    n_uncrossed: int
    n_unseen: int
