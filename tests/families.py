"""Networks whose numbers of regions are known by theorem or from exact arithmetic elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations, pairwise, product
from math import comb, factorial
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from polytope_lens.domain import Box
from polytope_lens.network.network import Layer, Network, from_arrays

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens.domain import Domain


@dataclass(frozen=True)
class Family:
    """A network, where to look, the number of regions after each layer, and that of linear pieces, where known."""

    name: str
    network: Network
    per_layer: tuple[int, ...]
    domain: Domain = None
    pieces: int | None = None

    def __repr__(self) -> str:
        return self.name


def zaslavsky(n: int, d: int) -> int:
    """Regions of n generic hyperplanes in R^d (Zaslavsky 1975)."""
    return sum(comb(n, i) for i in range(d + 1))


def stack(*layers: tuple[Sequence, Sequence], negative_slope=0.0) -> Network:
    """Network of hidden layers given as (weight, bias), and the sum of the last one as output."""
    width = len(layers[-1][1])
    weights = [np.array(weight, dtype=float) for weight, _ in layers] + [np.ones((1, width))]
    biases = [np.array(bias, dtype=float) for _, bias in layers] + [np.zeros(1)]
    return from_arrays(weights, biases, negative_slope=negative_slope)


def differences(n: int) -> list[list[int]]:
    """Rows of x_i - x_j for i < j."""
    return [[(k == i) - (k == j) for k in range(n)] for i, j in combinations(range(n), 2)]


# ------------------------------------------------------------------------------------------------ one hidden layer


def generic(n: int, d: int, seed: int = 0) -> Network:
    rng = np.random.default_rng([n, d, seed])
    return stack((rng.standard_normal((n, d)), rng.standard_normal(n)))


def central(n: int, d: int) -> Network:
    return stack((np.random.default_rng([n, d]).standard_normal((n, d)), np.zeros(n)))


def braid(n: int) -> Network:
    return stack((differences(n), [0] * comb(n, 2)))


def shifted_differences(n: int, shifts: Sequence[int]) -> Network:
    """x_i - x_j in `shifts`: Shi for 0, 1; Catalan for -1, 0, 1; Linial for 1; semiorders for -1, 1."""
    rows = differences(n)
    return stack(([row for row in rows for _ in shifts], [-shift for _ in rows for shift in shifts]))


def type_b(n: int) -> Network:
    rows = np.eye(n).tolist() + differences(n) + np.abs(differences(n)).reshape(-1, n).tolist()
    return stack((rows, [0] * n**2))


def threshold(n: int) -> Network:
    return stack(([[*p, 1] for p in product((0, 1), repeat=n)], [0] * 2**n))


def resonance(n: int) -> Network:
    return stack(([p for p in product((0, 1), repeat=n) if any(p)], [0] * (2**n - 1)))


def grid() -> Network:
    return stack(([[1, 0]] * 2 + [[0, 1]] * 3, [0, -1, 1, 0, -2]))


def seven_lines() -> Network:
    """Seven lines, four of them through the origin."""
    return stack(([[1, 0], [0, 1], [1, 1], [1, -1], [2, 7], [5, -3], [3, 4]], [0, 0, 0, 0, 1, 2, -5]))


def parallel(k: int) -> Network:
    return stack(([[1, 2]] * k, [-3 * i for i in range(k)]))


def low_rank() -> Network:
    rng = np.random.default_rng(8)
    # Small integers: the product is exact, so its rank is 2.
    weight = rng.integers(-50, 50, (8, 2)) @ rng.integers(-50, 50, (2, 5))
    return stack((weight, rng.integers(-5000, 5000, 8)))


ONE_LAYER = [
    *(Family(f"generic {n} in R^2", generic(n, 2), (zaslavsky(n, 2),)) for n in (1, 2, 3, 5, 8, 12)),
    *(Family(f"generic {n} in R^3", generic(n, 3), (zaslavsky(n, 3),)) for n in (5, 7)),
    *(Family(f"central {n} in R^{d}", central(n, d), (count,)) for n, d, count in ((5, 3, 22), (6, 4, 52), (7, 3, 44))),
    Family("central 9 in the plane", central(9, 2), (18,)),
    *(Family(f"braid {n}", braid(n), (factorial(n),)) for n in (3, 4, 5)),
    *(Family(f"Shi {n}", shifted_differences(n, (0, 1)), ((n + 1) ** (n - 1),)) for n in (3, 4)),
    *(
        Family(f"Catalan {n}", shifted_differences(n, (-1, 0, 1)), (factorial(n) * comb(2 * n, n) // (n + 1),))
        for n in (3, 4)
    ),
    *(Family(f"Linial {n}", shifted_differences(n, (1,)), (count,)) for n, count in ((3, 7), (4, 36))),
    *(Family(f"semiorders {n}", shifted_differences(n, (-1, 1)), (count,)) for n, count in ((3, 19), (4, 183))),
    *(Family(f"type B {n}", type_b(n), (2**n * factorial(n),)) for n in (2, 3, 4)),
    *(Family(f"threshold {n}", threshold(n), (count,)) for n, count in ((1, 4), (2, 14), (3, 104))),
    *(Family(f"resonance {n}", resonance(n), (count,)) for n, count in ((2, 6), (3, 32))),
    Family("grid", grid(), (12,)),
    Family("seven lines", seven_lines(), (26,)),
    *(Family(f"{k} parallel", parallel(k), (k + 1,)) for k in (1, 2, 6)),
    Family("one line thrice", stack(([[1, 2], [2, 4], [-3, -6]], [1, 2, -3])), (2,)),
    Family("dead", stack(([[0, 0], [0, 0], [1, 0]], [-1, 0, 0])), (2,)),
    Family("low rank", low_rank(), (zaslavsky(8, 2),)),
    Family("wide input", generic(5, 10), (32,)),
]

# ------------------------------------------------------------------------------------------------------------ deep


def sawtooth(k: int) -> Network:
    """Telgarsky's: every layer folds the unit interval once more."""
    first = ([[1], [1]], [0, -0.5])
    return stack(first, *[([[2, -4], [2, -4]], [0, -0.5])] * (k - 1))


