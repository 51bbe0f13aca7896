"""Which boxes of a search have their regions listed by an engine, and after how many it gives up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from polytope_lens.properties.problem import PropertyProblem

# Up to how many neurons that may change their sign in a box its regions are listed, by the number of inputs; after how
# many regions the box is cut in two instead; and what share of these neurons its parts may have to be listed.
FEW_OPEN_BY_DIM, FEW_OPEN = {1: 1000, 2: 150, 3: 100, 4: 100, 5: 100, 6: 80}, 40
FEW_REGIONS, FEWER = 2**16, 0.75
# Where twins are near to each other, halves are soon bounded, and many regions are not.
FEW_BY_TWINS = 24
# A box in which more neurons are open is tried after so many cuts for each input, twice as many and so on, for the
# square of all these cuts: where neurons meet, or are 0 throughout, small boxes have few regions, and smaller ones no
# fewer open neurons.
FIRST = 8


class Listing(NamedTuple):
    """Up to how many open neurons the regions of a box are listed, after how many cuts others are; how many made it."""

    few: int
    trial: int
    depth: int = 0

    @classmethod
    def of(cls, problem: PropertyProblem) -> Listing:
        """That of the whole box."""
        return cls(few_open(problem), FIRST * len(problem.lower))

    def most(self, n_open: int) -> int:
        """How many regions of a box with so many open neurons to list before it is cut instead; 0 for none."""
        if n_open <= self.few:
            return FEW_REGIONS
        return min(self.depth**2, FEW_REGIONS) if self.depth == self.trial else 0

    def in_parts(self, n_too_many: int | None) -> Listing:
        """That of the parts of a box, given how many neurons were open in it if its regions were too many."""
        few = self.few if n_too_many is None else min(self.few, int(FEWER * n_too_many))
        return Listing(few, self.trial * 2 if self.depth == self.trial else self.trial, self.depth + 1)


def few_open(problem: PropertyProblem) -> int:
    """Up to how many neurons that may change their sign in a box its regions are listed at first."""
    few = FEW_OPEN_BY_DIM.get(len(problem.lower), FEW_OPEN)
    return few if problem.twins is None else min(few, FEW_BY_TWINS)
