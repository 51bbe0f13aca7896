"""Laws that every partition obeys, each an assertion with a counterexample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq, fmpz_mat

from polytope_lens.arithmetic.rational import dot, integer_matrix, nearest_float, rational, rationals, sign
from polytope_lens.cells.inequalities import DOMAIN
from polytope_lens.domain import Box
from polytope_lens.engines import enumerate as engines
from polytope_lens.engines.table import ENGINES
from polytope_lens.errors import ConsistencyError
from polytope_lens.exact.owner_rows import integer_sides
from polytope_lens.exact.point_signs import interior_mask, point_signs
from polytope_lens.flat_domain import asked_for_points, asked_on_flat, flat_of, within
from polytope_lens.lp.interior_point import LARGEST, deep_point, float_inside, is_inside
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.mesh.polyhedral_mesh import face_areas
from polytope_lens.network.network import Network, evaluate, slopes, steeper_slopes
from polytope_lens.network.pattern import pack, sort_key
from polytope_lens.polyhedral_complex.locate import locate
from polytope_lens.polytope import Polytope
from polytope_lens.testing.counterexamples import fail, names, show
from polytope_lens.testing.fractions import cone_volume, exact_cells, exact_maps, exact_volume
from polytope_lens.testing.polygons import assert_corners_true, assert_valid_coverage
from polytope_lens.testing.solids import assert_solids_true

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from polytope_lens._types import Floats
    from polytope_lens.engines.table import EngineChoice
    from polytope_lens.partition.partition import Partition


# Maps are rounded sums of products; an error this large, relative to the sum of the products' sizes, is a wrong map.
MAP_TOLERANCE = 2.0**-30
# `assert_partition` leaves out what would take longer than about a minute.
FEW_REGIONS, FEW_POINTS = 400, 100


def assert_partition(partition: Partition, X: ArrayLike | None = None) -> None:
    """Every law of this module.

    Parameters
    ----------
    partition : Partition
        Of the network on a Box, a Polytope or the whole space, complete.
    X : (n, d) array, optional
        Points to look for; by default those of `sample_points`.

    Notes
    -----
    Laws that cost milliseconds for each region (located points, neighbours, exact volumes) are left out for partitions
    of more than 400 regions; ask for them by name there. A partition of a flat box obeys them on the flat, too, where
    those about measures hold alone.
    """
    __tracebackhide__ = True
    points = sample_points(partition, FEW_POINTS) if X is None else np.asarray(X, dtype=np.float64)
    if (flat := flat_of(partition)) is not None:
        assert_embedded(partition)
        assert_partition(within(partition), _in_domain(partition, points)[:, flat.free])
    assert_counts(partition)
    assert_patterns_found(partition, points)
    assert_witnesses_inside(partition)
    assert_maps_agree(lambda rows: evaluate(partition.network, rows), partition)
    if isinstance(partition.mesh, PlanarMesh):
        assert_valid_coverage(partition)
    if len(partition) <= FEW_REGIONS:
        assert_points_located(partition, points)
        assert_neighbors_symmetric(partition)
        assert_volumes_add_up(partition)
        if isinstance(partition.mesh, PlanarMesh):
            assert_corners_true(partition)
        elif partition.mesh is not None:
            assert_solids_true(partition)


@asked_for_points
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
    keys = sort_key(partition.packed_patterns)
    for i in range(n - 1):
        if keys[i].tobytes() >= keys[i + 1].tobytes():
            fail(
                "regions come in ascending order, each once",
                f"regions {i} and {i + 1} are {names(partition, i, i + 1)}",
            )
    bits = partition.patterns()
    stops = np.cumsum(network.bits_per_layer)
    expected = [len({row[:stop].tobytes() for row in bits}) for stop in stops.tolist()]
    if partition.counts_per_layer.tolist() != expected:
        fail(
            "counts per layer are those of the patterns",
            f"{partition.counts_per_layer.tolist()}, patterns say {expected}",
        )
    if expected != sorted(expected) or [n] != (expected or [1])[-1:]:
        fail("counts never fall, and the last is the number of regions", f"{expected} for {n} regions")
    counts = engines.count(network, partition.domain, engine=_engine(partition))
    if counts.total != n or counts.per_layer.tolist() != expected:
        fail("`count` finds as many regions as `partition`", f"{counts} against {n} regions, per layer {expected}")


def assert_embedded(partition: Partition) -> None:
    """A partition of a flat box is the one on the flat: patterns, counts, and witnesses with the inputs that are fixed.

    Those are equal to the last bit, also in what a region has as its point, vertices and neighbours.
    """
    __tracebackhide__ = True
    flat, on_flat = flat_of(partition), within(partition)
    if flat is None:
        return
    if not np.array_equal(partition.packed_patterns, on_flat.packed_patterns):
        fail("patterns are those on the flat", f"{len(partition)} regions and {len(on_flat)} differ")
    if partition.counts_per_layer.tolist() != on_flat.counts_per_layer.tolist()[1:]:
        fail(
            "counts are those on the flat, without its own layer",
            f"{partition.counts_per_layer.tolist()} and {on_flat.counts_per_layer.tolist()}",
        )
    if partition.witnesses[:, flat.free].tobytes() != on_flat.witnesses.tobytes():
        fail("witnesses are those on the flat", "they differ in the inputs that are free")
    fixed = np.setdiff1d(np.arange(len(flat.point)), flat.free)
    few = [partition[i] for i in range(min(len(partition), 3))]
    for name, points in (
        ("witnesses", partition.witnesses),
        ("points of regions", np.array([region.point for region in few])),
        ("vertices", np.concatenate([region.vertices() for region in few])),
        ("points of neighbours", np.array([one.point for region in few for one in region.neighbors()])),
    ):
        wrong = [i for i, x in enumerate(points) if x[fixed].tobytes() != flat.point[fixed].tobytes()]
        if wrong:
            x = points[wrong[0]].tolist()
            fail("fixed inputs are as the box has them", f"one of the {name} is {x}, the box {partition.domain!r}")


def assert_patterns_found(partition: Partition, X: ArrayLike) -> None:
    """The regions of sampled points are there: no pattern of a point in a region's interior is missing.

    Points outside the domain and on boundaries say nothing and are passed over.
    """
    __tracebackhide__ = True
    rows = _in_domain(partition, X)
    signs = point_signs(partition.network, rows)
    bits, inside = signs > 0, interior_mask(partition.network, signs)
    known = set(map(bytes, sort_key(partition.packed_patterns)))
    for x, pattern, key, sure in zip(rows, bits, map(bytes, sort_key(pack(bits))), inside, strict=True):
        if sure and key not in known:
            fail(
                "the region of every point is listed",
                f"{x.tolist()} lies inside the region {show(pattern, partition)}, which is not among the "
                f"{len(partition)} regions",
            )


def assert_points_located(partition: Partition, X: ArrayLike) -> None:
    """Every point lies in a closed region, at most in one's interior, and `Partition.locate` names such a one.

    Decided by the inequalities of all regions in integer arithmetic. Cost: about 20 microseconds for each region and
    point.
    """
    __tracebackhide__ = True
    X = _in_domain(partition, X)
    if not len(X):
        return
    points = integer_matrix(np.column_stack([X, np.ones(len(X))]).T)
    closed, interior = np.zeros((len(partition), len(X)), dtype=bool), np.zeros((len(partition), len(X)), dtype=bool)
    for i, rows in enumerate(exact_cells(partition)):
        values = (fmpz_mat(len(rows), points.nrows(), [v for row in rows for v in row]) * points).tolist()
        signs = np.array([[sign(v) for v in row] for row in values], dtype=np.int8).reshape(-1, len(X))
        cuts = np.array([any(row[:-1]) for row in rows], dtype=bool)
        closed[i] = (signs <= 0).all(axis=0)
        interior[i] = closed[i] & (signs[cuts] < 0).all(axis=0)
    try:
        located = locate(partition, X)
    except ConsistencyError as error:
        fail("every point of the domain is located", str(error))
    for q, x in enumerate(X):
        holders, owners = np.flatnonzero(closed[:, q]), np.flatnonzero(interior[:, q])
        if not len(holders):
            fail("every point lies in a region", f"{x.tolist()} satisfies the inequalities of none")
        if len(owners) and len(holders) > 1:
            fail(
                "interiors are disjoint",
                f"{x.tolist()} is inside one of {names(partition, *holders)} and in the others",
            )
        if located[q] not in (owners if len(owners) else holders):
            fail(
                "points are located in a region that holds them",
                f"{x.tolist()} was located in {names(partition, located[q])}, but lies in {names(partition, *holders)}",
            )


@asked_on_flat
def assert_witnesses_inside(partition: Partition) -> None:
    """The witness of every region is a point of its interior.

    Only in a region that holds no float with room around it, see `float_inside`, may it lie on the boundary, or
    as far outside as rounding takes it. Where all points of a region are out of the range of floats, any will do.
    """
    __tracebackhide__ = True
    law = "witnesses lie inside their regions"
    broken = np.flatnonzero(~np.isfinite(partition.witnesses).all(axis=1))
    if broken.size:
        i = int(broken[0])
        fail(law, f"that of {names(partition, i)} is {partition.witnesses[i].tolist()}")
    cells = list(exact_cells(partition))
    for i, (x, rows) in enumerate(zip(partition.witnesses.tolist(), cells, strict=True)):
        if is_inside(rows, x):
            continue
        better = float_inside(rows, len(x))
        if better is not None and is_inside(rows, better):
            fail(law, f"that of {names(partition, i)} is {x}, on the boundary or outside; {better} is inside")
        center = deep_point(rows, len(x))
        if center is None:
            fail(law, f"that of {names(partition, i)} is {x}, but the region has no interior: {x} is outside")
        if max(map(abs, center)) > rational(LARGEST):
            continue
        at, ulp = rationals(x), rational(float(np.spacing(max(map(abs, x)))))
        for row in rows:
            *normal, offset = [fmpq(v) for v in row]
            if dot(normal, at) + offset > 4 * ulp * sum(map(abs, normal), fmpq(0)):
                fail(law, f"that of {names(partition, i)} is {x}, farther outside than rounding explains")


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
    for i, exact in enumerate(exact_maps(partition)):
        wrong = np.argwhere(~(np.abs(partition.maps[i] - exact) <= tolerance * sizes[i]))
        if len(wrong):
            o, k = wrong[0].tolist()
            fail(
                "maps are the product of the weights and slopes",
                f"entry {[o, k]} of that of {names(partition, i)} is {partition.maps[i, o, k]!r}, not {exact[o, k]!r}",
            )
    ones = np.column_stack([partition.witnesses, np.ones(len(partition))])
    values = np.einsum("nok,nk->no", partition.maps, ones)
    wanted = np.asarray(lens(partition.witnesses), dtype=np.float64)
    allowed = tolerance * np.abs(ones) @ _greatest_sizes(partition.network).T
    wrong = np.argwhere(~(np.abs(values - wanted) <= allowed))
    if len(wrong):
        i, o = wrong[0].tolist()
        fail(
            "maps give the network's values",
            f"at {partition.witnesses[i].tolist()} in {names(partition, i)} output {o} is {values[i, o]!r} by the map "
            f"and {wanted[i, o]!r} by the network",
        )
    if partition.mesh is not None:
        _assert_maps_meet(partition, tolerance)


@asked_on_flat
def _assert_maps_meet(partition: Partition, tolerance: float) -> None:
    __tracebackhide__ = True
    mesh, sizes = partition.mesh, _map_sizes(partition)
    assert mesh is not None
    region, corners = mesh.incidences()
    at = np.column_stack([mesh.points, np.ones(len(mesh.points))])[corners]
    values = np.einsum("nok,nk->no", partition.maps[region], at)
    slack = tolerance * np.einsum("nok,nk->no", sizes[region], np.abs(at))
    slack += np.abs(partition.maps[region, :, :-1]).sum(axis=2) * mesh.error[corners, None]
    shape = len(mesh.points), values.shape[1]
    # Each corner's interval of possible values must meet those of all regions around it.
    highest_low, lowest_high = np.full(shape, -np.inf), np.full(shape, np.inf)
    np.maximum.at(highest_low, corners, values - slack)
    np.minimum.at(lowest_high, corners, values + slack)
    wrong = np.argwhere(~(highest_low <= lowest_high))
    if len(wrong):
        q, o = wrong[0].tolist()
        around = region[corners == q]
        fail(
            "maps agree where regions meet",
            f"at the corner {mesh.points[q].tolist()}, output {o} is {values[corners == q, o].tolist()} in "
            f"{names(partition, *around)}",
        )


@asked_on_flat
def assert_volumes_add_up(partition: Partition) -> None:
    """The volumes of the regions add up to that of the domain, in rational arithmetic: none is missing, none overlaps.

    Unbounded domains are measured in one dimension more: by the volumes of the cones over their regions, cut off by a
    box. In the plane, `Partition.volumes` should also be right within the error bounds of the corners.
    """
    __tracebackhide__ = True
    dim, domain = partition.network.input_dim, partition.domain
    whole_cone = domain is None or (isinstance(domain, Polytope) and not domain.is_bounded)
    sides = integer_sides(domain)
    total = cone_volume(sides, dim) if whole_cone else exact_volume(sides, dim)
    volumes = []
    for i, rows in enumerate(exact_cells(partition)):
        volume = cone_volume(rows, dim) if whole_cone else exact_volume(rows, dim)
        if volume <= 0:
            fail("regions have interior", f"{names(partition, i)} has none")
        volumes.append(volume)
    found = sum(volumes, fmpq(0))
    if found != total:
        fail(
            "volumes add up to the domain's",
            f"{nearest_float(found / total)!r} of it is covered, so regions "
            f"{'are missing' if found < total else 'overlap'}",
        )
    if partition.mesh is None:
        return
    mesh, rounded = partition.mesh, partition.volumes()
    areas = None if isinstance(mesh, PlanarMesh) else face_areas(mesh)
    for i, exact in enumerate(volumes):
        if isinstance(mesh, PlanarMesh):
            corners = mesh.corners[mesh.entries(i)]
            surface = float(np.abs(np.diff(mesh.points[np.append(corners, corners[0])], axis=0)).sum())
        else:
            assert areas is not None
            corners = mesh.points_of(i)
            surface = float(areas[mesh.faces_of(i)].sum())
        error = mesh.error[corners].max() + 2.0**-48 * np.abs(mesh.points[corners]).max()
        # What lies between the exact surface and the rounded one
        allowed = 2 * (surface + (0.0 if areas is None else error * dim)) * error
        if not abs(rounded[i] - nearest_float(exact)) <= allowed:
            fail(
                "volumes are true",
                f"that of {names(partition, i)} is {nearest_float(exact)!r}, but `volumes` says {float(rounded[i])!r}",
            )


def assert_neighbors_symmetric(partition: Partition) -> None:
    """Neighbours are regions of the partition, have the region as a neighbour, and have its values where they meet.

    Cost: some milliseconds for each facet.
    """
    __tracebackhide__ = True
    index = {region.pattern.bits: i for i, region in enumerate(partition)}
    across: list[dict[int, Floats]] = []
    for i, region in enumerate(partition):
        found: dict[int, Floats] = {}
        cell = region.polytope
        planes = [q for q, its in enumerate(cell.owners) if all(layer != DOMAIN for layer, _ in its)]
        for neighbor, q in zip(region.neighbors(), planes, strict=False):
            j = index.get(neighbor.pattern.bits)
            if j is None:
                fail(
                    "neighbours are regions of the partition",
                    f"across a facet of {names(partition, i)}, at {neighbor.point.tolist()}, lies {neighbor.pattern}, "
                    "which is not listed",
                )
            if j == i or j in found:
                fail(
                    "each facet has another region across it",
                    f"{names(partition, i)} has {names(partition, j)} across "
                    f"{'two facets' if j in found else 'one of its own facets'}",
                )
            # Maps that agree on a facet do so on its hyperplane: at the foot of the neighbour's point, for instance.
            size = np.abs(cell.A[q]).max()
            normal, slack = cell.A[q] / size, (cell.b[q] - cell.A[q] @ neighbor.point) / size
            found[j] = neighbor.point + slack / (normal @ normal) * normal
        across.append(found)
    sizes = _map_sizes(partition)
    for i, found in enumerate(across):
        for j, meeting in found.items():
            if i not in across[j]:
                fail(
                    "crossing a facet twice leads back",
                    f"from {names(partition, i)} to {names(partition, j)}, not back",
                )
            at = np.append(meeting, 1.0)
            jump = np.abs(partition.maps[i] @ at - partition.maps[j] @ at)
            if not (jump <= MAP_TOLERANCE * (sizes[i] + sizes[j]) @ np.abs(at)).all():
                fail(
                    "maps agree on shared facets",
                    f"those of {names(partition, i, j)} differ by {jump.tolist()} at {meeting.tolist()}",
                )


def assert_same_regions(p: Partition, q: Partition) -> None:
    """Two partitions of one network and domain are equal: patterns, order, counts; maps up to rounding."""
    __tracebackhide__ = True
    keys_p, keys_q = ([bytes(key) for key in sort_key(one.packed_patterns)] for one in (p, q))
    for one, other, here, there in ((p, q, keys_p, keys_q), (q, p, keys_q, keys_p)):
        known = set(there)
        missing = [i for i, key in enumerate(here) if key not in known]
        if missing:
            i = missing[0]
            fail(
                "two partitions have the same regions",
                f"{len(missing)} of the {len(here)} regions of {one.engine!r} are not among the {len(there)} of "
                f"{other.engine!r}; the first is {names(one, i)} with the witness {one.witnesses[i].tolist()}",
            )
    if keys_p != keys_q:
        fail("two partitions list their regions in the same order", f"those of {p.engine!r} and {q.engine!r} differ")
    if p.counts_per_layer.tolist() != q.counts_per_layer.tolist():
        fail("two partitions have the same counts", f"{p.counts_per_layer.tolist()} and {q.counts_per_layer.tolist()}")
    wrong = np.flatnonzero(~(np.abs(p.maps - q.maps) <= MAP_TOLERANCE * _map_sizes(p)).all(axis=(1, 2)))
    if wrong.size:
        i = int(wrong[0])
        fail("two partitions have the same maps", f"in {names(p, i)}: {p.maps[i].tolist()} and {q.maps[i].tolist()}")


def _map_sizes(partition: Partition) -> Floats:
    """Each entry of the maps with every term of its sum replaced by its size: what rounding is relative to."""
    network = partition.network
    product = np.abs(network.augmented_weights()[0])[None, :, :]
    of_layers = slopes(network.layers, partition.patterns())
    for of_layer, weight in zip(of_layers, network.augmented_weights()[1:], strict=True):
        slope = np.column_stack([of_layer, np.ones(len(of_layer))])
        product = np.abs(weight) @ (np.abs(slope)[:, :, None] * product)
    return np.broadcast_to(product[:, :-1], partition.maps.shape)


def _greatest_sizes(network: Network) -> Floats:
    """The same with the steeper slope of each neuron, (out, d + 1): a model may round a zero to either side."""
    product = np.abs(network.augmented_weights()[0])
    for layer, weight in zip(network.layers, network.augmented_weights()[1:], strict=True):
        product = np.abs(weight) @ (np.append(steeper_slopes(layer), 1.0)[:, None] * product)
    return np.asarray(product[:-1])


def _in_domain(partition: Partition, X: ArrayLike) -> Floats:
    rows = np.asarray(X, dtype=np.float64).reshape(-1, partition.network.input_dim)
    return rows if partition.domain is None else rows[partition.domain.contains(rows)]


def _engine(partition: Partition) -> EngineChoice:
    return next((name for name in ENGINES if name == partition.engine), "auto")
