"""Which fields of which answers are places: whoever adds a type with points gives them a role, and names it here."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import fields, is_dataclass

import polytope_lens
from polytope_lens._places import ROLE

PLACES = {
    "Ball": {"center": "points"},
    "Balls": {"centers": "points"},
    "CriticalCells": {"points": "points"},
    "Extrema": {"minimum": "parts", "maximum": "parts"},
    "FlatPart": {"point": "points"},
    "Extremum": {"point": "points"},
    "Facets": {"layer": "layers"},
    "Jumps": {"layer": "layers", "normals": "directions"},
    "LevelSet": {"points": "points", "isolated": "points", "axes": "axes"},
    "LevelSurface": {"points": "points", "axes": "axes"},
    "NearestBoundary": {"owners": "owners", "point": "points"},
    "Neurons": {"layer": "layers"},
    "Norms": {"argmax": "points"},
    "Robustness": {"point": "points", "exact_point": "points"},
    "Search": {"start": "points"},
}


def test_the_roles_of_fields():
    found = {}
    for module in pkgutil.walk_packages(polytope_lens.__path__, "polytope_lens."):
        if module.name.split(".")[1] in ("__main__", "experiments", "training", "testing", "importers"):
            continue
        for name, kind in vars(importlib.import_module(module.name)).items():
            if isinstance(kind, type) and is_dataclass(kind):
                roles = {field.name: field.metadata[ROLE] for field in fields(kind) if ROLE in field.metadata}
                if roles:
                    found[name] = roles
                if "layers" in roles.values():
                    assert "neuron" in {field.name for field in fields(kind)}
    assert found == PLACES
