"""A point strictly inside each region, proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens.exact.owner_rows import integer_sides
from polytope_lens.exact.point_signs import halfspace_signs, interior_mask, point_signs
from polytope_lens.exact.rows import ExactRows, cell_rows
from polytope_lens.lp.interior_point import float_inside
from polytope_lens.network.pattern import unpack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats
    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network


def certify_witnesses(
    network: Network, domain: Domain, patterns: NDArray[np.uint64], witnesses: Floats, proved: Bools
) -> Floats:
    """Witnesses (n, d) with those replaced that are not strictly inside their regions; see `float_inside`.

    Parameters
    ----------
    proved : (n,) bool array
        Which witnesses need no check.

    Notes
    -----
    Exact. Cost: a forward pass for those to be checked; some exact linear programs for each that has to be replaced,
    which is one in a region about as thin as floats are there, hence rare.
    """
    index = np.flatnonzero(~proved)
    if not index.size:
        return witnesses
    bits = unpack(patterns[index], network.n_neurons)
    wrong = np.flatnonzero(~are_inside(network, domain, bits, witnesses[index]))
    if not wrong.size:
        return witnesses
    settled = witnesses.copy()
    source = ExactRows(network)
    sides = integer_sides(domain)
    for i in wrong:
        point = float_inside(cell_rows(network, source, bits[i]) + sides, network.input_dim)
        assert point is not None  # regions have interior
        settled[index[i]] = point
    return settled


def are_inside(network: Network, domain: Domain, bits: Bools, X: Floats) -> Bools:
    """Whether each point lies strictly inside the region of its pattern, (n, n_neurons) and (n, d) -> (n,); exact."""
    inside: Bools = np.asarray(np.isfinite(X).all(axis=1))
    rows = X[inside]
    signs = point_signs(network, rows)
    holds = ((signs > 0) == bits[inside]).all(axis=1)
    holds[holds] = interior_mask(network, signs[holds])
    if domain is not None:
        cuts = domain.A.any(axis=1)
        holds &= (halfspace_signs(domain.A[cuts], domain.b[cuts], rows) < 0).all(axis=1)
    inside[inside] = holds
    return inside
