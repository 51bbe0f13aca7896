"""Where the library compares two of its own answers: what is broken on purpose is told, in one sentence."""

from __future__ import annotations

import errno
import threading
from dataclasses import replace

import numpy as np
import pytest

from broken import planar, without
from families import golden
from polytope_lens import Box, Lens, Polytope
from polytope_lens.comparison import overlay
from polytope_lens.engines import driver, enumerate
from polytope_lens.errors import (
    ConsistencyError,
    DomainError,
    FileAccessError,
    FileFormatError,
    InvalidNetworkError,
    MissingFileError,
)
from polytope_lens.function import region_maxima
from polytope_lens.importers import graph, layering, read
from polytope_lens.io import array_archive
from polytope_lens.io.files import open_to_read
from polytope_lens.local.boundary_search import BoundarySearch
from polytope_lens.mesh.planar_mesh import polygons
from polytope_lens.polyhedral_complex import face_counts
from polytope_lens.polytope.metric import ellipsoid

BOX = Box([-1, -1], [1, 1])
LENS = Lens(golden((2, 4, 4), 1))


def square():
    """A new one, of which nothing is known yet."""
    return Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [1] * 4)


def none(*_, **__):
    return None


def nowhere(patterns, wanted):
    return np.full(len(wanted), -1)


BROKEN = {
    "overlay": (overlay, "find", nowhere, lambda: LENS.overlay(LENS, BOX), "the pieces of an overlay and the regions"),
    "counts": (enumerate, "distinct_beginnings", lambda *_: np.array([1, 2]), lambda: LENS.partition(BOX),
               r"engine counted .* regions per layer, but its patterns say \[1, 2\]"),
    "extrema": (region_maxima, "maximize", none, lambda: LENS.partition(BOX, mesh=False).extrema(exact=True),
                "region .* has no points"),
    "robustness": (BoundarySearch, "nearest_exactly", none,
                   lambda: LENS.robustness_radius([0.3, 0.2], value=LENS([[0.3, 0.2]])[0, 0] + 1e-3, output=0,
                                                  exact=True),
                   "lies in no region that was searched"),
    "faces": (face_counts, "_alternating", lambda _: 0, lambda: LENS.partition(BOX).complex.f_vector(),
              "do not fill an open ball of dimension 2"),
    "ellipsoid inside": (ellipsoid, "TRIES", 0, lambda: square().max_volume_ellipsoid(), "could not be shrunk into"),
    "ellipsoid around": (ellipsoid, "TRIES", 0, lambda: square().min_volume_ellipsoid(), "not be inflated around"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(BROKEN))
def test_what_disagrees_is_a_defect_and_says_so(monkeypatch, case):
    where, name, broken, ask, says = BROKEN[case]
    if case.startswith("ellipsoid"):
        pytest.importorskip("cvxpy")
    ask()
    monkeypatch.setattr(where, name, broken)
    with pytest.raises(ConsistencyError, match=f"{says}.*report"):
        ask()


def test_a_mesh_of_other_regions_is_a_defect():
    found = LENS.partition(BOX)
    with pytest.raises(ConsistencyError, match="two engines found different regions"):
        enumerate.mesh_of(found.network, BOX, found.packed_patterns[::-1])


def test_a_mesh_that_lacks_a_region_is_a_defect():
    with pytest.raises(ConsistencyError, match="does not join two regions"):
        without(planar(), 3).complex.f_vector()


def test_a_map_that_cannot_be_known_is_a_defect():
    with pytest.raises(ConsistencyError, match="was not exact"):
        layering._known(None)


def test_what_a_helping_thread_raises_is_raised_where_batches_are_wanted(monkeypatch):
    """A defect in a helper ends the run of the thread that waits for it."""
    advance, here, failed = driver._Walk.advance, threading.current_thread(), threading.Event()

    def fails_elsewhere(walk, *give):
        if threading.current_thread() is here:
            failed.wait(0.2)
            return advance(walk, *give)
        failed.set()
        raise ZeroDivisionError("in a helper")

    monkeypatch.setattr(driver, "WORTH_SHARING", 1)
    monkeypatch.setattr(driver._Walk, "advance", fails_elsewhere)
    with pytest.raises(ZeroDivisionError, match="in a helper"):
        Lens(golden((3, 12, 12), 1)).count(Box([-9] * 3, [9] * 3), "split", workers=3)


def test_solvers_that_find_nothing_are_told_with_what_helps(monkeypatch):
    cvxpy = pytest.importorskip("cvxpy")
    x = cvxpy.Variable()
    with pytest.raises(DomainError, match=r"it ended with status 'infeasible'. Move and scale the polytope first"):
        ellipsoid._solve(cvxpy, cvxpy.Minimize(x), [x >= 1, x <= 0])

    def fails(*_, **__):
        raise cvxpy.error.SolverError("no luck")

    monkeypatch.setattr(cvxpy.Problem, "solve", fails)
    with pytest.raises(DomainError, match=r"no ellipsoid: no luck\. Move and scale the polytope first"):
        square().max_volume_ellipsoid()
    with pytest.raises(DomainError, match=r"has its center outside: .* Move and scale the polytope first"):
        ellipsoid._shrunk(square(), np.array([2.0, 0]), np.eye(2))


def test_corners_beyond_the_floats_make_no_polygons():
    mesh = planar().mesh
    with pytest.raises(DomainError, match=r"beyond the largest float\. Choose a smaller domain"):
        polygons(replace(mesh, points=np.where(mesh.points == mesh.points.max(), np.inf, mesh.points)))
    assert len(polygons(mesh)) == len(planar())


def test_bounds_have_names():
    bounds = LENS.region_count_bounds()
    assert bounds[bounds.bounds[0].name] is not None
    with pytest.raises(KeyError, match=f"no bound of these is called 'none'; they are {bounds.bounds[0].name}"):
        bounds["none"]


# -------------------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("raised", "kind", "says"),
    [
        (MemoryError(), FileFormatError, "holds more than there is memory for"),
        (OSError(errno.EIO, "Input/output error"), FileAccessError, "cannot be read: Input/output error"),
        (OSError(errno.EINVAL, "before the beginning"), FileFormatError, "is damaged.*Write it again"),
        (ZeroDivisionError(), FileFormatError, "is damaged.*Write it again"),
    ],
)
def test_what_goes_wrong_inside_of_an_archive_names_the_file(tmp_path, monkeypatch, raised, kind, says):
    np.savez(tmp_path / "a.npz", x=np.eye(2))

    def fails(*_):
        raise raised

    monkeypatch.setattr(array_archive, "_members", fails)
    with pytest.raises(kind, match=rf"a\.npz.*{says}"):
        array_archive.load_arrays(tmp_path / "a.npz")


