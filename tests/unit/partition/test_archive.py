"""Partitions in files: what comes back is what was written, and nothing else is taken for a partition."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from families import cross_polytope, flip_trap, generic, golden
from polytope_lens import Box, Lens, Partition, Polytope
from polytope_lens.errors import FileFormatError, MissingFileError
from polytope_lens.io import array_archive
from polytope_lens.io.array_archive import load_arrays, save_arrays
from polytope_lens.network.network import Network, pass_through_layer, piecewise_layer
from polytope_lens.testing import assert_partition, domains, networks
from reference import tuples

TRIANGLE = Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
MIXED = Network(
    (
        pass_through_layer([[0.1, 0.3], [1, -1]], [0, 0.5]),
        piecewise_layer(np.eye(2), [0.1, -0.2], negative_slope=[0.1, -1]),
    ),
    np.ones((3, 2)),
    np.zeros(3),
)
PARTITIONS = {
    "plane": lambda: Lens(golden((2, 4, 4), 1)).partition(Box([-5, -5], [5, 5])),
    "triangle": lambda: Lens(MIXED).partition(TRIANGLE),
    "whole plane": lambda: Lens(golden((2, 4, 4), 1, 0.1)).partition(),
    "half-space": lambda: Lens(generic(4, 3)).partition(Polytope([[1, 0, 0]], [0.5])),
    "space": lambda: Lens(cross_polytope(3)).partition(Box([-1] * 3, [1] * 3)),
    "R^5": lambda: Lens(generic(6, 5)).partition(),
    "line": lambda: Lens(flip_trap()).partition(),
    "no layers": lambda: Lens.from_arrays([[[1.0, 2.0]]], [[0.5]]).partition(Box([0, 0], [1, 1])),
    "explored": lambda: Lens(generic(8, 4)).explore(np.zeros(4), max_regions=20),
    "by crossings": lambda: Lens(generic(8, 4)).explore(np.zeros(4), max_flips=2),
    "explored to the end": lambda: Lens(generic(5, 2)).explore([0, 0], Box([-1, -1], [1, 1])),
}


@pytest.fixture(params=list(PARTITIONS))
def partition(request):
    return PARTITIONS[request.param]()


def plotted(partition):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    canvas = FigureCanvasAgg(Figure(figsize=(2, 2)))
    in_space = partition.network.input_dim == 3
    axes = partition.plot(canvas.figure.add_subplot(projection="3d" if in_space else None))
    canvas.draw()
    return axes


def assert_equal(one, other, name=""):
    """Equal to the last bit, whatever is inside."""
    assert type(one) is type(other), name
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype and np.array_equal(one, other), name
    elif hasattr(one, "__dataclass_fields__"):
        for field in fields(one):
            assert_equal(getattr(one, field.name), getattr(other, field.name), f"{name}.{field.name}")
    elif isinstance(one, tuple):
        for a, b in zip(one, other, strict=True):
            assert_equal(a, b, name)
    else:
        assert one == other, name


def test_what_is_loaded_is_what_was_saved(partition, tmp_path):
    partition.save(tmp_path / "run.npz")
    loaded = Partition.load(tmp_path / "run.npz")
    assert_equal(loaded, partition)
    assert repr(loaded) == repr(partition) and loaded.explain() == partition.explain()
    for name in ("packed_patterns", "maps", "witnesses", "counts_per_layer"):
        assert not getattr(loaded, name).flags.writeable
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]


def test_questions_to_a_loaded_partition_get_the_same_answers(partition, tmp_path):
    partition.save(tmp_path / "run.npz")
    loaded = Partition.load(str(tmp_path / "run.npz"))
    assert_equal(loaded.complex.facets(), partition.complex.facets())
    assert np.array_equal(loaded.locate(partition.witnesses), np.arange(len(partition)))
    assert np.array_equal(loaded.bounded_mask(), partition.bounded_mask())
    assert loaded[0] == partition[0] and loaded[0].polytope == partition[0].polytope
    if partition.is_complete:
        assert np.array_equal(loaded.linear_pieces().labels, partition.linear_pieces().labels)
    if partition.mesh is not None:
        assert np.array_equal(loaded.volumes(), partition.volumes())
        assert tuples(loaded.vertices(0, exact=True)) == tuples(partition.vertices(0, exact=True))
        drawn = [axes.get_figure().canvas.buffer_rgba() for axes in map(plotted, (loaded, partition))]
        assert np.array_equal(*map(np.asarray, drawn))


@given(network=networks(st.integers(1, 3), max_depth=2, max_width=3), data=st.data())
def test_any_partition_comes_back(network, data, tmp_path_factory):
    partition = Lens(network).partition(data.draw(domains(network.input_dim, flat=True)))
    path = tmp_path_factory.mktemp("any") / "run"
    partition.save(path)
    assert_equal(Partition.load(path), partition)


def test_a_loaded_partition_obeys_the_laws(tmp_path):
    PARTITIONS["triangle"]().save(tmp_path / "run.npz")
    assert_partition(Partition.load(tmp_path / "run.npz"))


def test_a_saved_partition_is_a_network_file_too(tmp_path):
    partition = PARTITIONS["triangle"]()
    partition.save(tmp_path / "run.npz")
    assert_equal(Lens(tmp_path / "run.npz").network, partition.network)


def test_loading_needs_no_torch_and_no_pickle(tmp_path):
    PARTITIONS["plane"]().save(tmp_path / "run.npz")
    code = (
        "import sys\nimport polytope_lens as pl\n"
        f"p = pl.Partition.load({str(tmp_path / 'run.npz')!r}); p.complex.facets(); p.locate([[0, 0]])\n"
        "assert not {'torch', 'matplotlib', 'pandas', 'networkx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with np.load(tmp_path / "run.npz", allow_pickle=False) as archive:
        assert all(archive[name].dtype.kind in "biufU" for name in archive.files)


# ------------------------------------------------------------------------------------------------------ damaged files


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A file with everything in it: corners and a search."""
    path = tmp_path_factory.mktemp("saved") / "run.npz"
    PARTITIONS["explored to the end"]().save(path)
    return path


