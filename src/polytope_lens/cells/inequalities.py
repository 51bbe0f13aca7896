"""The system of linear inequalities of the polytope that a point lives on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from operator import mul
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq, fmpz
from scipy import sparse

from polytope_lens.arithmetic.rational import (
    common_exponent,
    fraction,
    integer_rows,
    integers,
    rationals,
    scaled_quotient,
    written,
)
from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.exact.rows import ExactRows
from polytope_lens.exact.sparse import has_sparse_layers, rows_on
from polytope_lens.exact.sparse_rows import region_rows
from polytope_lens.io.halfspaces import Halfspaces, owner_name
from polytope_lens.network.network import bit_places
from polytope_lens.polytope.facets import exact_facet_mask, primitive, rows_are_independent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.network.network import Matrix, Network
    from polytope_lens.region import Region


DOMAIN = -1


@dataclass(frozen=True, slots=True, eq=False)
class Inequalities:
    """All inequalities ``A @ x <= b`` of a region, each with its owner.

    Parameters
    ----------
    A : (m, d) array
    b : (m,) array
        The row of neuron ``(layer, neuron)`` says that its pre-activation keeps its sign: ``z(x) >= 0`` where its bit
        is 1, ``z(x) <= 0`` where it is 0. Each number is within the row's `error` of the exact one, and rounded once.
        Of a network with sparse layers, and without facets, `A` is a :class:`scipy.sparse.csr_array`.
    layer, neuron : (m,) int arrays
        Owner of each row, counted from 0: row `neuron` of ``network.layers[layer].weight``. Layer -1 is the domain,
        and `neuron` then the number of the domain's row.
    is_facet : (m,) bool array or None
        Whether the row is a facet of the region; exact. Rows of one facet are all marked. None if it was not asked for.
    point : (d,) array
        The point that distances are measured from when printing.
    error : (m,) array
        0 but in networks with sparse layers, where a number that may be zero is given as zero: for ten layers about
        2**-70 of a row's largest number. Proved.
    """

    A: Matrix
    b: Floats
    layer: Ints
    neuron: Ints
    is_facet: Bools | None
    point: Floats
    error: Floats

    def __len__(self) -> int:
        return len(self.b)

    def distances(self) -> Floats:
        """Euclidean distance of `point` to each row's hyperplane, (m,); infinite for rows of zeros; rounded."""
        return _distances(self.A, self.b, self.point)

    def facets(self) -> Inequalities:
        """Only the rows that are facets; an OptionError if which they are was not asked for."""
        keep = self.is_facet
        if keep is None:
            raise OptionError(
                "which of these rows are facets is not known, because they were asked for with facets=False. Ask the "
                "region for its `inequalities()` without it."
            )
        return Inequalities(
            self.A[keep], self.b[keep], self.layer[keep], self.neuron[keep], keep[keep], self.point, self.error[keep]
        )

    def format(self, *, only_facets: bool = True, limit: int = 40) -> str:
        """One line for each row, nearest first: ``0.53 x0 - 1.2 x1 <= 0.41   layer 2, neuron 7   distance 0.03``.

        Where it is not known which rows are facets, all of them.
        """
        return "\n".join(format_rows(self if self.is_facet is None or not only_facets else self.facets(), limit))

    def __str__(self) -> str:
        return self.format()

    def __repr__(self) -> str:
        facets = "" if self.is_facet is None else f", {int(self.is_facet.sum())} of them facets"
        return f"Inequalities({len(self)} rows in R^{self.A.shape[1]}{facets})"


@dataclass(frozen=True, slots=True, eq=False)
class ExactInequalities:
    """All inequalities ``A @ x <= b`` of a region as fractions, each with its owner; nothing is rounded.

    Parameters
    ----------
    A : (m, d) array of :class:`fractions.Fraction`
    b : (m,) array of :class:`fractions.Fraction`
        The numbers that the network's weights define, themselves and not up to a factor. Rows and their order are
        those of :class:`Inequalities`, whose floats are these, rounded once.
    layer, neuron, is_facet : (m,) arrays
        As in :class:`Inequalities`.
    """

    A: NDArray[np.object_]
    b: NDArray[np.object_]
    layer: Ints
    neuron: Ints
    is_facet: Bools

    def __len__(self) -> int:
        return len(self.b)

    def contains(self, point: Sequence[Fraction | float]) -> bool:
        """Whether a point, given by fractions, integers or floats, lies in the closed region; exact."""
        return satisfies(self, point)

    def facets(self) -> ExactInequalities:
        """Only the rows that are facets."""
        keep = self.is_facet
        return ExactInequalities(self.A[keep], self.b[keep], self.layer[keep], self.neuron[keep], self.is_facet[keep])

    def halfspaces(self) -> Halfspaces:
        """The same rows for the formats of :mod:`.io`, as in ``to_smtlib(system.halfspaces())``."""
        return Halfspaces(
            self.A, self.b, tuple(((p, q),) for p, q in zip(self.layer.tolist(), self.neuron.tolist(), strict=True))
        )

    def __str__(self) -> str:
        return "\n".join(format_fractions(self.facets()))

    def __repr__(self) -> str:
        facets = int(self.is_facet.sum())
        return f"ExactInequalities({len(self)} rows of fractions in R^{self.A.shape[1]}, {facets} of them facets)"


