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
# A box in which more neurons are open is tried after each so many cuts, for so many regions for each cut: a small box
# in which they still are is near to where they meet, and may have few regions, while smaller ones have no fewer.
EVERY, TRIED = 16, 64


class Listing(NamedTuple):
    """Up to how many open neurons the regions of a box are listed, and how many cuts made it."""

    few: int
    depth: int = 0

    @classmethod
    def of(cls, problem: PropertyProblem) -> Listing:
        """That of the whole box."""
        return cls(few_open(problem))

    def most(self, n_open: int) -> int:
        """How many regions of a box with so many open neurons to list before it is cut instead; 0 for none."""
        if n_open <= self.few:
            return FEW_REGIONS
        return 0 if self.depth % EVERY else TRIED * self.depth

    def in_parts(self, n_too_many: int | None) -> Listing:
        """That of the parts of a box, given how many neurons were open in it if its regions were too many."""
        few = self.few if n_too_many is None else min(self.few, int(FEWER * n_too_many))
        return Listing(few, self.depth + 1)


def few_open(problem: PropertyProblem) -> int:
    """Up to how many neurons that may change their sign in a box its regions are listed at first."""
    few = FEW_OPEN_BY_DIM.get(len(problem.lower), FEW_OPEN)
    return few if problem.twins is None else min(few, FEW_BY_TWINS)
