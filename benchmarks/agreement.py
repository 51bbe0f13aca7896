"""Random small networks, most of them degenerate, on which all engines have to find the same regions.

Small integers and repeated, parallel, dead and scaled neurons make coincidences the rule: neurons that vanish together
on faces of all dimensions, cells without interior, rows that are zero. Each network is enumerated by all engines that
take it; one in four also by the search that crosses facets, and one in 25 by rational programs, which share no code
with them. Random points of the domain have to lie in a region that was found.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens import Box, Lens, Polytope
from polytope_lens.engines.table import ENGINES
from polytope_lens.errors import PolytopeLensError
from polytope_lens.exact.point_signs import interior_mask, point_signs
from polytope_lens.network.network import Layer, Network

if TYPE_CHECKING:
    from pathlib import Path

# One network in so many goes to the engine `brute`, too, which takes milliseconds for each region.
BRUTE, FEW_NEURONS = 25, 7
# One in so many is searched by crossing facets.
CROSSED = 4
N_POINTS = 16
SIDES = [(-1, 1), (-1, 1), (-2, 2), (-2, 2), (-4, 4), (-64, 64), (0, 1), (-1.5, 0.25), (0.25, 0.375)]
SLOPES = [0.0, 0.125, 0.01, 1.0, -1.0, -0.5, 2.0]
FACTORS = [1.0, -1.0, 2.0, -2.0, 0.5, -0.25]


def rows_of(rng: np.random.Generator, n: int, inputs: int, kind: str) -> Any:
    """Rows [weights, bias] of a layer, (n, inputs + 1)."""

    def numbers(*shape: int) -> Any:
        if kind == "integers":
            return rng.integers(-2, 3, shape).astype(float)
        if kind == "eighths":
            return rng.integers(-24, 25, shape) / 8
        if kind == "wild":
            return np.ldexp(rng.integers(-7, 8, shape).astype(float), rng.integers(-60, 60, shape))
        return rng.uniform(-4, 4, shape)

    rows = numbers(n, inputs + 1)
    rows[rng.random(rows.shape) < rng.choice([0.0, 0.0, 0.4])] = 0.0
    for j in range(n):
        case = rng.integers(16)
        if case < 3:
            rows[j, -1] = 0.0  # through the origin
        elif case == 3:
            rows[j, :-1] = 0.0  # a constant
        elif case == 4:
            rows[j, -1] = rng.choice([1000.0, -1000.0])
        elif case == 5 and j:
            rows[j] = rng.choice(FACTORS) * rows[rng.integers(j)]
        elif case == 6 and j:
            rows[j, :-1] = rows[rng.integers(j), :-1]  # parallel
        elif case == 7 and j > 1:
            rows[j] = rows[j - 1] + rng.choice(FACTORS) * rows[j - 2]  # through where two others meet
    return rows


def activation(rng: np.random.Generator, n: int) -> tuple[Any, Any, Any]:
    """Slopes below and above 0, and whether neurons cut, each (n,)."""
    case = rng.integers(8)
    if case == 0:
        return np.ones(n), np.ones(n), np.zeros(n, dtype=bool)  # passes its values through
    if case < 6:
        slope = 0.0 if case < 4 else rng.choice(SLOPES)
        return np.full(n, slope), np.ones(n), np.ones(n, dtype=bool)
    negative, positive = rng.choice(SLOPES, n), rng.choice([1.0, *SLOPES], n)
    return negative, positive, (negative != positive) | (rng.random(n) < 0.5)


def random_network(rng: np.random.Generator) -> Network:
    """One to four inputs, up to four hidden layers of up to five neurons."""
    d = int(rng.choice([1, 2, 2, 2, 3, 3, 3, 4]))
    kind = rng.choice(["integers", "integers", "eighths", "floats", "wild"])
    layers, width = [], d
    for _ in range(rng.integers(0, {1: 5, 2: 4, 3: 3, 4: 3}[d]) + 1):
        n = int(rng.integers(1, 6 if d < 4 else 5))
        rows = rows_of(rng, n, width, kind)
        layers.append(Layer(rows[:, :-1], rows[:, -1], *activation(rng, n)))
        width = n
    output = rows_of(rng, 1, width, kind)
    return Network(tuple(layers), output[:, :-1], output[:, -1])


def random_domain(rng: np.random.Generator, d: int) -> Any:
    """All of R^d, a box, perhaps flat, or a polytope, perhaps unbounded or a simplex that corners of others touch."""
    case = rng.integers(10)
    if case < 2:
        return None
    sides = np.array(SIDES, dtype=float)[rng.integers(len(SIDES), size=d)]
    if case < 7:
        if case == 6 and d > 1:
            flat = rng.integers(d)
            sides[flat] = rng.integers(-2, 3)
        return Box(sides[:, 0], sides[:, 1])
    A, b = rng.integers(-2, 3, (int(rng.integers(1, d + 2)), d)).astype(float), rng.integers(0, 4)
    rows, right = A[np.any(A != 0, axis=1)], float(b) + 1.0
    if case < 9:
        rows = np.vstack([rows, np.eye(d), -np.eye(d)])
        return Polytope(rows, np.concatenate([np.full(len(rows) - 2 * d, right), sides[:, 1], -sides[:, 0]]))
    return Polytope(rows, np.full(len(rows), right)) if len(rows) else None


def differences(network: Network, domain: Any, rng: np.random.Generator, tally: Counter[str]) -> list[str]:
    """What engines, searches and points disagree about; nothing, as a rule."""
    lens, d, wrong = Lens(network), network.input_dim, []
    try:
        first = lens.partition(domain, mesh=False)
    except PolytopeLensError as error:  # too flat, too large: what everybody should refuse
        tally[f"refused: {type(error).__name__}"] += 1
        return []
    tally["regions"] += len(first)
    free = d - int((domain.lower == domain.upper).sum()) if isinstance(domain, Box) else d
    names = [name for name in ENGINES if ENGINES[name].takes(free) and name != "brute"]
    if network.n_neurons <= FEW_NEURONS and rng.integers(BRUTE) == 0:
        names.append("brute")
    for name in names:
        found = lens.partition(domain, engine=name, mesh=False)
        tally[f"by {name}"] += 1
        same = np.array_equal(found.packed_patterns, first.packed_patterns)
        if not same or found.counts_per_layer.tolist() != first.counts_per_layer.tolist():
            wrong.append(f"{name} finds {found.counts_per_layer.tolist()}, auto {first.counts_per_layer.tolist()}")
    counts = lens.count(domain)
    if counts.per_layer.tolist() != first.counts_per_layer.tolist():
        wrong.append(f"count says {counts.per_layer.tolist()}, partition {first.counts_per_layer.tolist()}")
    start = first.witnesses[rng.integers(len(first))]
    is_inside = domain is None or domain.contains(start[None])[0]  # a region may have no room for a float
    if rng.integers(CROSSED) == 0 and is_inside and free == d:
        crossed = lens.explore(start, domain, max_regions=None, order="breadth")
        tally["by crossing facets"] += 1
        if not np.array_equal(crossed.packed_patterns, first.packed_patterns):
            wrong.append(f"crossing facets finds {len(crossed)} regions, auto {len(first)}")
    X = points(rng, domain, d)
    inside = X[interior_mask(network, point_signs(network, X))] if len(X) else X
    tally["points"] += len(inside)
    located = first.locate(inside) if len(inside) else np.zeros(0)
    if (located < 0).any():
        wrong.append(f"a point in none of the regions: {inside[np.argmin(located)].tolist()}")
    return wrong


def points(rng: np.random.Generator, domain: Any, d: int) -> Any:
    """Points inside a domain that is not flat, half of them on a grid, (n, d)."""
    if isinstance(domain, Box):
        if (domain.lower == domain.upper).any():
            return np.zeros((0, d))
        X = rng.uniform(domain.lower, domain.upper, (N_POINTS, d))
    else:
        X = rng.standard_normal((N_POINTS, d)) * 10 ** rng.uniform(-1, 2, (N_POINTS, 1))
    X[::2] = np.round(X[::2] * 4) / 4
    if domain is None:
        return X
    inside = domain.contains(X)
    if isinstance(domain, Box):
        return X[inside & (domain.lower < X).all(axis=1) & (domain.upper > X).all(axis=1)]
    return X[inside & (domain.b > X @ domain.A.T).all(axis=1)]


def agree(numbers: range, folder: Path) -> Counter[str]:
    """Networks of these numbers; what was found is written to files, and counted."""
    tally = Counter[str]()
    for seed in numbers:
        rng = np.random.default_rng([2026, seed])
        network = random_network(rng)
        domain = random_domain(rng, network.input_dim)
        try:
            wrong = differences(network, domain, rng, tally)
        except Exception as error:  # whatever it is, it is a fault, and the campaign goes on
            wrong = [f"{type(error).__name__}: {error}"]
        if wrong:
            tally["found"] += 1
            (folder / f"agree-{seed}.txt").write_text(f"{network!r}\n{domain!r}\n" + "\n".join(wrong) + "\n")
    return tally
