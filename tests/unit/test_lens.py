"""The one object that most users meet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from families import cross_polytope, golden, max_of_two
from polytope_lens import Box, Lens, Polytope
from polytope_lens.errors import (
    DimensionError,
    DomainError,
    InvalidNetworkError,
    OptionError,
    OutsideDomainError,
)

LENS = Lens(golden((2, 4, 4), 1))


BOX = Box([-1, -1], [1, 1])


def test_values_of_one_point_and_of_many():
    lens = Lens(max_of_two())
    assert lens([2.0, 3.0]).tolist() == [3]
    assert lens([[2, 3], [5, 4]]).tolist() == [[3], [5]]
    assert lens(np.array([2.0, 3.0])).tolist() == [3]
    assert lens((2, 3)).tolist() == [3]
    assert lens(np.zeros((0, 2))).shape == (0, 1)


def test_patterns_are_exact_on_boundaries():
    lens = Lens.from_arrays([[[3.0, -1.0]], [[1.0]]], [[0.0], [0.0]])
    assert lens.patterns([[1 / 3, 1.0], [1.0, 3.0], [1.0, np.nextafter(3, 0)]]).tolist() == [[False], [False], [True]]


def test_iterating_counting_and_storing_agree():
    for domain in (BOX, Polytope([[-1, 0], [0, -1], [1, 1]], [5, 5, 0]), Polytope([[1, 0]], [0]), None):
        partition = LENS.partition(domain)
        counts = LENS.count(domain)
        assert counts.total == len(partition)
        assert counts.per_layer.tolist() == partition.counts_per_layer.tolist()
        patterns = [region.pattern for region in LENS.regions(domain)]
        assert sorted(p.bits for p in patterns) == [region.pattern.bits for region in partition]
    assert [r.pattern for r in LENS.regions(BOX)] == [r.pattern for r in LENS.partition(BOX)]


def test_counts_without_hidden_layers():
    lens = Lens.from_arrays([[[1, 2]]], [[0]])
    for domain in (BOX, None):
        counts = lens.count(domain)
        assert (counts.total, counts.per_layer.tolist()) == (1, [])
        assert len(lens.partition(domain)) == 1
        assert str(lens.partition(domain)[0].pattern) == ""


def test_a_lens_prints_its_network():
    assert repr(LENS) == "Lens(Network(2 -> 4 -> 4 -> 1, 8 neurons that cut, ReLU))"
    assert repr(LENS.count(BOX)).startswith("RegionCounts(total=")


@pytest.mark.parametrize(
    ("weights", "biases", "message"),
    [
        ([[[np.nan, 0.0]], [[1.0]]], [[0], [0]], r"weight 0 should be finite, but entry \[0, 0\] is nan"),
        ([[[1.0, 0.0]], [[1.0]]], [[0], [np.inf]], "bias 1 should be finite"),
        ([[[1.0, 0.0]], [[1.0, 1.0]]], [[0], [0]], "layer 1 should take the 1 values"),
        ([], [], "at least one weight matrix"),
    ],
)
def test_bad_arrays_are_no_network(weights, biases, message):
    with pytest.raises(InvalidNetworkError, match=message):
        Lens.from_arrays(weights, biases)


QUESTIONS = {
    "the lens": lambda x: LENS(x),
    "`patterns`": lambda x: LENS.patterns(x),
    "`at`": lambda x: LENS.at(x),
    "`locate`": lambda x: LENS.partition(BOX).locate(x),
    "`contains`": lambda x: BOX.to_polytope().contains(x),
}


@pytest.mark.parametrize("what", QUESTIONS)
@pytest.mark.parametrize("x", [[1.0], [1.0, 2.0, 3.0], 1.0, [[[1.0, 2.0]]]], ids=str)
def test_points_of_wrong_shape_are_refused(what, x):
    with pytest.raises(DimensionError, match=what) as caught:
        QUESTIONS[what](x)
    assert "2 coordinates" in str(caught.value) or "-D array" in str(caught.value)


@pytest.mark.parametrize("what", QUESTIONS)
@pytest.mark.parametrize("x", [[np.nan, 0.0], [0.0, np.inf]], ids=str)
def test_points_that_are_no_points_are_refused(what, x):
    with pytest.raises(DimensionError, match="finite"):
        QUESTIONS[what](x)


@pytest.mark.parametrize("ask", [LENS.partition, LENS.count, LENS.regions], ids=["partition", "count", "regions"])
@pytest.mark.parametrize(
    ("domain", "error", "message"),
    [
        (Polytope([[1, 0], [-1, 0]], [0, -1]), DomainError, "empty or flat"),
        (Polytope([[1, 0], [-1, 0]], [1, -1]), DomainError, "empty or flat"),
        (Box([0], [1]), DimensionError, "has 2 inputs"),
        ([[-1, -1], [1, 1]], DomainError, "a Box, a Polytope, or None .* received list"),
    ],
)
def test_domains_that_are_none_are_refused_at_once(ask, domain, error, message):
    with pytest.raises(error, match=message):
        ask(domain)


@pytest.mark.parametrize("ask", [LENS.partition, LENS.count, LENS.regions], ids=["partition", "count", "regions"])
def test_unknown_engines_are_refused_at_once(ask):
    with pytest.raises(OptionError, match=r"`engine` should be one of 'auto', .* but received 'fast'"):
        ask(BOX, engine="fast")


@pytest.mark.parametrize("dim", [1, 3])
def test_subdivide_is_for_the_plane(dim):
    with pytest.raises(OptionError, match=f"works for 2 inputs, but this network has {dim} "):
        Lens(cross_polytope(dim)).partition(Box([-1] * dim, [1] * dim), engine="subdivide")


def test_points_outside_the_domain_are_refused():
    with pytest.raises(OutsideDomainError, match="lie outside the domain"):
        LENS.partition(BOX).locate([[0, 0], [2, 0]])


def test_progress_bars_change_nothing_and_print_nothing_to_stdout(capsys):
    quiet = LENS.partition(BOX, progress=False)
    loud = LENS.partition(BOX, progress=True)
    assert (quiet.packed_patterns == loud.packed_patterns).all()
    assert capsys.readouterr().out == ""


def test_regions_at_points_of_a_domain_are_those_of_its_partition():
    lens, box = LENS, BOX
    partition = lens.partition(box)
    # Corners of the domain, and of the regions, lie in several closed regions.
    points = np.vstack([[[-1, -1], [1, 1], [0, 0]], partition.mesh.points.clip(-1, 1), partition.witnesses])
    for x, index in zip(points, partition.locate(points), strict=True):
        region = lens.at(x, box)
        assert region.pattern == partition[int(index)].pattern and region.domain is box
        assert region.polytope.contains(partition.witnesses[index]).all()
    with pytest.raises(OutsideDomainError):
        lens.at([2, 0], box)
    with pytest.raises(DimensionError):
        lens.at([0, 0], Box([0], [1]))


def test_the_example_is_the_network_of_the_readme(tmp_path):
    """It comes with the package: the first lines of the README run wherever that is installed."""
    example = Lens.example()
    assert example.network.widths == (14,) * 6
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    _, block = readme.split("```text\n", 1)
    told = block.split("```", 1)[0].split()
    assert str(example.at([0.3, -0.2]).inequalities()).split()[: len(told)] == told
    kept = Lens(Path(__file__).parents[2] / "benchmarks" / "nets" / "d2_14x6_box1.npz")
    points = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    assert np.array_equal(example(points), kept(points))
