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
from polytope_lens.preimages.pruned_walk import target_property
from polytope_lens.proof.log import hexadecimal_fraction, log_file, names
from polytope_lens.properties.cell_tree import CellCut, CellTree, ProofNode, batch_of, write_tree
from polytope_lens.properties.property_proof import statement

if TYPE_CHECKING:
    import os

    from polytope_lens.domain import Domain
    from polytope_lens.preimages.preimage import Preimage
    from polytope_lens.proof.log import LogFile
    from polytope_lens.properties.cell_tree import OpenCell
    from polytope_lens.properties.property import ExactBox

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
    asked = target_property(preimage.target, domain)
    with log_file(path) as log:
        for line in names(preimage.source):
            log.write(line)
        log.write("volume", hexadecimal_fraction(share * domain_volume(domain)))
        for line in statement(asked):
            log.write(line)
        which = [*range(len(asked.cases))]
        log.write("cases", *which)
        _write_tree(log, CellTree(preimage.source, asked.cases, which), asked.boxes()[0])


def domain_volume(domain: Domain) -> Fraction:
    """The volume of a bounded domain, of a flat box in the inputs that vary in it; exact."""
    if isinstance(domain, Box):
        sides = zip(domain.lower.tolist(), domain.upper.tolist(), strict=True)
        return prod((Fraction(high) - Fraction(low) for low, high in sides if low < high), start=Fraction(1))
    assert domain is not None
    size: Fraction = domain.volume(exact=True)
    return size


def _write_tree(log: LogFile, tree: CellTree, box: ExactBox) -> None:
    """Write the tree of a box."""
    root = ProofNode()

    def looked(some: list[OpenCell]) -> list[OpenCell]:
        cut: list[tuple[OpenCell, CellCut]] = []
        for cell in tree.looked(some):
            if cell is None:
                continue
            where = _cut(tree, cell)
            if where is not None:
                cut.append((cell, where))
            elif cell.node is not None:
                cell.node.lines.append("volume")
                cell.node.is_closed = True
        parted = tree.parted([cell for cell, _ in cut], [where for _, where in cut])
        return [part for parts in parted.cells for part in parts]

    write_tree(log, tree.whole(box, root), root, looked, batch_of(tree.network))


def _cut(tree: CellTree, cell: OpenCell) -> CellCut | None:
    """Where a box is halved, which is across the input along which outputs may change most; None if it is measured."""
    reach = tree.reach(cell.cells)[0]
    is_few = tree.n_open(cell) <= FEW_OPEN.get(len(cell.box.free), FEW_OPEN_IN_SPACE)
    return None if is_few or not reach.any() else CellCut(int(reach.argmax()), -1)