def wave(k: int) -> Network:
    """The sawtooth with its last layer folded into one output, 0 at even multiples of 2^-k and 1 at odd ones."""
    return replace(sawtooth(k), output_weight=np.array([[2.0, -4.0]]))


def zigzag(depth: int) -> Network:
    """Three neurons make four pieces of slopes +, -, +, -, each of which covers (0, 1): 4^depth regions of R.

    One neuron faces left; without that, the leftmost piece would be constant.
    """
    turns, facing = np.array([0.25, 0.5, 0.75]), np.array([1.0, 1.0, -1.0])
    combine = np.array([-12.0, 8.0, -8.0])
    first = facing[:, None], -facing * turns
    further = facing[:, None] * combine, facing * (5.0 - turns)
    return stack(first, *[further] * (depth - 1))


def folding(p: int, depth: int, d: int, cuts: Sequence, offsets: Sequence) -> Network:
    """Montufar et al. 2014: `depth` - 1 layers fold each coordinate p times over (0, 1), then come cuts of the cube."""
    fold = np.array([p * (1 if i == 0 else 2 * (-1) ** i) for i in range(p)], dtype=float)
    gather = np.kron(np.eye(d), fold[None, :])
    spread = np.kron(np.eye(d), np.ones((p, 1)))
    bias = np.tile([-i / p for i in range(p)], d)
    layers = [(spread, bias)] + [(spread @ gather, bias)] * (depth - 2)
    return stack(*layers, (np.array(cuts) @ gather, offsets))


def cross_polytope(d: int) -> Network:
    return stack((np.vstack([np.eye(d), -np.eye(d)]), np.zeros(2 * d)), (-np.ones((1, 2 * d)), [1]))


