"""What is known about the number of regions from a network's shape alone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import factorial, log10, prod
from typing import TYPE_CHECKING, Literal

from polytope_lens.arithmetic.rational import integer_matrix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polytope_lens.network.network import Layer, Network

# Matrices with more entries are taken to have full rank, which is no less than they have.
LARGEST_RANKED = 2**16
# Terms of the recursion of Serra et al., large integers, above which it is left out.
MOST_TERMS = 2**24

Kind = Literal["upper", "attainable", "typical"]


@dataclass(frozen=True, slots=True)
class Bound:
    """One published bound.

    Parameters
    ----------
    name : str
    kind : str
        ``"upper"``: no network with these layers has more regions, on R^d or on any convex domain in it.
        ``"attainable"``: *some* ReLU network of this shape has at least so many; it says nothing about the one at hand.
        ``"typical"``: an order of magnitude for random weights; no bound on anything.
    value : int
        Rounded where it is typical, else exact.
    formula : str
        n_l neurons cut in layer l = 1 ... L, N in all layers; d inputs.
    source : str
    """

    name: str
    kind: Kind
    value: int
    formula: str
    source: str

    def __str__(self) -> str:
        return f"{self.kind:10} {_shown(self.value):>16}  {self.name}: {self.formula} ({self.source})"

    def __repr__(self) -> str:
        return f"Bound({self.name!r}, {self.kind}, {_shown(self.value)})"


@dataclass(frozen=True, slots=True)
class RegionCountBounds:
    """All bounds that apply to a network."""

    bounds: tuple[Bound, ...]

    @property
    def upper(self) -> int:
        """The least of the upper bounds."""
        return min(bound.value for bound in self.bounds if bound.kind == "upper")

    def __getitem__(self, name: str) -> Bound:
        """The bound of that name; a KeyError if none has it."""
        named = {bound.name: bound for bound in self.bounds}
        if name not in named:
            raise KeyError(f"no bound of these is called {name!r}; they are {', '.join(named)}.")
        return named[name]

    def __str__(self) -> str:
        return "\n".join(map(str, self.bounds))

    def __repr__(self) -> str:
        return f"RegionCountBounds(at most {_shown(self.upper)} regions, from {len(self.bounds)} bounds)"


def region_count_bounds(network: Network) -> RegionCountBounds:
    """Published bounds on the number of regions of networks with these layers.

    Upper bounds hold for any slopes of the neurons, and also where some only pass values on: only neurons that cut are
    counted, but all carry dimensions. That of Serra et al. gains from neurons that are off, which ReLU has and leaky
    ReLU has not.

    Notes
    -----
    Exact integers. Cost: small, apart from ranks of weights in integers, for matrices of at most 65 536 entries;
    larger ones are taken to have full rank. The bound of Serra et al. is left out where its recursion has more than
    sixteen million terms.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> zigzag = Lens.from_arrays([[[1]] * 3, [[1] * 3] * 3, [[1] * 3]], [[0, -1, -2], [0, -1, -2], [0]])
    >>> found = zigzag.region_count_bounds()
    >>> found, found["Serra et al."].value, found["sawtooth"].value
    (RegionCountBounds(at most 16 regions, from 7 bounds), 16, 16)
    """
    d, widths = network.input_dim, network.bits_per_layer
    total, depth = sum(widths), len(widths)
    found = [
        Bound("all patterns", "upper", 2**total, "2^N", "Montufar et al. 2014, proposition 3"),
        Bound(
            "arrangements", "upper", prod(zaslavsky(n, d) for n in widths), "prod_l sum_(j <= d) C(n_l, j)",
            "Raghu et al. 2017, theorem 1",
        ),
        Bound(
            "bottlenecks", "upper", _bottlenecks(network), "prod_l sum_(j <= min(d, n_1, ..., n_(l-1))) C(n_l, j)",
            "Montufar 2017, proposition 3",
        ),
    ]  # fmt: skip
    if sum(min(n, d) ** 2 for n in widths) <= MOST_TERMS:
        formula = (
            "sum over j_1 ... j_L of prod_l C(n_l, j_l), j_l <= min(d, n_1 - j_1, ..., n_(l-1) - j_(l-1), rank W_l)"
        )
        source = "Serra et al. 2018, theorem 1, with ranks of the weights"
        found.append(Bound("Serra et al.", "upper", _serra(network), formula, source))
    if depth == 1:
        found.append(
            Bound("Zaslavsky", "upper", zaslavsky(total, d), "sum_(j <= d) C(n, j)", "Zaslavsky 1975, theorem A")
        )
        if not network.layers[0].bias.any():
            found.append(
                Bound("central", "upper", _central(total, d), "2 sum_(j < d) C(n - 1, j)", "Cover 1965, theorem 1")
            )
    if depth and min(widths) >= d:
        last = zaslavsky(widths[-1], d)
        value = prod((n // d) ** d for n in widths[:-1]) * last
        formula = "prod_(l < L) floor(n_l / d)^d sum_(j <= d) C(n_L, j)"
        found.append(
            Bound("folding", "attainable", value, formula, "Montufar et al. 2014, theorem 5 of arXiv:1402.1869")
        )
        if min(widths) >= 3 * d:
            value = prod((n // d + 1) ** d for n in widths[:-1]) * last
            formula = "prod_(l < L) (floor(n_l / d) + 1)^d sum_(j <= d) C(n_L, j)"
            found.append(
                Bound("sawtooth", "attainable", value, formula, "Serra et al. 2018, lower bound for n_l >= 3 d")
            )
    value = round(Fraction(total**d, factorial(d)))
    # Many inputs make this more than any network can have.
    if d <= total and value <= RegionCountBounds(tuple(found)).upper:
        source = "Hanin and Rolnick 2019, theorem 5, without its constant"
        found.append(Bound("random weights", "typical", value, "N^d / d!", source))
    return RegionCountBounds(tuple(found))


def _shown(value: int) -> str:
    """A number that may have thousands of digits."""
    return str(value) if value < 10**12 else f"10^{log10(value):.2f}"


def zaslavsky(n: int, d: int) -> int:
    """Regions of n hyperplanes in general position in R^d: the most that n hyperplanes can have."""
    return sum(_binomials(n, d))


def _binomials(n: int, most: int) -> Iterator[int]:
    """C(n, j) for j = 0, 1, ... up to `most`."""
    value = 1
    for j in range(min(n, most) + 1):
        yield value
        value = value * (n - j) // (j + 1)


def _central(n: int, d: int) -> int:
    """Regions of n hyperplanes through the origin of R^d, in general position otherwise."""
    return 2 * zaslavsky(n - 1, d - 1) if n else 1


def _bottlenecks(network: Network) -> int:
    value, dim = 1, network.input_dim
    for layer in network.layers:
        value *= zaslavsky(int(layer.cuts.sum()), dim)
        dim = min(dim, layer.width)
    return value


def _serra(network: Network) -> int:
    """The recursion over layers: into how many regions the rest of the layers can cut a set of some dimension.

    Of n hyperplanes' regions in dimension k, at most C(n, j) have exactly j neurons off, and there are at most
    sum_(j <= k) C(n, j) in all. Fewer neurons off leave more dimensions, so the worst case is C(n, j) of them for
    each j <= k. A layer passes on no more dimensions than it takes, than its weights' rank, and than it has neurons on.
    Neurons whose two slopes are both zero or both not take no dimension away; each of the j may be one of these.
    """
    shapes = [_shape(layer) for layer in network.layers]

    @cache
    def most(index: int, dim: int) -> int:
        if index == len(shapes):
            return 1
        n, alike, passing, rank = shapes[index]
        dim = min(dim, rank)
        return sum(
            number * most(index + 1, max(0, min(dim, passing - max(0, j - alike))))
            for j, number in enumerate(_binomials(n, dim))
        )

    return most(0, network.input_dim)


def _shape(layer: Layer) -> tuple[int, int, int, int]:
    """What a layer does to dimensions.

    How many neurons cut; how many of these pass values on with both signs, or with none; how many neurons may pass
    values on at all; rank of the weights.
    """
    negative, positive = layer.negative_slope != 0, layer.positive_slope != 0
    alike = int((layer.cuts & (negative == positive)).sum())
    n, m = layer.weight.shape
    rank = int(integer_matrix(layer.dense_weight()).rank()) if n * m <= LARGEST_RANKED else min(n, m)
    return int(layer.cuts.sum()), alike, int((negative | positive).sum()), rank
