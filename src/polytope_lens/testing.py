"""Hypothesis strategies and assertions, for the tests of anything built on this library as much as for its own.

The strategies make small networks on which geometry goes wrong most easily: dead, repeated, negated, scaled and
parallel neurons, zero biases, layers that only carry values, layers of one neuron, slopes of every kind, nothing hidden
at all. Failing examples print as code that can be pasted into a test.

The assertions state laws that every partition obeys, and check them in rational arithmetic wherever that is possible,
by roads that no engine takes. :func:`assert_partition` checks them all. Each raises :class:`AssertionError` with a
counterexample.

>>> from polytope_lens import Box, Lens
>>> lens = Lens.from_arrays([[[1, -1], [0, 1]], [[1, 1]]], [[0, 0], [0]])
>>> assert_partition(lens.partition(Box([-1, -1], [1, 1])))
"""

from __future__ import annotations

from itertools import pairwise
from math import gcd, isfinite, ldexp
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import numpy as np
from flint import fmpq, fmpz, fmpz_mat

from polytope_lens._validate import option
from polytope_lens.domain import Box
from polytope_lens.engines import enumerate as engines
from polytope_lens.errors import ConsistencyError, require
from polytope_lens.exact.points import point_signs
from polytope_lens.exact.rational import dot, integer_matrix, integer_rows, nearest_float, rational, rationals, sign
from polytope_lens.exact.rows import ExactRows
from polytope_lens.lp.exact import Halfspace, maximize
from polytope_lens.network import Layer, Network, evaluate
from polytope_lens.pattern import pack, sort_key
from polytope_lens.polytope import Polytope
from polytope_lens.polytope.facets import exact_facet_mask
from polytope_lens.polytope.planar import exact_vertices
from polytope_lens.query.locate import locate

require("hypothesis", extra="testing", purpose="polytope_lens.testing")

from hypothesis import strategies as st  # noqa: E402
from hypothesis.vendor import pretty  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hypothesis.strategies import DrawFn, SearchStrategy
    from numpy.typing import ArrayLike, NDArray

    from polytope_lens.domain import Domain
    from polytope_lens.partition import Partition
    from polytope_lens.region import Region

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Row = tuple[int, ...]
    Corner = tuple[fmpq, fmpq]
    Numbers = Literal["any", "integer", "dyadic", "float", "wild"]
    Activations = Literal["any", "relu", "leaky"]

__all__ = [
    "assert_corners_true",
    "assert_counts",
    "assert_maps_agree",
    "assert_neighbors_symmetric",
    "assert_partition",
    "assert_patterns_found",
    "assert_points_located",
    "assert_same_regions",
    "assert_valid_coverage",
    "assert_volumes_add_up",
    "assert_witnesses_inside",
    "boxes",
    "domains",
    "network_code",
    "networks",
    "points_in",
    "sample_points",
    "simplices",
]

# Maps are rounded sums of products; an error this large, relative to the sum of the products' sizes, is a wrong map.
MAP_TOLERANCE = 2.0**-30
# `assert_partition` leaves out what would take longer than about a minute.
FEW_REGIONS, FEW_POINTS = 400, 100

# ------------------------------------------------------------------------------------------------------- strategies

_NUMBERS: dict[str, SearchStrategy[float]] = {
    "integer": st.integers(-3, 3).map(float),
    "dyadic": st.integers(-24, 24).map(lambda n: n / 8),
    "float": st.one_of(st.integers(-3, 3).map(float), st.floats(2.0**-10, 4), st.floats(-4, -(2.0**-10))),
    "wild": st.builds(lambda m, e: ldexp(m, e), st.integers(-255, 255), st.integers(-1074, 1000)),
}
# Lists to draw from go from plain to odd, which is how examples shrink; what is listed more often comes more often.
_FRESH, _CENTRAL, _REPEATED, _PARALLEL, _DEAD, _FAR = "fresh", "central", "repeated", "parallel", "dead", "far"
_FIRST_KINDS = (*[_FRESH] * 8, *[_CENTRAL] * 3, _DEAD, _FAR)
_KINDS = (*_FIRST_KINDS, _REPEATED, _PARALLEL)
_ACTIVATIONS = ("relu", "relu", "leaky", "leaky", "each its own", "each its own", "pass-through")
_SIDES = (*[(-1.0, 1.0)] * 3, *[(-2.0, 2.0)] * 3, (-4.0, 4.0), (-64.0, 64.0), (0.0, 1.0), (-1.5, 0.25), (0.25, 0.375))
_FACTORS = (1.0, -1.0, 2.0, -2.0, 0.5, -0.25)
_SLOPES = (0.0, 0.125, 0.01, 1.0, -1.0, -0.5, 2.0)


