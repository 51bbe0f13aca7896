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
    from polytope_lens.cells.chebyshev_balls import Balls
    from polytope_lens.cells.inequalities import Inequalities
    from polytope_lens.cells.nearest_boundary import NearestBoundary
    from polytope_lens.domain import Box
    from polytope_lens.errors import PolytopeLensError, Status
    from polytope_lens.function.level_set import LevelSet
    from polytope_lens.function.level_surface import LevelSurface
    from polytope_lens.lens import Lens
    from polytope_lens.local.attribution import Attributions
    from polytope_lens.local.complexity import LocalComplexity
    from polytope_lens.local.regions_at import RegionsAt
    from polytope_lens.local.robustness import Robustness, RobustnessRadii
    from polytope_lens.network.affine import AffineMap
    from polytope_lens.network.network import Layer, Network
    from polytope_lens.network.pattern import ActivationPattern
    from polytope_lens.network.subspace import Flat
    from polytope_lens.partition.partition import Partition
    from polytope_lens.partition.provenance import Certificate, RegionCounts
    from polytope_lens.path.path import Path
    from polytope_lens.polyhedral_complex.data_table import RegionData
    from polytope_lens.polytope import Polytope
    from polytope_lens.polytope.metric.ball import Ball
    from polytope_lens.polytope.metric.ellipsoid import Ellipsoid
    from polytope_lens.polytope.metric.extent import Width
    from polytope_lens.polytope.metric.sampling import Estimate
    from polytope_lens.polytope.recession import RecessionCone
    from polytope_lens.preimages.preimage import Preimage
    from polytope_lens.properties.best_first import ExtremeValue
    from polytope_lens.properties.counterexample import Counterexample
    from polytope_lens.properties.property import Property
    from polytope_lens.properties.property_check import CheckResult, Verdict
    from polytope_lens.properties.vnnlib_reader import read_vnnlib
    from polytope_lens.region import Region

__version__ = "0.1.0"

_HOME = {
    "ExtremeValue": "properties.best_first",
    "read_vnnlib": "properties.vnnlib_reader",
    "Verdict": "properties.property_check",
    "Property": "properties.property",
    "Counterexample": "properties.counterexample",
    "CheckResult": "properties.property_check",
    "ActivationPattern": "network.pattern",
    "AffineMap": "network.affine",
    "Attributions": "local.attribution",
    "Ball": "polytope.metric.ball",
    "Balls": "cells.chebyshev_balls",
    "Box": "domain",
    "Certificate": "partition.provenance",
    "Ellipsoid": "polytope.metric.ellipsoid",
    "Estimate": "polytope.metric.sampling",
    "Flat": "network.subspace",
    "Inequalities": "cells.inequalities",
    "Layer": "network.network",
    "Lens": "lens",
    "LevelSet": "function.level_set",
    "LevelSurface": "function.level_surface",
    "LocalComplexity": "local.complexity",
    "NearestBoundary": "cells.nearest_boundary",
    "Network": "network.network",
    "Partition": "partition.partition",
    "Path": "path.path",
    "Polytope": "polytope",
    "PolytopeLensError": "errors",
    "RecessionCone": "polytope.recession",
    "Preimage": "preimages.preimage",
    "Region": "region",
    "RegionCounts": "partition.provenance",
    "RegionData": "polyhedral_complex.data_table",
    "RegionsAt": "local.regions_at",
    "Robustness": "local.robustness",
    "RobustnessRadii": "local.robustness",
    "Status": "errors",
    "Width": "polytope.metric.extent",
}

__all__ = [
    "ActivationPattern",
    "AffineMap",
    "Attributions",
    "Ball",
    "Balls",
    "Box",
    "Certificate",
    "CheckResult",
    "Counterexample",
    "Ellipsoid",
    "Estimate",
    "ExtremeValue",
    "Flat",
    "Inequalities",
    "Layer",
    "Lens",
    "LevelSet",
    "LevelSurface",
    "LocalComplexity",
    "NearestBoundary",
    "Network",
    "Partition",
    "Path",
    "Polytope",
    "PolytopeLensError",
    "Preimage",
    "Property",
    "RecessionCone",
    "Region",
    "RegionCounts",
    "RegionData",
    "RegionsAt",
    "Robustness",
    "RobustnessRadii",
    "Status",
    "Verdict",
    "Width",
    "read_vnnlib",
]


def __getattr__(name: str) -> Any:
    """Load a public name where it lives, on first use."""
    if name in _HOME:
        return getattr(importlib.import_module(f"polytope_lens.{_HOME[name]}"), name)
    raise AttributeError(f"module 'polytope_lens' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
