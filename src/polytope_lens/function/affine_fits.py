"""How well affine functions fit values at points: many small questions at once, answered in proved floats.

Above: a function is named, and its greatest deviation bounded. Below: d + 2 points are named at which every affine
function deviates by more than that. Their affine dependence ``sum w_i x_i = 0``, ``sum w_i = 0`` annihilates affine
functions, so ``|sum w_i f(x_i)| <= eps sum |w_i|`` if one deviates from f by at most eps at each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays.ragged import starts
from polytope_lens.function.affine_fits_kernels import (
    Enough,
    Fits,
    FitWork,
    Groups,
    KnownValues,
    fit_groups,
    prove_levels,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Floats, Ints


# Fits as good as floats have them.
BEST = Enough(0.0, np.inf)


def grouped(lists: Sequence[Ints]) -> Groups:
    """Groups of points from their lists."""
    return Groups(np.concatenate(lists), starts(np.array([len(one) for one in lists], dtype=np.int64)))


def fit(samples: KnownValues, groups: Groups, enough: Enough = BEST) -> Fits:
    """Fit an affine function to each group of points, for each output; see `Fits`."""
    n, out, d = len(groups.indptr) - 1, len(samples.values), samples.points.shape[1]
    m = d + 2
    found = Fits(
        np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.int64), np.zeros((n, m), dtype=np.int64),
        np.zeros((n, out, d + 1)),
    )  # fmt: skip
    fit_groups(samples, groups, enough, found, _room(d))
    return found


def _room(d: int) -> FitWork:
    m = d + 2
    rows = [np.zeros(m) for _ in range(4)]
    return FitWork(
        np.zeros((m, m + 1)), rows[0], rows[1], rows[2], rows[3], np.zeros(m, dtype=np.int64), np.zeros((d, d)),
        np.zeros((d + 1, d + 1)),
    )  # fmt: skip


def proved_levels(samples: KnownValues, reference: Ints, output: Ints) -> Floats:
    """Lower bounds on how much every affine function deviates at some of n sets of d + 2 points, (n,); proved.

    Parameters
    ----------
    samples : KnownValues
    reference : (n, d + 2) int array
        Negative entries: nothing is known, and the bound is 0.
    output : (n,) int array

    Notes
    -----
    Let g be an affine function that deviates from f by at most E at all of them, and g* one found in floats, with rests
    ``s_i = f(x_i) - g*(x_i)``. Weights w with ``sum |w_i| = 1`` leave ``r = sum w_i (x_i, 1)`` over, so
    ``sum w_i s_i = sum w_i (f - g)(x_i) + (g - g*) . r``. At each point ``|g - g*|`` is at most ``E + |s_i|``, hence
    the coefficients of ``g - g*`` are at most as large as that times the norm C of the inverse of a matrix of d + 1 of
    the points. So ``E >= (|sum w_i s_i| - C |r| max |s_i|) / (1 + C |r|)``. All sums come with their errors, and points
    and values with theirs.
    """
    level = np.zeros(len(reference))
    prove_levels(samples, reference, output, level, _room(samples.points.shape[1]))
    return level