@st.composite
def networks(
    draw: DrawFn,
    input_dim: int | SearchStrategy[int] = 2,
    *,
    max_depth: int = 3,
    max_width: int = 4,
    output_dim: int | SearchStrategy[int] = 1,
    min_depth: int = 0,
    weights: Numbers = "any",
    activations: Activations = "any",
    biases: bool = True,
) -> Network:
    """Small networks, most of them degenerate.

    Parameters
    ----------
    input_dim, output_dim : int, or a strategy for integers
    min_depth, max_depth : int
        Numbers of hidden layers; 0 is an affine map.
    max_width : int
        Most neurons in a layer.
    weights : "any", "integer", "dyadic", "float" or "wild"
        Integers between -3 and 3; eighths between -3 and 3; floats between -4 and 4; floats of all sizes, which "any"
        leaves out.
    activations : "any", "relu" or "leaky"
        "leaky" has one positive negative slope; "any" has any pair of slopes, one for each neuron, and neurons and
        layers that pass their values through.
    biases : bool
        False makes all biases zero, so that every region is a cone.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(networks(2, max_depth=2, activations="relu"))
    ... def test_something(network): ...
    """
    option(weights, name="`weights`", allowed=["any", *_NUMBERS])
    option(activations, name="`activations`", allowed=["any", "relu", "leaky"])
    numbers = _NUMBERS[draw(st.sampled_from(("integer", "dyadic", "float"))) if weights == "any" else weights]
    width = input_dim if isinstance(input_dim, int) else draw(input_dim)
    outputs = output_dim if isinstance(output_dim, int) else draw(output_dim)
    leak = draw(st.sampled_from((0.125, 0.01, 0.5))) if activations == "leaky" else 0.0
    layers = []
    for _ in range(draw(st.sampled_from([min_depth, *range(min_depth, max_depth + 1), max_depth]))):
        n = draw(st.sampled_from([k for k in range(1, max_width + 1) for _ in range(k)]))
        rows = draw(_neurons(n, width, numbers, biases))
        negative, positive, cuts = np.full(n, leak), np.ones(n), np.ones(n, dtype=bool)
        if activations == "any":
            negative, positive, cuts = draw(_activation(n))
        layers.append(Layer(rows[:, :-1], rows[:, -1], negative, positive, cuts))
        width = n
    output = draw(_neurons(outputs, width, numbers, biases))
    return Network(tuple(layers), output[:, :-1], output[:, -1])


@st.composite
def _neurons(draw: DrawFn, n: int, inputs: int, numbers: SearchStrategy[float], biases: bool) -> Floats:
    """Rows ``[weights, bias]`` of a layer."""
    rows = np.zeros((n, inputs + 1))
    for j in range(n):
        kind = draw(st.sampled_from(_KINDS if j else _FIRST_KINDS))
        if kind == _REPEATED:
            rows[j] = draw(st.sampled_from(_FACTORS)) * rows[draw(st.integers(0, j - 1))]
        elif kind == _PARALLEL:
            rows[j] = rows[draw(st.integers(0, j - 1))]
        elif kind != _DEAD:
            rows[j, :-1] = [draw(numbers) for _ in range(inputs)]
        if kind in (_FRESH, _PARALLEL, _DEAD):
            rows[j, -1] = draw(numbers)
        elif kind == _FAR:
            rows[j, -1] = draw(st.sampled_from((1000.0, -1000.0)))
    if not biases:
        rows[:, -1] = 0.0
    return rows


@st.composite
def _activation(draw: DrawFn, n: int) -> tuple[Floats, Floats, Bools]:
    kind = draw(st.sampled_from(_ACTIVATIONS))
    if kind == "pass-through":
        return np.ones(n), np.ones(n), np.zeros(n, dtype=bool)
    if kind != "each its own":
        slope = 0.0 if kind == "relu" else draw(st.sampled_from(_SLOPES))
        return np.full(n, slope), np.ones(n), np.ones(n, dtype=bool)
    negative = np.array([draw(st.sampled_from(_SLOPES)) for _ in range(n)])
    positive = np.array([draw(st.sampled_from((1.0, *_SLOPES))) for _ in range(n)])
    cuts = np.array([draw(st.booleans()) for _ in range(n)]) | (negative != positive)
    return negative, positive, cuts


@st.composite
def boxes(draw: DrawFn, dim: int) -> Box:
    """Boxes with dyadic corners: around the origin, beside it, long and thin, with the origin on a side."""
    sides = np.array([draw(st.sampled_from(_SIDES)) for _ in range(dim)])
    return Box(sides[:, 0], sides[:, 1])


@st.composite
def simplices(draw: DrawFn, dim: int) -> Polytope:
    """Bounded polytopes with dim + 1 facets: the corner of a box, cut off."""
    lower = draw(boxes(dim)).lower
    length = draw(st.sampled_from((2.0, 4.0, 1.0, 0.25)))
    A = np.vstack([-np.eye(dim), np.ones((1, dim))])
    return Polytope(A, np.append(-lower, lower.sum() + length))


def domains(dim: int) -> SearchStrategy[Domain]:
    """Boxes, simplices and None, which is the whole space."""
    return st.one_of(boxes(dim), simplices(dim), st.none())


@st.composite
def points_in(draw: DrawFn, box: Box, n: int) -> Floats:
    """`n` points of a box, (n, d): about half the coordinates on a coarse grid, where boundaries tend to lie."""
    columns = []
    for low, high in zip(box.lower.tolist(), box.upper.tolist(), strict=True):
        grid = [min(max(low + (high - low) * k / 16, low), high) for k in range(17)]
        coordinate = st.one_of(st.sampled_from(grid), st.floats(low, high))
        columns.append([draw(coordinate) for _ in range(n)])
    return np.array(columns).T


