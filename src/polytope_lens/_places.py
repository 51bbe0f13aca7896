"""What the fields of an answer are, where they are places: ``field(metadata=POINTS)``.

Of a flat domain, answers are found on the flat and embedded in the space of all inputs; see `flat_domain`. A
field without a role is what it is on either.
"""

from __future__ import annotations

from types import MappingProxyType

ROLE = "place"
# Points, one in each row; or a single one, or None.
POINTS = MappingProxyType({ROLE: "points"})
# Numbers of layers, -1 for the domain, beside a field `neuron`; or pairs of both.
LAYERS = MappingProxyType({ROLE: "layers"})
OWNERS = MappingProxyType({ROLE: "owners"})
# Directions, or normals of hyperplanes, one in each row.
DIRECTIONS = MappingProxyType({ROLE: "directions"})
# Coordinates by their number; and answers that are parts of this one.
AXES = MappingProxyType({ROLE: "axes"})
PARTS = MappingProxyType({ROLE: "parts"})
