"""Partitions as files: one NumPy archive with everything in it, the network included.

The arrays of a saved partition, besides those of its network and box, which `npz` describes (so that the file is
one of a network as well):

``partition_version``
    3.
``domain_A`` (m, d), ``domain_b`` (m,)
    The domain, if it is a polytope that is no box.
``packed_patterns``, ``maps``, ``witnesses``, ``counts_per_layer``, ``engine``
    As in `Partition`.
``status``, ``certificate`` (3,)
    Name of the status; numbers of decisions in float64, double-double and rational arithmetic.
``mesh_points``, ``mesh_error`` and so on
    The fields of `PlanarMesh` or `PolyhedralMesh`; absent where there is none.
``search_start``, ``search_order``, ``search_distances``, ``search_crossings``, ``search_limit``, ``search_open`` (2,)
    As in `Search`, the last one its `n_uncrossed` and `n_unseen`; absent where there is none.

``sha256_of_all``
    The digest of all of them, as `array_archive` takes it.

Of a flat box, maps, witnesses, meshes and points are those on the flat, in the coordinates of the free inputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.domain import Box, check_domain
from polytope_lens.errors import DimensionError, DomainError, FileFormatError, InvalidNetworkError, Status
from polytope_lens.flat_domain import flat_domain, within
from polytope_lens.importers.npz import arrays_of, box_of, network_of
from polytope_lens.io.array_archive import load_arrays, save_arrays
from polytope_lens.io.arrays import MOST, ArrayReader
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.mesh.polyhedral_mesh import PolyhedralMesh
from polytope_lens.network.network import bit_starts
from polytope_lens.network.pattern import WORD as WORD_BITS
from polytope_lens.network.pattern import ascend, distinct_beginnings, n_words
from polytope_lens.polytope import Polytope

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import NDArray

    from polytope_lens.domain import Domain
    from polytope_lens.network.network import Network
    from polytope_lens.partition.partition import Partition
    from polytope_lens.partition.provenance import Search

    Arrays = dict[str, Any]

VERSION = 3
FLOAT, INT, SHORT, BOOL, WORD = map(np.dtype, (np.float64, np.int64, np.int32, np.bool_, np.uint64))


def save(partition: Partition, path: str | PathLike[str]) -> None:
    """Write a partition to a file, from which `load` makes an equal one.

    Parameters
    ----------
    partition : Partition
        Complete or not.
    path : str or path-like
        Used as it is; no suffix is added, but with ``.npz`` a `Lens` reads the network from it, too. An existing file
        is replaced at once, when the new one is complete.

    Notes
    -----
    Exact: all arrays are kept bit by bit. The format is described at the top of this module.
    """
    arrays, seen = arrays_of(partition.network), within(partition)
    arrays |= {
        "partition_version": np.array(VERSION, dtype=INT),
        "engine": np.array(partition.engine),
        "status": np.array(partition.status.name),
        "packed_patterns": partition.packed_patterns,
        "maps": seen.maps,
        "witnesses": seen.witnesses,
        "counts_per_layer": partition.counts_per_layer,
    }
    certificate = partition.certificate
    arrays["certificate"] = np.array([certificate.float64, certificate.double_double, certificate.rational], dtype=INT)
    arrays |= domain_arrays(partition.domain)
    if partition.mesh is not None:
        arrays |= {f"mesh_{name}": getattr(partition.mesh, name) for name in type(partition.mesh).__slots__}
    if seen.search is not None:
        arrays |= _search_arrays(seen.search)
    save_arrays(path, arrays)


def load(path: str | PathLike[str]) -> dict[str, Any]:
    """Read what `save` wrote.

    Returns
    -------
    dict
        The fields of a `Partition`; `certificate` and `search` as what their own types are made from. Those of
        a flat box are about the flat, and ``"whole"`` has the network and the box that were saved; else it is None.

    Raises
    ------
    MissingFileError, FileAccessError
    FileFormatError
        A damaged or incomplete file, or one whose arrays do not fit together. Python objects are never read.

    Notes
    -----
    Checked are the digest of all arrays, types and shapes, that indices are in range, and that
    patterns ascend and are as many after each layer as the file says; not that the regions are those of the network.
    No torch is needed. Cost: that of reading the file, and a pass over the patterns.
    """
    arrays = load_arrays(path, sealed="partition_version")
    if "partition_version" not in arrays:
        raise FileFormatError(f"{path} holds no partition. Write one with `partition.save`; of a network, make a Lens.")
    try:
        version = ArrayReader(arrays).array("partition_version", INT)
        if version != VERSION:
            raise FileFormatError(f"it is of version {version}, but this release reads version {VERSION}.")
        return _fields(arrays)
    except (FileFormatError, InvalidNetworkError, DomainError, DimensionError) as error:
        raise FileFormatError(f"{path}: {error}") from error


def _fields(arrays: Arrays) -> dict[str, Any]:
    reader = ArrayReader(arrays)
    network = network_of(arrays)
    domain = domain_of(reader, arrays, network.input_dim)
    is_whole = reader.text("status") != Status.PREIMAGE.name
    patterns, per_layer = _patterns(reader, network, least=int(is_whole))
    whole = None
    if (flat := flat_domain(network, domain)) is not None:
        whole = network, domain
        network, domain, per_layer = flat.network, flat.domain, np.append(min(1, len(patterns)), per_layer)
    n, d = len(patterns), network.input_dim
    status = reader.text("status")
    if status not in Status.__members__:
        raise FileFormatError(f"status should be one of {', '.join(Status.__members__)}, but is {status!r}.")
    decisions = reader.indices("certificate", 0, MOST, 3).tolist()
    return {
        "whole": whole,
        "network": network,
        "domain": domain,
        "engine": reader.text("engine"),
        "packed_patterns": patterns,
        "maps": reader.array("maps", FLOAT, n, network.output_dim, d + 1),
        "witnesses": reader.array("witnesses", FLOAT, n, d),
        "counts_per_layer": per_layer,
        "mesh": _mesh(reader, network, domain, n) if "mesh_points" in reader else None,
        "status": Status[status],
        "certificate": dict(zip(("float64", "double_double", "rational"), decisions, strict=True)),
        "search": _search(reader, n, d) if "search_start" in reader else None,
    }


def domain_arrays(domain: Domain) -> Arrays:
    """What says in an archive which domain it is about."""
    if isinstance(domain, Box):
        return {"lo": domain.lower, "hi": domain.upper}
    return {} if domain is None else {"domain_A": domain.A, "domain_b": domain.b}


def domain_of(reader: ArrayReader, arrays: Arrays, dim: int) -> Domain:
    """The domain that an archive is about."""
    if "domain_A" not in reader:
        return check_domain(box_of(arrays, dim), dim)
    A = reader.array("domain_A", FLOAT, None, dim)
    return check_domain(Polytope(A, reader.array("domain_b", FLOAT, len(A))), dim)


def _patterns(reader: ArrayReader, network: Network, least: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Patterns and their numbers after each layer."""
    n_bits = network.n_neurons
    patterns = reader.array("packed_patterns", WORD, None, n_words(n_bits))
    per_layer = reader.array("counts_per_layer", INT, len(network.layers))
    if len(patterns) < least or not ascend(patterns):
        raise FileFormatError("packed_patterns should be different and ascend, at least one of them, but they do not.")
    used = n_bits - WORD_BITS * (n_words(n_bits) - 1)
    if used < WORD_BITS and (patterns[:, -1] << np.uint64(used)).any():
        raise FileFormatError(f"packed_patterns should have {n_bits} bits, one for each neuron, but some have more.")
    counted = distinct_beginnings(patterns, bit_starts(network)[1:]) if len(patterns) else np.zeros_like(per_layer)
    if not np.array_equal(counted, per_layer):
        raise FileFormatError(
            f"counts_per_layer should be {counted.tolist()} as the patterns say, but is {per_layer.tolist()}."
        )
    return patterns, per_layer


