"""The system of linear inequalities of the polytope that a point lives on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from polytope_lens.exact.rational import integer_matrix, integer_rows, integers, rationals, scaled_quotient
from polytope_lens.exact.rows import ExactRows
from polytope_lens.polytope.facets import exact_facet_mask, primitive, rows_are_independent

if TYPE_CHECKING:
    from flint import fmpz
    from numpy.typing import NDArray

    from polytope_lens.region import Region

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

DOMAIN = -1


@dataclass(frozen=True, slots=True, eq=False)
class Inequalities:
    """All inequalities ``A @ x <= b`` of a region, each with its owner.

    Parameters
    ----------
    A : (m, d) array
    b : (m,) array
        The row of neuron ``(layer, neuron)`` says that its pre-activation keeps its sign: ``z(x) >= 0`` where its bit
        is 1, ``z(x) <= 0`` where it is 0. Each number is the exact one, rounded once.
    layer, neuron : (m,) int arrays
        Owner of each row, counted from 0: row `neuron` of ``network.layers[layer].weight``. Layer -1 is the domain,
        and `neuron` then the number of the domain's row.
    is_facet : (m,) bool array
        Whether the row is a facet of the region; exact. Rows of one facet are all marked.
    point : (d,) array
        The point that distances are measured from when printing.
    """

    A: Floats
    b: Floats
    layer: Ints
    neuron: Ints
    is_facet: Bools
    point: Floats

    def __len__(self) -> int:
        return len(self.b)

    def distances(self) -> Floats:
        """Euclidean distance of `point` to each row's hyperplane, (m,); infinite for rows of zeros; rounded."""
        return _distances(self.A, self.b, self.point)

    def facets(self) -> Inequalities:
        """Only the rows that are facets."""
        keep = self.is_facet
        return Inequalities(
            self.A[keep], self.b[keep], self.layer[keep], self.neuron[keep], self.is_facet[keep], self.point
        )

    def format(self, *, only_facets: bool = True, limit: int = 40) -> str:
        """One line for each row, nearest first: ``0.53 x0 - 1.2 x1 <= 0.41   layer 2, neuron 7   distance 0.03``."""
        return "\n".join(format_rows(self.facets() if only_facets else self, limit))

    def __str__(self) -> str:
        return self.format()

    def __repr__(self) -> str:
        return f"Inequalities({len(self)} rows in R^{self.A.shape[1]}, {int(self.is_facet.sum())} of them facets)"


@dataclass(frozen=True, slots=True)
class ExactSystem:
    """Integer rows ``[a, c]`` of ``a . x + c <= 0``, the same rows as floats rounded once, and their owners."""

    rows: list[list[fmpz]]
    floats: Floats
    layer: Ints
    neuron: Ints


def exact_system(region: Region) -> ExactSystem:
    """All inequalities of a region, the domain's last."""
    network, bits = region.network, region.pattern.array
    source = ExactRows(network, integer_matrix(np.eye(network.input_dim + 1)))
    rows: list[list[fmpz]] = []
    floats: list[Floats] = []
    owners: list[tuple[int, int]] = []
    on = iter(bits.tolist())
    for index, layer in enumerate(network.layers):
        exact, scale = source.scaled_rows(index, bits)
        for neuron in np.flatnonzero(layer.cuts).tolist():
            row = [-v for v in exact[neuron]] if next(on) else exact[neuron]
            rows.append(row)
            floats.append(scaled_quotient(row, scale))
            owners.append((index, neuron))
    if region.domain is not None:
        sides = np.column_stack([region.domain.A, -region.domain.b])
        rows.extend(integer_rows(sides))
        floats.extend(sides)
        owners.extend((DOMAIN, row) for row in range(len(sides)))
    layer_of, neuron_of = np.array(owners, dtype=np.int64).reshape(-1, 2).T
    return ExactSystem(rows, np.array(floats).reshape(len(rows), network.input_dim + 1), layer_of, neuron_of)


