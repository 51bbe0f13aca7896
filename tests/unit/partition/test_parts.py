"""Regions as Parquet: written, read, and read by other programs."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import Box
from polytope_lens.errors import FileFormatError, OptionError
from polytope_lens.network.pattern import n_words
from polytope_lens.partition import parts
from polytope_lens.partition.parts import PartFile, content, kept, nothing
from stored_runs import ALL, in_many_parts, lens_of


def columns_of(network, n, rng):
    words = n_words(network.n_neurons)
    bits = rng.integers(0, 2, (n, 64 * words)).astype(np.uint8)
    bits[:, network.n_neurons :] = 0
    packed = np.packbits(bits, axis=1).view(">u8").astype(np.uint64)
    sizes, d = rng.integers(0, 5, n), network.input_dim
    return {
        "patterns": packed[np.lexsort(packed.T[::-1])],
        "witnesses": rng.normal(size=(n, d)),
        "maps": rng.normal(size=(n, network.output_dim, d + 1)),
        "volumes": rng.normal(size=n),
        "vertices": (np.concatenate([[0], np.cumsum(sizes)]), rng.normal(size=(int(sizes.sum()), d))),
    }


@pytest.mark.parametrize("widths", [(2, 1), (1, 8, 1), (3, 63, 2), (2, 65, 1), (2, 64, 64, 3)])
@pytest.mark.parametrize("n", [1, 7, 20])
def test_columns_come_back(tmp_path, widths, n, monkeypatch):
    monkeypatch.setattr(parts, "GROUP", 7)
    network, rng = lens_of(*widths).network, np.random.default_rng(n)
    columns = columns_of(network, n, rng)
    file = PartFile(tmp_path, content(network, columns), network)
    assert file.n_groups == -(-n // 7)
    for group in range(file.n_groups):
        part = slice(7 * group, 7 * (group + 1))
        found = file.read(group, ALL)
        for name in ("patterns", "witnesses", "maps", "volumes"):
            np.testing.assert_array_equal(found[name], columns[name][part])
            assert found[name].dtype == columns[name].dtype
        starts, points = found["vertices"]
        bounds = columns["vertices"][0][7 * group : min(7 * (group + 1), n) + 1]
        np.testing.assert_array_equal(starts, bounds - bounds[0])
        np.testing.assert_array_equal(points, columns["vertices"][1][bounds[0] : bounds[-1]])
        assert file.firsts[group] == parts.octets(columns["patterns"][part], network)[0].tobytes()
    assert set(file.read(0)) == {"patterns"}


def test_damage_is_refused(tmp_path):
    network = lens_of(2, 8, 1).network
    whole = content(network, columns_of(network, 20, np.random.default_rng(0)))
    for broken in (b"", b"PAR1", whole[:-3], whole[:200] + bytes(40) + whole[240:]):
        with pytest.raises(FileFormatError, match=r"is damaged\. Run again with `resume=True`"):
            PartFile(tmp_path, broken, network).read(0, ALL)


def test_each_column_is_packed_by_what_is_in_it():
    pyarrow = pytest.importorskip("pyarrow")
    network = lens_of(2, 8, 1).network
    whole = content(network, columns_of(network, 20, np.random.default_rng(0)))
    group = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(whole)).metadata.row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    found = {c.path_in_schema.partition(".")[0]: (c.compression, "BYTE_STREAM_SPLIT" in c.encodings) for c in columns}
    assert found == {
        "pattern": ("ZSTD", False),
        "witness": ("LZ4", True),
        "map": ("LZ4", True),
        "volume": ("LZ4", True),
        "vertices": ("ZSTD", False),
    }


def test_nothing_has_the_shapes_of_something():
    network = lens_of(3, 70, 2).network
    empty, some = nothing(network, ALL), columns_of(network, 2, np.random.default_rng(0))
    for name, column in some.items():
        pairs = zip(empty[name], column, strict=True) if name == "vertices" else [(empty[name], column)]
        for none, one in pairs:
            assert (none.shape[1:], none.dtype) == (one.shape[1:], one.dtype)


def test_what_may_be_kept():
    assert kept(["maps", "witnesses", "maps"]) == ("witnesses", "maps")
    assert kept(()) == ()
    for wrong in ("maps", ["map"], [3]):
        with pytest.raises(OptionError, match="`keep` should be a list of names among witnesses, maps"):
            kept(wrong)


# ---- other programs


@pytest.fixture
def run(tmp_path, monkeypatch):
    in_many_parts(monkeypatch, 64)
    lens = lens_of(2, 8, 7, 2)
    return tmp_path / "run", lens.partition(Box([-1, -1], [1, 1]), store=tmp_path / "run", keep=ALL)


def test_duckdb_reads_them(run):
    duckdb = pytest.importorskip("duckdb")
    folder, found = run
    table = f"'{folder}/parts/*.parquet'"
    ((n, total, dim),) = duckdb.sql(f"select count(*), sum(volume), max(len(witness)) from {table}").fetchall()
    assert (n, dim) == (len(found), 2)
    assert total == pytest.approx(4.0)
    rows = duckdb.sql(f"select pattern, witness, map, vertices from {table} order by pattern").fetchall()
    check(found, rows)


def test_pandas_reads_them(run):
    pandas = pytest.importorskip("pandas")
    folder, found = run
    frame = pandas.read_parquet(folder / "parts")
    assert frame["volume"].sum() == pytest.approx(4.0)
    check(found, list(frame[["pattern", "witness", "map", "vertices"]].itertuples(index=False)))


def test_polars_reads_them(run):
    polars = pytest.importorskip("polars")
    folder, found = run
    lazy = polars.scan_parquet(folder / "parts" / "*.parquet")
    assert lazy.select(polars.col("volume").sum()).collect().item() == pytest.approx(4.0)
    check(found, lazy.select("pattern", "witness", "map", "vertices").collect().rows())


def check(found, rows):
    octets = parts.octets(found.packed_patterns, found.network)
    assert [row[0] for row in rows] == [row.tobytes() for row in octets]
    np.testing.assert_array_equal(np.array([list(row[1]) for row in rows]), found.witnesses)
    np.testing.assert_array_equal(np.array([list(row[2]) for row in rows]).reshape(found.maps.shape), found.maps)
    pieces = [piece["vertices"] for piece in found.pieces("vertices")]
    points = [list(point) for row in rows for point in row[3]]
    np.testing.assert_array_equal(np.array(points), np.concatenate([part for _, part in pieces]))


@pytest.mark.parametrize(("widths", "most"), [((2, 64, 64, 1), 3.1), ((4, 12, 12, 1), 2.9)])
def test_a_pattern_takes_few_bytes(tmp_path, widths, most):
    """At most 24 for a region of up to 128 neurons; see docs/scale.md."""
    d = widths[0]
    found = lens_of(*widths).partition(Box([-1] * d, [1] * d), store=tmp_path / "run", keep=())
    size = sum(path.stat().st_size for path in (tmp_path / "run" / "parts").iterdir())
    assert len(found) > 2000
    assert size < most * len(found)
