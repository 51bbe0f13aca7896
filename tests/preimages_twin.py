"""Preimages the slow way: all regions of a domain, each clipped by a target in fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from polytope_lens import Polytope
from polytope_lens.exact.rows import ExactRows


def random_target(rng, out):
    """A few halfspaces of small numbers, which degenerate networks touch."""
    rows = rng.integers(-1, 2, (rng.integers(1, 3), out))
    return rows.tolist(), [Fraction(int(v), 2) for v in rng.integers(-2, 3, len(rows))]


def clipped(lens, region, target):
    """A region's rows and those of the target on it, in fractions."""
    A, b = region.polytope.fractions()
    rows, scale = ExactRows(lens.network).scaled_rows(len(lens.network.layers), region.pattern.array)
    maps = np.array([[Fraction(int(v), int(scale)) for v in row] for row in rows], dtype=object)
    C, c = (np.array(part, dtype=object) for part in target)
    pulled = C @ maps
    return Polytope(np.vstack([A, pulled[:, :-1]]), np.concatenate([b, c - pulled[:, -1]]))


def all_clipped(lens, domain, target):
    return [(region, clipped(lens, region, target)) for region in lens.partition(domain)]