def inequalities(region: Region) -> Inequalities:
    """All inequalities of a region and which of them are facets.

    Notes
    -----
    Exactness: rows are computed in integer arithmetic and rounded once at the end; facets are decided exactly.
    Cost: one integer matrix product per layer; no linear program where the rows are linearly independent, as those of a
    single layer with fewer neurons than inputs are; otherwise a small one for each row (see
    :func:`.facets.exact_facet_mask`). A 784-64-64-10 network takes about a second.
    Source: Liu, Caglar, Peterson and Kirby 2023, *Integrating geometries of ReLU feedforward neural networks*.
    """
    return _mark(region, exact_system(region))


def _mark(region: Region, system: ExactSystem) -> Inequalities:
    A, b = system.floats[:, :-1], 0.0 - system.floats[:, -1]
    return Inequalities(A, b, system.layer, system.neuron, _facets(region, system), region.point)


def _facets(region: Region, system: ExactSystem) -> Bools:
    """Which rows are facets, (m,) bool; exact.

    All rows depend on x through the first layer's pre-activations alone. Where these are fewer than the inputs and
    independent, they take every value, and the question is one about a network that takes them as its inputs.
    """
    normals = system.floats[:, :-1]
    if rows_are_independent(normals):
        return np.ones(len(normals), dtype=bool)
    network = region.network
    first = network.layers[0] if network.layers else None
    fewer = first is not None and first.width < network.input_dim and region.domain is None
    if first is not None and fewer and rows_are_independent(first.weight):
        unchanged = replace(first, weight=np.eye(first.width), bias=np.zeros(first.width))
        inner = replace(network, layers=(unchanged, *network.layers[1:]))
        beneath = replace(region, network=inner, point=first.weight @ region.point + first.bias)
        return _facets(beneath, exact_system(beneath))
    return exact_facet_mask(system.rows, integers([*rationals(region.point), fmpq(1)]))


def facet_groups(region: Region) -> tuple[Inequalities, dict[tuple[int, ...], list[int]]]:
    """The inequalities of a region, and for each facet, nearest first, all rows that define it.

    Facets are keyed by their exact rows ``[a, c]``, as integers without a common divisor. Several neurons (and a side
    of the domain) may own one facet.
    """
    system = exact_system(region)
    marked = _mark(region, system)
    groups: dict[tuple[int, ...], list[int]] = {}
    for q in np.argsort(marked.distances(), kind="stable").tolist():
        if marked.is_facet[q]:
            groups.setdefault(primitive(system.rows[q]), []).append(q)
    return marked, groups


def _distances(A: Floats, b: Floats, point: Floats) -> Floats:
    norms = np.linalg.norm(A, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(norms > 0, (b - A @ point) / norms, np.inf)


def format_rows(system: Inequalities, limit: int) -> list[str]:
    """Readable rows, nearest first, at most `limit` of them."""
    order = np.argsort(system.distances(), kind="stable")
    shown = order[:limit]
    sums = [_linear_form(system.A[i]) for i in shown]
    width = max((len(s) for s in sums), default=0)
    lines = []
    for i, text in zip(shown, sums, strict=True):
        owner = (
            f"domain, row {system.neuron[i]}"
            if system.layer[i] == DOMAIN
            else f"layer {system.layer[i]}, neuron {system.neuron[i]}"
        )
        lines.append(f"{text:>{width}} <= {system.b[i]:<9.3g} {owner:<20} distance {system.distances()[i]:.3g}")
    if len(order) > limit:
        lines.append(f"... and {len(order) - limit} more, farther away")
    return lines


def _linear_form(row: Floats, terms: int = 4) -> str:
    present = np.flatnonzero(row)
    shown = present if len(present) <= terms else present[np.argsort(-np.abs(row[present]), kind="stable")[:terms]]
    text = ""
    for k in shown:
        value = f"{abs(row[k]):.3g} x{k}"
        text += (f" - {value}" if row[k] < 0 else f" + {value}") if text else (f"-{value}" if row[k] < 0 else value)
    if len(present) > terms:
        text += f" + ({len(present) - terms} more)"
    return text or "0"
