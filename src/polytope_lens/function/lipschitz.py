"""How steep the network is: operator norms of its affine maps, and their maximum over all regions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._arrays.batches import batches
from polytope_lens.arithmetic.signs import UNIT_ROUNDOFF
from polytope_lens.errors import OptionError
from polytope_lens.exact.bounded_rows import bounded_rows
from polytope_lens.exact.rows import ExactRows
from polytope_lens.flat_domain import asked_on_flat
from polytope_lens.network.pattern import unpack
from polytope_lens.network.scalar import stacked_outputs
from polytope_lens.polyhedral_complex.requirements import require_complete

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Bools, Floats, Words
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition


# Norms that are sums of entries
EXACT_NORMS = ((1.0, 1.0), (inf, inf), (1.0, inf))
# Norms that are found by trying all signs try at most so many.
MOST_SIGNS = 16


@dataclass(frozen=True, slots=True)
class Lipschitz:
    """The least L with ``|f(x) - f(y)|_q <= L |x - y|_p`` for all x, y in the domain.

    Parameters
    ----------
    value : float or Fraction
    region : int
        A region on which the network is as steep as that.
    norm, output_norm : float
        p and q, the norms of inputs and outputs.
    """

    value: float | Fraction
    region: int
    norm: float
    output_norm: float


@asked_on_flat
def lipschitz(
    partition: Partition, norm: float = 2, output_norm: float | None = None, *, exact: bool = False
) -> Lipschitz:
    """Greatest operator norm ``max |A x|_q / |x|_p`` of the regions' affine maps; in any number of dimensions.

    That is the Lipschitz constant of the network on the domain, which is convex: a segment between two points is cut by
    the regions into pieces, each of which the network stretches by no more.

    Parameters
    ----------
    partition : Partition
    norm, output_norm : numbers from 1 to inf
        The norms p of inputs and q of outputs; q is p if not given. Any p for a network with one output; with several
        outputs p = 1, p = inf, q = 1, q = inf, or p = q = 2.
    exact : bool
        As a fraction; for (1, 1), (inf, inf) and (1, inf), where norms are sums of entries.

    Raises
    ------
    OptionError, PartialPartitionError

    Notes
    -----
    The maximum is over every region of the domain, no bound and no sample. Without `exact`, norms are computed in
    float64 from the partition's rounded maps, so that the value is rounded, and among regions whose norms agree within
    rounding, the one named may be any. With `exact`, regions that float bounds prove to be less steep than another are
    left out, the others compared in fractions, and the first of the steepest is named.
    Cost: that of the norms of n matrices (for p = q = 2, a singular value decomposition each); with `exact`, a forward
    pass of affine maps with bounds, and milliseconds for each region that remains.
    Norms to 1 and from infinity, other than these, are found by trying all signs of outputs or inputs, at most 16 of
    them: that is NP-hard in general (Rohn 2000, *Computing the norm ||A||_{inf,1} is NP-hard*), and so are those left
    out (Hendrickx and Olshevsky 2010, *Matrix p-norms are NP-hard to approximate if p is not 1, 2 or infinity*).

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 2], [3, -1]], [[1, 1]]], [[0, 0], [0]])
    >>> lens.partition().lipschitz(float("inf"), exact=True)
    Lipschitz(value=Fraction(5, 1), region=3, norm=inf, output_norm=inf)
    """
    require_complete(partition, "`lipschitz`")
    p, q = checked_norms(norm, output_norm, exact=exact)
    if exact:
        return _exact(partition, p, q)
    norms = operator_norms(partition.maps[:, :, :-1], p, q)
    region = int(norms.argmax())
    return Lipschitz(float(norms[region]), region, p, q)


def checked_norms(norm: float, output_norm: float | None, *, exact: bool) -> tuple[float, float]:
    """The norms of inputs and outputs, if there is a method for them.

    Raises
    ------
    OptionError
    """
    output_norm = norm if output_norm is None else output_norm
    for name, value in (("norm", norm), ("output_norm", output_norm)):
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float | np.integer | np.floating)
            or not (1 <= value < 2**1023 or value == inf)
        ):
            raise OptionError(f"`lipschitz` takes norms from 1 to inf, but received {name}={validate.shown(value)}.")
    p, q = float(norm), float(output_norm)
    if exact and (p, q) not in EXACT_NORMS:
        raise OptionError(
            f"exact norms are those with (norm, output_norm) = (1, 1), (inf, inf) and (1, inf), but ({p}, {q}) is "
            "a root, or a maximum over signs. Leave out `exact`."
        )
    return p, q


def operator_norms(A: Floats, p: float, q: float) -> Floats:
    """``max |A x|_q / |x|_p`` of n matrices, (n, out, d) -> (n,); rounded.

    From the 1-norm it is the greatest norm of a column, to the infinity norm the greatest dual norm of a row.
    """
    if p == 1:
        rows, order = A.transpose(0, 2, 1), q
    elif q == inf or A.shape[1] == 1:
        rows, order = A, _dual(p)
    elif p == q == 2:
        return np.asarray(np.linalg.norm(A, ord=2, axis=(1, 2)))
    elif q == 1:
        rows, order = _signs(A.shape[1], "outputs") @ A, _dual(p)
    elif p == inf:
        rows, order = _signs(A.shape[2], "inputs") @ A.transpose(0, 2, 1), q
    else:
        raise OptionError(
            f"with several outputs, norms p of inputs and q of outputs are those with p = 1, p = inf, q = 1, q = inf, "
            f"or p = q = 2, but p={p!r} and q={q!r} were asked for, for which no method but a search is known."
        )
    return np.asarray(np.linalg.norm(rows, ord=order, axis=2).max(axis=1))


def _dual(p: float) -> float:
    return inf if p == 1 else 1.0 if p == inf else p / (p - 1)


def _signs(n: int, what: str) -> Floats:
    if n > MOST_SIGNS:
        raise OptionError(
            f"this norm is found by trying all signs of the {n} {what}, which is done for at most {MOST_SIGNS}. Choose "
            "p = 1, q = inf, or p = q = 2."
        )
    return np.array(list(product((-1.0, 1.0), repeat=n)))


def _exact(partition: Partition, p: float, q: float) -> Lipschitz:
    network = partition.network
    lower, upper = norm_bounds(network, partition.packed_patterns, p, q)
    source = ExactRows(network)
    best, steepest = Fraction(-1), -1
    for region in np.flatnonzero(~(upper < lower.max())).tolist():
        value = exact_norm(network, source, partition[region].pattern.array, p, q)
        if value > best:
            best, steepest = value, region
    return Lipschitz(best, steepest, p, q)


def exact_norm(network: Network, source: ExactRows, bits: Bools, p: float, q: float) -> Fraction:
    """The operator norm of the map under a pattern, for one of the exact norms."""
    rows, scale = source.scaled_rows(len(network.layers), bits)
    return Fraction(_norm([[abs(int(v)) for v in row[:-1]] for row in rows], p, q), int(scale))


def _norm(sizes: Sequence[Sequence[int]], p: float, q: float) -> int:
    """Of one matrix, given the absolute values of its entries."""
    if p == inf:
        return max(map(sum, sizes))
    return max(map(sum, zip(*sizes, strict=True))) if q == 1 else max(map(max, sizes))


def norm_bounds(network: Network, patterns: Words, p: float, q: float) -> tuple[Floats, Floats]:
    """Bounds on the norms of the maps under packed patterns, (n, n_words) -> (n,) and (n,).

    A map and its float differ by a matrix whose entries are bounded, and so is its norm, which is no less for larger
    entries. Proved but for singular values, for p = q = 2 with several outputs, as LAPACK rounds them.
    """
    function, n = stacked_outputs(network), len(patterns)
    d, out = function.input_dim, function.output_dim
    widest = max(function.widths) * (d + 1)
    lower, upper = np.empty(n), np.empty(n)
    slack = norm_slack(d, out, p, q)
    for at in batches(n, widest):
        *_, (rows, error) = bounded_rows(function, unpack(patterns[at], function.n_neurons))
        A, doubt = (array[:, :, :-1].transpose(1, 0, 2) for array in (rows, error))
        known = np.asarray(np.isfinite(A).all(axis=(1, 2)) & np.isfinite(doubt).all(axis=(1, 2)))
        with np.errstate(over="ignore", invalid="ignore"):
            size, gap = (operator_norms(np.where(known[:, None, None], part, 0.0), p, q) for part in (A, doubt))
            lower[at] = np.where(known, np.fmax(size * (1 - slack) - gap * (1 + slack), 0.0), 0.0)
            upper[at] = np.where(known, np.fmax((size + gap) * (1 + 2 * slack), 0.0), inf)
    return lower, upper


def norm_slack(d: int, out: int, p: float, q: float) -> float:
    """How much a norm computed in floats may be off, as a share of itself.

    It is a sum of at most so many terms, or a singular value, about which LAPACK promises as much and we add to it.
    """
    return 2.0**-40 if p == q == 2 and out > 1 else 4 * (d + out + 2) * UNIT_ROUNDOFF