def max_of_two() -> Network:
    return from_arrays([[[1, -1], [0, 1], [0, -1]], [[1, 1, -1]]], [[0, 0, 0], [0]])


def max_of_four() -> Network:
    first = [(1, -1, 0, 0), (0, 1, 0, 0), (0, -1, 0, 0), (0, 0, 1, -1), (0, 0, 0, 1), (0, 0, 0, -1)]
    second = [(1, 1, -1, -1, -1, 1), (0, 0, 0, 1, 1, -1), (0, 0, 0, -1, -1, 1)]
    return from_arrays([first, second, [[1, 1, -1]]], [[0] * 6, [0] * 3, [0]])


def chain(depth: int) -> Network:
    return stack(([[1]], [0]), *[([[1]], [-1])] * (depth - 1))


def random_deep(widths: Sequence[int], seed: int, negative_slope: float) -> Network:
    rng = np.random.default_rng(seed)
    pairs = [(rng.standard_normal((n, m)), rng.standard_normal(n)) for m, n in pairwise(widths)]
    return stack(*pairs, negative_slope=negative_slope)


def flip_trap() -> Network:
    return stack(([[1], [-1]], [0, 10]), ([[3, 1]], [-11]))


def golden(widths: Sequence[int], seed: int, negative_slope: float = 0.0) -> Network:
    """Pseudo-random integers between -9 and 9, one stream through all layers: weights row by row, then biases."""
    state = seed

    def draw() -> int:
        nonlocal state
        state = (1103515245 * state + 12345) % 2**31
        return (state >> 16) % 19 - 9

    layers = []
    for m, n in pairwise(widths):
        weight = [[draw() for _ in range(m)] for _ in range(n)]
        layers.append((weight, [draw() for _ in range(n)]))
    return stack(*layers, negative_slope=negative_slope)


UNIT = {d: Box(np.zeros(d), np.ones(d)) for d in (1, 2)}

DEEP = [
    *(Family(f"sawtooth {k} on (0, 1)", sawtooth(k), tuple(2**j for j in range(1, k + 1)), UNIT[1]) for k in (1, 4, 7)),
    *(Family(f"sawtooth {k} on R", sawtooth(k), (3, *(2**j + 2 for j in range(2, k + 1)))) for k in (1, 2, 5)),
    Family("sawtooth 5 as one wave", wave(5), tuple(2**j for j in range(1, 6)), UNIT[1], pieces=32),
    Family("sawtooth 5 as one wave on R", wave(5), (3, *(2**j + 2 for j in range(2, 6))), pieces=34),
    Family("zigzag 3, 3, 3", zigzag(3), (4, 16, 64)),
    Family("folding in 1-D", folding(2, 2, 1, [[1], [1], [1]], [-0.25, -0.5, -0.75]), (2, 8), UNIT[1]),
    Family(
        "folding in 2-D",
        folding(2, 2, 2, [[-2, 4], [2, 4], [5, 0]], [-1, -3, -2]),
        (4, 4 * zaslavsky(3, 2)),
        UNIT[2],
    ),
    Family(
        "folding twice by three",
        folding(3, 3, 2, [[-2, 4], [2, 4]], [-1, -3]),
        (9, 81, 81 * zaslavsky(2, 2)),
        UNIT[2],
    ),
    # Outside the cross-polytope the output is zero: two rays on the line, one connected set beyond.
    Family("cross-polytope 1", cross_polytope(1), (2, 4), pieces=4),
    *(Family(f"cross-polytope {d}", cross_polytope(d), (2**d, 2 ** (d + 1)), pieces=2**d + 1) for d in (2, 3, 4)),
    Family("max of two", max_of_two(), (4,), pieces=2),
    Family("max of four", max_of_four(), (16, 33), pieces=4),
    # The output is relu(x - depth + 1).
    *(Family(f"chain {depth}", chain(depth), tuple(range(2, depth + 2)), pieces=2) for depth in (1, 3, 9)),
    Family("slope 1", random_deep((2, 4, 4, 3), 1, 1.0), (11, 37, 67), pieces=1),
    # The output is zero on both sides of 0: between -1 and 1/2.
    Family("flip trap", flip_trap(), (3, 5), pieces=4),
    Family("golden 2,4,4", golden((2, 4, 4), 1), (11, 37)),
    Family("golden 2,4,4 leaky", golden((2, 4, 4), 1, 0.1), (11, 39)),
    Family("golden 2,8,8", golden((2, 8, 8), 2), (36, 133)),
    Family("golden 2,8,8 leaky", golden((2, 8, 8), 2, 0.1), (36, 131)),
    Family("golden 2,8,8,8", golden((2, 8, 8, 8), 3), (36, 167, 383)),
    Family("golden 2,8,8,8 leaky", golden((2, 8, 8, 8), 3, 0.1), (36, 163, 387)),
]

