"""Circles cut by partitions."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.engines.enumerate import partition
from polytope_lens.errors import OptionError
from polytope_lens.experiments.findings.edge import along_circle
from polytope_lens.network.network import evaluate, from_arrays
from polytope_lens.training.recorded_domain import SQUARE


def test_the_pieces_are_those_that_dense_sampling_sees(found):
    along = along_circle(found, 0.7)
    angle = np.linspace(0, 2 * np.pi, 20000, endpoint=False)
    held = found.locate(0.7 * np.column_stack([np.cos(angle), np.sin(angle)]))
    assert along.share.sum() == pytest.approx(1)
    share = np.bincount(along.region, weights=along.share, minlength=len(found))
    assert np.abs(share - np.bincount(held, minlength=len(found)) / 20000).max() < 3e-4


def test_measures_are_those_of_the_polytopes(found):
    along = along_circle(found, 0.4, center=(0.1, -0.2))
    for region, slope, width, rise in zip(along.region, along.slope, along.width, along.rise, strict=True):
        corners = found.vertices(region)
        values = evaluate(found.network, corners)[:, 0]
        assert rise == pytest.approx(np.ptp(values), abs=1e-9)
        turn = np.linspace(0, np.pi, 2001)
        projected = corners @ np.array([np.cos(turn), np.sin(turn)])
        assert width == pytest.approx(np.ptp(projected, axis=0).min(), abs=2e-3)
        point, step = found.witnesses[region], 1e-7
        ahead = point + step * np.eye(2)
        gradient = (evaluate(found.network, ahead)[:, 0] - evaluate(found.network, point[None])[0, 0]) / step
        assert slope == pytest.approx(np.linalg.norm(gradient), rel=1e-3, abs=1e-5)
        assert slope * width <= rise + 1e-9


def test_quantiles_are_weighted_by_length(found):
    along = along_circle(found, 0.7)
    steep = along.quantile("slope", 0.9)
    assert along.share[along.slope <= steep].sum() >= 0.9 > along.share[along.slope < steep].sum()


def test_a_circle_inside_one_polytope_is_one_piece():
    only = partition(from_arrays([[[1, 0]], [[2]]], [[5], [0]]), SQUARE, progress=False)
    along = along_circle(only, 0.5)
    assert along.share.tolist() == [1] and along.slope.tolist() == [2] and along.rise.tolist() == [4]


def test_a_circle_that_leaves_the_domain_is_refused(found):
    with pytest.raises(OptionError, match=r"radius 0\.8 around \[0\.5, 0\.0\] leaves"):
        along_circle(found, 0.8, center=(0.5, 0))
