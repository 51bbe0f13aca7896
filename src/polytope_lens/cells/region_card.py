"""A region in a notebook: its inequalities with their owners, a drawing in the plane, its affine map.

Facets are looked for where that takes a few milliseconds; else all rows are shown, or named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polytope_lens.cells.inequalities import inequalities
from polytope_lens.displays.markup import ask, beside, card, note
from polytope_lens.displays.phrases import linear_form, many
from polytope_lens.polytope.polytope_card import polytope_drawing, polytope_formula, rows_table

if TYPE_CHECKING:
    from polytope_lens.region import Region

QUICK, BRIEF = 10_000, 500_000
"""Numbers of neurons times inputs up to which facets, and rows, are found in some hundredths of a second."""
MOST_BITS, MOST_OUTPUTS = 100, 3


def region_card(region: Region) -> str:
    """Its inequalities, nearest first, and what else is quickly known."""
    network, pattern = region.network, region.pattern
    where = "" if region.domain is None else f", in {region.domain!r}"
    title = f"Region of R^{network.input_dim}{where}"
    bits = str(pattern) if len(pattern.bits) <= MOST_BITS else f"0x{pattern.hex[: MOST_BITS // 4]}..."
    told = note(f"pattern {bits}")
    if _is_small(region):
        rows = rows_table(region.polytope, region.point)
        return card(title, told, beside(region_drawing(region), rows + _map_in_words(region)))
    if network.n_neurons * network.input_dim <= BRIEF:
        rows = inequalities(region, facets=False)._repr_html_()
        hint = note("All rows, nearest first; which of them are facets was not asked.")
        return card(title, told, rows, hint, ask("region.polytope", "region.inequalities()"))
    return card(title, told, note(many(network.n_neurons, "row")), ask("region.inequalities(facets=False)"))


def region_drawing(region: Region) -> str:
    """The polygon of a region in the plane, with its point; else ""."""
    if region.network.input_dim != 2 or not _is_small(region):
        return ""
    return polytope_drawing(region.polytope, region.point[None])


def region_formula(region: Region) -> str | None:
    """Its facets as a displayed formula, if they are quickly known."""
    return polytope_formula(region.polytope) if _is_small(region) else None


def _is_small(region: Region) -> bool:
    return region.network.n_neurons * region.network.input_dim <= QUICK


def _map_in_words(region: Region) -> str:
    """The affine map, of the first outputs."""
    A, b = region.affine_map.A, region.affine_map.b
    lines = [
        f"y{i} = {linear_form(row)} {'-' if constant < 0 else '+'} {abs(constant):.3g}"
        for i, (row, constant) in enumerate(zip(A[:MOST_OUTPUTS], b[:MOST_OUTPUTS], strict=True))
    ]
    if len(b) > MOST_OUTPUTS:
        lines.append(f"and {many(len(b) - MOST_OUTPUTS, 'more output')}")
    return "".join(map(note, lines))