def changed(saved, tmp_path, **changes):
    """The same file with some arrays replaced, or left out."""
    arrays = load_arrays(saved)
    for name, change in changes.items():
        value = change(arrays[name].copy()) if callable(change) else change
        arrays = {key: array for key, array in arrays.items() if key != name}
        if value is not None:
            arrays[name] = value
    save_arrays(tmp_path / "changed.npz", arrays)
    return tmp_path / "changed.npz"


def put(index, value):
    def change(array):
        array[index] = value
        return array

    return change


REFUSED = {
    "packed_patterns": [
        None,
        lambda a: a[::-1],
        lambda a: a[[0, 0, *range(2, len(a))]],
        lambda a: a.astype(np.int64),
        lambda a: a[:0],
        lambda a: a | np.uint64(1),
        lambda a: a[1:],
    ],
    "maps": [None, lambda a: a[1:], lambda a: a[:, :, 1:], lambda a: a.astype(np.float32), lambda a: a.astype(str)],
    "witnesses": [None, lambda a: a.T.copy(), lambda a: a[0]],
    "counts_per_layer": [None, lambda a: a + 1, lambda a: a.astype(float), np.array([], dtype=np.int64)],
    "certificate": [None, put(0, -1), lambda a: a[1:]],
    "status": [None, np.array("FINISHED"), np.array(1), np.array(["COMPLETE"])],
    "engine": [None, np.array(3.0), np.array(b"flip")],
    "mesh_points": [lambda a: a[:-1], lambda a: a[:, :1]],
    "mesh_error": [None, lambda a: a[:-1]],
    "mesh_indptr": [None, put(0, 1), put(-1, 0), put(1, 10**6), put(1, -1), put(1, 1), lambda a: a[:-1]],
    "mesh_corners": [None, put(0, -1), put(0, 10**6)],
    "mesh_owners": [put(0, -5), put(0, 5)],
    "mesh_crowded": [None, lambda a: a.astype(np.uint8)],
    "search_order": [None, put(0, 1), put(0, -1)],
    "search_start": [np.zeros(3), np.array("a")],
    "search_distances": [lambda a: a[1:]],
    "search_limit": [None, np.array(3)],
    "search_open": [None, put(1, -1)],
    "partition_version": [np.array(1), np.array("1"), np.array([1])],
    "W0": [None, lambda a: a[1:], put((0, 0), np.nan), lambda a: a[:, 1:]],
    "b1": [None, lambda a: a[:0]],
    "lo": [None, lambda a: a[1:], put(0, np.inf), put(0, 7.0)],
    "domain_A": [np.eye(3), np.eye(2), np.zeros((0, 2))],
}


