"""The proof log of how large a preimage is: boxes that miss the target, and boxes in which the checker measures it.

Boxes are halved until they are proved to miss the target, as those of a property are, or until few neurons may change
their sign in them. What a log says of the latter is one word: the checker cuts them into regions itself and adds up
volumes, which docs/proofs.md describes.
"""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any

from polytope_lens.domain import Box
from polytope_lens.proof.log import hexadecimal_fraction, log_file, names
from polytope_lens.properties.property import Property
from polytope_lens.properties.property_proof import PropertyTree, statement

if TYPE_CHECKING:
    import os

    from polytope_lens.domain import Domain
    from polytope_lens.preimages.preimage import Preimage
    from polytope_lens.properties.property_proof import ProofBox

# Up to how many neurons that may change their sign a box is measured as a whole.
FEW_OPEN = {1: 256, 2: 64}
FEW_OPEN_IN_SPACE = 32
# A checker takes volumes in so many dimensions, since a box has 2^d corners.
MOST_DIM = 12


def write_volume_proof(preimage: Preimage, share: Fraction, path: str | os.PathLike[str]) -> None:
    """Write a log that proves what share of a bounded domain a preimage is.

    Parameters
    ----------
    preimage : Preimage
        With all of its cells.
    share : Fraction
    path : str or path-like
        It appears when the proof is complete.

    Notes
    -----
    Cost: some milliseconds for each box; checking costs about as much as the exact volumes do.
    """
    domain: Any = preimage.domain  # bounded, since it has volumes
    sets = [([row for row, _ in case], [bound for _, bound in case]) for case in preimage.target.cases]
    asked = Property.of(domain, list(sets))
    with log_file(path) as log:
        for line in names(preimage.source):
            log.write(line)
        log.write("volume", hexadecimal_fraction(share * domain_volume(domain)))
        for line in statement(asked):
            log.write(line)
        which = [*range(len(asked.cases))]
        log.write("cases", *which)
        _VolumeTree(log, preimage.source, asked, which, lambda: False, lambda n, share: None).write(asked.boxes()[0])


def domain_volume(domain: Domain) -> Fraction:
    """The volume of a bounded domain, of a flat box in the inputs that vary in it; exact."""
    if isinstance(domain, Box):
        sides = zip(domain.lower.tolist(), domain.upper.tolist(), strict=True)
        return prod((Fraction(high) - Fraction(low) for low, high in sides if low < high), start=Fraction(1))
    assert domain is not None
    size: Fraction = domain.volume(exact=True)
    return size


class _VolumeTree(PropertyTree):
    """A tree whose boxes end in a word instead of a proof, where few neurons are open."""

    def is_few(self, waiting: ProofBox) -> bool:
        return not waiting.axes or self.n_open(waiting) <= FEW_OPEN.get(len(waiting.box.free), FEW_OPEN_IN_SPACE)

    def split(self, whole: ProofBox, most: int | None) -> bool:
        self.log.write("volume")
        self.tick(1, whole.share)
        return True
