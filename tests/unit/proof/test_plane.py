"""Plane proofs: the checker, which cuts polygons itself, finds what the library does."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from families import golden
from polytope_lens import Box, Lens, Polytope
from polytope_lens.proof import checker, write
from polytope_lens.proof.checker import verify
from polytope_lens.proof.plane import PlaneCell
from polytope_lens.testing import boxes, networks, simplices
from proof_logs import proves


@pytest.mark.parametrize("most", [1, 4, 1024])
def test_the_checker_finds_all_regions(most, tmp_path, monkeypatch):
    monkeypatch.setattr(write, "MOST_REGIONS", dict.fromkeys(write.MOST_REGIONS, most))

    @settings(max_examples=40)
    @given(network=networks(2, max_depth=3, max_width=4), domain=st.one_of(boxes(2), simplices(2)))
    def prove(network, domain):
        counts = Lens(network).count(domain, proof=tmp_path / "log")
        assert proves(verify(tmp_path / "log"), counts.total, counts.per_layer)

    prove()


def polygons(network, domain, tmp_path, monkeypatch):
    """The corners of the checker's polygons behind the last layer, as fractions of the box."""
    found = []
    completed = checker.Plane.advanced

    def advanced(self, cell):
        cell = completed(self, cell)
        if cell.depth == len(self.layers) and found[-1:] != [cell]:
            found.append(cell)
        return cell

    monkeypatch.setattr(checker.Plane, "advanced", advanced)
    Lens(network).count(domain, proof=tmp_path / "log")
    assert verify(tmp_path / "log")["proved"]
    rings = []
    for cell in found:
        edges = [edge for edge, *_ in cell.border]
        columns = [checker.meet(p, q) for p, q in zip([edges[-1], *edges], edges, strict=False)]
        rings.append([(Fraction(x, w), Fraction(y, w)) for x, y, w in columns])
    return rings


@pytest.mark.parametrize("seed", range(4))
def test_its_polygons_have_the_exact_corners(seed, tmp_path, monkeypatch):
    network, domain = golden((2, 4, 4), seed), Box([-1, -1], [1, 1])
    partition = Lens(network).partition(domain)
    expected = [sorted(reference.tuples(partition.vertices(i, exact=True))) for i in range(len(partition))]
    rings = polygons(network, domain, tmp_path, monkeypatch)
    assert sorted(map(sorted, rings)) == sorted(expected)


@pytest.mark.parametrize("gap", [2.0**-30, 2.0**-55, 2.0**-200, 0.0])
def test_lines_that_are_closer_than_corners_are_rounded(gap, tmp_path):
    """Three lines through a point, or nearly: a triangle that is smaller than the grid of corners, or none."""
    lens = Lens.from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, -1]]], [[0.25, 0.125, 0.375 + gap], [0]])
    counts = lens.count(Box([-1, -1], [1, 1]), proof=tmp_path / "log")
    assert counts.total == (7 if gap > 2.0**-54 else 6)
    assert proves(verify(tmp_path / "log"), counts.total, counts.per_layer)


def test_polytopes_are_cut_out_of_their_box(tmp_path):
    network = golden((2, 3, 3), 1)
    for sides in ([[1, 1], [-1, 0], [0, -1]], [[3, 1], [-1, 2], [-1, -5], [1, 0], [1, 1]]):
        domain = Polytope(sides, [1] * len(sides))
        counts = Lens(network).count(domain, proof=tmp_path / "log")
        assert "form plane" in (tmp_path / "log").read_text()
        assert proves(verify(tmp_path / "log"), counts.total, counts.per_layer)


def test_nothing_is_said_of_cells():
    cell = PlaneCell(golden((2, 3, 2), 1))
    assert cell.undecided(1, np.zeros(5, bool)) == [0, 1]
    assert cell.explanation(0, 1, np.zeros(5, bool), on=True) is None
    assert cell.halves(0, 1, np.zeros(5, bool)) == (cell, cell)
