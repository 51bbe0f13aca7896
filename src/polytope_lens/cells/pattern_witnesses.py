"""Points strictly inside regions of which nothing is known but their patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._arrays.batches import batches
from polytope_lens.cells.chebyshev_balls import IN_CACHE
from polytope_lens.cells.interior_proposals import SHARES, surely_inside
from polytope_lens.cells.region_facets import domain_sides, region_rows
from polytope_lens.domain import Box
from polytope_lens.exact.owner_rows import integer_sides
from polytope_lens.exact.rows import ExactRows, cell_rows
from polytope_lens.lp.interior_point import float_inside
from polytope_lens.network.pattern import unpack
from polytope_lens.polytope.batch.nearest_points import nearest_points

if TYPE_CHECKING:
    from polytope_lens._types import Bools, Floats, Words
    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network


def pattern_witnesses(network: Network, domain: Domain, patterns: Words) -> Floats:
    """A point in each region, packed patterns (n, n_words) -> (n, d), as witnesses are: see `float_inside`.

    Parameters
    ----------
    domain : Box, Polytope or None
        With interior.

    Notes
    -----
    Exact. Cost: up to five quadratic programs in floats for each, some ten microseconds; exact linear programs,
    milliseconds, where these prove nothing.
    """
    bits = unpack(patterns, network.n_neurons)
    points = np.zeros((len(bits), network.input_dim))
    around = domain_sides(domain, network.input_dim)
    near = (domain.lower + domain.upper) / 2 if isinstance(domain, Box) else np.zeros(network.input_dim)
    numbers = (network.n_neurons + len(around.exact) + 1) * (network.input_dim + 1)
    lost = []
    for some in batches(len(bits), numbers, IN_CACHE):
        rows, error = region_rows(network, around, bits[some])
        points[some], proved = _proposed(rows, error, near)
        lost.extend((np.arange(len(bits))[some][~proved]).tolist())
    source, sides = ExactRows(network), integer_sides(domain)
    for i in lost:
        found = float_inside(cell_rows(network, source, bits[i]) + sides, network.input_dim)
        assert found is not None  # regions have interior
        points[i] = found
    return points


def _proposed(rows: Floats, error: Floats, near: Floats) -> tuple[Floats, Bools]:
    """Points of n regions that keep a distance to all rows, the greatest of some, and which are proved to be inside."""
    n = len(rows)
    points, proved = np.tile(near, (n, 1)), np.zeros(n, dtype=bool)
    with np.errstate(all="ignore"):
        length = np.linalg.norm(rows[:, :, :-1], axis=2)
        varies = (length > 0) & np.isfinite(length)
        normals = np.where(varies[:, :, None], rows[:, :, :-1] / length[:, :, None], 0.0)
        slack = np.where(varies, -(rows[:, :, :-1] @ near + rows[:, :, -1]) / length, 0.0)
        farthest = 1.0 + np.where(varies, np.abs(rows[:, :, -1]) / length, 0.0).max(axis=1, initial=0.0)
    for share in SHARES:
        left = np.flatnonzero(~proved)
        if not left.size:
            break
        free = np.where(varies[left], slack[left] - share * farthest[left, None], 1.0)
        _, multipliers = nearest_points(normals[left], free)
        points[left] = near - np.einsum("nm,nmk->nk", multipliers, normals[left])
        proved[left] = surely_inside(rows[left], error[left], points[left])
    return points, proved
