"""Exact polytope geometry of trained ReLU and leaky-ReLU networks.

>>> from polytope_lens import Box, Lens
>>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
>>> len(lens.partition(Box([-1, -1], [1, 1])))
4
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polytope_lens.affine import AffineMap
    from polytope_lens.domain import Box
    from polytope_lens.errors import PolytopeLensError, Status
    from polytope_lens.flat import Flat
    from polytope_lens.io.halfspaces import Halfspaces
    from polytope_lens.lens import Lens
    from polytope_lens.network import Layer, Network
    from polytope_lens.outcome import Certificate, RegionCounts
    from polytope_lens.partition import Partition
    from polytope_lens.path import Path
    from polytope_lens.pattern import ActivationPattern
    from polytope_lens.points.complexity import LocalComplexity
    from polytope_lens.points.gradients import Attributions
    from polytope_lens.points.regions_at import RegionsAt
    from polytope_lens.points.robustness import Robustness, RobustnessRadii
    from polytope_lens.polytope import Polytope
    from polytope_lens.polytope.ball import Ball
    from polytope_lens.polytope.ellipsoid import Ellipsoid
    from polytope_lens.polytope.extent import Width
    from polytope_lens.polytope.recession import RecessionCone
    from polytope_lens.polytope.sample import Estimate
    from polytope_lens.query.balls import Balls
    from polytope_lens.query.boundary import NearestBoundary
    from polytope_lens.query.data import RegionData
    from polytope_lens.query.inequalities import Inequalities
    from polytope_lens.region import Region

__version__ = "0.1.0"

_HOME = {
    "ActivationPattern": "pattern",
    "AffineMap": "affine",
    "Attributions": "points.gradients",
    "Ball": "polytope.ball",
    "Balls": "query.balls",
    "Box": "domain",
    "Certificate": "outcome",
    "Ellipsoid": "polytope.ellipsoid",
    "Estimate": "polytope.sample",
    "Flat": "flat",
    "Halfspaces": "io.halfspaces",
    "Inequalities": "query.inequalities",
    "Layer": "network",
    "Lens": "lens",
    "LocalComplexity": "points.complexity",
    "NearestBoundary": "query.boundary",
    "Network": "network",
    "Partition": "partition",
    "Path": "path",
    "Polytope": "polytope",
    "PolytopeLensError": "errors",
    "RecessionCone": "polytope.recession",
    "Region": "region",
    "RegionCounts": "outcome",
    "RegionData": "query.data",
    "RegionsAt": "points.regions_at",
    "Robustness": "points.robustness",
    "RobustnessRadii": "points.robustness",
    "Status": "errors",
    "Width": "polytope.extent",
}

__all__ = [
    "ActivationPattern",
    "AffineMap",
    "Attributions",
    "Ball",
    "Balls",
    "Box",
    "Certificate",
    "Ellipsoid",
    "Estimate",
    "Flat",
    "Halfspaces",
    "Inequalities",
    "Layer",
    "Lens",
    "LocalComplexity",
    "NearestBoundary",
    "Network",
    "Partition",
    "Path",
    "Polytope",
    "PolytopeLensError",
    "RecessionCone",
    "Region",
    "RegionCounts",
    "RegionData",
    "RegionsAt",
    "Robustness",
    "RobustnessRadii",
    "Status",
    "Width",
]


def __getattr__(name: str) -> Any:
    """Load a public name where it lives, on first use."""
    if name in _HOME:
        return getattr(importlib.import_module(f"polytope_lens.{_HOME[name]}"), name)
    raise AttributeError(f"module 'polytope_lens' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
