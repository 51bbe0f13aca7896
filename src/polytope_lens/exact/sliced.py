"""Rows of a region in bulk, each number rounded once: products of matrices of which nothing is rounded on the way.

A float is cut into slices of some 20 bits, on a grid that all numbers of its row or column share. Then the product of
two matrices of slices is one of small integers, times a power of two, which floats hold exactly in whatever order a
fast matrix product adds them up. These products are put together to double-doubles, with bounds on what was left out:
nothing where few bits go in, as in the first layers of float32 weights, so that ties and zeros are known there, too.
What the bounds leave open is computed in integers.

Source: Ozaki, Ogita, Oishi and Rump 2012, *Error-free transformations of matrix multiplication by using fast routines
of matrix multiplication and its applications*; sums as in Ogita, Rump and Oishi 2005, *Accurate sum and dot product*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from flint import fmpq, fmpz

from polytope_lens.arithmetic.rational import nearest_float, scaled_quotient
from polytope_lens.arithmetic.signs import BOUND_SLACK, UNIT_ROUNDOFF
from polytope_lens.exact.rows import ExactRows, pulled_back_rows
from polytope_lens.exact.sparse import DoubleDoubles
from polytope_lens.network.network import slopes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.network.network import Network


# Slices of each number, and columns that are looked at together, so that all of it stays in the processor's cache.
SLICES, COLUMNS = 5, 128
# Where the greatest number of each row and column is about 1, one below TINY, or the low part of one below FAINT, might
# lose bits to underflow; nothing is known then. Bounds on errors are no less than TINY, unless they are zero.
TINY, FAINT = 2.0**-400, 2.0**-1000
# Exponents by which results, multiples of 2^-140 below 2^32, are scaled back without loss.
LEAST, MOST = -700, 900
SPLITTER = 2.0**27 + 1
# Up to this share of a layer's rows are computed in integers on their own; in networks whose layers have no more
# numbers than this each, all are.
FEW, SMALL = 4, 128


class Cut(NamedTuple):
    """A matrix of numbers of at most 1/2 as the sum of multiples of 2^-w, 2^-2w and so on.

    ``rests[t]`` is what the first t slices leave, in size. Slices of zeros at the end are left out.
    """

    slices: list[Floats]
    rests: list[Floats]
    is_sure: bool


def rounded_rows(network: Network, bits: Bools) -> Iterator[Floats]:
    """Rows ``[a, c]`` of the pre-activations of each hidden layer under an activation pattern, (width, d + 1).

    Each number is the float nearest to the exact one; of two, the even one.

    Notes
    -----
    Cost: some 17 matrix products for each layer but the first, whose numbers are those of the weights. Rows with
    numbers that are still open, such as zeros of several layers' making, take an integer product of a vector and a
    matrix for each layer; many of them, a product of matrices.
    """
    source: ExactRows | None = None
    if max(network.widths, default=0) * (network.input_dim + 1) <= SMALL:
        source = ExactRows(network)
        for index in range(len(network.layers)):
            rows, scale = source.scaled_rows(index, bits)
            yield np.array([scaled_quotient(row, scale) for row in rows])
        return
    for index, (rounded, is_known) in enumerate(known_rows(network, bits)):
        at = np.flatnonzero(~is_known.all(axis=1)).tolist()
        exact: list[list[fmpz]]
        if FEW * len(at) > len(rounded):
            source = source or ExactRows(network)
            all_rows, scale = source.scaled_rows(index, bits)
            exact = [all_rows[i] for i in at]
        elif at:
            exact, scale = pulled_back_rows(network, index, at, bits)
        else:
            exact, scale = [], fmpz(1)
        for i, row in zip(at, exact, strict=True):
            for k in np.flatnonzero(~is_known[i]).tolist():
                rounded[i, k] = nearest_float(fmpq(row[k], scale))
        yield rounded


def known_rows(network: Network, bits: Bools) -> Iterator[tuple[Floats, Bools]]:
    """The same rows as floats can tell, and which numbers are proved to be rounded once."""
    on = slopes(network.layers, bits)
    rows: DoubleDoubles | None = None
    for index, layer in enumerate(network.layers):
        if rows is None:
            weight = np.column_stack([layer.dense_weight(), layer.bias])
            rows = DoubleDoubles(weight, np.zeros_like(weight), np.zeros_like(weight))
            yield weight.copy(), np.ones(weight.shape, dtype=bool)
        else:
            rows = _following(layer.dense_weight(), layer.bias, on[index - 1], rows)
            yield rows.high.copy(), _are_settled(rows)


def _following(weight: Floats, bias: Floats, slope: Floats, before: DoubleDoubles) -> DoubleDoubles:
    """Rows of the next layer, ``weight @ (slope * rows) + bias``."""
    live = np.flatnonzero(slope)
    high, low = _two_product(weight[:, live], slope[live])
    # The bias goes with one more row, that of the constant 1.
    high, low = np.column_stack([high, bias]), np.column_stack([low, np.zeros(len(bias))])
    one = np.zeros((1, before.high.shape[1]))
    one[0, -1] = 1.0
    parts = zip(before, (one, 0 * one, 0 * one), strict=True)
    return product(high, low, DoubleDoubles(*(np.vstack([part[live], last]) for part, last in parts)))


def product(high: Floats, low: Floats, right: DoubleDoubles) -> DoubleDoubles:
    """``(high + low) @ right``, (n, k) and (k, c) to (n, c), with bounds on the error.

    Infinite ones where numbers are too far apart in size.
    """
    n, k = high.shape
    c = right.high.shape[1]
    # Sums of k products of two slices, for as many pairs of these as one level has, are integers below 2^53.
    width = int((54 - np.log2(k * SLICES)) // 2)
    found = DoubleDoubles(*(np.empty((n, c)) for _ in range(3)))
    with np.errstate(all="ignore"):
        # Powers of two bring all numbers to 1/2 at most: one for each row and column of the right matrix, those of its
        # rows taken over by the left one, and one for each row of that.
        rows = _exponents(right.high, 1)
        columns = _exponents(np.ldexp(right.high, -rows[:, None]), 0) + 1
        turns = _exponents(np.ldexp(high, rows), 1) + 1
        left = _cut(high, low, rows[None] - turns[:, None], width)
        for start in range(0, c, COLUMNS):
            part = slice(start, start + COLUMNS)
            scale = -rows[:, None] - columns[None, part]
            doubt = _raised(np.ldexp(right.error[:, part], scale), right.error[:, part])
            total = _product(left, _cut(right.high[:, part], right.low[:, part], scale, width), doubt, width)
            back = turns[:, None] + columns[None, part]
            found.high[:, part] = np.ldexp(total.high, back)
            found.low[:, part] = np.ldexp(total.low, back)
            error = np.maximum(np.ldexp(total.error, back), np.where(total.error != 0, FAINT, 0.0))
            found.error[:, part] = np.where((back >= LEAST) & (back <= MOST), error, np.inf)
    return found


def _cut(high: Floats, low: Floats, exponent: Ints, width: int) -> Cut:
    """Double-doubles times powers of two in slices."""
    before = (high != 0).sum(), (low != 0).sum()
    high, low = np.ldexp(high, exponent), np.ldexp(low, exponent)
    size = np.abs(high)
    is_sure = bool(
        ((high != 0).sum(), (low != 0).sum()) == before
        and not ((size < TINY) & (high != 0)).any()
        and not ((np.abs(low) < FAINT) & (low != 0)).any()
        and np.isfinite(size).all()
        and np.isfinite(low).all()
    )
    slices: list[Floats] = []
    rests = [size + np.abs(low)]
    in_pairs = bool(before[1])
    for t in range(1, SLICES + 1):
        turn = 1.5 * 2.0 ** (52 - t * width)
        piece = (high + turn) - turn
        high = high - piece
        if in_pairs:
            high, low = _two_sum(high, low)
        rest = np.abs(high) + np.abs(low)
        slices.append(piece)
        rests.append(_raised(rest, rest))
        if not rest.any():
            break
    return Cut(slices, rests, is_sure)


def _raised(sizes: Floats, known: Floats) -> Floats:
    """Bounds that may have underflowed where they are `known` not to be zero."""
    return np.where(known != 0, np.maximum(sizes, TINY), 0.0)


def _product(left: Cut, right: Cut, doubt: Floats, width: int) -> DoubleDoubles:
    """The product of matrices in slices, the right one known up to `doubt`."""
    (n, k), c = left.rests[0].shape, doubt.shape[1]
    levels = np.zeros((SLICES, n, c))
    for t, piece in enumerate(right.slices):
        count = min(len(left.slices), SLICES - t)
        levels[t : t + count] += (np.concatenate(left.slices[:count]) @ piece).reshape(count, n, c)
    high, low, error = _summed(list(levels))
    if not (left.is_sure and right.is_sure):
        return DoubleDoubles(high, low, np.full_like(error, np.inf))
    # Products left out: of the slices of the left matrix with what those of the right one leave that they met, and of
    # what the former leave with all of it.
    parts = [(np.abs(piece), right.rests[min(SLICES - s, len(right.rests) - 1)]) for s, piece in enumerate(left.slices)]
    inner = [np.flatnonzero(a.any(axis=0) & b.any(axis=1)) for a, b in parts]
    if sum(map(len, inner)) > 2 * k:
        # Nearly all numbers have more bits than slices hold: it costs less to count the products that are not zero.
        parts, inner = [], []
        error += _terms(left.rests[0], right.rests[0]) * (SLICES * 2.0 ** (-SLICES * width - 2))
    for a, b in ((left.rests[-1], right.rests[0]), (left.rests[0], doubt)):
        parts.append((a, b))
        inner.append(np.flatnonzero(a.any(axis=0) & b.any(axis=1)))
    for (a, b), used in zip(parts, inner, strict=True):
        if len(used):
            error += a[:, used] @ b[used]
    return DoubleDoubles(high, low, error * BOUND_SLACK)


def _terms(left: Floats, right: Floats) -> Floats | float:
    """How many products of each sum are not zero."""
    if left.all() and right.all():
        return float(left.shape[1])
    return np.asarray((left != 0).astype(np.float64) @ (right != 0).astype(np.float64))


def _summed(levels: list[Floats]) -> tuple[Floats, Floats, Floats]:
    """The sum as a double-double, and the size of what does not fit."""
    for stop in (0, 1):
        for i in range(len(levels) - 1, stop, -1):
            levels[i - 1], levels[i] = _two_sum(levels[i - 1], levels[i])
    high, low = _two_sum(levels[0], levels[1])
    return high, low, np.abs(levels[2:]).sum(axis=0)


def _two_sum(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """A sum and what its rounding has left out; exact (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _two_product(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """A product and what its rounding has left out (Dekker 1971); exact, and NaN where it might underflow."""
    high = left * right
    if (np.abs(right) * (1 - np.abs(right)) == 0).all():
        return high, np.zeros_like(high)  # 0, 1 and -1 round nothing
    (a, b), (c, d) = _halves(left), _halves(right)
    low = ((a * c - high) + a * d + b * c) + b * d
    return high, np.where((np.abs(high) >= 2.0**-900) | (left == 0), low, np.nan)


def _halves(x: Floats) -> tuple[Floats, Floats]:
    t = SPLITTER * x
    head = t - (t - x)
    return head, x - head


def _exponents(matrix: Floats, axis: int) -> Ints:
    """Of the greatest number in each row or column."""
    return np.asarray(np.frexp(np.abs(matrix).max(axis=axis, initial=0.0))[1])


def _are_settled(rows: DoubleDoubles) -> Bools:
    """Where ``high`` is the float nearest to all numbers within the error."""
    high, low, error = rows
    with np.errstate(all="ignore"):
        doubt = np.where(error != 0, (error + 4 * UNIT_ROUNDOFF * np.abs(low)) * BOUND_SLACK, 0.0)
        return np.asarray((high + (low + doubt) == high) & (high + (low - doubt) == high))
