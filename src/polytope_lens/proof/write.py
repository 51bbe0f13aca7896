"""Writing the proof log of a partition or of a count."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._progress import bar
from polytope_lens.engines.chunks import Record
from polytope_lens.engines.task import task
from polytope_lens.network.network import bit_starts
from polytope_lens.proof.descent import CellNode, descend
from polytope_lens.proof.log import VERSION, describe, log_file
from polytope_lens.proof.log_chart import log_chart
from polytope_lens.proof.log_pieces import blocks, outline
from polytope_lens.proof.plane import PlaneCell
from polytope_lens.proof.tree import TreeCell

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network
    from polytope_lens.proof.log_chart import LogChart
    from polytope_lens.proof.log_pieces import Block

# The engines along whose walks logs are written.
IN_PLANE, ELSEWHERE = "subdivide", "split"
# Regions of a piece at most: in the plane, where it has no lines, more, since to begin with one costs most.
MOST_REGIONS = {IN_PLANE: 4096, ELSEWHERE: 1024}


def write_proof(
    network: Network,
    domain: Domain,
    path: str | os.PathLike[str],
    counts: Sequence[int],
    *,
    progress: bool | None = None,
) -> None:
    """Write a log that proves the number of regions of a domain, after each layer and in total.

    Parameters
    ----------
    network, domain
        As for a partition.
    path : str or path-like
        Any name; it appears when the proof is complete. An existing file is replaced.
    counts : (1 + L,) ints
        The total and the number after each layer, which the log will say. Its checker counts for itself.
    progress : bool, optional
        As for a partition.

    Notes
    -----
    The regions are walked twice: to see what pieces there are, and then to write them, one by one. Memory is that of a
    piece. In the plane nothing is said of regions, since the checker finds them; elsewhere each neuron that does not
    cut a cell gets multipliers that prove it, and each region a point inside. Cost: some 0.1 ms for each of these.
    docs/proofs.md describes the format, and why the checks suffice.
    """
    chart, stops = log_chart(domain, network.input_dim), bit_starts(network).tolist()[1:]
    in_plane = chart.in_box and chart.dim == 2
    engine = IN_PLANE if in_plane else ELSEWHERE
    with (
        log_file(path) as log,
        bar(progress, desc="proof", unit=" regions", unit_scale=True) as shown,
    ):
        outlines = [outline(block.bits, stops) for block in _blocks(network, domain, engine)]
        every, some = (np.array([one[i] for one in outlines]) for i in (0, 1))
        for line in (VERSION, *describe(network), *chart.lines, f"form {'plane' if in_plane else 'tree'}"):
            log.write(line)
        cell: PlaneCell | TreeCell = PlaneCell(network) if in_plane else TreeCell(network, chart)
        ends = descend(network, some, every, CellNode(0, len(outlines), -1, [], cell), to_regions=False)
        for (steps, node), block in zip(ends, _blocks(network, domain, engine), strict=True):
            log.write("to", *steps)
            text = _regions(network, chart, block, node) if isinstance(node.cell, TreeCell) else b""
            # Cells of the layers that end on the way to the piece are counted there.
            first, cells = max(0, node.layer), outlines[node.start].cells
            log.write("piece", len(text), hashlib.sha256(text).hexdigest(), *[0] * first, *cells[first:])
            log.write_piece(text)
            shown.update(len(block.bits))
        log.write("regions", *counts)


def _regions(network: Network, chart: LogChart, block: Block, node: CellNode[Any]) -> bytes:
    """The lines of a piece, one for each region."""
    points, lines = chart.coordinates(block.witnesses), []
    root: CellNode[TreeCell] = node._replace(start=0, stop=len(block.bits))
    for steps, leaf in descend(network, block.bits, block.bits, root, to_regions=True):
        lines.append(" ".join([*steps, leaf.cell.point_inside(points[leaf.start])]) + "\n")
    return "".join(lines).encode("ascii")


def _blocks(network: Network, domain: Domain, engine: str) -> Iterator[Block]:
    walked = task(network, domain, engine)
    chunks = walked.walk(walked.span, Record(), workers=1, want_output=True)
    return blocks(chunks, network.n_neurons, MOST_REGIONS[engine])
