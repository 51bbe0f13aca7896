"""The system of linear inequalities of the polytope that a point lives on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, cast

import numpy as np
from flint import fmpz

from polytope_lens._arrays import validate
from polytope_lens._arrays.gate import checked
from polytope_lens._deferred import sparse
from polytope_lens._kept import answers, kept
from polytope_lens.arithmetic.rational import common_exponent, integer_rows, scaled_quotient, written
from polytope_lens.cells.region_facets import domain_sides, facets_of_one, seen_from
from polytope_lens.displays.cards import FEW as FEW_ROWS
from polytope_lens.displays.cards import inequalities_card
from polytope_lens.displays.phrases import linear_form, owner_name
from polytope_lens.errors import OptionError
from polytope_lens.exact.rows import FEW, pulled_back_rows
from polytope_lens.exact.sliced import rounded_rows
from polytope_lens.exact.sparse import row_source, rows_on
from polytope_lens.exact.sparse_rows import region_rows
from polytope_lens.flat_domain import flat_of, within
from polytope_lens.network.network import bit_places, fits_written_out, has_sparse_layers
from polytope_lens.polytope import Polytope
from polytope_lens.polytope.halfspaces import exact_rows, quotients
from polytope_lens.polytope.polytope import of_integers
from polytope_lens.polytope.polytope_card import MOST_NUMBERS, polytope_formula

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import ArrayLike

    from polytope_lens._types import Bools, Floats, Fractions, Ints, Matrix
    from polytope_lens.cells.region_facets import FacetsOfOne
    from polytope_lens.domain import Box
    from polytope_lens.flat_domain import FlatDomain
    from polytope_lens.network.network import Network
    from polytope_lens.region import Region

DOMAIN = -1


@checked
@dataclass(frozen=True, slots=True, eq=False)
class Inequalities:
    """All inequalities ``A @ x <= b`` of a region, each with its owner.

    Parameters
    ----------
    A : (m, d) array
    b : (m,) array
        The row of neuron ``(layer, neuron)`` says that its pre-activation keeps its sign: ``z(x) >= 0`` where its bit
        is 1, ``z(x) <= 0`` where it is 0. Each number is within the row's `error` of the exact one, and rounded once.
        Of a network with sparse layers, and without facets, `A` is a `scipy.sparse.csr_array`. Asked for with
        ``exact=True``, arrays of `fractions.Fraction`: the numbers that the network's weights define, themselves
        and not up to a factor.
    layer, neuron : (m,) int arrays
        Owner of each row, counted from 0: row `neuron` of ``network.layers[layer].weight``. Layer -1 is the domain,
        and `neuron` then the number of the domain's row.
    is_facet : (m,) bool array or None
        Whether the row is a facet of the region; exact. Rows of one facet are all marked. None if it was not asked for.
        In a flat box facets are those within the flat, and the rows that fix inputs are none.
    point : (d,) array
        The point that distances are measured from when printing: those of the hyperplanes, in a flat box, too, where
        the boundary of the region within the flat is farther away.
    error : (m,) array
        0 but in networks with sparse layers, where a number that may be zero is given as zero: for ten layers about
        2**-70 of a row's largest number. Proved.
    """

    A: Matrix | Fractions
    b: Floats | Fractions
    layer: Ints
    neuron: Ints
    is_facet: Bools | None
    point: Floats
    error: Floats

    def __len__(self) -> int:
        return len(self.b)

    @property
    def is_exact(self) -> bool:
        """Whether the numbers are fractions, and nothing is rounded."""
        return self.b.dtype == object

    def distances(self) -> Floats:
        """Euclidean distance of `point` to each row's hyperplane, (m,); infinite for rows of zeros; rounded."""
        return _distances(*self._floats(), self.point)

    def _floats(self) -> tuple[Matrix, Floats]:
        if not self.is_exact:
            return cast("Matrix", self.A), cast("Floats", self.b)
        table = quotients(self.to_polytope())
        return table[:, :-1], 0.0 - table[:, -1]

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

    def contains(self, X: ArrayLike) -> Bools:
        """Whether each point satisfies all rows, exactly as they are, (n, d) -> (n,) bool.

        Of fractions that means that it lies in the closed region; rounded rows may disagree beside a boundary.

        Parameters
        ----------
        X : (n, d) array
            Floats, integers or fractions.

        Raises
        ------
        DimensionError
        """
        return self.to_polytope().contains(X)

    def to_polytope(self) -> Polytope:
        """All rows as a polytope with owners, exactly as they are, for its questions and formats.

        ``region.polytope`` is better for most: exact, without rows that say nothing new, and found once.
        """
        A = self.A if isinstance(self.A, np.ndarray) else self.A.toarray()
        owners = zip(self.layer.tolist(), self.neuron.tolist(), strict=True)
        return Polytope(A, self.b, owners=((owner,) for owner in owners))

    def format(self, *, only_facets: bool = True, limit: int = 40) -> str:
        """One line for each row, nearest first: ``0.53 x0 - 1.2 x1 <= 0.41   layer 2, neuron 7   distance 0.03``.

        Where it is not known which rows are facets, all of them.
        """
        return "\n".join(format_rows(self if self.is_facet is None or not only_facets else self.facets(), limit))

    def __str__(self) -> str:
        return self.format()

    def _repr_html_(self) -> str:
        """For notebooks: the facets, or all rows where these are not known."""
        shown = self if self.is_facet is None else self.facets()
        return inequalities_card(repr(self), shown_rows(shown, FEW_ROWS), len(shown))

    def _repr_latex_(self) -> str | None:
        shown = self if self.is_facet is None else self.facets()
        return polytope_formula(shown.to_polytope()) if shown.A.size <= MOST_NUMBERS else None

    def __repr__(self) -> str:
        facets = "" if self.is_facet is None else f", {int(self.is_facet.sum())} of them facets"
        kind = " of fractions" if self.is_exact else ""
        return f"Inequalities({len(self)} rows{kind} in R^{self.A.shape[1]}{facets})"