def network_code(network: Network) -> str:
    """Python code that builds a network, every float to the last bit.

    Examples
    --------
    >>> from polytope_lens.network import from_arrays
    >>> print(network_code(from_arrays([[[1, 0.5]], [[2]]], [[0], [1]], negative_slope=0.25)))
    from_arrays([[[1, 0.5]], [[2]]], [[0], [1]], negative_slope=[[0.25]])
    """
    layers = network.layers
    if all(layer.cuts.all() and (layer.positive_slope == 1.0).all() for layer in layers):
        weights = ", ".join(_code(w) for w in (*(layer.weight for layer in layers), network.output_weight))
        biases = ", ".join(_code(b) for b in (*(layer.bias for layer in layers), network.output_bias))
        leaks = [_code(layer.negative_slope) for layer in layers]
        leaky = any(layer.negative_slope.any() for layer in layers)
        slopes = f", negative_slope=[{', '.join(leaks)}]" if leaky else ""
        return f"from_arrays([{weights}], [{biases}]{slopes})"
    made = "".join(
        f"Layer({', '.join(_code(a) for a in (q.weight, q.bias, q.negative_slope, q.positive_slope, q.cuts))}), "
        for q in layers
    )
    return f"Network(({made.rstrip()}), {_code(network.output_weight)}, {_code(network.output_bias)})"


def _code(array: NDArray[Any]) -> str:
    def shown(value: Any) -> str:
        if isinstance(value, list):
            return f"[{', '.join(map(shown, value))}]"
        return str(int(value)) if isinstance(value, float) and value == int(value) else repr(value)

    return shown(array.tolist())


pretty.for_type_by_name(Network.__module__, "Network", lambda it, printer, cycle: printer.text(network_code(it)))
pretty.for_type_by_name(Box.__module__, "Box", lambda it, printer, cycle: printer.text(repr(it)))


# ------------------------------------------------------------------------------------------------------- assertions


def assert_partition(partition: Partition, X: ArrayLike | None = None) -> None:
    """Every law of this module.

    Parameters
    ----------
    partition : Partition
        Of the network on a Box, a Polytope or the whole space, complete.
    X : (n, d) array, optional
        Points to look for; by default those of :func:`sample_points`.

    Notes
    -----
    Laws that cost milliseconds for each region (located points, neighbours, exact volumes) are left out for partitions
    of more than 400 regions; ask for them by name there.
    """
    __tracebackhide__ = True
    points = sample_points(partition, FEW_POINTS) if X is None else np.asarray(X, dtype=np.float64)
    assert_counts(partition)
    assert_patterns_found(partition, points)
    assert_witnesses_inside(partition)
    assert_maps_agree(lambda rows: evaluate(partition.network, rows), partition)
    if partition.mesh is not None:
        assert_valid_coverage(partition)
    if len(partition) <= FEW_REGIONS:
        assert_points_located(partition, points)
        assert_neighbors_symmetric(partition)
        assert_volumes_add_up(partition)
        if partition.mesh is not None:
            assert_corners_true(partition)


