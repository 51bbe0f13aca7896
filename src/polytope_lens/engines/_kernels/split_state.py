"""What a walk of the split engine holds: the stack of cells, the halfspaces they are made of, and what is at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints, Words
    from polytope_lens.engines._kernels.bottleneck import Bottleneck
    from polytope_lens.engines._kernels.refine import Refined
    from polytope_lens.engines._kernels.relaxations import Relaxations
    from polytope_lens.engines._kernels.spans import SpanBounds
    from polytope_lens.engines._kernels.thinning import Thinning


class SplitFrames(NamedTuple):
    """The stack, lowest first: what each of its cells has, all first axes being the frame."""

    layer: Ints  # the layer whose neurons are being tried, -1 before the first
    position: Ints  # how far down that layer's list of candidates
    split_bit: Ints  # the bit that set it apart from its sibling, -1 for none
    split_value: Ints
    split_row: Ints  # the halfspace that did, -1 for none
    n_rows: Ints
    vertex: Floats  # (frames, k)
    basis: Ints  # (frames, k): the halfspaces that meet in the vertex; -1 - c is coordinate c, where there is none yet
    inverse: Floats  # (frames, k, k in whole octets): of their normals, and zeros
    witness: Floats  # (frames, k): a point proved to be inside
    rows: Floats  # (frames, k + 1, width): rows of the next layer, as far as summed up
    error: Floats  # (frames, width)


class HalfspaceStack(NamedTuple):
    """Halfspaces ``normal . u <= offset`` of the cells on the stack, each stored once.

    A frame owns the first ``n_rows`` of them, and the last one is turned the way of the frame that is being worked on.
    In a bounded domain the first 2 k are the sides of the box. There is room for whole octets, whose last places may
    hold anything.
    """

    normal: Floats  # (k, halfspaces), of length 1
    offset: Floats
    error: Floats
    turned: Ints  # 1 where it says that its neuron is on
    owner: Ints  # a bit, or -1 - side
    central: Ints  # 1 where its exact hyperplane passes through the origin
    exact: Floats  # (halfspaces, k + 1): exact rows ``[a, c]``, unturned and of any length, NaN where they are rounded
    scale: Floats  # the power of two that makes them integers, or 0


class SplitLayers(NamedTuple):
    """Each layer as it is tried on the cell at hand, the outputs being the last; widths are whole octets."""

    rows: Floats  # (L + 1, k + 1, width): finished
    sure: Floats  # (L + 1, width)
    candidates: Ints  # (L + 1, width)
    n_candidates: Ints  # (L + 1,)
    scale: Floats  # (L + 1, width): the power of two that makes a neuron's row integers on all cells, or 0


class EdgeWalk(NamedTuple):
    """The walk along edges at hand, and room for the proof at its end."""

    vertex: Floats  # (k,)
    basis: Ints
    inverse: Floats  # (k, k in whole octets)
    growth: Floats  # (k in whole octets,): of a row along each edge
    after: Floats  # (k,): the vertex behind a crossing
    gradient: Floats  # (k,): unit normal of the neuron at hand
    multiplier: Floats  # (k,)
    far: Floats  # (k,): how far multipliers may be from exact ones, and
    doubt: Floats  # (k,): how wrong the inverse may be
    middle: Floats  # (k,): mean of where walks ended, to become a witness
    left: Ints  # (2 k,): the halfspaces that it was led away from
    tableau: Floats  # (k, 2 k)
    entering: Floats  # (k,): normal of the halfspace that enters the basis
    octet: Floats  # (8,): of what is looked at one by one


class Halves(NamedTuple):
    """The two halves of a cell that is cut, off and on; the caller's, too, when it answers CUTS."""

    points: Floats  # (2, k): witnesses
    bases: Ints  # (2, k): vertices


class ChartFacts(NamedTuple):
    """What a walk has to know of its chart."""

    unit: float  # how far from the origin things happen
    is_bounded: bool
    n_central: int  # how many of the first layers have no biases, so that all their hyperplanes are central


class SplitState(NamedTuple):
    """All that a walk needs to go on; one frame of the stack is one cell."""

    scalars: Ints
    layer_counts: Ints
    bits: Words
    span: SpanBounds
    thinning: Thinning
    chart: ChartFacts
    frames: SplitFrames
    halfspaces: HalfspaceStack
    layers: SplitLayers
    walk: EdgeWalk
    halves: Halves
    refined: Refined
    bottleneck: Bottleneck
    relaxed: Relaxations


class SplitOutput(NamedTuple):
    """Room for finished regions."""

    patterns: Words
    maps: Floats
    witnesses: Floats
