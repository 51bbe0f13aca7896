"""Regions as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.errors import require
from polytope_lens.flat_domain import within
from polytope_lens.mesh.planar_mesh import PlanarMesh
from polytope_lens.mesh.polyhedral_mesh import diameters, surfaces
from polytope_lens.network.pattern import hexadecimal
from polytope_lens.polyhedral_complex.facet_table import facets
from polytope_lens.polyhedral_complex.largest_balls import chebyshev_balls
from polytope_lens.polyhedral_complex.polygon_shapes import polygon_shapes

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from polytope_lens.partition.partition import Partition

    Columns = dict[str, Any]


def to_frame(partition: Partition, *, with_facets: bool = True, with_maps: bool = False) -> pd.DataFrame:
    """One row for each region, indexed by its number.

    Parameters
    ----------
    partition : Partition
        Complete or not.
    with_facets : bool
        Whether to count facets and neighbours, and to tell which regions are bounded; where there is no mesh
        this takes longer than all the rest.
    with_maps : bool
        Whether to add the affine maps, a column for each number.

    Returns
    -------
    pandas.DataFrame
        ``pattern``
            Activation pattern, hexadecimal as in `ActivationPattern.hex`.
        ``cell_0, cell_1, ...``
            For each layer but the last: in which of the regions that this and the layers before it make the region
            lies, numbered in canonical order.
        ``on_0, on_1, ...``
            For each layer, how many of its neurons are on.
        ``is_bounded``, ``n_facets``, ``n_neighbors``, ``inradius``
            With `with_facets`; facets on the boundary of the domain count as such, and have no neighbour. The radius is
            that of `Balls`.
        ``witness_0, witness_1, ...``
            A point of the region.
        ``slope``
            Greatest factor by which the region's map stretches a distance, the spectral norm of A; with one output the
            length of its gradient. Rounded.
        ``area``, ``perimeter``, ``diameter``, ``width``, ``elongation``
            In bounded domains of the plane, as in `PolygonShapes`; rounded.
        ``volume``, ``surface``, ``diameter``
            In bounded domains of space; rounded.
        ``found``, ``distance`` or ``crossings``
            For regions found from facet to facet: as which one, and how far from the start, as in `Search`.
        ``A_0_0, A_0_1, ..., b_0, ...``
            With `with_maps`: output i is the sum of ``A_i_k x_k``, and ``b_i``; rounded.

    Raises
    ------
    MissingExtraError

    Notes
    -----
    Exact where not said to be rounded.

    Examples
    --------
    >>> from polytope_lens import Lens
    >>> lens = Lens.from_arrays([[[1], [1]], [[-3, 4]]], [[0, -1], [0]])
    >>> table = lens.partition().to_frame(with_maps=True)
    >>> table.drop(columns=["witness_0", "n_neighbors", "inradius"])  # doctest: +NORMALIZE_WHITESPACE
           pattern  on_0  is_bounded  n_facets  slope  A_0_0  b_0
    region
    0            0     0       False         1    0.0    0.0  0.0
    1            8     1        True         2    3.0   -3.0  0.0
    2            c     2       False         1    1.0    1.0 -4.0
    """
    pandas = require("pandas", extra="data", purpose="`to_frame`")
    columns = _pattern_columns(partition)
    if with_facets:
        columns |= _facet_columns(partition)
        columns["inradius"] = chebyshev_balls(partition).radii
    columns |= {f"witness_{k}": partition.witnesses[:, k] for k in range(partition.network.input_dim)}
    columns["slope"] = np.linalg.norm(within(partition).maps[:, :, :-1], ord=2, axis=(1, 2))
    if isinstance(partition.mesh, PlanarMesh):
        shapes = polygon_shapes(partition.mesh)
        names = "area", "perimeter", "diameter", "width", "elongation"
        columns |= {name: getattr(shapes, name) for name in names}
    elif partition.mesh is not None:
        columns |= {"volume": partition.volumes(), "surface": surfaces(partition.mesh)}
        columns["diameter"] = diameters(partition.mesh)
    if partition.search is not None:
        columns["found"] = np.argsort(partition.search.order)
        named = {"distance": partition.search.distances, "crossings": partition.search.crossings}
        columns |= {name: values for name, values in named.items() if values is not None}
    if with_maps:
        _, n_out, width = partition.maps.shape
        columns |= {f"A_{i}_{k}": partition.maps[:, i, k] for i in range(n_out) for k in range(width - 1)}
        columns |= {f"b_{i}": partition.maps[:, i, -1] for i in range(n_out)}
    return pandas.DataFrame(columns, index=pandas.RangeIndex(len(partition), name="region"))


def to_geodataframe(partition: Partition, *, with_facets: bool = True, with_maps: bool = False) -> gpd.GeoDataFrame:
    """The table of `to_frame` with the polygons as its geometry, in a bounded domain of the plane.

    Corners are rounded, and neighbours share them to the last bit. There is no reference system: the plane is that of
    the network's inputs. ``to_parquet`` of the result writes GeoParquet, which ``geopandas.read_parquet`` reads back.

    Parameters
    ----------
    partition : Partition
    with_facets, with_maps : bool
        Whether there are columns about facets, and the affine maps; see `to_frame`.

    Raises
    ------
    MissingExtraError, DimensionError, UnboundedPolytopeError, PartialPartitionError

    Examples
    --------
    >>> from polytope_lens import Box, Lens
    >>> lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    >>> table = lens.partition(Box([-1, -1], [1, 1])).to_geodataframe()
    >>> table[["pattern", "geometry"]].loc[3]
    pattern                                       c
    geometry    POLYGON ((1 0, 1 1, 0 1, 0 0, 1 0))
    Name: 3, dtype: object
    """
    geopandas = require("geopandas", extra="data", purpose="`to_geodataframe`")
    polygons = partition.polygons()
    return geopandas.GeoDataFrame(
        to_frame(partition, with_facets=with_facets, with_maps=with_maps), geometry=polygons, crs=None
    )


def _pattern_columns(partition: Partition) -> Columns:
    bits = partition.patterns()
    columns: Columns = {"pattern": hexadecimal(bits)}
    per_layer = partition.network.bits_per_layer
    stops = np.cumsum(per_layer)
    is_new = np.zeros(len(bits), dtype=bool)
    for layer, (size, stop) in enumerate(zip(per_layer[:-1], stops, strict=False)):
        own = bits[:, stop - size : stop]
        is_new[1:] |= (own[1:] != own[:-1]).any(axis=1)
        columns[f"cell_{layer}"] = np.cumsum(is_new)
    for layer, (size, stop) in enumerate(zip(per_layer, stops, strict=True)):
        columns[f"on_{layer}"] = bits[:, stop - size : stop].sum(axis=1)
    return columns


def _facet_columns(partition: Partition) -> Columns:
    first, second = facets(partition).regions.T
    inner, n = second >= 0, len(partition)
    neighbors = np.bincount(first[inner], minlength=n) + np.bincount(second[inner], minlength=n)
    alone = np.bincount(first[~inner], minlength=n)
    return {"is_bounded": partition.bounded_mask(), "n_facets": neighbors + alone, "n_neighbors": neighbors}
