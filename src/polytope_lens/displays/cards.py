"""The HTML of objects in notebooks, from plain data: layers, inequalities, counts, ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from polytope_lens.displays.markup import ask, card, note, table
from polytope_lens.displays.phrases import many, owner_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from polytope_lens._types import Matrix

    # Linear form, bound, owners and distance of an inequality, in words.
    RowWords: TypeAlias = tuple[str, str, str, str]
    Owner: TypeAlias = tuple[int, int]

FEW, FEW_COORDINATES = 20, 8
"""Rows of a table, coordinates of a point."""
ASK_A_LENS = ("lens.at(x)", "lens.count(domain)", "lens.partition(domain)", "lens.estimate(domain)")


def network_card(
    title: str,
    weights: Sequence[Matrix],
    kinds: Sequence[str],
    bits: Sequence[int],
    *,
    told: Sequence[str] = (),
    steps: Sequence[Sequence[str]] = (),
    asked: Sequence[str] = (),
) -> str:
    """Layers and the output: sizes, activations, how many neurons have a bit; from which steps; what to ask."""
    head = ["layer", "inputs", "neurons", "activation", "that cut", *(["from"] if steps else [])]
    rows: list[list[object]] = []
    for i, (weight, kind) in enumerate(zip(weights, [*kinds, "output"], strict=True)):
        stored = "" if isinstance(weight, np.ndarray) else f", {weight.nnz} weights stored"
        name, cutting = (i, bits[i]) if i < len(kinds) else ("", "")
        rows.append([name, int(weight.shape[1]), int(weight.shape[0]), kind + stored, cutting])
        if steps:
            rows[-1].append(", ".join(steps[i]))
    return card(title, note(", ".join(told)), _ends_of_table(head, rows), ask(*asked) if asked else "")


def _ends_of_table(
    head: Sequence[str], rows: list[list[object]], colors: Sequence[str] = (), what: str = "layer"
) -> str:
    """A table with a row for each layer, of deep networks for the first and last ones."""
    if len(rows) <= 2 * FEW:
        return table(head, rows, colors=colors)
    dots = [*colors[:FEW], "transparent", *colors[-FEW:]] if colors else ()
    more = f"{many(len(rows) - 2 * FEW, what)} in between left out"
    return table(head, [*rows[:FEW], ["..."], *rows[-FEW:]], more, dots)


def steps_card(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], *asked: str) -> str:
    """A row for each step of a training, or whatever else is many; of long ones for the first and last ones."""
    return card(title, _ends_of_table(head, [list(row) for row in rows], what="row"), ask(*asked))


def row_table(rows: Sequence[RowWords], n_more: int = 0, more: str = "") -> str:
    """Inequalities as they are printed, numbered; empty columns are left out."""
    told = {name: k for k, name in ((2, "owner"), (3, "distance")) if any(row[k] for row in rows)}
    cells = [[i, f"{row[0]} <= {row[1]}", *(row[k] for k in told.values())] for i, row in enumerate(rows)]
    return table(["", "inequality", *told], cells, f"and {n_more} more{more}" if n_more > 0 else "")


def inequalities_card(title: str, rows: Sequence[RowWords], n: int) -> str:
    """The nearest ones of n rows."""
    return card(title, row_table(rows, n - len(rows), ", farther away"))


def path_card(title: str, ends: Sequence[float], lengths: Sequence[float], flips: Sequence[Sequence[Owner]]) -> str:
    """The pieces of a way: from where to where, how long, and which neurons flip at the end of each."""
    n = len(lengths)
    flipped = [*map(owner_names, flips[:FEW]), ""]
    rows = [[i, f"{ends[i]:.6g}", f"{ends[i + 1]:.6g}", f"{lengths[i]:.3g}", flipped[i]] for i in range(min(n, FEW))]
    more = f"and {n - FEW} more regions, up to {ends[-1]:g}" if n > FEW else ""
    return card(title, table(["region", "from", "to", "length", "then flips"], rows, more))


def counts_table(counts: Sequence[int], is_complete: bool, bits: Sequence[int] = (), colors: Sequence[str] = ()) -> str:
    """Numbers of regions after each layer, lower bounds if they are not complete."""
    rows: list[list[object]] = [
        [i, *bits[i : i + 1], n if is_complete else f"at least {n}"] for i, n in enumerate(counts)
    ]
    return _ends_of_table(["layer", *(["neurons"] if bits else []), "regions after it"], rows, colors)


def counts_card(total: int, counts: Sequence[int], explained: str, decisions: Sequence[int]) -> str:
    """Numbers of regions; what explains why they are not all is "" where they are."""
    title = f"{'at least ' if explained else ''}{many(total, 'region')}"
    return card(title, counts_table(counts, not explained), note(explained), decided_by(decisions))


def decided_by(decisions: Sequence[int]) -> str:
    """How many signs each rung of the ladder decided."""
    rungs = ("floats with an error bound", "double-doubles", "fractions")
    told = ", ".join(f"{n} by {name}" for n, name in zip(decisions, rungs, strict=True) if n)
    return note(f"Signs decided exactly: {told}." if told else "")


def answer_card(title: str, told: str, point: Sequence[float | Fraction] | None = None) -> str:
    """An answer in a line or more, and the point that it names, rounded."""
    where = ""
    if point is not None:
        shown = [f"{float(v):.6g}" for v in point[:FEW_COORDINATES]]
        shown += [f"{len(point) - FEW_COORDINATES} more"] if len(point) > FEW_COORDINATES else []
        where = f"at ({', '.join(shown)})"
    return card(title, *map(note, told.splitlines()), note(where))
