"""How many regions there are, how long it takes to find them and how much room they take, before anybody looks."""

from __future__ import annotations

from dataclasses import replace
from math import exp, floor, inf, log2, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens._compiled.jit import Arguments
from polytope_lens._deferred import special
from polytope_lens.domain import check_domain, is_bounded
from polytope_lens.engines.charts import central_size, charts, whole
from polytope_lens.engines.expected_run import RegionEstimate
from polytope_lens.engines.table import ENGINES, choose_engine
from polytope_lens.engines.thinning import FEW_CELLS, Clock, Probe, Tree, learn, mean_cells, sample
from polytope_lens.errors import IntractableError, OptionError
from polytope_lens.flat_domain import flat_domain
from polytope_lens.network.count_bounds import region_count_bounds
from polytope_lens.network.network import bit_starts
from polytope_lens.network.pattern import n_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Ints
    from polytope_lens.domain import Domain
    from polytope_lens.engines.charts import Chart
    from polytope_lens.engines.driver import Problem
    from polytope_lens.engines.table import EngineChoice, EngineName
    from polytope_lens.network.network import Network

MAX_SECONDS = 5.0
# How often intervals hold the true number
CONFIDENCE = 0.95
# Regions that are counted before anything is estimated
MOST_COUNTED = 4096
# Probes, unless somebody wants another number, and without how many nothing is said
PROBES, FEWEST_PROBES, MOST_PROBES = 16, 4, 2**16
# Cells that a probe keeps: by default, and as time allows
CELLS, FEWEST_CELLS, MOST_CELLS = 1024, 32, 8192
# Walks from a random region on that tell how fast regions are found, and how many each finds
STRETCHES, STRETCH = 4, 2048
# When things should be over, as shares of the time: counting the first regions; counting all, if they seem to be few;
# probes, as planned; and beginning with another one
FIRST, COUNTING, PROBING, BEGINNING = 0.1, 0.5, 0.75, 0.9
# Bytes of corners, edges and faces for each region of a partition of the plane or of space
MESH_BYTES = {2: 102, 3: 185}


def estimate(
    network: Network,
    domain: Domain,
    *,
    engine: EngineChoice = "auto",
    max_seconds: float = MAX_SECONDS,
    probes: int | None = None,
    cells: int | None = None,
    seed: int = 0,
    workers: int = 1,
) -> RegionEstimate:
    """How many regions a domain has, how long it takes to find them and how much room they take: an estimate.

    Parameters
    ----------
    network : Network
    domain : Box, Polytope or None
        None is all of R^d.
    engine : "auto", "subdivide", "polyhedra" or "split"
        Whose tree is looked at. In an unbounded domain it is always that of "split", which walks it in one piece.
    max_seconds : float
        How long to look, besides some tenths of a second for bounds, and for kernels that are not compiled yet.
    probes : int, optional
        So many instead, however long they take: then the same estimate comes out again, but for times.
    cells : int, optional
        How many cells a probe keeps at each depth; by default as many as time allows, and 1024 with `probes`.
    seed : int
        Where random numbers begin.
    workers : int
        For how many the time is predicted.

    Raises
    ------
    DomainError, DimensionError, OptionError
    IntractableError
        If time is over before the fourth probe has come to its end.

    Notes
    -----
    Up to four thousand regions are counted, and as many as can be in the time; `is_exact` says so. Otherwise cells of
    the walk are dropped at random, the more the deeper, so that about as many are left at each depth, and each is
    counted as often as it stands for others. The mean is the true number; probes of 1024 cells spread by 3 to 20 % of
    it on networks of ten thousand to a million regions, and one is enough to tell the order of magnitude. The interval
    is Student's, for as many probes, on a scale of logarithms; in experiments it held the true number as often as it
    says (docs/scale.md).
    Source: Chen 1992, *Heterogeneous sampling for tree size estimation*; Knuth 1975.

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.example()
    >>> lens.estimate(Box([-1, -1], [1, 1]))
    RegionEstimate(3997 regions, counted)
    >>> found = lens.estimate(Box([-9, -9], [9, 9]), probes=8, cells=512)
    >>> found.low < lens.count(Box([-9, -9], [9, 9])).total < found.high
    True
    """
    domain = check_domain(domain, network.input_dim)
    wanted = _Wanted(
        validate.number(max_seconds, name="`max_seconds`", positive=True),
        None if probes is None else validate.count(probes, name="`probes`", least=FEWEST_PROBES, most=MOST_PROBES),
        None if cells is None else validate.count(cells, name="`cells`", least=2, most=2**20),
        validate.seed(seed),
        validate.workers(workers),
    )
    if (flat := flat_domain(network, domain)) is not None:
        found = estimate(
            flat.network, flat.domain, engine=engine, max_seconds=max_seconds, probes=probes, cells=cells, seed=seed,
            workers=workers,
        )  # fmt: skip
        return replace(
            found, per_layer=found.per_layer[1:], memory=found.memory + found.regions * _bytes_of_region(network)
        )
    name = choose_engine(engine, network, domain)
    if is_bounded(domain) or ENGINES[name].in_one_piece:
        walks = [_set_up(name, network, whole(network, domain))]
    else:  # an engine that covers an unbounded domain by charts spends most of its time in the first one
        central = charts(domain, network.input_dim, central_size(network))[0]
        walks = [_set_up("split", network, whole(network, domain)), _set_up(name, network, central)]
    clock = Clock()
    trees = [Tree(problem, state, clock) for problem, state in walks]
    answer = _looked_at(network, trees[0], trees[-1], wanted)
    each = _bytes_of_region(network) + (MESH_BYTES.get(network.input_dim, 0) if is_bounded(domain) else 0)
    return replace(answer, memory=answer.regions * each, spent=clock.now)