def _mesh(reader: ArrayReader, network: Network, domain: Domain, n_regions: int) -> PlanarMesh | PolyhedralMesh:
    if network.input_dim not in (2, 3) or domain is None:
        raise FileFormatError("corners are saved for bounded domains of the plane and of space, but this is none.")
    owners = -len(domain.b), network.n_neurons
    if network.input_dim == 3:
        return _polyhedral_mesh(reader, owners, n_regions)
    points = reader.array("mesh_points", FLOAT, None, 2)
    corners = reader.indices("mesh_corners", 0, len(points), None)
    return PlanarMesh(
        points,
        reader.array("mesh_error", FLOAT, len(points)),
        reader.starts("mesh_indptr", n_regions, len(corners), 3),
        corners,
        reader.indices("mesh_owners", *owners, len(corners)),
        reader.array("mesh_crowded", BOOL, len(corners)),
    )


def _polyhedral_mesh(reader: ArrayReader, owners: tuple[int, int], n_regions: int) -> PolyhedralMesh:
    points = reader.array("mesh_points", FLOAT, None, 3)
    corners = reader.indices("mesh_corners", 0, len(points), None, dtype=SHORT)
    regions = reader.indices("mesh_regions", -1, n_regions, None, 2, dtype=SHORT)
    n_faces = len(regions)
    faces = reader.indices("mesh_faces", 0, n_faces, None, dtype=SHORT)
    return PolyhedralMesh(
        points,
        reader.array("mesh_error", FLOAT, len(points)),
        regions,
        reader.indices("mesh_owners", *owners, n_faces, dtype=SHORT),
        reader.array("mesh_crowded", BOOL, n_faces),
        reader.starts("mesh_corner_indptr", n_faces, len(corners), 3),
        corners,
        reader.starts("mesh_face_indptr", n_regions, len(faces), 4),
        faces,
    )


def _search(reader: ArrayReader, n: int, d: int) -> dict[str, Any]:
    order = reader.indices("search_order", 0, n, n)
    if len(np.unique(order)) != n:
        raise FileFormatError("search_order should name each region once, but it does not.")
    n_uncrossed, n_unseen = reader.indices("search_open", 0, MOST, 2).tolist()
    return {
        "start": reader.array("search_start", FLOAT, d),
        "order": order,
        "distances": reader.array("search_distances", FLOAT, n) if "search_distances" in reader else None,
        "crossings": reader.array("search_crossings", INT, n) if "search_crossings" in reader else None,
        "limit": reader.text("search_limit"),
        "n_uncrossed": n_uncrossed,
        "n_unseen": n_unseen,
    }


def _search_arrays(search: Search) -> Arrays:
    arrays = {
        "start": search.start,
        "order": search.order,
        "distances": search.distances,
        "crossings": search.crossings,
        "limit": np.array(search.limit),
        "open": np.array([search.n_uncrossed, search.n_unseen], dtype=INT),
    }
    return {f"search_{name}": array for name, array in arrays.items() if array is not None}