@pytest.mark.parametrize(
    ("name", "change"), [(name, change) for name, changes in REFUSED.items() for change in changes]
)
def test_arrays_that_do_not_fit_are_refused(saved, tmp_path, name, change):
    path = changed(saved, tmp_path, **{name: change})
    with pytest.raises(FileFormatError) as error:
        Partition.load(path)
    assert str(error.value).startswith(f"{path}: ")
    assert str(error.value).endswith(".") and "\n" not in str(error.value)


@pytest.mark.parametrize("n_bits", [0, 1, 63, 64, 65, 128])
@pytest.mark.parametrize("bit", [0, 17, 63, 100, 127])
def test_bits_of_no_neuron_are_refused(tmp_path, n_bits, bit):
    if n_bits:
        lens = Lens.from_arrays([np.zeros((n_bits, 1)), np.zeros((1, n_bits))], [np.ones(n_bits), [0]])
    else:
        lens = Lens.from_arrays([[[1]]], [[0]])
    path = tmp_path / "run.npz"
    lens.partition().save(path)
    words = load_arrays(path)["packed_patterns"]
    if bit >= 64 * words.shape[1]:
        return
    word, place = divmod(bit, 64)
    extra = changed(
        path,
        tmp_path,
        packed_patterns=lambda a: a | (np.arange(a.shape[1]) == word).astype(np.uint64) << np.uint64(63 - place),
    )
    if bit < n_bits:
        Partition.load(extra)
    else:
        with pytest.raises(FileFormatError, match=f"packed_patterns should have {n_bits} bits"):
            Partition.load(extra)


def test_the_unchanged_file_is_read(saved, tmp_path):
    assert len(Partition.load(changed(saved, tmp_path))) == len(PARTITIONS["explored to the end"]())
    swapped = changed(saved, tmp_path, maps=lambda a: a.astype(">f8"), packed_patterns=lambda a: a.astype(">u8"))
    assert_equal(Partition.load(swapped), Partition.load(saved))


def test_bad_domains_are_refused(saved, tmp_path):
    flat = {"lo": None, "hi": None, "domain_A": np.array([[1.0, 0], [-1, 0]]), "domain_b": np.zeros(2)}
    with pytest.raises(FileFormatError, match="empty or flat"):
        Partition.load(changed(saved, tmp_path, **flat))
    with pytest.raises(FileFormatError, match="domain_b is missing"):
        Partition.load(changed(saved, tmp_path, lo=None, hi=None, domain_A=np.eye(2)))
    with pytest.raises(FileFormatError, match="corners are saved for bounded domains"):
        Partition.load(changed(saved, tmp_path, lo=None, hi=None))


def test_other_files_are_refused(saved, tmp_path):
    path = tmp_path / "other.npz"
    with pytest.raises(MissingFileError, match="cannot be read: there is no such file"):
        Partition.load(path)
    np.savez(path, W0=np.ones((1, 2)), b0=np.zeros(1))
    with pytest.raises(FileFormatError, match="holds no partition"):
        Partition.load(path)
    path.write_bytes(pickle.dumps({"partition_version": 2}))
    with pytest.raises(FileFormatError, match="damaged"):
        Partition.load(path)
    np.savez(path, partition_version=np.array([object()]))
    with pytest.raises(FileFormatError, match=r"Python objects, in .*, which are never read"):
        Partition.load(path)


def test_truncated_and_altered_files_are_refused(saved, tmp_path):
    whole, path = saved.read_bytes(), tmp_path / "part.npz"
    for size in [0, 1, 100, *np.linspace(200, len(whole) - 1, 20).astype(int).tolist()]:
        path.write_bytes(whole[:size])
        with pytest.raises(FileFormatError):
            Partition.load(path)
    # A single bit of the numbers: the archive keeps a sum of every array.
    at = whole.index(PARTITIONS["explored to the end"]().maps.tobytes())
    for k in range(5):
        path.write_bytes(whole[: at + 8 * k] + bytes([whole[at + 8 * k] ^ 1]) + whole[at + 8 * k + 1 :])
        with pytest.raises(FileFormatError, match="damaged"):
            Partition.load(path)


def test_a_failure_leaves_the_old_file(saved, tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    path.write_bytes(saved.read_bytes())
    partition = Partition.load(path)

    def fail(file, array, **options):
        file.write(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(array_archive.np.lib.format, "write_array", fail)
    with pytest.raises(KeyboardInterrupt):
        replace(partition, engine="other").save(path)
    assert path.read_bytes() == saved.read_bytes()
    assert [left.name for left in tmp_path.iterdir()] == ["run.npz"]
