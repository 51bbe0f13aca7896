"""Partitions that stay on the disk answer as those in memory do."""

from __future__ import annotations

import shutil
from itertools import pairwise

import numpy as np
import pytest

from polytope_lens import Box, Partition, Polytope
from polytope_lens.errors import (
    FileFormatError,
    IndexingError,
    OptionError,
    OutsideDomainError,
    PartialPartitionError,
    Status,
)
from polytope_lens.partition import parts, stored
from polytope_lens.partition.stored import StoredPartition
from stored_runs import ALL, Case, in_many_parts, lens_of

FLAT = Box([-1, 0.5, -1], [1, 0.5, 1])
TRIANGLE = Polytope([[1, 1], [-1, 0], [0, -1]], [1, 1, 1])
CASES = {
    "plane": (lens_of(2, 8, 7, 2), Box([-1, -1], [1, 1]), ALL),
    "patterns": (lens_of(2, 8, 7, 2), Box([-1, -1], [1, 1]), ()),
    "space": (lens_of(3, 6, 5, 1), Box([-1] * 3, [1] * 3), ("witnesses",)),
    "beyond": (lens_of(4, 5, 4, 1), Box([-1] * 4, [1] * 4), ("maps", "witnesses")),
    "flat": (lens_of(3, 6, 5, 2), FLAT, ALL),
    "flat patterns": (lens_of(3, 6, 5, 2), FLAT, ()),
    "R^2": (lens_of(2, 6, 5, 1), None, ("witnesses",)),
    "triangle": (lens_of(2, 6, 5, 1), TRIANGLE, ("volumes",)),
    "two words": (lens_of(2, 70, 3, 1), Box([-1, -1], [1, 1]), ("maps",)),
    "no neurons": (lens_of(2, 1), Box([-1, -1], [1, 1]), ALL),
}


@pytest.fixture(autouse=True)
def small_parts_and_groups(monkeypatch):
    in_many_parts(monkeypatch, 64)
    monkeypatch.setattr(parts, "GROUP", 10)


@pytest.fixture(params=CASES)
def pair(request, tmp_path):
    """The same partition on the disk and in memory."""
    lens, domain, keep = CASES[request.param]
    lens.partition(domain, store=tmp_path / "run", keep=keep)
    return Partition.load(tmp_path / "run"), lens.partition(domain, "split" if domain is None else "auto")


def points_in(partition, n=40):
    rng = np.random.default_rng(0)
    inside = partition.witnesses[rng.integers(len(partition), size=n)]
    return np.concatenate([inside, partition.region_vertices if hasattr(partition, "region_vertices") else inside[:0]])


def test_columns_and_facts(pair):
    found, known = pair
    assert isinstance(found, StoredPartition)
    assert len(found) == len(known)
    for name in ("packed_patterns", "counts_per_layer"):
        np.testing.assert_array_equal(getattr(found, name), getattr(known, name))
    np.testing.assert_array_equal(found.patterns(), known.patterns())
    np.testing.assert_allclose(found.maps, known.maps, rtol=1e-12, atol=1e-12)
    assert found.witnesses.shape == known.witnesses.shape
    np.testing.assert_array_equal(found.locate(found.witnesses), np.arange(len(known)))
    assert (found.engine, found.status, found.certificate) == (known.engine, known.status, known.certificate)
    assert found.is_complete
    assert repr(found).startswith("StoredPartition(") and "in /" in repr(found)
    assert found.explain() == known.explain()
    found.verify()


