"""What is known about the number of regions from a network's shape alone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import factorial, log10, prod
from typing import TYPE_CHECKING, Literal

from polytope_lens.displays.markup import card, table
from polytope_lens.network.activation_histograms import zaslavsky
from polytope_lens.network.layer_recursions import (
    has_small_weights,
    hinz,
    layer_shape,
    n_terms,
    serra,
    signs_of_weights,
)

if TYPE_CHECKING:
    from polytope_lens.network.network import Network

# Terms of a recursion over layers, large integers, above which it is left out: that of Serra et al., and the others.
MOST_TERMS = 2**24
MOST_TERMS_OF_HISTOGRAMS = 2**20

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

    def _repr_html_(self) -> str:
        """For notebooks: a row for each bound."""
        cells = [[one.kind, _shown(one.value), f"{one.name}: {one.formula}", one.source] for one in self.bounds]
        return card(repr(self), table(["", "regions", "bound", "source"], cells))

    def __repr__(self) -> str:
        return f"RegionCountBounds(at most {_shown(self.upper)} regions, from {len(self.bounds)} bounds)"


def region_count_bounds(network: Network) -> RegionCountBounds:
    """Published bounds on the number of regions of networks with these layers.

    Upper bounds hold for any slopes of the neurons, and also where some only pass values on: only neurons that cut are
    counted, but all carry dimensions. Those of Serra et al. and Hinz gain from neurons that are off, which ReLU has and
    leaky ReLU has not, and "signs of weights" from neurons that the layer before leaves no choice.

    Notes
    -----
    Exact integers. Cost: small, apart from ranks of weights in integers, for matrices of at most 65 536 entries;
    larger ones are taken to have full rank. The bound of Serra et al. is left out where its recursion has more than
    sixteen million terms, those of Hinz and from the signs of weights above a million, the latter also where a matrix
    is larger.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> zigzag = Lens.from_arrays([[[1]] * 3, [[1] * 3] * 3, [[1] * 3]], [[0, -1, -2], [0, -1, -2], [0]])
    >>> found = zigzag.region_count_bounds()
    >>> found, found["Serra et al."].value, found["sawtooth"].value
    (RegionCountBounds(at most 12 regions, from 9 bounds), 16, 16)
    """
    d, widths = network.input_dim, network.bits_per_layer
    total, depth = sum(widths), len(widths)
    found = [
        Bound("all patterns", "upper", 2**total, "2^N", "Montufar et al. 2014, proposition 3"),
        Bound(
            "arrangements", "upper", prod(zaslavsky(n, d) for n in widths), "prod_l sum_(j <= d) C(n_l, j)",
            "after Raghu et al. 2017, theorem 1 (proof)",
        ),
        Bound(
            "bottlenecks", "upper", _bottlenecks(network), "prod_l sum_(j <= min(d, n_1, ..., n_(l-1))) C(n_l, j)",
            "Montufar 2017, proposition 3",
        ),
    ]  # fmt: skip
    shapes = [layer_shape(layer) for layer in network.layers]
    by_dimensions, by_histograms, by_weights = n_terms(network)
    if by_dimensions <= MOST_TERMS:
        formula = (
            "sum over j_1 ... j_L of prod_l C(n_l, j_l), j_l <= min(d, n_1 - j_1, ..., n_(l-1) - j_(l-1), rank W_l)"
        )
        source = "Serra et al. 2018, theorem 1, with ranks of the weights"
        found.append(Bound("Serra et al.", "upper", serra(network, shapes), formula, source))
    if by_histograms <= MOST_TERMS_OF_HISTOGRAMS:
        formula = (
            "the same with F(n, d, k) regions with at most k neurons off, F(n, 2, k) = 1 + n k and "
            "F(n, d, k) = F(n - 1, d, k) + F(n - 1, d - 1, k - 1)"
        )
        source = "Hinz 2021, in the framework of Hinz and van de Geer 2019, with ranks of the weights"
        found.append(Bound("Hinz", "upper", hinz(network, shapes), formula, source))
    if by_weights <= MOST_TERMS_OF_HISTOGRAMS and has_small_weights(network):
        formula = "the same of those neurons that can change sign, or be on, where so many are on in the layer before"
        source = "after Serra and Ramalingam 2020, from signs of weights and biases"
        found.append(Bound("signs of weights", "upper", signs_of_weights(network, shapes), formula, source))
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


def _central(n: int, d: int) -> int:
    """Regions of n hyperplanes through the origin of R^d, in general position otherwise."""
    return 2 * zaslavsky(n - 1, d - 1) if n else 1


def _bottlenecks(network: Network) -> int:
    value, dim = 1, network.input_dim
    for layer in network.layers:
        value *= zaslavsky(int(layer.cuts.sum()), dim)
        dim = min(dim, layer.width)
    return value
