"""The proof log of a property: a point that violates it, or a tree of cells none of which has one.

The tree is found once more, when the answer is known (`cell_tree`), and its log is written on the way, depth first:
docs/proofs.md has its format, and why it proves the property.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager, suppress
from itertools import groupby
from math import log2
from typing import TYPE_CHECKING, Any

from polytope_lens._progress import bar
from polytope_lens.errors import REPORT, ConsistencyError
from polytope_lens.proof.log import hexadecimal, hexadecimal_fraction, log_file, names
from polytope_lens.properties.cell_tree import CellTree, ProofNode, batch_of, write_tree

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from polytope_lens.network.network import Network
    from polytope_lens.network.twins import TwinNetwork
    from polytope_lens.proof.log import LogFile
    from polytope_lens.properties.cell_tree import OpenCell
    from polytope_lens.properties.counterexample import Counterexample
    from polytope_lens.properties.property import ExactBox, Property


@contextmanager
def proof_bar(progress: bool | None) -> Iterator[Callable[[int, float], None]]:
    """A bar of the cells of a proof; gives what is to be told of cells, how many and what share of the domain."""
    proved = 0.0
    with bar(progress, desc="proof", unit=" cells", unit_scale=True) as shown:

        def tick(n: int, share: float) -> None:
            nonlocal proved
            proved += share
            if shown.update(n):
                shown.set_postfix_str(f"{proved:.1%} of the domain proved", refresh=False)

        yield tick


class StoppedError(Exception):
    """The time was over before the proof was complete."""


def write_property_proof(
    network: Network,
    asked: Property,
    found: Counterexample | None,
    path: str | os.PathLike[str],
    *,
    is_over: Callable[[], bool] = lambda: False,
    tick: Callable[[int, float], object] = lambda n, share: None,
    pair: tuple[Network, Network] | None = None,
    twins: TwinNetwork | None = None,
    lines: Sequence[str] = (),
    end: Sequence[object] = (),
) -> bool:
    """Write a log that proves that a property is violated at a point, or that it holds.

    Parameters
    ----------
    network, asked
    found : Counterexample or None
        The point; None for a property that holds.
    path : str or path-like
        Any name; it appears when the proof is complete. An existing file is replaced.
    is_over : callable
        Asked now and then whether to stop.
    tick : callable
        Told how many cells more were written, and what share of all boxes they close, by halvings.
    pair : two Networks, optional
        Those whose difference the network is.
    twins : TwinNetwork, optional
        The same by twins.
    lines : sequence of str, optional
        What the log says of the network and the property, if not that it is this property of this network.
    end : words, optional
        A line behind the trees.

    Returns
    -------
    Whether the log was written; False if it was stopped.

    Notes
    -----
    Memory for one way down the tree. Cost: some milliseconds for each cell.
    """
    try:
        with log_file(path) as log:
            for line in lines or [*names(*(pair or (network,))), *statement(asked)]:
                log.write(line)
            if found is not None:
                log.write("violated", found.case, *map(hexadecimal_fraction, found.point))
                return True
            boxes = asked.boxes()
            for at, fans in enumerate([] if twins is None else twins.fans):
                for place, twin, times in zip(*(part.tolist() for part in fans), strict=True):
                    log.write("twin", at, place, twin, hexadecimal(round(log2(times))))
            order = sorted(range(len(boxes)), key=lambda i: boxes.index(boxes[i]))
            groups = [(box, list(group)) for box, group in groupby(order, key=lambda i: boxes[i])]
            for box, which in groups:
                log.write("cases", *which)
                trees = [CellTree(network, [asked.cases[i] for i in which], which)]
                if twins is not None:
                    trees.append(CellTree(twins.network, trees[0].cases, which, twins.fans))
                _write_tree(log, trees, box, is_over, lambda n, share: tick(n, share / len(groups)))
            if end:
                log.write(*end)
    except StoppedError:
        return False
    return True


def refuse_unwritable(path: str | os.PathLike[str]) -> None:
    """Refuse a path at which no log can be written, before any work is done for it."""
    with suppress(StoppedError), log_file(path):
        raise StoppedError


def is_about_property(
    answer: Mapping[str, Any], network: Network, asked: Property, other: Network | None = None
) -> bool:
    """Whether what the checker proved is about this network and this property, number for number.

    With another network, it is about what the first one gives more than that.
    """
    lines = "".join(f"{line}\n" for line in (*names(network, other), *statement(asked)))
    return bool(answer.get("statement") == hashlib.sha256(lines.encode("ascii")).hexdigest())


def statement(asked: Property) -> list[str]:
    """The lines that say what is proved or refuted of a network."""
    lines = [f"property {len(asked.cases)}"]
    for case in asked.cases:
        lines.append(f"case {len(case)}")
        for constraint in case:
            terms = [f"x{k} {hexadecimal_fraction(v)}" for k, v in constraint.inputs]
            terms += [f"y{k} {hexadecimal_fraction(v)}" for k, v in constraint.outputs]
            sign = "<" if constraint.strict else "<="
            lines.append(" ".join(["constraint", sign, hexadecimal_fraction(constraint.bound), *terms]))
    return lines


def _write_tree(
    log: LogFile, trees: Sequence[CellTree], box: ExactBox, is_over: Callable[[], bool],
    tick: Callable[[int, float], object],
) -> None:  # fmt: skip
    """Write the tree of a box, whose cells begin in the last of some trees and may go on in those before."""
    root = ProofNode()

    def looked(some: list[OpenCell]) -> list[OpenCell]:
        if is_over():
            raise StoppedError
        found: dict[int, list[OpenCell]] = {}
        for tree in trees:
            own = [i for i, cell in enumerate(some) if cell.by_twins == tree.by_twins]
            known = tree.looked([some[i] for i in own]) if own else []
            left = {i: cell for i, cell in zip(own, known, strict=True) if cell is not None}
            cells = list(left.values())
            parted = tree.parted(cells, tree.cuts(cells))
            if parted.points:
                raise ConsistencyError(f"a property was said to hold, but a region violates it. {REPORT}")
            found.update(zip(left, parted.cells, strict=True))
        parts = [part for i in sorted(found) for part in found[i]]
        tick(len(some), sum(cell.share for cell in some) - sum(part.share for part in parts))
        return parts

    write_tree(log, trees[-1].whole(box, root), root, looked, batch_of(trees[-1].network))