@dataclass(frozen=True, slots=True)
class ExactSystem:
    """Integer rows ``[a, c]`` of ``a . x + c <= 0``, the same rows as floats rounded once, and their owners.

    Each row is that of the network times the positive integer `scale`.
    """

    rows: list[list[fmpz]]
    scale: list[fmpz]
    floats: Floats
    layer: Ints
    neuron: Ints


def exact_system(region: Region) -> ExactSystem:
    """All inequalities of a region, the domain's last."""
    network, bits = region.network, region.pattern.array
    source = ExactRows(network)
    rows: list[list[fmpz]] = []
    scales: list[fmpz] = []
    floats: list[Floats] = []
    on = iter(bits.tolist())
    for index, layer in enumerate(network.layers):
        exact, scale = source.scaled_rows(index, bits)
        for neuron in np.flatnonzero(layer.cuts).tolist():
            row = [-v for v in exact[neuron]] if next(on) else exact[neuron]
            rows.append(row)
            scales.append(scale)
            floats.append(scaled_quotient(row, scale))
    sides = _sides(region)
    rows.extend(integer_rows(sides))
    scales.extend(fmpz(1) << common_exponent(side) for side in sides)
    floats.extend(sides)
    return ExactSystem(rows, scales, np.array(floats).reshape(-1, network.input_dim + 1), *_owners(network, len(sides)))


def _sides(region: Region) -> Floats:
    """Rows ``[a, c]`` of the domain's sides, as they were given."""
    domain, d = region.domain, region.network.input_dim
    return np.zeros((0, d + 1)) if domain is None else np.column_stack([domain.A, -domain.b])


def _owners(network: Network, n_sides: int) -> tuple[Ints, Ints]:
    """Layer and neuron of each row: all neurons that cut, then the sides of the domain."""
    places = [*bit_places(network), *((DOMAIN, side) for side in range(n_sides))]
    layer, neuron = np.array(places, dtype=np.int64).reshape(-1, 2).T
    return layer, neuron


def inequalities(region: Region, *, facets: bool = True) -> Inequalities:
    """All inequalities of a region and which of them are facets.

    Parameters
    ----------
    region : Region
    facets : bool
        Whether to find out which rows are facets. Without, also large convolutional networks can be asked.

    Raises
    ------
    InvalidNetworkError
        A network with sparse layers that are too large to be written out, asked for facets.

    Notes
    -----
    Exactness: rows are computed in integer arithmetic and rounded once at the end; facets are decided exactly. Without
    facets, rows of sparse layers are computed in double-double (:func:`.sparse_rows.region_rows`).
    Cost: one integer matrix product per layer; no linear program where the rows are linearly independent, as those of a
    single layer with fewer neurons than inputs are; otherwise a small one for each row (see
    :func:`.facets.exact_facet_mask`). A 784-64-64-10 network takes about a second; ten convolutions of 16 channels on
    3 x 32 x 32 images, 163,840 rows with 66 million numbers, six seconds without facets.
    Source: Liu, Caglar, Peterson and Kirby 2023, *Integrating geometries of ReLU feedforward neural networks*.
    """
    return _mark(region, exact_system(region)) if facets else system_of(region)[0]


