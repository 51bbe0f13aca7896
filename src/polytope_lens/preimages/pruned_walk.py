"""The cells of a bounded domain in which a target is within reach, without walking the rest.

Boxes of inputs are looked at from outside, as properties are (`box_bounds`): those whose outputs are proved to
miss the target are dropped, and others are cut in two until few neurons are left in them that may change their sign.
Then an engine lists the cells of the box. A cell that several boxes cut is found in each of them, always with the same
pattern.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens._progress import bar
from polytope_lens.domain import Box, part_in_box
from polytope_lens.engines.charts import whole
from polytope_lens.engines.chunks import Record
from polytope_lens.engines.table import ENGINES, choose_engine
from polytope_lens.properties.box_bounds import Boxes, halves, joined, look, whole_box
from polytope_lens.properties.listing import Listing
from polytope_lens.properties.problem import problems
from polytope_lens.properties.property import Property
from polytope_lens.properties.property_check import batch_size, pool_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polytope_lens.engines.budget import Meter
    from polytope_lens.engines.chunks import Chunk
    from polytope_lens.engines.table import EngineChoice
    from polytope_lens.network.network import Network
    from polytope_lens.polytope import Polytope
    from polytope_lens.preimages.target import Target
    from polytope_lens.properties.problem import PropertyProblem
    from polytope_lens.properties.property import OutputSet


class Walked(NamedTuple):
    """What an engine found in a box, how it decided, and whether that is all."""

    chunks: list[Chunk]
    record: Record
    is_done: bool


class _Waiting(NamedTuple):
    """A box, and when its cells are listed."""

    box: Boxes
    listing: Listing


def target_property(target: Target, domain: Box | Polytope) -> Property:
    """The property of a bounded domain that is violated where outputs lie in the target."""
    sets: list[OutputSet] = [([row for row, _ in case], [bound for _, bound in case]) for case in target.cases]
    return Property.of(domain, sets)


def target_problem(network: Network, target: Target, domain: Box | Polytope) -> PropertyProblem:
    """Whether outputs of a bounded domain lie in the target, as a question about the box around it."""
    box = domain if isinstance(domain, Box) else Box(*domain.bounding_box())
    (problem,) = problems(network, target_property(target, box))
    return problem


def pruned_walk(
    problem: PropertyProblem,
    network: Network,
    domain: Box | Polytope,
    keep: Callable[[Chunk], Chunk],
    meter: Meter,
    *,
    engine: EngineChoice = "auto",
    workers: int = 1,
    progress: bool | None = None,
) -> Iterator[Walked]:
    """List the cells of a network in those boxes of a domain that are not proved to miss the target of a problem.

    Parameters
    ----------
    problem : PropertyProblem
        That of `target_problem`.
    network : Network
        The one whose cells are listed.
    keep : callable
        Which cells of a batch are kept.
    meter : Meter
        Counts cells and ends the walk.
    """
    left = [_Waiting(whole_box(problem), Listing.of(problem))]
    step, decided = batch_size(problem), 0.0

    def walk(task: tuple[Boxes, int | None]) -> Walked:
        boxes, most = task
        return _walk(network, part_in_box(domain, Box(boxes.lower[0], boxes.upper[0])), keep, meter, engine, most)

    with pool_of(workers) as pool, bar(progress, desc="boxes", unit=" boxes") as shown:
        while left and not meter.is_over():
            nodes = [left.pop() for _ in range(min(step, len(left)))]
            looked = look(problem, joined(node.box for node in nodes))
            is_told = shown.update(len(nodes))
            parts = [None if looked.is_missed[i] else halves(looked, i) for i in range(len(nodes))]
            most = [
                None if both is None else node.listing.most(n)
                for node, both, n in zip(nodes, parts, looked.n_open, strict=True)
            ]
            listed = [i for i in range(len(nodes)) if not looked.is_missed[i] and most[i] != 0]
            tasks = [(looked.boxes.at(np.array([i])), most[i]) for i in listed]
            done = dict(zip(listed, (map if pool is None else pool.map)(walk, tasks), strict=True))
            for i, both in enumerate(parts):
                if looked.is_missed[i] or (i in done and done[i].is_done):
                    decided += 2.0 ** -nodes[i].listing.depth
                if i in done:
                    meter.n_regions += sum(chunk.n_regions for chunk in done[i].chunks)
                    yield done[i]
                    if done[i].is_done:
                        continue
                if both is not None:
                    listing = nodes[i].listing.in_parts(looked.n_open[i] if i in done else None)
                    left += [_Waiting(both.at(np.array([k])), listing) for k in range(2)]
            if is_told:
                told = f"{decided:.1%} of the domain decided, {meter.n_regions} cells walked"
                shown.set_postfix_str(told, refresh=False)


def _walk(
    network: Network, piece: Box | Polytope | None, keep: Callable[[Chunk], Chunk], meter: Meter,
    engine: EngineChoice, most: int | None,
) -> Walked:  # fmt: skip
    chunks: list[Chunk] = []
    record, n = Record(), 0
    if piece is None:
        return Walked(chunks, record, True)
    walk = ENGINES[choose_engine(engine, network, piece)].walk
    for chunk in walk(network, whole(network, piece), record, want_output=True, workers=1):
        n += chunk.n_regions
        chunks.append(keep(chunk))
        if (most is not None and n > most) or meter.is_over():
            return Walked(chunks, record, False)
    return Walked(chunks, record, True)
