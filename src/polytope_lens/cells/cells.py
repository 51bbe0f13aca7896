"""Regions as polytopes with exact rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polytope_lens.cells.inequalities import facet_groups
from polytope_lens.polytope.body import Body, of_integers

if TYPE_CHECKING:
    from polytope_lens.region import Region


def body(region: Region) -> Body:
    """The facets of a region, nearest first, one row each; exact, where ``region.polytope`` has rounded them."""
    return of_integers(facet_groups(region)[1], region.network.input_dim, region.point)
