"""A sample of the tree of a walk: cells are dropped at random, the more the deeper, and what is left is weighted.

A cell whose neurons before bit b are decided is still there with probability ``share * keep[b]``, the same for all such
cells. To this end each cell on the stack has its luck, evenly distributed below what that was when the cell was cut
off, and is dropped when the number falls below its luck. A cut makes one cell more, so ::

    1 + sum over cuts at bits before b of 1 / (share * keep[bit])

is an unbiased estimate of the number of cells that the neurons before b make. It stays so if `share` is lowered on the
way, whatever the reason, since luck is drawn afresh with each cut: that is done where a sample gets too large.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._compiled.jit import jit
from polytope_lens.engines._kernels.outcomes import TOP

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints, Words

# Numbers of cuts: so far; after how many the share is halved; after how many more again
N_CUTS, MOST, MORE = 0, 1, 2
# More than there will be
NEVER = 2**62


class Thinning(NamedTuple):
    """How a walk is thinned, and what it has met."""

    keep: Floats  # (bits + 1,): by how many bits are decided; it must not grow
    share: Floats  # (1,)
    luck: Floats  # (frames,)
    cells: Floats  # (bits,): how many more there are because of cuts at a bit, estimated
    work: Ints  # (3,)
    random: Words  # (1,): state of the generator
    leaf: Words  # (words,): pattern of one of the regions met, each being as likely
    n_leaves: Ints  # (1,)


def unthinned(n_bits: int, n_words: int) -> Thinning:
    """All cells are kept."""
    return Thinning(
        keep=np.ones(n_bits + 1),
        share=np.ones(1),
        luck=np.zeros(n_bits + 2),
        cells=np.zeros(n_bits),
        work=np.array([0, NEVER, NEVER]),
        random=np.zeros(1, np.uint64),
        leaf=np.zeros(n_words, np.uint64),
        n_leaves=np.zeros(1, np.int64),
    )


@jit
def drop_halves(s: Any, bit: int) -> None:  # pragma: no cover - compiled
    """The top cell has been cut at a bit into frames f and f + 1: draw their luck, and drop those that have none.

    The lower one stays, even without luck, where the upper one stays; it is dropped when its turn comes.
    """
    t = s.thinning
    f = s.scalars[TOP] - 2
    now = t.share[0] * t.keep[bit]
    if t.luck[f] >= now:
        s.scalars[TOP] = f
        return
    t.cells[bit] += 1.0 / now
    t.luck[f] = uniform(t.random) * now
    t.luck[f + 1] = uniform(t.random) * now
    t.work[N_CUTS] += 1
    if t.work[N_CUTS] >= t.work[MOST]:
        t.share[0] *= 0.5
        t.work[MOST] += t.work[MORE]
    then = t.share[0] * t.keep[bit + 1]
    if t.luck[f + 1] >= then:
        s.scalars[TOP] = f + 1 if t.luck[f] < then else f


@jit
def is_unlucky(s: Any, n: int) -> bool:  # pragma: no cover - compiled
    """Whether the top cell, whose first n bits are known now, is to go; it is dropped then."""
    t = s.thinning
    f = s.scalars[TOP] - 1
    if t.luck[f] >= t.share[0] * t.keep[n]:
        s.scalars[TOP] = f
        return True
    if n == t.cells.shape[0]:
        t.n_leaves[0] += 1
        if uniform(t.random) * t.n_leaves[0] < 1.0:
            for k in range(s.bits.shape[0]):
                t.leaf[k] = s.bits[k]
    return False


@jit
def uniform(random: Any) -> float:  # pragma: no cover - compiled
    """A random number from [0, 1): splitmix64 (Steele, Lea and Flood 2014), its upper 53 bits."""
    random[0] += np.uint64(0x9E3779B97F4A7C15)
    z = random[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) * 2.0**-53
