"""The number of regions of a hyperplane arrangement without looking at any of them.

Zaslavsky (1975, *Facing up to arrangements*, theorem A): n hyperplanes have ``sum_X |mu(X)|`` regions, X running over
their intersections, called flats. By Weisner's theorem (Stanley 2007, *An introduction to hyperplane arrangements*,
section 3.1), the Moebius function of a flat X with first hyperplane h is found from the flats one dimension above:
``|mu(X)|`` is the sum of all ``|mu(Y)|``, Y holding X and not lying in h. So flats are listed dimension by dimension,
each once, and one whose first hyperplane is the first of all needs not be looked at again. That is deletion and
restriction, with equal restrictions merged.

Exactness. Which hyperplanes meet in a flat is a matter of whether determinants of integers vanish. They are computed
modulo primes; one that vanishes modulo primes whose product exceeds Hadamard's bound on its size is zero. Where one
vanishes modulo some primes and not modulo others, it is not zero, and the former say nothing about that flat any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import comb, gcd, prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from flint import fmpz, fmpz_mat

from polytope_lens.arithmetic.rational import integer_rows
from polytope_lens.errors import IntractableError, InvalidNetworkError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from polytope_lens._types import Bools, Floats, Ints
    from polytope_lens.network.network import Network

# Primes just below this number, and the power of two that they exceed: products of residues are floats, with room for
# sums, and inverses are looked up.
BELOW, FEWEST_BITS = 2**17, 16
# Numbers worked on at once, and flats of one dimension that are kept: some 2 GB.
AT_ONCE, MOST_FLATS = 2**21, 2**23
# Regions up to which sums are words of 64 bits; larger ones are integers of Python.
MOST_REGIONS = 2**61


@dataclass(frozen=True, slots=True)
class CharacteristicPolynomial:
    """Of the arrangement of a network's hyperplanes.

    Parameters
    ----------
    coefficients : tuple of int
        Of t^d, t^(d - 1), ..., 1.
    rank : int
        Of the hyperplanes' normals.
    """

    coefficients: tuple[int, ...]
    rank: int

    def __call__(self, t: int) -> int:
        """Its value."""
        value = 0
        for coefficient in self.coefficients:
            value = value * t + coefficient
        return value

    @property
    def n_regions(self) -> int:
        """Number of regions of R^d: the value at -1 without its sign."""
        return abs(self(-1))

    @property
    def n_bounded(self) -> int:
        """Number of bounded regions: the value at 1 without its sign; 0 where all of it repeats along a direction."""
        return abs(self(1)) if self.rank == len(self.coefficients) - 1 else 0


def characteristic_polynomial(network: Network) -> CharacteristicPolynomial:
    """The characteristic polynomial of a single layer's hyperplanes in R^d, which knows how many regions they have.

    Exact, and by another road than all engines: no region is looked at. `count` walks through all of them, while this
    lists their intersections down to lines, each once, which for arrangements with many coincidences are few: threshold
    functions of six inputs have 15 028 134 regions.

    Returns
    -------
    CharacteristicPolynomial
        With ``n_regions``, ``n_bounded`` and ``coefficients``.

    Raises
    ------
    InvalidNetworkError
        If neurons of more than one layer cut: bent hyperplanes are no arrangement.
    IntractableError
        If there are more than eight million intersections of one dimension.

    Notes
    -----
    Cost: n d operations for each intersection of two dimensions or more (one or more with biases), for each prime; one
    prime will do for small integers, fourteen for six inputs and float64 weights.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]], [[0, 0, -1], [0]])
    >>> found = lens.characteristic_polynomial()
    >>> found.coefficients, found.n_regions, found.n_bounded
    ((1, -3, 3), 7, 1)
    """
    cutting = [index for index, layer in enumerate(network.layers) if layer.cuts.any()]
    d = network.input_dim
    if not cutting:
        return CharacteristicPolynomial((1, *[0] * d), 0)
    if cutting != [0]:
        raise InvalidNetworkError(
            "`characteristic_polynomial` needs a network in which only neurons of the first hidden layer cut, but "
            f"those of layers {', '.join(map(str, cutting))} do: behind the first, hyperplanes are bent and no "
            "arrangement. Use `count`."
        )
    layer = network.layers[0]
    weight, bias = layer.dense_weight()[layer.cuts], layer.bias[layer.cuts]
    normals = weight[weight.any(axis=1)]
    rank = fmpz_mat(integer_rows(normals)).rank() if len(normals) else 0
    if bias[weight.any(axis=1)].any():
        # In one dimension more, with the hyperplane at infinity as the first.
        infinity = np.eye(d + 1)[d:]
        numbers = _whitney_numbers(np.vstack([infinity, np.column_stack([weight, bias])]))
    elif rank:
        # All flats in pairs, one of which lies in the first hyperplane: the polynomial has a factor t - 1.
        found = [*_whitney_numbers(normals), 0]
        numbers = [found[0], *(a + b for a, b in zip(found[1:], found, strict=False))]
    else:
        numbers = [1]
    signed = [(-1) ** k * number for k, number in enumerate(numbers)]
    return CharacteristicPolynomial((*signed, *[0] * (d + 1 - len(signed))), rank)


class _Modular(NamedTuple):
    """Rows modulo primes, and how many of these a determinant has to vanish for, to be zero."""

    rows: Floats  # (primes, n, R)
    primes: Sequence[int]
    needed: int


class _Flats(NamedTuple):
    """Flats of one dimension that do not lie in the first hyperplane."""

    members: NDArray[np.uint8]  # (F, bytes): bits of the hyperplanes that they lie in
    first: Ints  # (F,): the first of them
    size: NDArray[Any]  # (F,): |mu|
    # (primes, F, R, e): vectors that span it, modulo each prime; zeros where that says nothing
    basis: NDArray[np.float32]


def _whitney_numbers(rows: Floats) -> list[int]:
    """Sums of ``|mu|`` over the flats of codimension 0, 1, ... that do not lie in the first of some hyperplanes.

    These go through the origin, and their rows are not zero but for a few.
    """
    integers = _distinct(rows)
    needed = _bits_of_minors(integers) // FEWEST_BITS + 1
    # A single prime exceeds all determinants. Of many, some divide a determinant now and then.
    spare = 0 if needed == 1 else 1 + needed // 8
    while True:
        primes = _primes(needed + spare)
        try:
            residues = np.array([[[v % p for v in row] for row in integers] for p in primes], dtype=float)
            return _counted(_Modular(residues, primes, needed))
        except _TooFewPrimesError:
            spare = 2 * spare + 1


class _TooFewPrimesError(Exception):
    """So many primes divide determinants that are not zero that the rest proves nothing."""


def _distinct(rows: Floats) -> list[list[int]]:
    """Different hyperplanes as rows of integers without common factors, in as few coordinates as span all of them."""
    known: dict[tuple[int, ...], None] = {}
    for row in integer_rows(rows):
        numbers = [int(v) for v in row]
        factor = gcd(*numbers)
        if factor:
            leading = next(v for v in numbers if v)
            known.setdefault(tuple(v // (factor if leading > 0 else -factor) for v in numbers))
    found = [list(row) for row in known]
    echelon, _, rank = fmpz_mat(found).rref()
    kept = [next(j for j in range(echelon.ncols()) if echelon[i, j] != 0) for i in range(rank)]
    return [[row[j] for j in kept] for row in found]


def _bits_of_minors(rows: Sequence[Sequence[int]]) -> int:
    """All determinants of some rows in some coordinates are less than 2 to this power: Hadamard's bound."""
    squares = sorted((sum(v * v for v in row) for row in rows), reverse=True)
    return (prod(squares[: len(rows[0])]).bit_length() + 1) // 2