def system_of(region: Region) -> tuple[Inequalities, Callable[[int], Sequence[fmpz]]]:
    """All inequalities of a region without their facets, and a function for the integer row ``[a, c]`` of each."""
    network, bits = region.network, region.pattern.array
    if not has_sparse_layers(network):
        system = exact_system(region)
        return _unmarked(region, system), system.rows.__getitem__
    sides, source = _sides(region), rows_on(network)
    layer_of, neuron_of = _owners(network, len(sides))
    # A neuron that is on says that its pre-activation is at least 0.
    flips = np.split(np.where(bits, -1.0, 1.0), np.cumsum(network.bits_per_layer)[:-1])
    parts = []
    for found, flip in zip(region_rows(network, bits), flips, strict=True):
        found.A.data *= np.repeat(flip, np.diff(found.A.indptr))
        parts.append((found.A, flip * found.c, found.error))
    parts.append((sparse.csr_array(sides[:, :-1]), sides[:, -1], np.zeros(len(sides))))
    A, constants, error = (list(part) for part in zip(*parts, strict=True))

    def integer_row(q: int) -> Sequence[fmpz]:
        layer, neuron = int(layer_of[q]), int(neuron_of[q])
        if layer == DOMAIN:
            return integer_rows(sides[neuron : neuron + 1])[0]
        row = source.rows(layer, bits)[neuron]
        return [-v for v in row] if bits[q] else row

    stacked = sparse.vstack(A, format="csr")
    b = 0.0 - np.concatenate(constants)
    return Inequalities(stacked, b, layer_of, neuron_of, None, region.point, np.concatenate(error)), integer_row


def exact_inequalities(region: Region) -> ExactInequalities:
    """The inequalities of a region as fractions, and which of them are facets.

    Notes
    -----
    Exact. Cost: that of :func:`inequalities`, and some microseconds for each number.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 3], [0.5, 0]], [[1, 1]]], [[0, -0.1], [0]])
    >>> print(lens.at([0.5, 1]).inequalities(exact=True))
    -1 x0 - 3 x1 <= 0   layer 0, neuron 0
    -1/2 x0 <= -3602879701896397/36028797018963968   layer 0, neuron 1
    """
    system = exact_system(region)
    A, b = _fractions(system, range(len(system.rows)))
    return ExactInequalities(A, b, system.layer, system.neuron, _facets(region, system))


def facet_halfspaces(region: Region) -> Halfspaces:
    """The facets of a region as fractions, nearest first, each with all neurons and sides of the domain that own it.

    Notes
    -----
    Exact; where several rows define a facet, the first of them stands for all. ``region.polytope`` has the same rows,
    rounded. Cost: that of :func:`inequalities`.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 3], [2, 6], [0.5, 0]], [[1, 1, 1]]], [[0, 0, -0.1], [0]])
    >>> found = lens.at([0.5, 1]).halfspaces()
    >>> [[str(v) for v in row] for row in found.A], found.owners
    ([['-1/2', '0'], ['-1', '-3']], (((0, 2),), ((0, 0), (0, 1))))
    """
    system = exact_system(region)
    groups = _groups(system, _mark(region, system))
    A, b = _fractions(system, [members[0] for members in groups.values()])
    owners = list(zip(system.layer.tolist(), system.neuron.tolist(), strict=True))
    return Halfspaces(A, b, tuple(tuple(owners[q] for q in members) for members in groups.values()))


def _fractions(system: ExactSystem, chosen: Sequence[int]) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """``A`` and ``b`` of some rows."""
    values = np.empty((len(chosen), system.floats.shape[1]), dtype=object)
    for i, q in enumerate(chosen):
        values[i] = [Fraction(int(v), int(system.scale[q])) for v in system.rows[q]]
    return values[:, :-1], -values[:, -1]


def satisfies(system: ExactInequalities, point: Sequence[Fraction | float]) -> bool:
    """Whether a point satisfies all inequalities; exact.

    Raises
    ------
    DimensionError
    """
    d = system.A.shape[1]
    if np.asarray(point, dtype=object).shape != (d,):
        raise DimensionError(
            f"`contains` needs one point with {d} coordinates, the input dimension, but received {point}."
        )
    try:
        x = [fraction(v) for v in point]
    except (AttributeError, OverflowError, ValueError) as cause:
        raise DimensionError(
            f"the point given to `contains` should be of finite numbers, but is {list(point)}."
        ) from cause
    return all(sum(map(mul, row, x), Fraction(0)) <= bound for row, bound in zip(system.A, system.b, strict=True))


def _mark(region: Region, system: ExactSystem) -> Inequalities:
    return replace(_unmarked(region, system), is_facet=_facets(region, system))


def _unmarked(region: Region, system: ExactSystem) -> Inequalities:
    A, b = system.floats[:, :-1], 0.0 - system.floats[:, -1]
    return Inequalities(A, b, system.layer, system.neuron, None, region.point, np.zeros(len(b)))


