"""Bounds in floats against values at points."""

from __future__ import annotations

import numpy as np

from families import random_deep
from polytope_lens import Property
from polytope_lens.network.network import evaluate
from polytope_lens.properties import cell_bounds
from polytope_lens.properties.box_bounds import joined
from polytope_lens.properties.cell_bounds import CellBounds, ProofCells, Reasons
from polytope_lens.properties.property import Constraint

NETWORK = random_deep((3, 6, 5), 2, 0.1)
CASE = Property.of((["-1"] * 3, ["1"] * 3), ([[-1, 0]], [-100])).cases[0]


def test_bounds_hold_and_are_short():
    bounds = CellBounds(NETWORK, [CASE])
    lower, upper = np.array([-1, -0.5, 0.25]), np.array([0, 0.5, 0.75])
    cells, _, _, rows = bounds.narrowed(bounds.whole(lower, upper))
    X = np.random.default_rng(0).uniform(lower, upper, (500, 3))
    z = pre_activations(X)
    assert (cells.low[0] <= z.min(axis=0)).all() and (z.max(axis=0) <= cells.high[0]).all()
    below, above = (X @ side[0, :, :-1].T + side[0, :, -1] for side in rows)
    assert (below <= z + 1e-5).all() and (z <= above + 1e-5).all()
    for index, here in enumerate(bounds.at):
        whole = cells.low[0, here] * 2.0 ** cells.bits[0, index]
        assert (whole[np.isfinite(whole)] == np.round(whole[np.isfinite(whole)])).all()


def pre_activations(X):
    """Those of all neurons at points."""
    hidden = []
    for layer in NETWORK.layers:
        z = X @ layer.weight.T + layer.bias
        hidden.append(z)
        X = np.where(z > 0, layer.positive_slope, layer.negative_slope) * z
    return np.concatenate(hidden, axis=1)


def test_cells_together_are_asked_about_their_own_open_neurons(monkeypatch):
    """As many sums as for each of them alone, and the same bounds: no cell pays for the neurons of another."""
    asked, rows_above = [], cell_bounds.rows_above

    def counted(network, index, coefficients, *others, **which):
        asked.append(coefficients.shape[0] * coefficients.shape[1])
        return rows_above(network, index, coefficients, *others, **which)

    monkeypatch.setattr(cell_bounds, "rows_above", counted)
    bounds, rng = CellBounds(NETWORK, [CASE]), np.random.default_rng(0)
    middle = rng.uniform(-1, 1, (20, 3))
    cells = [bounds.narrowed(bounds.whole(x - 0.3, x + 0.3)).cells for x in middle]
    for at, cell in enumerate(cells):
        (some,) = np.nonzero(bounds.is_open(cell)[0])
        if len(some) and at % 2:
            cells[at] = cell.half(int(some[0]), 1)
    asked.clear()
    alone = [bounds.narrowed(cell).cells for cell in cells]
    n_alone = sum(asked)
    asked.clear()
    together = bounds.narrowed(joined(cells)).cells
    assert sum(asked) == n_alone > 0
    for mine, others in zip(together, zip(*alone, strict=True), strict=True):
        np.testing.assert_allclose(mine, np.concatenate(others), atol=1e-12)


def test_bounds_where_neurons_have_signs_hold_there_and_are_better():
    bounds = CellBounds(NETWORK, [CASE])
    lower, upper = np.full(3, -1.0), np.full(3, 1.0)
    X = np.random.default_rng(0).uniform(lower, upper, (4000, 3))
    z = pre_activations(X)
    whole, *_ = bounds.narrowed(bounds.whole(lower, upper))
    is_better = []
    for j in np.flatnonzero(bounds.is_open(whole)[0])[:6]:
        for sign in (-1, 1):
            cells = ProofCells._make(array.copy() for array in whole)
            cells.signs[0, j] = sign
            (cells.high if sign < 0 else cells.low)[0, j] = 0.0
            found, _, reasons, _ = bounds.narrowed(cells)
            some = z[sign * z[:, j] >= 0]
            assert (found.low[0] <= some.min(axis=0)).all() and (some.max(axis=0) <= found.high[0]).all()
            is_better.append(any((by.over > 0).any() for by in reasons))
            assert all(
                line.split()[0] in ("bounds", "above", "below") for line in bounds.told(cells, found, reasons, 0)
            )
    assert any(is_better)


def test_better_slopes_close_more():
    lower, upper = np.full(3, -1.0), np.full(3, 1.0)
    n_closed = n_leaning = 0
    for bound in np.linspace(20, 45, 80):
        case = tuple(c._replace(bound=-bound) if c.outputs else c for c in CASE)
        bounds = CellBounds(NETWORK, [case])
        cells, lines, *_ = bounds.narrowed(bounds.whole(lower, upper))
        closing = bounds.closing(cells, lines, np.array([[True]]))
        n_closed += closing.is_closed[0, 0]
        n_leaning += closing.is_closed[0, 0] and bool(closing.claims[0][0].leans)
    assert 0 < n_leaning < n_closed < 80


def test_what_is_closed_has_no_violation_and_what_is_violated_is_not_closed():
    lower, upper = np.full(3, -1.0), np.full(3, 1.0)
    y = evaluate(NETWORK, np.random.default_rng(0).uniform(lower, upper, (2000, 3)))[:, 0].max()
    for bound, is_closed in ((1000, True), (y, False)):
        case = tuple(c._replace(bound=-bound) if c.outputs else c for c in CASE)
        bounds = CellBounds(NETWORK, [case])
        cells, lines, *_ = bounds.narrowed(bounds.whole(lower, upper))
        closing = bounds.closing(cells, lines, np.array([[True]]))
        assert closing.is_closed[0, 0] == is_closed


def test_rows_of_a_case_are_those_that_its_box_does_not_say():
    strict = Constraint(((0, 1),), (), 1, strict=True)
    bounds = CellBounds(NETWORK, [(*CASE, strict)])
    assert bounds.cases[0].places == [len(CASE) - 1, len(CASE)]


def test_bounds_that_contradict_each_other_by_much_stay_in_range():
    """In an empty cell, where others are 10^-300 wide."""
    bounds, n = CellBounds(NETWORK, [CASE]), len(NETWORK.layers[0].bias)
    cells = bounds.whole(np.full(3, -1.0), np.full(3, 1.0))
    low, high = np.full((1, n), -1e-300), np.full((1, n), 1e-300)
    low[0, -1], high[0, -1] = 1e26, -1e31
    before = ProofCells._make(array.copy() for array in cells)
    bounds._take(0, cells, np.ones((1, n), dtype=bool), low, high)
    assert not np.isposinf(cells.low).any() and not np.isneginf(cells.high).any()
    assert bounds.told(before, cells, [Reasons.none(1, layer.width) for layer in NETWORK.layers], 0)
    cells.bits[0, 0] = 1000
    bounds._take(0, cells, np.ones((1, n), dtype=bool), low, high)
    assert not np.isposinf(cells.low).any() and not np.isneginf(cells.high).any()
