"""What steers float simplex methods is declared once, and each method has its line on the page about them."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from polytope_lens.lp import pivoting

PACKAGE = Path(pivoting.__file__).parents[1]
OWN_END = PACKAGE / "engines" / "_kernels" / "simplex.py"  # says why
OTHER = {
    "PATIENCE": {"polytope/metric/sampling.py", "polytope/batch/large.py"},
    "EXHAUSTED": {"polytope/batch/nearest_points.py"},
}


def declared(path):
    """Names of upper case that a module assigns at its top."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign):
            targets = [name for target in node.targets for name in ast.walk(target)]
            yield from (name.id for name in targets if isinstance(name, ast.Name))


def test_numbers_that_steer_pivots_are_declared_once():
    for path in PACKAGE.rglob("*.py"):
        place = str(path.relative_to(PACKAGE))
        if path not in (Path(pivoting.__file__), OWN_END):
            again = {name for name in declared(path) if name.isupper()} & set(vars(pivoting))
            assert all(place in OTHER.get(name, ()) for name in again), f"{place} declares {again}; see lp/pivoting.py"


def test_every_method_is_on_the_page():
    page = (PACKAGE / "lp" / "README.md").read_text()
    for module in (PACKAGE / "lp").glob("*.py"):
        assert module.stem == "__init__" or f"{module.name}" in page
    for file in ("engines/_kernels/simplex.py", "polytope/batch/edge_walk.py", "polytope/batch/facet_walk.py"):
        assert (PACKAGE / file).is_file() and f"`{file}" in page


@given(
    matrix=arrays(float, (3, 3), elements=st.floats(-4, 4)), row=arrays(float, 3, elements=st.floats(-4, 4)),
    leaving=st.integers(0, 2),
)  # fmt: skip
def test_a_row_takes_the_place_of_another(matrix, row, leaving):
    after = matrix.copy()
    after[leaving] = row
    assume(all(np.linalg.cond(m) < 1e4 for m in (matrix, after)))
    inverse = np.linalg.inv(matrix)
    products = row @ inverse
    assume(abs(products[leaving]) > 1e-3)
    pivoting.exchange(inverse, products, leaving)
    assert np.allclose(inverse, np.linalg.inv(after), rtol=1e-6, atol=1e-8)
    assert products[leaving] == 0.0


@pytest.mark.parametrize("d", range(10))
def test_rows_times_a_vector_whatever_is_left_of_four_columns(d):
    rng = np.random.default_rng(d)
    columns, v = rng.integers(-9, 10, (d, 5)).astype(float), rng.integers(-9, 10, d).astype(float)
    found = np.full(5, np.nan)
    pivoting.times(columns, v, found)
    np.testing.assert_array_equal(found, v @ columns)


def test_a_pivot_is_larger_than_rounding_and_a_violation_may_be_smaller():
    assert 2.0**-53 < pivoting.VIOLATED < pivoting.TINY_PIVOT < 1e-9
    assert 0 < pivoting.PATIENCE < pivoting.EXHAUSTED