@kept
def exact_system(region: Region) -> Polytope:
    """All inequalities of a region as a polytope, one owner each: those of the neurons in order, then the domain's.

    Each row is that of the network times a positive integer, its scale.
    """
    owners = list(zip(*(array.tolist() for array in _owners(region.network, len(_sides(region)))), strict=True))
    rows, scales = _rows_of(region, range(len(owners)))
    found = of_integers(
        rows, region.network.input_dim, scales=scales, owners=((owner,) for owner in owners), hint=region.point
    )
    answers(found)[quotients] = rounded_system(region)
    return found


def _sides(region: Region) -> Floats:
    """Rows ``[a, c]`` of the domain's sides, as they were given."""
    return np.zeros((0, region.network.input_dim + 1)) if region.domain is None else _stated(region.domain)


@kept
def _stated(domain: Box | Polytope) -> Floats:
    return np.column_stack([domain.A, -domain.b])


def _owners(network: Network, n_sides: int) -> tuple[Ints, Ints]:
    """Layer and neuron of each row: all neurons that cut, then the sides of the domain."""
    places = [*bit_places(network), *((DOMAIN, side) for side in range(n_sides))]
    layer, neuron = np.array(places, dtype=np.int64).reshape(-1, 2).T
    return layer, neuron


def inequalities(region: Region, *, exact: bool = False, facets: bool = True) -> Inequalities:
    """All inequalities of a region and which of them are facets.

    Parameters
    ----------
    region : Region
    exact : bool
        Fractions instead of floats.
    facets : bool
        Whether to find out which rows are facets. Without, also large convolutional networks can be asked.

    Raises
    ------
    InvalidNetworkError
        A network with sparse layers that are too large to be written out, asked for fractions.

    Notes
    -----
    Exactness: each number is that of the network, rounded once; facets are decided exactly. Without facets, and where
    sparse layers are too large to be written out, rows of these are computed in double-double
    (`sparse_rows.region_rows`).
    Cost: rows in bulk (`sliced`); facets by floats that prove themselves, and rationals for what these leave open
    (`region_facets`). One or two milliseconds with 10 inputs and 64 neurons, some hundredths of a second for a
    784-256-256-10 network, seconds for 784-512-512-512-512-10. Ten convolutions of 16 channels on 3 x 32 x 32 images,
    163,840 rows with 66 million numbers, take six seconds without facets.
    Source: Liu, Caglar, Peterson and Kirby 2023, *Integrating geometries of ReLU feedforward neural networks*.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 3], [0.5, 0]], [[1, 1]]], [[0, -0.1], [0]])
    >>> print(lens.at([0.5, 1]).inequalities(exact=True))
    -1/2 x0 <= -3602879701896397/36028797018963968   layer 0, neuron 1   distance 0.3
    -1 x0 - 3 x1 <= 0   layer 0, neuron 0   distance 1.11
    """
    is_rounded = exact or (facets and fits_written_out(region.network))
    found = _unmarked(region, exact) if is_rounded else system_of(region)[0]
    return replace(found, is_facet=facet_mask(region)) if facets else found


def system_of(region: Region) -> tuple[Inequalities, Callable[[int], Sequence[fmpz]]]:
    """All inequalities of a region without their facets, and a function for the integer row ``[a, c]`` of each."""
    network, bits = region.network, region.pattern.array
    if not has_sparse_layers(network):
        return _unmarked(region), lambda q: _one_row(region, q)
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