def sample_points(partition: Partition, n: int, *, seed: int = 0) -> Floats:
    """`n` points of the domain, always the same: random ones, and every other one moved to a grid of quarters.

    Unbounded domains are sampled at all scales between 1/100 and 10000.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    dim, domain = partition.network.input_dim, partition.domain
    if isinstance(domain, Polytope) and domain.is_bounded:
        lower, upper = domain.bounding_box()
    elif isinstance(domain, Box):
        lower, upper = domain.lower, domain.upper
    else:
        lower = upper = np.zeros(0)
    found = [np.empty((0, dim))]
    for _ in range(100):
        if lower.size:
            X = lower + (upper - lower) * generator.random((n, dim))
        else:
            X = generator.standard_normal((n, dim)) * 10 ** generator.uniform(-2, 4, (n, 1))
        X[::2] = np.round(X[::2] * 4) / 4
        found.append(X if domain is None else X[domain.contains(X)])
        if sum(map(len, found)) >= n:
            break
    return np.concatenate(found)[:n]


def assert_counts(partition: Partition) -> None:
    """Patterns ascend, each once; counts per layer are those of the patterns and never fall; `count` finds the same."""
    __tracebackhide__ = True
    network, n = partition.network, len(partition)
    keys = sort_key(partition.patterns)
    for i in range(n - 1):
        if keys[i].tobytes() >= keys[i + 1].tobytes():
            _fail(
                "regions come in ascending order, each once",
                f"regions {i} and {i + 1} are {_names(partition, i, i + 1)}",
            )
    bits = partition.bits()
    stops = np.cumsum(network.bits_per_layer)
    expected = [len({row[:stop].tobytes() for row in bits}) for stop in stops.tolist()]
    if partition.counts_per_layer.tolist() != expected:
        _fail(
            "counts per layer are those of the patterns",
            f"{partition.counts_per_layer.tolist()}, patterns say {expected}",
        )
    if expected != sorted(expected) or [n] != (expected or [1])[-1:]:
        _fail("counts never fall, and the last is the number of regions", f"{expected} for {n} regions")
    counts = engines.count(network, partition.domain, engine=_engine(partition))
    if counts.total != n or counts.per_layer.tolist() != expected:
        _fail("`count` finds as many regions as `partition`", f"{counts} against {n} regions, per layer {expected}")


def assert_patterns_found(partition: Partition, X: ArrayLike) -> None:
    """The regions of sampled points are there: no pattern of a point in a region's interior is missing.

    Points outside the domain and on boundaries say nothing and are passed over.
    """
    __tracebackhide__ = True
    rows = _in_domain(partition, X)
    bits, inside = _patterns_of_interior_points(partition.network, rows)
    known = set(map(bytes, sort_key(partition.patterns)))
    for x, pattern, key, sure in zip(rows, bits, map(bytes, sort_key(pack(bits))), inside, strict=True):
        if sure and key not in known:
            _fail(
                "the region of every point is listed",
                f"{x.tolist()} lies inside the region {_show(pattern, partition)}, which is not among the "
                f"{len(partition)} regions",
            )


def assert_points_located(partition: Partition, X: ArrayLike) -> None:
    """Every point lies in a closed region, at most in one's interior, and :meth:`.Partition.locate` names such a one.

    Decided by the inequalities of all regions in integer arithmetic. Cost: about 20 microseconds for each region and
    point.
    """
    __tracebackhide__ = True
    X = _in_domain(partition, X)
    if not len(X):
        return
    points = integer_matrix(np.column_stack([X, np.ones(len(X))]).T)
    closed, interior = np.zeros((len(partition), len(X)), dtype=bool), np.zeros((len(partition), len(X)), dtype=bool)
    for i, rows in enumerate(_exact_cells(partition)):
        values = (fmpz_mat(len(rows), points.nrows(), [v for row in rows for v in row]) * points).tolist()
        signs = np.array([[sign(v) for v in row] for row in values], dtype=np.int8).reshape(-1, len(X))
        cuts = np.array([any(row[:-1]) for row in rows], dtype=bool)
        closed[i] = (signs <= 0).all(axis=0)
        interior[i] = closed[i] & (signs[cuts] < 0).all(axis=0)
    try:
        located = locate(partition, X)
    except ConsistencyError as error:
        _fail("every point of the domain is located", str(error))
    for q, x in enumerate(X):
        holders, owners = np.flatnonzero(closed[:, q]), np.flatnonzero(interior[:, q])
        if not len(holders):
            _fail("every point lies in a region", f"{x.tolist()} satisfies the inequalities of none")
        if len(owners) and len(holders) > 1:
            _fail(
                "interiors are disjoint",
                f"{x.tolist()} is inside one of {_names(partition, *holders)} and in the others",
            )
        if located[q] not in (owners if len(owners) else holders):
            _fail(
                "points are located in a region that holds them",
                f"{x.tolist()} was located in {_names(partition, located[q])}, but lies in "
                f"{_names(partition, *holders)}",
            )


def assert_witnesses_inside(partition: Partition) -> None:
    """The witness of every region is a point of its interior.

    Only in a region too thin to hold a cube of some units in the last place of its witness may that lie on the
    boundary, or as far outside as rounding takes it.
    """
    __tracebackhide__ = True
    law = "witnesses lie inside their regions"
    broken = np.flatnonzero(~np.isfinite(partition.witnesses).all(axis=1))
    if broken.size:
        i = int(broken[0])
        _fail(law, f"that of {_names(partition, i)} is {partition.witnesses[i].tolist()}")
    cells = list(_exact_cells(partition))
    for i, (x, rows) in enumerate(zip(partition.witnesses.tolist(), cells, strict=True)):
        at = rationals([*x, 1.0])
        if all(dot([fmpq(v) for v in row], at) < 0 for row in rows if any(row)):
            continue
        ulp = rational(float(np.spacing(max(map(abs, x)))))
        if _holds_cube(rows, at[:-1], 4 * ulp):
            _fail(law, f"that of {_names(partition, i)} is {x}, on the boundary or outside")
        for row in rows:
            *normal, offset = [fmpq(v) for v in row]
            if dot(normal, at[:-1]) + offset > 4 * ulp * sum(map(abs, normal), fmpq(0)):
                _fail(law, f"that of {_names(partition, i)} is {x}, farther outside than rounding explains")


def assert_maps_agree(
    lens: Callable[[Floats], ArrayLike], partition: Partition, *, tolerance: float = MAP_TOLERANCE
) -> None:
    """Maps are the network's product of matrices, give its values, and agree wherever regions meet in a corner.

    Parameters
    ----------
    lens : Lens, or any function (n, d) -> (n, out)
        What the maps should agree with inside the regions.
    partition : Partition
    tolerance : float
        Relative to the sum of the sizes of all terms; raise it for a model that computes in float32.
    """
    __tracebackhide__ = True
    sizes = _map_sizes(partition)
    for i, exact in enumerate(_exact_maps(partition)):
        wrong = np.argwhere(~(np.abs(partition.maps[i] - exact) <= tolerance * sizes[i]))
        if len(wrong):
            o, k = wrong[0].tolist()
            _fail(
                "maps are the product of the weights and slopes",
                f"entry {[o, k]} of that of {_names(partition, i)} is {partition.maps[i, o, k]!r}, not {exact[o, k]!r}",
            )
    ones = np.column_stack([partition.witnesses, np.ones(len(partition))])
    values = np.einsum("nok,nk->no", partition.maps, ones)
    wanted = np.asarray(lens(partition.witnesses), dtype=np.float64)
    allowed = tolerance * np.einsum("nok,nk->no", sizes, np.abs(ones))
    wrong = np.argwhere(~(np.abs(values - wanted) <= allowed))
    if len(wrong):
        i, o = wrong[0].tolist()
        _fail(
            "maps give the network's values",
            f"at {partition.witnesses[i].tolist()} in {_names(partition, i)} output {o} is {values[i, o]!r} by the map "
            f"and {wanted[i, o]!r} by the network",
        )
    if partition.mesh is not None:
        _assert_maps_meet(partition, sizes, tolerance)


def _assert_maps_meet(partition: Partition, sizes: Floats, tolerance: float) -> None:
    __tracebackhide__ = True
    mesh = partition.planar_mesh()
    region = np.repeat(np.arange(len(partition)), np.diff(mesh.indptr))
    at = np.column_stack([mesh.points, np.ones(len(mesh.points))])[mesh.corners]
    values = np.einsum("nok,nk->no", partition.maps[region], at)
    slack = tolerance * np.einsum("nok,nk->no", sizes[region], np.abs(at))
    slack += np.abs(partition.maps[region, :, :-1]).sum(axis=2) * mesh.error[mesh.corners, None]
    shape = len(mesh.points), values.shape[1]
    # Each corner's interval of possible values must meet those of all regions around it.
    highest_low, lowest_high = np.full(shape, -np.inf), np.full(shape, np.inf)
    np.maximum.at(highest_low, mesh.corners, values - slack)
    np.minimum.at(lowest_high, mesh.corners, values + slack)
    wrong = np.argwhere(~(highest_low <= lowest_high))
    if len(wrong):
        q, o = wrong[0].tolist()
        around = region[mesh.corners == q]
        _fail(
            "maps agree where regions meet",
            f"at the corner {mesh.points[q].tolist()}, output {o} is {values[mesh.corners == q, o].tolist()} in "
            f"{_names(partition, *around)}",
        )


def assert_volumes_add_up(partition: Partition) -> None:
    """The volumes of the regions add up to that of the domain, in rational arithmetic: none is missing, none overlaps.

    Unbounded domains are measured in one dimension more: by the volumes of the cones over their regions, cut off by a
    box. In the plane, :meth:`.Partition.volumes` should also be right within the error bounds of the corners.
    """
    __tracebackhide__ = True
    dim, domain = partition.network.input_dim, partition.domain
    whole_cone = domain is None or (isinstance(domain, Polytope) and not domain.is_bounded)
    sides = _domain_rows(domain, dim)
    total = _cone_volume(sides, dim) if whole_cone else exact_volume(sides, dim)
    volumes = []
    for i, rows in enumerate(_exact_cells(partition)):
        volume = _cone_volume(rows, dim) if whole_cone else exact_volume(rows, dim)
        if volume <= 0:
            _fail("regions have interior", f"{_names(partition, i)} has none")
        volumes.append(volume)
    found = sum(volumes, fmpq(0))
    if found != total:
        _fail(
            "volumes add up to the domain's",
            f"{nearest_float(found / total)!r} of it is covered, so regions "
            f"{'are missing' if found < total else 'overlap'}",
        )
    if partition.mesh is None:
        return
    mesh, areas = partition.mesh, partition.volumes()
    for i, exact in enumerate(volumes):
        corners = mesh.corners[mesh.indptr[i] : mesh.indptr[i + 1]]
        side = np.abs(np.diff(mesh.points[np.append(corners, corners[0])], axis=0)).sum()
        allowed = 2 * side * (mesh.error[corners].max() + 2.0**-48 * np.abs(mesh.points[corners]).max())
        if not abs(areas[i] - nearest_float(exact)) <= allowed:
            _fail(
                "areas are true",
                f"that of {_names(partition, i)} is {nearest_float(exact)!r}, but `volumes` says {areas[i]!r}",
            )


def assert_corners_true(partition: Partition) -> None:
    """Planar: the corners of each region, counter-clockwise, are the exact ones within the bounds that the mesh states.

    The exact ones come from cutting the domain with the region's inequalities in rational arithmetic.
    """
    __tracebackhide__ = True
    mesh = partition.planar_mesh()
    for i, rows in enumerate(_exact_cells(partition)):
        exact = _polygon(partition.domain, rows)
        corners = mesh.corners[mesh.indptr[i] : mesh.indptr[i + 1]]
        if len(corners) != len(exact):
            _fail(
                "corners are true", f"{_names(partition, i)} has {len(exact)} corners, but the mesh has {len(corners)}"
            )
        fits = np.array([[_is_near(mesh.points[q], mesh.error[q], corner) for corner in exact] for q in corners])
        n = len(exact)
        if not any(all(fits[k, (k + turn) % n] for k in range(n)) for turn in range(n)):
            shown = [[nearest_float(x), nearest_float(y)] for x, y in exact]
            _fail(
                "corners are true",
                f"those of {_names(partition, i)} are {shown}, but the mesh has {mesh.points[corners].tolist()} within "
                f"{mesh.error[corners].tolist()}",
            )


def assert_valid_coverage(partition: Partition) -> None:
    """Planar: the polygons close up without gap or overlap, and neighbours share their corners to the last bit.

    Every edge joins two regions or lies on the boundary of the domain, Euler's formula holds, and shapely calls the
    polygons a valid coverage. Shapely is not asked where some region is thinner than the rounding of its corners, since
    a polygon of rounded corners may then be flat or turned over.
    """
    import shapely

    __tracebackhide__ = True
    mesh = partition.planar_mesh()
    following = np.arange(1, len(mesh.corners) + 1)
    following[mesh.indptr[1:] - 1] = mesh.indptr[:-1]
    starts, ends = mesh.corners.tolist(), mesh.corners[following].tolist()
    region = np.repeat(np.arange(len(partition)), np.diff(mesh.indptr))
    edges: dict[tuple[int, int], int] = {}
    for at, edge in enumerate(zip(starts, ends, strict=True)):
        if edge in edges:
            _fail(
                "an edge has one region on each side",
                f"{_names(partition, region[edges[edge]], region[at])} share a side",
            )
        edges[edge] = at
    n_edges = 0
    for (start, end), at in edges.items():
        twin = edges.get((end, start))
        n_edges += twin is None or start < end
        of_domain = mesh.owners[at] < 0
        if of_domain != (twin is None):
            _fail(
                "an edge joins two regions, unless it is the domain's",
                f"the edge of {_names(partition, region[at])} from {mesh.points[start].tolist()} to "
                f"{mesh.points[end].tolist()} is {'' if of_domain else 'not '}the domain's and joins "
                f"{1 if twin is None else 2} regions",
            )
    euler = len(mesh.points) - n_edges + len(partition)
    if euler != 1 or sorted(set(starts)) != list(range(len(mesh.points))):
        _fail(
            "Euler: corners - edges + regions = 1",
            f"{len(mesh.points)} - {n_edges} + {len(partition)} = {euler}; {len(set(starts))} corners are in use",
        )
    polygons = partition.polygons()
    sizes, errors = partition.volumes(), np.maximum.reduceat(mesh.error[mesh.corners], mesh.indptr[:-1])
    if (sizes <= shapely.length(polygons) * (errors + np.spacing(np.abs(mesh.points).max()))).any():
        return
    if not shapely.coverage_is_valid(polygons):
        flawed = np.flatnonzero(shapely.length(shapely.coverage_invalid_edges(polygons)) > 0)
        _fail("shapely calls the polygons a valid coverage", f"it finds flawed edges in {_names(partition, *flawed)}")


def assert_neighbors_symmetric(partition: Partition) -> None:
    """Neighbours are regions of the partition, have the region as a neighbour, and have its values where they meet.

    Cost: some milliseconds for each facet.
    """
    __tracebackhide__ = True
    index = {region.pattern.bits: i for i, region in enumerate(partition)}
    across: list[dict[int, Region]] = []
    for i, region in enumerate(partition):
        found: dict[int, Region] = {}
        for neighbor in region.neighbors():
            j = index.get(neighbor.pattern.bits)
            if j is None:
                _fail(
                    "neighbours are regions of the partition",
                    f"across a facet of {_names(partition, i)}, at {neighbor.point.tolist()}, lies {neighbor.pattern}, "
                    "which is not listed",
                )
            if j == i or j in found:
                _fail(
                    "each facet has another region across it",
                    f"{_names(partition, i)} has {_names(partition, j)} across "
                    f"{'two facets' if j in found else 'one of its own facets'}",
                )
            found[j] = neighbor
        across.append(found)
    sizes = _map_sizes(partition)
    for i, found in enumerate(across):
        for j, neighbor in found.items():
            if i not in across[j]:
                _fail(
                    "crossing a facet twice leads back",
                    f"from {_names(partition, i)} to {_names(partition, j)}, not back",
                )
            at = np.append(neighbor.point, 1.0)
            jump = np.abs(partition.maps[i] @ at - partition.maps[j] @ at)
            if not (jump <= MAP_TOLERANCE * (sizes[i] + sizes[j]) @ np.abs(at)).all():
                _fail(
                    "maps agree on shared facets",
                    f"those of {_names(partition, i, j)} differ by {jump.tolist()} at {neighbor.point.tolist()}",
                )


def assert_same_regions(p: Partition, q: Partition) -> None:
    """Two partitions of one network and domain are equal: patterns, order, counts; maps up to rounding."""
    __tracebackhide__ = True
    keys_p, keys_q = ([bytes(key) for key in sort_key(one.patterns)] for one in (p, q))
    for one, other, here, there in ((p, q, keys_p, keys_q), (q, p, keys_q, keys_p)):
        known = set(there)
        missing = [i for i, key in enumerate(here) if key not in known]
        if missing:
            i = missing[0]
            _fail(
                "two partitions have the same regions",
                f"{len(missing)} of the {len(here)} regions of {one.engine!r} are not among the {len(there)} of "
                f"{other.engine!r}; the first is {_names(one, i)} with the witness {one.witnesses[i].tolist()}",
            )
    if keys_p != keys_q:
        _fail("two partitions list their regions in the same order", f"those of {p.engine!r} and {q.engine!r} differ")
    if p.counts_per_layer.tolist() != q.counts_per_layer.tolist():
        _fail("two partitions have the same counts", f"{p.counts_per_layer.tolist()} and {q.counts_per_layer.tolist()}")
    wrong = np.flatnonzero(~(np.abs(p.maps - q.maps) <= MAP_TOLERANCE * _map_sizes(p)).all(axis=(1, 2)))
    if wrong.size:
        i = int(wrong[0])
        _fail("two partitions have the same maps", f"in {_names(p, i)}: {p.maps[i].tolist()} and {q.maps[i].tolist()}")


# ------------------------------------------------------------------------------------------------- exact geometry


def exact_volume(rows: Sequence[Sequence[int | fmpz]], dim: int) -> fmpq:
    """Volume of the bounded set ``{x : a . x + c <= 0}`` for integer rows ``[a, c]``; exact, 0 if it has no interior.

    Lasserre 1983, *An analytical expression and an algorithm for the volume of a convex polyhedron in R^n*: by the
    divergence theorem, the volume is a sum over the facets of offset times facet volume over d; a facet is projected
    along an axis, and the same formula measures it.

    Examples
    --------
    >>> exact_volume([[-1, 0, 0], [0, -1, 0], [1, 1, -1]], 2)
    1/2
    """
    cleaned = _clean(rows)
    if cleaned is None:
        return fmpq(0)
    if dim > 2:
        mask = exact_facet_mask([[fmpz(v) for v in row] for row in cleaned])
        cleaned = [row for row, is_facet in zip(cleaned, mask, strict=True) if is_facet]
    return _volume(cleaned, dim)


def _volume(rows: list[Row], dim: int) -> fmpq:
    if dim == 1:
        upper = [fmpq(-c, a) for a, c in rows if a > 0]
        lower = [fmpq(-c, a) for a, c in rows if a < 0]
        return max(min(upper) - max(lower), fmpq(0))
    total = fmpq(0)
    for row in rows:
        if row[-1] == 0:
            continue
        k = max(range(dim), key=lambda j: abs(row[j]))
        size, turn = abs(row[k]), 1 if row[k] > 0 else -1
        facet = _clean(
            [[size * q[j] - turn * q[k] * row[j] for j in range(dim + 1) if j != k] for q in rows if q is not row]
        )
        if facet is not None:
            total += fmpq(-row[-1], size) * _volume(facet, dim - 1)
    return total / dim


def _clean(rows: Sequence[Sequence[int | fmpz]]) -> list[Row] | None:
    """Primitive rows, each once, without ``0 <= 0``; None if one of them cannot hold or two leave no interior."""
    kept: dict[Row, None] = {}
    for row in rows:
        entries = [int(v) for v in row]
        if not any(entries[:-1]):
            if entries[-1] > 0:
                return None
            continue
        divisor = gcd(*entries)
        kept[tuple(v // divisor for v in entries)] = None
    return None if any(tuple(-v for v in row) in kept for row in kept) else list(kept)


def _cone_volume(rows: Sequence[Sequence[int | fmpz]], dim: int) -> fmpq:
    """Volume of the part of the cone ``{(y, t) : a . y + c t <= 0, t >= 0}`` that lies in ``|y_k| <= 1, t <= 1``."""
    cone = [[*row, 0] for row in rows if any(row)]
    for k in range(dim + 1):
        for turn in (1, -1):
            limit = -1 if k < dim or turn > 0 else 0
            cone.append([*(turn * int(j == k) for j in range(dim + 1)), limit])
    return exact_volume(cone, dim + 1)


def _polygon(domain: Domain, rows: Sequence[Sequence[fmpz]]) -> list[Corner]:
    """Corners of the part of a bounded planar domain on which ``a x + b y + c <= 0`` for all rows; exact."""
    assert domain is not None
    corners: list[Corner] = exact_vertices(Polytope(domain.A, domain.b))[1]
    for a, b, c in rows:
        values = [a * x + b * y + c for x, y in corners]
        cut: list[Corner] = []
        for i, (corner, value) in enumerate(zip(corners, values, strict=True)):
            (x, y), there = corners[(i + 1) % len(corners)], values[(i + 1) % len(corners)]
            if value <= 0:
                cut.append(corner)
            if value * there < 0:
                t = value / (value - there)
                cut.append((corner[0] + t * (x - corner[0]), corner[1] + t * (y - corner[1])))
        corners = cut
    return corners


def _holds_cube(rows: Sequence[Sequence[fmpz]], near: Sequence[fmpq], radius: fmpq) -> bool:
    """Whether a cube of this radius fits into the part of ``{x : a . x + c <= 0}`` around a point; exact."""
    halfspaces = []
    for row in rows:
        *normal, offset = [fmpq(v) for v in row]
        halfspaces.append(Halfspace(normal, -offset - radius * sum(map(abs, normal), fmpq(0))))
    reach = 1 + max(map(abs, near))
    lower, upper = [v - reach for v in near], [v + reach for v in near]
    return maximize([fmpq(0)] * len(near), halfspaces, lower, upper) is not None


def _is_near(point: Floats, radius: float, corner: Corner) -> bool:
    if not isfinite(radius):
        return True
    gap = [rational(p) - c for p, c in zip(point.tolist(), corner, strict=True)]
    return bool(gap[0] * gap[0] + gap[1] * gap[1] <= rational(radius) ** 2)


# -------------------------------------------------------------------------------------------------------- helpers


def _domain_rows(domain: Domain, dim: int) -> list[list[fmpz]]:
    """Integer rows ``[a, c]`` of ``a . x + c <= 0``."""
    return [] if domain is None else integer_rows(np.column_stack([domain.A, -domain.b]))


def _exact_cells(partition: Partition) -> Iterator[list[list[fmpz]]]:
    """For each region, integer rows ``[a, c]`` of all its inequalities ``a . x + c <= 0``, the domain's last."""
    network = partition.network
    source = ExactRows(network, integer_matrix(np.eye(network.input_dim + 1)))
    sides = _domain_rows(partition.domain, network.input_dim)
    for bits in partition.bits():
        on = iter(bits.tolist())
        rows = []
        for index, layer in enumerate(network.layers):
            exact = source.rows(index, bits)
            cutting = [exact[j] for j in np.flatnonzero(layer.cuts)]
            rows += [[-v for v in row] if next(on) else list(row) for row in cutting]
        yield rows + sides


