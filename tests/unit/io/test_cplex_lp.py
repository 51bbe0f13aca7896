"""The LP format of CPLEX: HiGHS reads the same floats."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import Polytope
from polytope_lens.io.row_text import row_names
from written import ODD, polytope_of

RNG = np.random.default_rng(7)


def test_lp_is_read_by_highs_as_the_same_floats(cell, tmp_path):
    highspy = pytest.importorskip("highspy")
    if cell is ODD:  # HiGHS refuses coefficients above 1e15, and takes 1e20 for infinite and 1e-12 for nothing.
        cell = Polytope(ODD.A.clip(-1e14, 1e14), ODD.b.clip(-1e19, 1e19))
    cell.export.write(tmp_path / "cell.lp")
    solver = highspy.Highs()
    solver.silent()
    solver.setOptionValue("small_matrix_value", 1e-12)
    assert solver.readModel(str(tmp_path / "cell.lp")) in (highspy.HighsStatus.kOk, highspy.HighsStatus.kWarning)
    model = solver.getLp()
    A, b = polytope_of(cell).A, polytope_of(cell).b
    matrix = model.a_matrix_
    found = np.zeros(A.shape)
    columns = [int(name[1:]) for name in model.col_names_]
    for k, (start, stop) in enumerate(zip(matrix.start_, matrix.start_[1:], strict=False)):
        found[list(matrix.index_[start:stop]), columns[k]] = matrix.value_[start:stop]
    assert np.array_equal(found, np.where(np.abs(A) < 1e-12, 0, A))
    assert np.array_equal(model.row_upper_, b)
    assert all(np.isneginf(model.col_lower_)) and all(np.isposinf(model.col_upper_))
    assert list(model.row_names_) == row_names(polytope_of(cell))


def test_lp_of_many_terms_and_of_none(tmp_path):
    highspy = pytest.importorskip("highspy")
    A = np.vstack([RNG.standard_normal((3, 50)), np.zeros((1, 50))])
    Polytope(A, np.arange(4.0)).export.write(tmp_path / "wide.txt", "lp")
    assert max(map(len, (tmp_path / "wide.txt").read_text().splitlines())) < 255
    (tmp_path / "wide.txt").rename(tmp_path / "wide.lp")
    solver = highspy.Highs()
    solver.silent()
    solver.readModel(str(tmp_path / "wide.lp"))
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    values = np.zeros((4, 50))
    matrix = solver.getLp().a_matrix_
    columns = [int(name[1:]) for name in solver.getLp().col_names_]
    for k, (start, stop) in enumerate(zip(matrix.start_, matrix.start_[1:], strict=False)):
        values[list(matrix.index_[start:stop]), columns[k]] = matrix.value_[start:stop]
    assert np.array_equal(values, A)
