"""Counting what several pieces of an unbounded domain hold together, where regions may reach over their borders.

A region is a convex cone, after any number of layers. If it goes on beyond a piece, it has an edge on a side of the
piece there, and so have some of the regions that later layers cut it into. So it is enough to compare the patterns of
regions with an edge on a side: those of their first layers tell which regions of these layers come up again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polytope_lens.network.network import bit_starts
from polytope_lens.network.pattern import distinct, distinct_beginnings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Ints, Words
    from polytope_lens.engines.charts import Chart
    from polytope_lens.engines.chunks import Chunk
    from polytope_lens.network.network import Network

    Walk = Callable[[Chart, bool], tuple[Iterable[Chunk], Callable[[], list[int]]]]

# In the charts of the whole plane but the central one, owner of the side on which t is greatest, shared with that one.
BESIDE_CENTRAL = -2


class _Border(NamedTuple):
    """A piece: numbers of regions, in total and after each layer; patterns at its sides, and beside the centre."""

    counts: Ints
    patterns: Words
    beside: Words
    is_clear: bool  # whether nothing but the side itself vanishes on edges beside the centre


def count_union(network: Network, pieces: Sequence[Chart], walk: Walk) -> Ints:
    """Number of regions of the union of pieces, in total and after each layer, (1 + L,); exact.

    Parameters
    ----------
    pieces : charts of an unbounded domain, as `charts.charts` makes them
    walk : function of a chart and of whether output is wanted
        Starts a walk: what it finds, and how to get the numbers afterwards.
    """
    stops = bit_starts(network)[1:]

    def sizes(patterns: Words) -> Ints:
        beginnings = distinct_beginnings(patterns, stops) if len(patterns) else np.zeros(len(stops), dtype=np.int64)
        return np.append(len(patterns), beginnings)

    def number(piece: Chart) -> Ints:
        chunks, numbers = walk(piece, False)
        return np.array([sum(chunk.n_regions for chunk in chunks), *numbers()], dtype=np.int64)

    if len(pieces) == 1:
        return number(pieces[0])
    outer = [_border(piece, walk) for piece in pieces[1:]]
    if pieces[0].is_input_space and len(pieces[0].A) == 4 and all(border.is_clear for border in outer):
        # The central square of the plane: what it shares crosses one of its edges into the piece on the other side.
        counts, parts = number(pieces[0]), outer
        counts -= sizes(distinct(np.concatenate([border.beside for border in outer]))[0])
    else:
        central = _border(pieces[0], walk)
        counts, parts = central.counts.copy(), [central, *outer]
        outer = parts[1:]
    counts += sum(border.counts for border in outer)
    counts -= sum(sizes(border.patterns) for border in parts)
    return counts + sizes(distinct(np.concatenate([border.patterns for border in parts]))[0])


def _border(piece: Chart, walk: Walk) -> _Border:
    total, at_border, beside, is_clear = 0, [], [], True
    chunks, numbers = walk(piece, True)
    for chunk in chunks:
        total += chunk.n_regions
        at_border.append(chunk.patterns[reaches_border(chunk)])
        if chunk.corners is None:
            is_clear = False
        else:
            edges = chunk.corners.owner == BESIDE_CENTRAL
            is_clear = is_clear and not chunk.corners.crowded[edges].any()
            starts = chunk.corners.indptr[:-1]
            beside.append(chunk.patterns[np.add.reduceat(edges, starts) > 0] if len(starts) else chunk.patterns)
    counts = np.array([total, *numbers()], dtype=np.int64)
    patterns = np.concatenate(at_border)
    return _Border(counts, patterns, np.concatenate(beside) if beside else patterns[:0], is_clear)


def reaches_border(chunk: Chunk) -> NDArray[np.bool_]:
    """Which regions may go on beyond the piece they were found in, (n,): those with an edge on a side of it."""
    if chunk.corners is None or not chunk.n_regions:
        return np.ones(chunk.n_regions, dtype=bool)
    return np.asarray(np.minimum.reduceat(chunk.corners.owner, chunk.corners.indptr[:-1]) < 0)