def _exact_maps(partition: Partition) -> Iterator[Floats]:
    """The map ``[A, b]`` of each region, (out, d + 1), each number rounded once."""
    network = partition.network
    source = ExactRows(network, integer_matrix(np.eye(network.input_dim + 1)))
    for bits in partition.bits():
        rows, scale = source.scaled_rows(len(network.layers), bits)
        yield np.array([[nearest_float(fmpq(v, scale)) for v in row] for row in rows])


def _map_sizes(partition: Partition) -> Floats:
    """Each entry of the maps with every term of its sum replaced by its size: what rounding is relative to."""
    network = partition.network
    product = np.abs(network.augmented_weights()[0])[None, :, :]
    bits = partition.bits()
    start = 0
    for layer, weight in zip(network.layers, network.augmented_weights()[1:], strict=True):
        on = np.ones((len(bits), layer.width), dtype=bool)
        stop = start + int(layer.cuts.sum())
        on[:, layer.cuts] = bits[:, start:stop]
        start = stop
        slope = np.column_stack([np.where(on, layer.positive_slope, layer.negative_slope), np.ones(len(bits))])
        product = np.abs(weight) @ (np.abs(slope)[:, :, None] * product)
    return np.broadcast_to(product[:, :-1], partition.maps.shape)


def _patterns_of_interior_points(network: Network, X: Floats) -> tuple[Bools, Bools]:
    """Signs > 0 at points, (n, n_neurons), and whether they are those of a region that holds the point in its interior.

    They are where every neuron that is zero at the point is zero on the whole region.
    """
    signs = point_signs(network, X)
    bits, inside = signs > 0, np.ones(len(X), dtype=bool)
    places = [(index, int(j)) for index, layer in enumerate(network.layers) for j in np.flatnonzero(layer.cuts)]
    source = ExactRows(network, integer_matrix(np.eye(network.input_dim + 1)))
    for i in np.flatnonzero((signs == 0).any(axis=1)):
        for bit in np.flatnonzero(signs[i] == 0):
            layer, neuron = places[bit]
            if any(source.rows(layer, bits[i])[neuron]):
                inside[i] = False
                break
    return bits, inside


def _in_domain(partition: Partition, X: ArrayLike) -> Floats:
    rows = np.asarray(X, dtype=np.float64).reshape(-1, partition.network.input_dim)
    return rows if partition.domain is None else rows[partition.domain.contains(rows)]


def _engine(partition: Partition) -> str:
    return partition.engine if partition.engine in engines.ENGINES else "auto"


def _show(bits: Bools, partition: Partition) -> str:
    text = "".join("1" if bit else "0" for bit in bits)
    stops = np.cumsum((0, *partition.network.bits_per_layer)).tolist()
    return " ".join(text[a:b] for a, b in pairwise(stops)) or "without bits"


def _names(partition: Partition, *regions: Any) -> str:
    bits = partition.bits()
    shown = ", ".join(f"region {int(i)} ({_show(bits[int(i)], partition)})" for i in regions[:6])
    return shown + (f" and {len(regions) - 6} more" if len(regions) > 6 else "")


def _fail(law: str, counterexample: str) -> NoReturn:
    __tracebackhide__ = True
    raise AssertionError(f"{law}: {counterexample}.")
