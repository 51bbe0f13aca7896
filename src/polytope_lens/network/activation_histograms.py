"""How many regions of an arrangement can have at most so many neurons off: what bounds on deep networks are made of."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def binomials(n: int, most: int) -> Iterator[int]:
    """C(n, j) for j = 0, 1, ... up to `most`."""
    value = 1
    for j in range(min(n, most) + 1):
        yield value
        value = value * (n - j) // (j + 1)


def zaslavsky(n: int, d: int) -> int:
    """Regions of n hyperplanes in general position in R^d: the most that n hyperplanes can have."""
    return sum(binomials(n, d))


def most_with_few_off(n: int, d: int) -> list[list[tuple[int, ...]]]:
    """Bounds on the number of regions of m hyperplanes in R^j with at most k neurons off: entry [m][j][k].

    For m = 0 ... n, j = 0 ... d, k = 0 ... m. Each hyperplane has a side where its neuron is off, whichever.

    Notes
    -----
    On the line, hyperplanes between two regions are off in one of the two, so at most 2 k + 1 regions have at most
    k off. That they are at most 1 + m k in the plane is quoted from Hinz 2021. In more dimensions a hyperplane is
    added to m - 1 others: where it is on, regions with at most k off are some of those before; where it is off,
    they had at most k - 1 off; and those that are on both sides are counted twice, which are as many as regions
    with at most k - 1 off on the hyperplane. Hence F(m, j, k) <= F(m - 1, j, k) + F(m - 1, j - 1, k - 1), of which
    sums of binomials, as in Serra et al. 2018, are the solution that starts in dimension 0.
    Cost: n^2 d additions of large integers.
    Source: Hinz 2021, *Using activation histograms to bound the number of affine regions in ReLU feed-forward neural
    networks*, arXiv 2103.17174.

    Examples
    --------
    Four lines in the plane have at most eleven regions, of which at most nine have two neurons on or more:

    >>> most_with_few_off(4, 2)[4][2]
    (1, 5, 9, 11, 11)
    """
    tables: list[list[tuple[int, ...]]] = [[(1,)] * (d + 1)]
    for m in range(1, n + 1):
        tables.append([_added(tables[-1], m, j) for j in range(d + 1)])
    return tables


def _added(rows: list[tuple[int, ...]], m: int, d: int) -> tuple[int, ...]:
    """The bounds of m hyperplanes in R^d, from those of m - 1 in R^d and R^(d - 1)."""
    if d >= m:
        return tuple(accumulate(binomials(m, m)))
    if d <= 2:
        slope = (0, 2, m)[d]
        return tuple(min(1 + slope * k, zaslavsky(m, d)) for k in range(m + 1))
    before, on_it = rows[d], rows[d - 1]
    return (before[0], *(before[min(k, m - 1)] + on_it[k - 1] for k in range(1, m + 1)))