def _one_row(region: Region, index: int) -> list[fmpz]:
    """One of the inequalities as an integer row, without the others."""
    network, bits = region.network, region.pattern.array
    if index >= len(bits):
        return integer_rows(_sides(region)[index - len(bits)][None])[0]
    layer, neuron = bit_places(network)[index]
    (row,), _ = pulled_back_rows(network, layer, [neuron], bits)
    return [-v for v in row] if bits[index] else row


def _rows_of(region: Region, indices: Iterable[int]) -> tuple[list[list[fmpz]], list[fmpz]]:
    """Some of the inequalities as integer rows, with the scales that they are multiplied by."""
    network, bits, sides = region.network, region.pattern.array, _sides(region)
    source, places = row_source(network), bit_places(network)
    rows, scales = [], []
    for q in indices:
        if q < len(bits):
            exact, scale = source.scaled_row(*places[q], bits)
            rows.append([-v for v in exact] if bits[q] else list(exact))
        else:
            side = sides[q - len(bits)]
            scale = fmpz(1) << common_exponent(side)
            rows += integer_rows(side[None])
        scales.append(scale)
    return rows, scales


@kept
def facet_polytope(region: Region) -> Polytope:
    """The facets of a region, nearest first, one row each, with all neurons and sides of the domain that own it; exact.

    Notes
    -----
    Where several rows define a facet, the first of them stands for all. In a flat box rows are those of the region on
    the flat, with zeros at the inputs that are fixed, and for each of these two rows more follow, which say so. Cost:
    that of `inequalities`.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 3], [2, 6], [0.5, 0]], [[1, 1, 1]]], [[0, 0, -0.1], [0]])
    >>> found = lens.at([0.5, 1]).polytope
    >>> [[str(v) for v in row] for row in found.fractions()[0]], found.owners
    ([['-1/2', '0'], ['-1', '-3']], (((0, 2),), ((0, 0), (0, 1))))
    """
    if (flat := flat_of(region)) is not None:
        return _embedded(flat, within(region))
    network, groups, table, order = region.network, facet_groups(region), facet_table(region), nearest_first(region)
    layer_of, neuron_of = _owners(network, len(_sides(region)))
    names = list(zip(layer_of.tolist(), neuron_of.tolist(), strict=True))
    rows, scales = [], []
    for row, scale in (exact_facets(region)[i] for i in order):
        # Scales are powers of two, and so is what they share with all numbers of a row.
        spare = reduce(or_, map(int, row), int(scale))
        shared = fmpz(spare & -spare)
        rows.append([v // shared for v in row])
        scales.append(scale // shared)
    owners = [tuple(names[q] for q in groups[i]) for i in order]
    # Where a domain clips it, facets were looked for in the same coordinates, see `seen_from`.
    inside = region.point if region.domain is None else facets_seen(region).inside
    found = of_integers(rows, network.input_dim, scales=scales, owners=owners, hint=inside, are_facets=True)
    answers(found)[quotients] = table[order]
    return found


@kept
def exact_facets(region: Region) -> list[tuple[list[fmpz], fmpz]]:
    """An integer row for each of `facet_groups`, and the scale that it is multiplied by."""
    rows, scales = _rows_of(region, [members[0] for members in facet_groups(region)])
    return list(zip(rows, scales, strict=True))


@kept
def facet_table(region: Region) -> Floats:
    """The same rows ``[a, c]``, each number rounded once, (n, d + 1)."""
    groups, d = facet_groups(region), region.network.input_dim
    is_large = region.network.n_neurons * d > FEW and fits_written_out(region.network)
    if rounded_system in answers(region) or is_large:
        return rounded_system(region)[[members[0] for members in groups]]
    found = [scaled_quotient(row, scale) for row, scale in exact_facets(region)]
    return np.array(found).reshape(len(groups), d + 1) + 0.0


@kept
def nearest_first(region: Region) -> list[int]:
    """The numbers of the facets in `facet_groups` in the order of their distances from the region's point."""
    rows = facet_table(region)
    order: list[int] = np.argsort(_distances(rows[:, :-1], 0.0 - rows[:, -1], region.point), kind="stable").tolist()
    return order


def _embedded(flat: FlatDomain, region: Region) -> Polytope:
    """The facets of a region on a flat, and what is fixed there, as rows of the whole space."""
    cell, d = region.polytope, len(flat.point)
    exact, scales = exact_rows(cell)
    rows, kept_scales = [], list(scales)
    for row in exact:
        rows.append([fmpz(0)] * d + [row[-1]])
        for k, value in zip(flat.free.tolist(), row, strict=False):
            rows[-1][k] = value
    owners = [flat.pairs(pairs) for pairs in cell.owners]
    fixed = np.setdiff1d(np.arange(d), flat.free)
    for side, turn in ((0, 1.0), (d, -1.0)):
        floats = np.zeros((len(fixed), d + 1))
        floats[np.arange(len(fixed)), fixed] = turn
        floats[:, -1] = -turn * flat.point[fixed]
        rows += integer_rows(floats)
        kept_scales += [fmpz(1) << common_exponent(row) for row in floats]
        owners += [[(DOMAIN, int(k) + side)] for k in fixed]
    return of_integers(rows, d, scales=kept_scales, owners=owners, hint=flat.embed(region.point))


def _unmarked(region: Region, exact: bool = False) -> Inequalities:
    """All inequalities, without their facets."""
    A: Floats | Fractions
    b: Floats | Fractions
    if exact:
        A, b = exact_system(region).fractions()
    else:
        table = rounded_system(region)
        A, b = table[:, :-1], 0.0 - table[:, -1]
    return Inequalities(A, b, *_owners(region.network, len(_sides(region))), None, region.point, np.zeros(len(b)))


@kept
def facets_seen(region: Region) -> FacetsOfOne:
    """The facets of a region as they are found: in the coordinates of `seen_from`; exact."""
    network, (point,) = seen_from(region.network, region.domain, region.point[None])
    return facets_of_one(network, domain_sides(region.domain, network.input_dim), region.pattern.array, point)


def facet_groups(region: Region) -> list[list[int]]:
    """For each facet the rows of `inequalities` that define it, in ascending order; exact."""
    n_bits, n_sides = region.network.n_neurons, len(_sides(region))
    owners = domain_sides(region.domain, region.network.input_dim).owners
    sides = [[n_bits + n_sides + row for row in rows] for rows in owners]
    groups = facets_seen(region).groups
    return [[*members[:-1], *sides[members[-1] - n_bits]] if members[-1] >= n_bits else members for members in groups]


@kept
def facet_mask(region: Region) -> Bools:
    """Which rows are facets, (m,) bool; exact."""
    if (flat := flat_of(region)) is not None:
        d, on_flat = len(flat.point), within(region)
        of_neurons, of_sides = np.split(facet_mask(on_flat), [on_flat.network.n_neurons])
        sides = np.zeros(2 * d, dtype=bool)
        sides[np.concatenate([flat.free, flat.free + d])] = of_sides
        return np.concatenate([of_neurons, sides])
    mask = np.zeros(region.network.n_neurons + len(_sides(region)), dtype=bool)
    mask[[q for members in facet_groups(region) for q in members]] = True
    return mask


@kept
def rounded_system(region: Region) -> Floats:
    """Rows ``[a, c]`` of all inequalities, (m, d + 1), each number that of the network, rounded once."""
    network, bits = region.network, region.pattern.array
    parts = [rows[layer.cuts] for rows, layer in zip(rounded_rows(network, bits), network.layers, strict=True)]
    rows = np.concatenate([np.zeros((0, network.input_dim + 1)), *parts])
    np.negative(rows, out=rows, where=bits[:, None])
    # Zero has one sign.
    return np.concatenate([rows, _sides(region)]) + 0.0


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
    rows = shown_rows(system, limit)
    width = max((len(form) for form, *_ in rows), default=0)
    if system.is_exact:
        lines = [f"{form} <= {bound}   {owner}   distance {distance}" for form, bound, owner, distance in rows]
    else:
        lines = [
            f"{form:>{width}} <= {bound:<9} {owner:<20} distance {distance}" for form, bound, owner, distance in rows
        ]
    if len(system) > limit:
        lines.append(f"... and {len(system) - limit} more, farther away")
    return lines


def shown_rows(system: Inequalities, limit: int) -> list[tuple[str, str, str, str]]:
    """The rows nearest to the point, at most `limit` of them, in words: linear form, bound, owner, distance."""
    limit = validate.count(limit, name="`limit`", least=0)
    distances = system.distances()
    shown = np.argsort(distances, kind="stable")[:limit]
    picked = system.A[shown]
    rows = picked if isinstance(picked, np.ndarray) else picked.toarray()
    return [
        (
            _all_terms(row) if system.is_exact else linear_form(row),
            written(system.b[i]) if system.is_exact else f"{system.b[i]:.3g}",
            owner_name(system.layer[i], system.neuron[i]),
            f"{distances[i]:.3g}",
        )
        for i, row in zip(shown, rows, strict=True)
    ]


def _all_terms(row: Fractions) -> str:
    return " + ".join(f"{written(v)} x{k}" for k, v in enumerate(row) if v).replace("+ -", "- ") or "0"
