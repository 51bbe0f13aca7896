"""What formats write of each row of a polytope: a name, its owners in words, its terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polytope_lens.displays.phrases import owner_name, owner_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction
    from typing import TypeAlias

    from polytope_lens.polytope import Polytope

    Term: TypeAlias = tuple[Fraction, int]


def row_names(poly: Polytope) -> list[str]:
    """A name for each row that formats allow: ``layer_0_neuron_3``, ``domain_row_2``; ``row_0`` without owners."""
    names = [owner_name(*owners[0]).replace(",", "").replace(" ", "_") for owners in poly.owners if owners]
    n = len(poly.owners)
    return names if len(set(names)) == n else [f"row_{i}" for i in range(n)]


def row_comments(poly: Polytope) -> list[str]:
    """All owners of each row in words; empty without owners."""
    return [owner_names(owners) for owners in poly.owners]


def row_terms(poly: Polytope) -> Iterator[tuple[list[Term], Fraction]]:
    """For each row, the coefficients other than zero with the numbers of their variables, and the right side; exact."""
    for row, bound in zip(*poly.fractions(), strict=True):
        yield [(value, k) for k, value in enumerate(row) if value], bound