def test_regions(pair):
    found, known = pair
    n = len(known)
    rng = np.random.default_rng(1)
    for i in {0, n - 1, -1, -n, *rng.integers(n, size=5).tolist()}:
        assert found[i] == known[i]
        assert found[i].contains([found[i].point]).all()
    assert found[1:4] == known[1:4]
    assert [region.pattern for region in found] == [region.pattern for region in known]
    assert known[n // 2] in found
    with pytest.raises(IndexingError):
        found[n]


def test_places(pair):
    found, known = pair
    X = points_in(known)
    np.testing.assert_array_equal(found.locate(X), known.locate(X))
    if found.domain is not None:
        with pytest.raises(OutsideDomainError):
            found.locate(X + 100)


def test_volumes(pair):
    found, known = pair
    if found.domain is not None:
        np.testing.assert_allclose(found.volumes(), known.volumes(), rtol=1e-9)


def test_questions_about_all_regions(pair):
    found, known = pair
    np.testing.assert_array_equal(found.bounded_mask(), known.bounded_mask())
    assert [piece.tolist() for piece in found.linear_pieces()] == [piece.tolist() for piece in known.linear_pieces()]
    assert (found.adjacency() != known.adjacency()).nnz == 0


def test_pieces_come_in_order_and_are_small(pair):
    found, known = pair
    sizes = [len(piece["patterns"]) for piece in found.pieces()]
    assert max(sizes) <= parts.GROUP
    assert sum(sizes) == len(known)
    np.testing.assert_array_equal(
        np.concatenate([piece["patterns"] for piece in found.pieces()]), known.packed_patterns
    )
    missing = set(ALL) - set(found.store.run.keep)
    for name in missing:
        with pytest.raises(OptionError, match=f"but {name} were asked for. Run again with them in `keep`"):
            found.pieces(name)
    with pytest.raises(OptionError, match="should be a list of names among witnesses, maps"):
        found.pieces("colours")


def test_corners(tmp_path):
    lens, domain, keep = CASES["plane"]
    found, known = lens.partition(domain, store=tmp_path / "run", keep=keep), lens.partition(domain)
    i = 0
    for piece in found.pieces("vertices"):
        starts, points = piece["vertices"]
        for first, end in pairwise(starts):
            mine, other = points[first:end], known.vertices(i)
            assert len(mine) == len(other)
            np.testing.assert_allclose(mine[np.lexsort(mine.T)], other[np.lexsort(other.T)], atol=1e-9)
            i += 1
    assert i == len(known)


def test_filters_and_statistics_out_of_core(tmp_path):
    import pyarrow.compute as pc

    lens, domain, keep = CASES["plane"]
    found, known = lens.partition(domain, store=tmp_path / "run", keep=keep), lens.partition(domain)
    data, volumes = found.dataset, known.volumes()
    assert data.count_rows() == len(known)
    assert data.count_rows(filter=pc.field("volume") > 0.01) == (volumes > 0.01).sum()
    large = data.to_table(filter=pc.field("volume") > 0.01, columns=["pattern"])["pattern"].to_pylist()
    assert large == [row.tobytes() for row in parts.octets(known.packed_patterns, lens.network)[volumes > 0.01]]
    total = sum(batch["volume"].to_numpy().sum() for batch in data.to_batches(columns=["volume"]))
    assert total == pytest.approx(4.0)


def test_a_run_that_is_not_complete(tmp_path):
    lens, domain, _ = CASES["plane"]
    whole = lens.partition(domain)
    for options in ({"max_regions": 50}, {"max_seconds": 1e-9}):
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        found = lens.partition(domain, store=tmp_path / "run", **options)
        assert found.status is Status.BUDGET_REACHED
        again = Partition.load(tmp_path / "run")
        assert again.status is Status.UNFINISHED
        assert "resume=True" in again.explain()
        n = len(again)
        assert 0 < n < len(whole)
        np.testing.assert_array_equal(again.packed_patterns, whole.packed_patterns[:n])
        np.testing.assert_array_equal(again.locate(whole.witnesses[:n]), np.arange(n))
        with pytest.raises(PartialPartitionError, match="resume=True"):
            again.locate(whole.witnesses)
        with pytest.raises(PartialPartitionError):
            again.linear_pieces()


def test_a_count_has_no_regions(tmp_path):
    case = Case((2, 6, 5, 1), None)
    case.run(tmp_path / "run")
    with pytest.raises(FileFormatError, match=r"holds the numbers of a count, and no regions\. Ask `lens\.count`"):
        Partition.load(tmp_path / "run")


def test_files_that_are_not_as_they_were(tmp_path):
    lens, domain, keep = CASES["plane"]
    found = lens.partition(domain, store=tmp_path / "run", keep=keep)
    path = found.store.place(found.store.parts[0])
    content = path.read_bytes()
    path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    for ask in (lambda it: it[0], lambda it: it.verify(), lambda it: it.volumes(), lambda it: list(it.pieces())):
        with pytest.raises(FileFormatError, match=r"is not as it was written\. Run again with `resume=True`"):
            ask(Partition.load(tmp_path / "run"))


def test_few_files_are_held(tmp_path):
    lens, domain, keep = CASES["plane"]
    found = lens.partition(domain, store=tmp_path / "run", keep=keep)
    for _ in found:
        pass
    assert stored._file.cache_info().currsize <= stored.MOST_FILES
    assert stored._columns.cache_info().currsize <= stored.MOST_FILES
