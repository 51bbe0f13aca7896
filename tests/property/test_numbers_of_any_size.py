"""Tiny and huge weights, whose squares vanish or overflow: the same answers by all roads, and no warning."""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pytest
from matplotlib import pyplot

from families import SCALES, of_any_size
from polytope_lens import Box, Lens, Polytope, PolytopeLensError


def holds_ball(region, center, radius):
    """Whether a ball lies in a region, in fractions."""
    system = region.inequalities(exact=True, facets=False)
    for a, b in zip(system.A.tolist(), system.b.tolist(), strict=True):
        slack = b - sum(v * Fraction(x) for v, x in zip(a, center.tolist(), strict=True))
        if slack < 0 or slack**2 < Fraction(radius) ** 2 * sum(v * v for v in a):
            return False
    return True


@pytest.mark.parametrize("dim", [1, 2, 3, 4])
@pytest.mark.parametrize("scales", SCALES)
@pytest.mark.parametrize("is_bounded", [True, False])
def test_one_region_and_many_agree(dim, scales, is_bounded):
    rng = np.random.default_rng([dim, len(scales), is_bounded])
    for _ in range(2 if dim < 3 else 1):
        lens = Lens(of_any_size(dim, scales, rng))
        partition = lens.partition(Box([-1] * dim, [1] * dim) if is_bounded else None)
        adjacency, balls, bounded = partition.adjacency(), partition.chebyshev_balls(), partition.bounded_mask()
        place = {region.pattern: i for i, region in enumerate(partition)}
        for i, region in enumerate(partition):
            across = sorted(place[other.pattern] for other in region.neighbors())
            assert across == adjacency[[i]].indices.tolist()
            assert region.is_bounded == bounded[i]
            ball = region.chebyshev_ball()
            assert balls.radii[i] <= ball.bound
            for center, radius in ((ball.center, ball.radius), (balls.centers[i], balls.radii[i])):
                assert radius in (0, np.inf) or holds_ball(region, center, float(radius))
            assert region.inequalities().is_facet.tolist() == region.inequalities(exact=True).is_facet.tolist()


def test_balls_keep_clear_of_rows_that_no_float_holds():
    # The products of these weights are below all floats, and so is the row of neuron (1, 0), but not its hyperplane.
    tiny = 2.0**-1022
    lens = Lens.from_arrays([[[0, 2 * tiny, -tiny]], [[-tiny], [tiny]], [[1, 1]]], [[1], [tiny, 0], [0]])
    partition = lens.partition(Polytope(np.vstack([np.eye(3), -np.eye(3)]), np.ones(6)))
    balls = partition.chebyshev_balls()
    for region, center, radius in zip(partition, balls.centers, balls.radii.tolist(), strict=True):
        assert radius in (0, np.inf) or holds_ball(region, center, radius)


FAR = Lens.from_arrays([[[5e-324, 0], [0, 5e-324]], [[1, 1]]], [[-1, -1], [-1]])
PLAIN = Lens.from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, -2]]], [[0, 0, 1], [0]])
OF_PARTITIONS = {
    "extrema": lambda P: P.extrema(), "volumes": lambda P: P.volumes(), "level set": lambda P: P.level_set(0, 0.5),
    "polygons": lambda P: P.polygons(), "balls": lambda P: P.chebyshev_balls(),
    "moments": lambda P: P.function.moments(), "norms": lambda P: P.function.norms(),
    "variation": lambda P: P.function.total_variation(),
    "frame": lambda P: P.to_frame(), "plot": lambda P: P.plot(), "neurons": lambda P: P.neurons(),
}  # fmt: skip
OF_POLYTOPES = (
    "vertices", "volume", "centroid", "diameter", "width", "bounding_box", "chebyshev_ball", "estimate_volume",
    "max_volume_ellipsoid", "min_volume_ellipsoid",
)  # fmt: skip
POLYTOPES = {
    "beyond floats": Polytope([[Fraction(1, 10**400), 0], [-1, 0], [0, 1], [0, -1]], [1, 0, 1, 1]),
    "the largest floats": Polytope([[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1]], [1.7e308] * 5),
    "subnormal": Box([-1e-310] * 2, [1e-310] * 2).to_polytope(),
}


def answers(ask):
    """Whether there is an answer, rather than a refusal in one sentence."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # overflow is told by numpy
        try:
            ask()
        except PolytopeLensError as error:
            return "\n" in str(error)
        finally:
            pyplot.close("all")
    return True


@pytest.mark.parametrize("norm", [1, 2, np.inf])
def test_boundaries_beyond_the_largest_float_are_infinitely_far_in_floats_and_not_in_fractions(norm):
    found = FAR.robustness_radius([0, 0], norm=norm, output=0, value=0.5, exact=True)
    assert (found.radius, found.upper) == (np.inf, np.inf)
    assert 1.7e308 < found.lower < np.inf
    assert found.exact > 10**308
    assert FAR.robustness_radius([0, 0], norm=norm, output=0, value=0.5).radius == np.inf


@pytest.mark.parametrize("half", [1e308, 1.7e308])
@pytest.mark.parametrize("name", OF_PARTITIONS)
def test_partitions_of_boxes_as_large_as_floats(half, name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        partition = PLAIN.partition(Box([-half] * 2, [half] * 2))
    assert np.isfinite(partition.mesh.points).all()
    assert answers(lambda: OF_PARTITIONS[name](partition)) or name == "plot"


@pytest.mark.parametrize("name", OF_POLYTOPES)
@pytest.mark.parametrize("size", POLYTOPES)
def test_polytopes_at_the_ends_of_the_floats(size, name):
    answers(getattr(POLYTOPES[size], name))
    answers(lambda: POLYTOPES[size].sample(2))