class _Wanted(NamedTuple):
    """What was asked for."""

    max_seconds: float
    probes: int | None
    cells: int | None
    seed: int
    workers: int

    def until(self, share: float) -> float:
        """When that share of the time is over; never, where probes are wanted instead."""
        return self.max_seconds * share if self.probes is None else inf


def _set_up(name: EngineName, network: Network, chart: Chart) -> tuple[Problem[Any, Any], Any]:
    """What an engine begins with; its walk is compiled now, if it must be."""
    set_up = ENGINES[name].set_up
    if set_up is None:
        fit = [
            repr(each.name) for each in ENGINES.values() if each.set_up is not None and each.takes(network.input_dim)
        ]
        raise OptionError(
            f"`estimate` looks at parts of a compiled walk, and the engine {name!r} is none. Use 'auto', or one of "
            f"{', '.join(fit)}."
        )
    problem, state = set_up(network, chart, want_output=False)
    problem.kernel.walk.prepared(problem.kernel.NO_OUTPUT, 1, False, first=Arguments.of(problem.net, state))
    return problem, state


def _looked_at(network: Network, tree: Tree, timed: Tree, wanted: _Wanted) -> RegionEstimate:
    """What a tree shows, and how long it takes to walk another of nearly the same regions."""
    n, per_layer = tree.count(MOST_COUNTED, wanted.until(FIRST))
    if per_layer is not None:
        return _counted(network, n, per_layer, tree, wanted)
    cells, probes = wanted.cells or CELLS, list[Probe]()
    if (learnt := learn(tree, wanted.seed, wanted.until(1.0))) is not None:
        if wanted.probes is None:
            left = wanted.until(COUNTING) - tree.clock.now
            if mean_cells(learnt)[-1] * _pace(tree, learnt, 1, wanted).mean < left:
                counted, per_layer = tree.count(inf, wanted.until(COUNTING))
                if per_layer is not None:
                    return _counted(network, counted, per_layer, tree, wanted)
                n = max(n, counted)
            cells = wanted.cells or _cells_in_time(learnt[-1], wanted.until(PROBING) - tree.clock.now)
        probes = _probes(tree, learnt, cells, wanted)
    if len(probes) < FEWEST_PROBES:
        raise IntractableError(
            f"`estimate` sees {len(probes)} of the {FEWEST_PROBES} probes that it needs of the tree in "
            f"{wanted.max_seconds:g} seconds. Raise `max_seconds`, or ask about less: `explore` the regions around a "
            "point, `slice` the network, or take a smaller domain."
        )
    at_most = region_count_bounds(network).upper
    pace = _pace(timed, probes, STRETCHES, wanted)
    at_least = max(n, *(probe.n_regions for probe in probes))
    regions, low, high, spread = interval([probe.cells[-1] for probe in probes], CONFIDENCE, at_least, at_most)
    return RegionEstimate(
        regions=regions,
        low=low,
        high=high,
        confidence=CONFIDENCE,
        is_exact=False,
        per_layer=np.round(mean_cells(probes)[bit_starts(network)[1:]]),
        at_least=at_least,
        at_most=at_most,
        seconds=regions * pace.mean / wanted.workers,
        seconds_range=(low * pace.least / wanted.workers, high * pace.most / wanted.workers),
        workers=wanted.workers,
        bytes=8 * n_words(network.n_neurons) * regions,
        memory=0,
        probes=len(probes),
        cells=cells,
        seed=wanted.seed,
        spread=spread,
        spent=0.0,
        engine=timed.problem.engine,
    )