def _facets(region: Region, system: ExactSystem) -> Bools:
    """Which rows are facets, (m,) bool; exact.

    All rows depend on x through the first layer's pre-activations alone. Where these are fewer than the inputs and
    independent, they take every value, and the question is one about a network that takes them as its inputs.
    """
    normals = system.floats[:, :-1]
    if rows_are_independent(normals):
        return np.ones(len(normals), dtype=bool)
    inner = beneath(region.network) if region.domain is None else None
    if inner is not None:
        first = region.network.layers[0]
        reduced = replace(region, network=inner, point=first.weight @ region.point + first.bias)
        return _facets(reduced, exact_system(reduced))
    return exact_facet_mask(system.rows, homogeneous(region.point))


def homogeneous(point: Floats) -> list[fmpz] | None:
    """Integer coordinates ``[y, t]``, t > 0, of a point, or None for one that is beyond the range of floats."""
    return integers([*rationals(point), fmpq(1)]) if np.isfinite(point).all() else None


def beneath(network: Network) -> Network | None:
    """The network as a function of its first pre-activations, if these are fewer than the inputs and independent.

    They then take every value, so that both networks have the same regions, and each facet of one is one of the other.
    """
    first = network.layers[0] if network.layers else None
    if first is None or first.width >= network.input_dim or not rows_are_independent(first.weight):
        return None
    unchanged = replace(first, weight=np.eye(first.width), bias=np.zeros(first.width))
    return replace(network, layers=(unchanged, *network.layers[1:]))


def facet_groups(region: Region) -> tuple[Inequalities, dict[tuple[int, ...], list[int]]]:
    """The inequalities of a region, and for each facet, nearest first, all rows that define it.

    Facets are keyed by their exact rows ``[a, c]``, as integers without a common divisor. Several neurons (and a side
    of the domain) may own one facet.
    """
    system = exact_system(region)
    marked = _mark(region, system)
    return marked, _groups(system, marked)


def _groups(system: ExactSystem, marked: Inequalities) -> dict[tuple[int, ...], list[int]]:
    groups: dict[tuple[int, ...], list[int]] = {}
    order = np.argsort(marked.distances(), kind="stable")
    for q in order[np.asarray(marked.is_facet)[order]].tolist():
        groups.setdefault(primitive(system.rows[q]), []).append(q)
    return groups


def _distances(A: Matrix, b: Floats, point: Floats) -> Floats:
    norms = row_lengths(A)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(norms > 0, (b - A @ point) / norms, np.inf)


def row_lengths(A: Matrix) -> Floats:
    """Euclidean lengths of rows, (m,), without overflow or underflow on the way; rounded."""
    if isinstance(A, np.ndarray):
        unit = _unit(np.abs(A).max(axis=1, initial=0.0))
        norms = np.linalg.norm(A / unit[:, None], axis=1)
    else:
        unit = _unit(abs(A).max(axis=1).toarray().ravel())
        scaled = A.data / np.repeat(unit, np.diff(A.indptr))
        norms = sparse.linalg.norm(sparse.csr_array((scaled, A.indices, A.indptr), A.shape), axis=1)
    with np.errstate(over="ignore"):
        return np.asarray(unit * norms)


def _unit(largest: Floats) -> Floats:
    """What rows with these largest sizes are divided by."""
    return np.where((largest > 0) & np.isfinite(largest), largest, 1.0)


def format_rows(system: Inequalities, limit: int) -> list[str]:
    """Readable rows, nearest first, at most `limit` of them."""
    distances = system.distances()
    order = np.argsort(distances, kind="stable")
    shown = order[:limit]
    rows = system.A[shown]
    sums = [_linear_form(row) for row in (rows if isinstance(rows, np.ndarray) else rows.toarray())]
    width = max((len(s) for s in sums), default=0)
    lines = []
    for i, text in zip(shown, sums, strict=True):
        owner = owner_name(system.layer[i], system.neuron[i])
        lines.append(f"{text:>{width}} <= {system.b[i]:<9.3g} {owner:<20} distance {distances[i]:.3g}")
    if len(order) > limit:
        lines.append(f"... and {len(order) - limit} more, farther away")
    return lines


def format_fractions(system: ExactInequalities) -> list[str]:
    """Rows as inequalities between fractions, in their order."""
    lines = []
    for row, bound, layer, neuron in zip(system.A, system.b, system.layer, system.neuron, strict=True):
        text = " + ".join(f"{written(v)} x{k}" for k, v in enumerate(row) if v).replace("+ -", "- ") or "0"
        lines.append(f"{text} <= {written(bound)}   {owner_name(layer, neuron)}")
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