def test_the_file_that_is_missing_is_the_one_that_is_named(tmp_path):
    """Also where another one is open."""
    (tmp_path / "here").touch()
    with (
        pytest.raises(MissingFileError, match="missing cannot be read"),
        open_to_read(tmp_path / "here"),
        open_to_read(tmp_path / "missing"),
    ):
        pass


def test_a_reader_that_stumbles_calls_the_file_damaged(tmp_path, monkeypatch):
    (tmp_path / "net.npz").touch()

    def fails(*_):
        raise ZeroDivisionError("by accident")

    monkeypatch.setattr(read, "_by_suffix", fails)
    with pytest.raises(FileFormatError, match=r"net\.npz is damaged \(ZeroDivisionError: by accident\)"):
        Lens(tmp_path / "net.npz")
    with pytest.raises(ZeroDivisionError):  # perhaps out of a module of the user
        Lens(tmp_path / "net.npz", architecture=["a"])


def test_matrices_that_a_file_is_too_small_for_are_refused():
    with graph.granted(10), pytest.raises(InvalidNetworkError, match="far more entries than its file makes likely"):
        graph.checked_weights(graph.MOST_WEIGHTS, "one matrix")


def test_sizes_of_layers_that_do_not_fit(tmp_path):
    (tmp_path / "net.nnet").write_text("1,2,1,2,\n3,1,\n")
    with pytest.raises(FileFormatError, match=r"layers of sizes \[3, 1\] do not go from 2 inputs to 1 outputs"):
        Lens(tmp_path / "net.nnet")
