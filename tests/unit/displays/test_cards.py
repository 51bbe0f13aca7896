"""What notebooks show: the numbers and words of the terminal."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from polytope_lens import Box, Lens, Property
from polytope_lens.comparison.network_distance import Distance
from polytope_lens.displays.cards import FEW
from polytope_lens.displays.phrases import owner_names
from polytope_lens.displays.sketch import MOST_POINTS
from polytope_lens.errors import Status
from polytope_lens.function.level_set import LevelSet
from polytope_lens.training import Recording
from shown_cards import LENS, MANY, SQUARE, dense, rows, words

PARTITION = LENS.partition(SQUARE)
X = np.linspace(-1, 1, 784)
SOLID = dense(3, 5, 1).partition(Box([-1] * 3, [1] * 3))


def test_a_lens_shows_its_layers_and_what_to_ask():
    assert rows(LENS)[1:] == [
        ["0", "2", "6", "ReLU", "6"], ["1", "6", "6", "ReLU", "6"], ["", "6", "2", "output", ""]
    ]  # fmt: skip
    assert rows(LENS.network) == rows(LENS)
    assert "lens.count(domain)" in words(LENS) and "lens.count" not in words(LENS.network)


def test_a_slice_says_where_it_lies_and_an_imported_lens_where_layers_come_from():
    assert repr(MANY.slice(*np.eye(3, 784)).flat) in words(MANY.slice(*np.eye(3, 784)))
    nn = pytest.importorskip("torch").nn
    lens = Lens(nn.Sequential(nn.Linear(2, 3), nn.LeakyReLU(), nn.Linear(3, 1)))
    assert rows(lens)[1][3:] == ["leaky ReLU 0.01", "3", ", ".join(lens.lowering.steps[0])]
    assert "differs from the module by at most" in words(lens)


def test_deep_networks_are_cut_short():
    deep = dense(2, *[2] * 60, 1)
    assert len(rows(deep)) < 50 and "21 layers in between left out" in words(deep)


def test_inequalities_show_what_they_print():
    for system in (LENS.at([0.3, 0.4]).inequalities(), LENS.at([0.3, 0.4]).inequalities(exact=True)):
        printed = [" ".join(line.split()) for line in str(system).splitlines()]
        shown = [f"{form} {owner} distance {distance}" for _, form, owner, distance in rows(system)[1:]]
        assert shown == printed
        assert system._repr_latex_().count(r"\le ") == len(shown)


def test_counts_show_layers_and_what_they_rest_on():
    counts = LENS.count(SQUARE)
    assert rows(counts)[1:] == [["0", str(counts.per_layer[0])], ["1", str(counts.total)]]
    assert f"{counts.total} regions" in words(counts) and "by floats with an error bound" in words(counts)
    some = Lens.example().count(SQUARE, max_regions=100)
    assert all("at least" in row[1] for row in rows(some)[1:]) and "Raise the limit" in words(some)


def test_paths_show_their_pieces():
    path = LENS.path([-1, -1], [1, 1])
    shown = rows(path)[1:]
    assert len(shown) == len(path)
    assert [row[4] for row in shown[:-1]] == [owner_names(flips) for flips in path.flips] and shown[-1][4] == ""
    assert sum(float(row[3]) for row in shown) == pytest.approx(path.length, rel=1e-2)
    long = MANY.path(np.full(784, -1.0), np.linspace(3, 5, 784))
    assert len(rows(long)) == 1 + FEW and f"and {len(long) - FEW} more regions" in words(long)
    assert len(rows(LENS.path([0.1, 0], [0.1, 1e-9]))) == 2


def test_level_sets_are_drawn():
    for value in (float(LENS([0, 0])[0]), float(LENS([0.5, 0.5])[0])):
        thing = PARTITION.level_set(0, value)
        assert f"{thing.length:.6g}" in words(thing)
        lines = ElementTree.fromstring(thing._repr_svg_()).find("{http://www.w3.org/2000/svg}path").get("d")
        assert lines.count("M") == len(thing) and lines.count("L") == len(thing.regions)
    assert PARTITION.level_set(0, 1e9)._repr_svg_() is None
    n = MOST_POINTS + 1
    long = LevelSet(
        np.random.default_rng(0).random((n, 2)), np.array([0, n]), np.array([False]), np.zeros(n - 1, int),
        np.zeros(0, int), np.zeros((0, 2)),
    )  # fmt: skip
    assert long._repr_svg_() is None and "polylines" in words(long)
    surface = SOLID.level_set(0, 1.0)
    assert len(surface) and str(len(surface)) in words(surface)


def test_answers_are_sentences_and_points():
    above = Property.of(SQUARE, ([[-1, 0]], [-1e9]))
    assert "HOLDS" in words(LENS.check(above)) and LENS.check(above).explain() in words(LENS.check(above))
    most = LENS.maximum([1, 0], SQUARE)
    assert f"{float(most.value)!r}" in words(most) and f"at ({float(most.point[0]):.6g}, " in words(most)
    found = LENS.robustness_radius([0.3, 0.4])
    assert found.explain() in words(found)
    expected = LENS.estimate(SQUARE)
    assert all(line in words(expected) for line in str(expected).splitlines())
    assert words(MANY.check(Property.of(Box(X, X), ([[1] * 10], [1e9])))).endswith(", 776 more)")


def test_answers_about_a_whole_domain_are_sentences():
    steep = LENS.lipschitz(SQUARE, norm=1)
    assert steep.explain() in words(steep) and f"at ({steep.point[0]:.6g}, " in words(steep)
    far = LENS.distance(LENS, SQUARE)
    assert "The networks do not differ there." in words(far)
    apart = LENS.distance(dense(2, 5, 2), SQUARE)
    assert apart.explain() in words(apart)
    assert f"differ by {apart.sup:.6g} in output {apart.output}, and nowhere more." in apart.explain()
    assert apart.explain().endswith(f" L1 {apart.l1:.6g}, L2 {apart.l2:.6g}.")
    short = Distance(0.5, X[:2], 1, 3, 0.75, Status.BUDGET_REACHED)
    assert "differ by 0.5 in output 1, and by 0.75 at most. Raise max_seconds for more." in words(short)
    assert "L1" not in words(short)
    top = LENS.maximum([1, 0], SQUARE)
    assert top.explain() in words(top) and top.explain().endswith("is taken, and none beyond it.")
    cut = replace(top, bound=top.value + 1, status=Status.INTERRUPTED)
    assert cut.explain().endswith(f"and none beyond {float(cut.bound):.6g}. It was interrupted.")
    seen = LENS.image(SQUARE)
    assert repr(seen) in words(seen) and "image.bounding_box()" in words(seen)
    level = LENS.level_facets([1, -1], 0, SQUARE)
    assert repr(level) in words(level) and "level.touched()" in words(level)
    share = LENS.preimage(0, SQUARE).probability()
    assert f"about {float(share):.6g}" in words(share) and repr(share) in words(share)
    norm = Lens.from_arrays([np.eye(2), [[1, 1]]], [[0, 0], [0]], negative_slope=-1.0)
    found = norm.preimage(([[1]], [0]), SQUARE)
    assert "dimension 0at (0, 0)" in words(found.flat_parts()[0])
    assert "0 cells" in words(found)


def test_trainings_are_tables():
    recording = Recording(range(50), [LENS.network] * 50, SQUARE)
    for found in (recording.events(progress=False), recording.measure(progress=False)):
        told = rows(found)
        assert repr(found) in words(found) and ".plot()" in words(found)
        assert told[1][0] == str(found).splitlines()[1].split()[0]
        assert len(told) == 2 * FEW + 2 and "in between left out" in words(found)


def test_neurons_and_bounds_are_tables():
    found = LENS.partition(SQUARE).neurons()
    head, *told = rows(found)
    assert head[:4] == ["layer", "neuron", "side", "on_share"] and len(told) == len(found) == 12
    assert told[7][:3] == ["1", "1", str(found.side[7])] and "neurons.to_frame()" in words(found)
    bounds = LENS.region_count_bounds()
    head, *told = rows(bounds)
    assert head == ["", "regions", "bound", "source"] and len(told) == len(bounds.bounds)
