"""Tables of regions, each column by a second road."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import shapely

from families import flip_trap, generic, golden, random_deep
from polytope_lens import Box, Lens
from polytope_lens.errors import DimensionError, MissingExtraError, PartialPartitionError, UnboundedPolytopeError
from polytope_lens.network.network import Network, pass_through_layer, piecewise_layer

PLANE = Lens(golden((2, 8, 8), 2)).partition(Box([-1, -2], [1, 2]))
SPACE = Lens(random_deep((3, 4, 4), 1, 0.1)).partition()
CARRIES = Lens(
    Network(
        (piecewise_layer(np.eye(2), [0, 0.1]), pass_through_layer([[1, 1]], [0]), piecewise_layer([[1]], [-0.5])),
        np.ones((2, 1)),
        np.zeros(2),
    )
).partition(Box([-1, -1], [1, 1]))


@pytest.mark.parametrize("partition", [PLANE, SPACE, CARRIES], ids=["plane", "space", "pass-through"])
def test_columns_are_what_the_regions_say(partition):
    pytest.importorskip("pandas")
    table, network = partition.to_frame(with_maps=True), partition.network
    assert table.index.name == "region" and table.index.tolist() == list(range(len(partition)))
    facets = partition.complex.facets()
    for i, region in enumerate(partition):
        row = table.loc[i]
        assert row["pattern"] == region.pattern.hex
        for layer, on in enumerate(region.pattern.layers):
            assert row[f"on_{layer}"] == on.sum()
        assert [row[f"witness_{k}"] for k in range(network.input_dim)] == region.point.tolist()
        assert row["is_bounded"] == region.is_bounded
        assert row["n_neighbors"] == len(region.neighbors())
        assert row["n_facets"] == len(region.polytope.b) == len(facets.of(i))
        A, b = partition.maps[i][:, :-1], partition.maps[i][:, -1]
        assert row["slope"] == pytest.approx(np.linalg.svd(A, compute_uv=False).max(), rel=1e-12)
        assert [[row[f"A_{k}_{j}"] for j in range(A.shape[1])] for k in range(A.shape[0])] == A.tolist()
        assert [row[f"b_{k}"] for k in range(len(b))] == b.tolist()


@pytest.mark.parametrize("partition", [PLANE, SPACE, CARRIES], ids=["plane", "space", "pass-through"])
def test_cells_are_the_regions_of_the_first_layers(partition):
    pytest.importorskip("pandas")
    table, bits = partition.to_frame(with_facets=False), partition.patterns()
    for layer, stop in enumerate(np.cumsum(partition.network.bits_per_layer)[:-1]):
        _, cells = np.unique(bits[:, :stop], axis=0, return_inverse=True)
        assert table[f"cell_{layer}"].tolist() == cells.ravel().tolist()
        assert table[f"cell_{layer}"].nunique() == partition.counts_per_layer[layer]
    assert not {"is_bounded", "n_facets", "A_0_0", "found"} & set(table.columns)
    assert ("area" in table) == (partition.mesh is not None)


def test_partitions_found_by_crossing_facets_say_how():
    pytest.importorskip("pandas")
    near = Lens(generic(8, 3)).explore(np.zeros(3), max_regions=30)
    table = near.to_frame().sort_values("found")
    assert table.index.tolist() == near.search.order.tolist()
    assert (table["distance"].diff().dropna() >= 0).all() and "crossings" not in table
    flips = Lens(generic(8, 3)).explore(np.zeros(3), max_flips=2).to_frame()
    assert set(flips["crossings"]) == {0, 1, 2} and "distance" not in flips


def test_tables_of_lines_and_of_affine_maps():
    pytest.importorskip("pandas")
    table = Lens(flip_trap()).partition().to_frame()
    assert table["is_bounded"].sum() == 3
    assert table["n_facets"].tolist() == table["n_neighbors"].tolist() == (1 + table["is_bounded"]).tolist()
    assert len(Lens.from_arrays([[[1.0, 2.0]]], [[0.0]]).partition().to_frame()) == 1


def test_polygons_go_through_geoparquet(tmp_path):
    geopandas = pytest.importorskip("geopandas")
    pytest.importorskip("pyarrow")
    table = PLANE.to_geodataframe(with_maps=True)
    assert (table.geometry.area == shapely.area(PLANE.polygons())).all() and table.crs is None
    table.to_parquet(tmp_path / "regions.parquet")
    read = geopandas.read_parquet(tmp_path / "regions.parquet")
    assert read.drop(columns="geometry").equals(table.drop(columns="geometry"))
    assert read.geometry.geom_equals_exact(table.geometry, 0).all()
    assert read.index.equals(table.index) and read.dtypes.equals(table.dtypes)
    assert table.drop(columns="geometry").equals(PLANE.to_frame(with_maps=True))
    # Which polygon a point lies in, by geopandas and by the library.
    points = np.random.default_rng(0).uniform([-1, -2], [1, 2], (200, 2))
    cloud = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(*points.T))
    joined = cloud.sjoin(read, predicate="within")
    assert joined["region"].sort_index().tolist() == PLANE.locate(points).tolist()


def test_polygons_need_a_bounded_domain_of_the_plane():
    pytest.importorskip("geopandas")
    with pytest.raises(DimensionError):
        SPACE.to_geodataframe()
    with pytest.raises(UnboundedPolytopeError):
        Lens(golden((2, 4, 4), 1)).partition().to_geodataframe()
    with pytest.raises(PartialPartitionError):
        Lens(generic(6, 2)).explore([0, 0], Box([-1, -1], [1, 1]), max_regions=3).to_geodataframe()


@pytest.mark.parametrize(
    ("module", "method", "extra"),
    [("pandas", "to_frame", "data"), ("geopandas", "to_geodataframe", "data"), ("networkx", "to_networkx", "graph")],
)
def test_a_missing_package_is_named_with_its_extra(monkeypatch, module, method, extra):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf'`{method}` needs {module}.*"polytope-lens\[{extra}\]"'):
        getattr(PLANE, method)()


def test_solids_have_volumes_surfaces_and_diameters():
    lens = Lens.from_arrays([[[1, 0, 0], [0, 1, 0]], [[1, 1]]], [[0, 0], [0]])
    table = lens.partition(Box([-1, -1, -1], [1, 1, 1])).to_frame()
    assert table.volume.tolist() == [2, 2, 2, 2]
    assert table.surface.tolist() == [10, 10, 10, 10]
    assert np.allclose(table.diameter, np.sqrt(6)) and np.allclose(table.inradius, 0.5)