def _counted(network: Network, n: int, per_layer: Ints, tree: Tree, wanted: _Wanted) -> RegionEstimate:
    """No estimate, but the truth."""
    spent = tree.clock.now
    return RegionEstimate(
        regions=n,
        low=n,
        high=n,
        confidence=1.0,
        is_exact=True,
        per_layer=per_layer,
        at_least=n,
        at_most=n,
        seconds=spent,
        seconds_range=(spent, spent),
        workers=1,
        bytes=8 * n_words(network.n_neurons) * n,
        memory=0,
        probes=0,
        cells=0,
        seed=wanted.seed,
        spread=0.0,
        spent=spent,
        engine=tree.problem.engine,
    )


def interval(values: Sequence[float], confidence: float, at_least: int, at_most: int) -> tuple[int, int, int, float]:
    """Mean of estimates, an interval around what they estimate, and their spread.

    Student's interval, whose half width is taken for that of the logarithm of the mean: so it is never empty and
    reaches farther up than down, as errors do. What is proved confines all three.

    Examples
    --------
    >>> interval([90.0, 110.0, 100.0, 100.0], 0.95, 1, 120)
    (100, 88, 114, 0.0816...)
    """
    n, mean = len(values), float(np.mean(values))
    if mean == inf:  # beyond all floats
        return at_most, at_least, at_most, inf
    spread = float(np.std(values, ddof=1)) / mean
    half = float(special.stdtrit(n - 1, (1 + confidence) / 2)) * spread / sqrt(n)
    regions, low, high = (
        max(at_least, round(min(value, at_most))) for value in (mean, mean * exp(-half), mean * exp(half))
    )
    return regions, low, high, spread


def _cells_in_time(probe: Probe, seconds: float) -> int:
    """How many cells probes can keep in that time, judged by one of a few: a power of two."""
    ratio = 2 * FEW_CELLS * max(seconds, 0.0) / PROBES / max(probe.seconds, 1e-6)
    return int(np.clip(2 ** floor(log2(max(ratio, 1.0))), FEWEST_CELLS, MOST_CELLS))


def _probes(tree: Tree, learnt: Sequence[Probe], cells: int, wanted: _Wanted) -> list[Probe]:
    """As many as are wanted; or as time allows, without beginning one that would hardly be finished."""
    probes: list[Probe] = []
    longest = 0.0
    for k in range(PROBES if wanted.probes is None else wanted.probes):
        begin = tree.clock.now
        if begin + longest > wanted.until(BEGINNING) and k >= FEWEST_PROBES:
            break
        if (found := sample(tree, mean_cells(probes or learnt), cells, (wanted.seed, 2, k), wanted.until(1.0))) is None:
            break
        probes.append(found)
        longest = max(longest, tree.clock.now - begin)
    return probes


class _Pace(NamedTuple):
    """Seconds for a region: of the fastest stretch, of the slowest, and of all of them."""

    least: float
    most: float
    mean: float


def _pace(tree: Tree, probes: Sequence[Probe], most: int, wanted: _Wanted) -> _Pace:
    """How fast regions are found on stretches from regions of the last probes on; from the first one, if there is none.

    Each region is as likely to begin one as any other, so their pace is that of the whole walk, on average.
    """
    first = np.zeros(n_words(tree.n_bits), np.uint64)
    leaves = [probe.leaf for probe in probes[::-1] if probe.leaf is not None][:most]
    found: list[tuple[int, float]] = []
    for leaf in leaves or [first]:
        if not found or tree.clock.now < wanted.until(1.0):
            n, seconds = tree.stretch(leaf, STRETCH, tree.clock.now + wanted.until(1 - BEGINNING))
            found.append((max(n, 1), seconds))
    paces = [seconds / n for n, seconds in found]
    return _Pace(min(paces), max(paces), sum(seconds for _, seconds in found) / sum(n for n, _ in found))


def _bytes_of_region(network: Network) -> int:
    """Pattern, witness and affine map in memory."""
    d = network.input_dim
    return 8 * (n_words(network.n_neurons) + d + network.output_dim * (d + 1))