@lru_cache(maxsize=8)
def _primes(count: int) -> list[int]:
    """The greatest primes below `BELOW`, in descending order."""
    found, candidate = list[int](), BELOW - 1
    while len(found) < count:
        if fmpz(candidate).is_prime():
            found.append(candidate)
        candidate -= 2
    return found


@lru_cache(maxsize=32)
def _inverses(p: int) -> Floats:
    """Of all residues modulo a prime, 0 for 0."""
    divisors = [int(q) for q, _ in fmpz(p - 1).factor()]
    generator = next(g for g in range(2, p) if all(pow(g, (p - 1) // q, p) != 1 for q in divisors))
    powers = np.ones(1, dtype=np.int64)
    while len(powers) < p - 1:
        powers = np.concatenate([powers, powers * pow(generator, len(powers), p) % p])
    powers, found = powers[: p - 1], np.zeros(p)
    found[powers] = np.roll(powers[::-1], 1)
    return found


def _counted(modular: _Modular) -> list[int]:
    """The sums, from rows modulo each prime."""
    n_primes, n, rank = modular.rows.shape
    # All regions are fewer, and so is each sum of |mu|.
    kind = np.int64 if sum(comb(n, k) for k in range(rank + 1)) < MOST_REGIONS else object
    numbers = [1]
    everything = np.broadcast_to(np.eye(rank, dtype=np.float32), (n_primes, 1, rank, rank))
    flats = _Flats(np.zeros((1, -(-n // 8)), np.uint8), np.array([n]), np.ones(1, kind), everything)
    for codimension in range(1, rank):
        number, parts, n_flats = 0, [], 0
        for part in _parts(flats, max(1, AT_ONCE // (n * rank * n_primes))):
            count, children = _covered(modular, part, is_last=codimension == rank - 1)
            number += int((count * part.size).sum())
            if children is not None:
                parts.append(children)
                n_flats += len(children.first)
            if n_flats > MOST_FLATS:
                parts = [_merged(parts)]
                n_flats = len(parts[0].first)
            if n_flats > MOST_FLATS:
                raise IntractableError(
                    f"`characteristic_polynomial` lists the intersections of hyperplanes, and finds more than "
                    f"{MOST_FLATS} of codimension {codimension}. Use `count` with several workers, or "
                    "`region_count_bounds`."
                )
        numbers.append(number)
        if not parts:
            numbers += [0] * (rank - codimension - 1)
            break
        flats = _merged(parts)
    return numbers


def _parts(flats: _Flats, size: int) -> Iterator[_Flats]:
    for at in range(0, len(flats.first), size):
        here = slice(at, at + size)
        yield _Flats(flats.members[here], flats.first[here], flats.size[here], flats.basis[:, here])


def _covered(modular: _Modular, flats: _Flats, *, is_last: bool) -> tuple[Ints, _Flats | None]:
    """How many flats of one dimension less each flat hands its ``|mu|`` on to, and those that have to go on."""
    restricted = [_restricted(*each) for each in zip(modular.rows, modular.primes, flats.basis, strict=True)]
    inside = np.logical_and.reduce([vanishes for _, vanishes in restricted])
    says_nothing = np.array([(vanishes & ~inside).any(axis=1) for _, vanishes in restricted])
    for (vectors, _), nothing in zip(restricted, says_nothing, strict=True):
        vectors[nothing] = 0.0
    if ((flats.basis.any(axis=(2, 3)) & ~says_nothing).sum(axis=0) < modular.needed).any():
        raise _TooFewPrimesError
    order, starts = _sorted_by_class(np.concatenate([vectors for vectors, _ in restricted], axis=-1))
    lowest = np.where(starts, order, 0)
    fresh = (lowest >= 1) & (lowest < flats.first[:, None]) & ~np.take_along_axis(inside, order, axis=1)
    count = fresh.sum(axis=1)
    if is_last:
        return count, None
    # A flat in the second hyperplane has none below it but those in the first.
    parent, place = np.nonzero(fresh & (lowest >= 2))
    if not len(parent):
        return count, None
    number = np.empty_like(order)
    np.put_along_axis(number, order, np.cumsum(starts, axis=1), axis=1)
    first = lowest[parent, place]
    members = np.packbits((number[parent] == number[parent, first][:, None]) | inside[parent], axis=1)
    kept, sums = _grouped(members, flats.size[parent])
    parent, first = parent[kept], first[kept]
    basis = np.stack(
        [
            _intersected(basis[parent], vectors[parent, first], p)
            for basis, (vectors, _), p in zip(flats.basis, restricted, modular.primes, strict=True)
        ]
    ).astype(np.float32)
    return count, _Flats(members[kept], first, sums, basis)


def _restricted(rows: Floats, p: int, basis: NDArray[np.float32]) -> tuple[Floats, Bools]:
    """Hyperplanes in the coordinates of flats, (B, n, e), with leading entries 1; and which of them hold the flat."""
    n, (n_flats, rank, e) = len(rows), basis.shape
    product = rows @ basis.transpose(1, 0, 2).reshape(rank, n_flats * e)
    vectors = _residues(product, p).reshape(n, n_flats, e).transpose(1, 0, 2)
    leading = np.take_along_axis(vectors, (vectors != 0).argmax(axis=2)[:, :, None], axis=2)
    scaled = _residues(vectors * _inverses(p)[leading.astype(np.int64)], p)
    return scaled, leading[:, :, 0] == 0


def _residues(values: Floats, p: int) -> Floats:
    """Nonnegative integers below 2^52 modulo a prime."""
    rest: Floats = values - np.floor(values * (1.0 / p)) * p
    rest[rest < 0] += p
    rest[rest >= p] -= p
    return rest


def _sorted_by_class(vectors: Floats) -> tuple[Ints, Bools]:
    """For each of B lists of vectors an order that puts equal ones side by side, and where others begin.

    Among equal ones, the order is the old one.
    """
    rng = np.random.default_rng(0)
    whole = vectors.astype(np.uint64)
    while True:
        key = whole @ rng.integers(0, 2**64, vectors.shape[2], dtype=np.uint64)
        order = np.argsort(key, axis=1, kind="stable")
        in_order = np.take_along_axis(whole, order[:, :, None], axis=1)
        starts = np.ones(order.shape, dtype=bool)
        starts[:, 1:] = (in_order[:, 1:] != in_order[:, :-1]).any(axis=2)
        keys = np.take_along_axis(key, order, axis=1)
        # Unless two different ones had the same key.
        if not (starts[:, 1:] & (keys[:, 1:] == keys[:, :-1])).any():
            return order, starts


def _intersected(basis: NDArray[np.float32], normal: Floats, p: int) -> Floats:
    """Bases of flats, (U, R, e), cut by a hyperplane each, (U, e) with leading entry 1 in the flat's coordinates.

    Zeros where the hyperplane has none.
    """
    (n_flats, _, e), holds = basis.shape, (normal != 0).any(axis=1)
    leading = (normal != 0).argmax(axis=1)
    column = np.take_along_axis(basis, leading[:, None, None], axis=2)
    others = np.nonzero(np.arange(e) != leading[:, None])[1].reshape(n_flats, 1, e - 1)
    kept = np.take_along_axis(basis, others, axis=2)
    factor = np.take_along_axis(normal[:, None, :], others, axis=2)
    cut = _residues(kept + column * (p - factor), p)
    cut[~holds] = 0.0
    return cut


def _grouped(members: NDArray[np.uint8], sizes: NDArray[Any]) -> tuple[Ints, NDArray[Any]]:
    """One place of each of the different rows, and the sum of their sizes."""
    width = members.shape[1]
    words = np.zeros((len(members), -(-width // 8) * 8), np.uint8)
    words[:, :width] = members
    order = np.lexsort(words.view(np.uint64).T)
    in_order = words.view(np.uint64)[order]
    starts = np.flatnonzero(np.concatenate([[True], (in_order[1:] != in_order[:-1]).any(axis=1)]))
    return order[starts], np.add.reduceat(sizes[order], starts)


def _merged(parts: Sequence[_Flats]) -> _Flats:
    """The same flats, each once."""
    members = np.concatenate([part.members for part in parts])
    kept, sizes = _grouped(members, np.concatenate([part.size for part in parts]))
    first = np.concatenate([part.first for part in parts])[kept]
    return _Flats(members[kept], first, sizes, np.concatenate([part.basis for part in parts], axis=1)[:, kept])
