"""A region in a notebook: its inequalities with their owners, a drawing in the plane, its affine map.

Facets are shown where they are known, or found in a fraction of a second; else all rows, or their number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytope_lens._kept import answers
from polytope_lens.cells.inequalities import facet_polytope, inequalities
from polytope_lens.displays.markup import ask, beside, card, note
from polytope_lens.displays.phrases import linear_form, many
from polytope_lens.polytope.polytope_card import polytope_drawing, polytope_formula, rows_table

if TYPE_CHECKING:
    from polytope_lens.region import Region

# Neurons times inputs, and weights, up to which facets are looked for, and up to which rows are: 0.3 seconds at most.
FACETS, ROWS = (10_000, 60_000), (500_000, 600_000)
MOST_BITS, MOST_OUTPUTS = 100, 3


def region_card(region: Region) -> str:
    """Its inequalities, nearest first, and what else is quickly known."""
    network, pattern = region.network, region.pattern
    where = "" if region.domain is None else f", in {region.domain!r}"
    title = f"Region of R^{network.input_dim}{where}"
    bits = str(pattern) if len(pattern.bits) <= MOST_BITS else f"0x{pattern.hex[: MOST_BITS // 4]}..."
    told = note(f"pattern {bits}")
    if _has_facets(region):
        rows = rows_table(region.polytope, region.point)
        return card(title, told, beside(region_drawing(region), rows + _map_in_words(region)))
    if _is_within(region, ROWS):
        rows = inequalities(region, facets=False)._repr_html_()
        hint = note("All rows, nearest first; which of them are facets was not asked.")
        return card(title, told, rows, hint, ask("region.polytope", "region.inequalities()"))
    return card(title, told, note(many(network.n_neurons, "row")), ask("region.inequalities(facets=False)"))


def region_drawing(region: Region) -> str:
    """The polygon of a region in the plane, with its point; else ""."""
    if region.network.input_dim != 2 or not _has_facets(region):
        return ""
    return polytope_drawing(region.polytope, region.point[None])


def region_formula(region: Region) -> str | None:
    """Its facets as a displayed formula, if they are quickly known."""
    return polytope_formula(region.polytope) if _has_facets(region) else None


def _has_facets(region: Region) -> bool:
    """Whether they are known, or quickly found."""
    return facet_polytope in answers(region) or _is_within(region, FACETS)


def _is_within(region: Region, limits: tuple[int, int]) -> bool:
    network = region.network
    numbers = network.n_neurons * network.input_dim, sum(int(layer.weight.size) for layer in network.layers)
    return all(number <= limit for number, limit in zip(numbers, limits, strict=True))


def _map_in_words(region: Region) -> str:
    """The affine map, of the first outputs."""
    found = region.augmented_map()[:-1]
    if not np.isfinite(found).all():
        return note("The numbers of its affine map are too large for floats.")
    A, b = found[:, :-1], found[:, -1]
    lines = [
        f"y{i} = {linear_form(row)} {'-' if constant < 0 else '+'} {abs(constant):.3g}"
        for i, (row, constant) in enumerate(zip(A[:MOST_OUTPUTS], b[:MOST_OUTPUTS], strict=True))
    ]
    if len(b) > MOST_OUTPUTS:
        lines.append(f"and {many(len(b) - MOST_OUTPUTS, 'more output')}")
    return "".join(map(note, lines))