LARGE = [
    Family("braid 6", braid(6), (720,)),
    Family("Shi 5", shifted_differences(5, (0, 1)), (1296,)),
    Family("Catalan 5", shifted_differences(5, (-1, 0, 1)), (5040,)),
    Family("type B 5", type_b(5), (3840,)),
    Family("threshold 4", threshold(4), (1882,)),
    Family("resonance 4", resonance(4), (370,)),
    Family("Linial 5", shifted_differences(5, (1,)), (246,)),
    Family("semiorders 5", shifted_differences(5, (-1, 1)), (2371,)),
    Family("generic 20 in R^4", generic(20, 4), (zaslavsky(20, 4),)),
]


def sparsely(network):
    """The same network with sparse weights."""
    layers = [
        Layer(csr_array(layer.weight), layer.bias, layer.negative_slope, layer.positive_slope, layer.cuts)
        for layer in network.layers
    ]
    return Network(tuple(layers), csr_array(network.output_weight), network.output_bias)


def of_any_size(dim: int, scales: Sequence[float], rng: np.random.Generator) -> Network:
    """Small integers, each row times one of the scales: numbers whose squares vanish or overflow, and parallel rows."""
    weights, biases = [], []
    for rows, columns in [(3, dim), (3, 3), (1, 3)]:
        weights.append(rng.integers(-2, 3, (rows, columns)) * rng.choice(scales, (rows, 1)))
        biases.append(rng.integers(-1, 2, rows) * rng.choice(scales, rows))
    return from_arrays(weights, biases)


SCALES = ([1.0, 1e-12, 1e-100, 1e-160], [1.0, 2.0**-1022, 2.0**-1074], [1.0, 1e60, 1e100], [1.0, 1e150])


def without_biases(sizes: Sequence[int], seed: int) -> Network:
    """A random network whose neurons all vanish at the origin."""
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(n, m)) / np.sqrt(m) for m, n in pairwise(sizes)]
    return from_arrays(weights, [np.zeros(n) for n in sizes[1:]])


def size_of_output(network: Network) -> Network:
    """The network that computes the size of the first output of another one."""
    row = network.dense_output_weight()[:1]
    weights = [layer.dense_weight() for layer in network.layers]
    biases = [layer.bias for layer in network.layers]
    return from_arrays(
        [*weights, np.vstack([row, -row]), [[1.0, 1.0]]], [*biases, network.output_bias[[0, 0]] * [1, -1], [0.0]]
    )


def with_a_neuron_in_two_halves(network: Network) -> Network:
    """The same function with one neuron more."""
    first, second, *rest = [*(layer.dense_weight() for layer in network.layers), network.dense_output_weight()]
    bias, *biases = [*(layer.bias for layer in network.layers), network.output_bias]
    halved = np.column_stack([second[:, :1] / 2, second[:, 1:], second[:, 0] / 2])
    return from_arrays([np.vstack([first, first[:1]]), halved, *rest], [np.append(bias, bias[0]), *biases])
