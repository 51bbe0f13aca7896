"""Betti numbers of shapes that are known, and of any networks against a complex of sign vectors cut into simplices."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shapes
from families import random_deep, stack
from polytope_lens import Box, Lens, Polytope
from polytope_lens.cells.region_facets import domain_sides
from polytope_lens.errors import OptionError, PartialPartitionError
from polytope_lens.exact.rows import ExactRows, cell_rows
from polytope_lens.network import scalar
from polytope_lens.network.network import Layer, Network
from polytope_lens.polyhedral_complex.face_lattice import _faces_of
from polytope_lens.testing import networks

SIDES = ("level", "sub", "super")
SHAPES = [
    # name, network, value, half the width of a box; level, sub and super
    ("disc", shapes.ball(2), 1, 2, (1, 1), (1, 0), (1, 1)),
    ("disc that touches the box", shapes.ball(2), 1, 1, (1, 1), (1, 0), (1, 1)),
    ("corners of the box", shapes.ball(2), 1.5, 1, (4, 0), (1, 0), (4, 0)),
    ("ring", shapes.shell(2), 0.25, 2, (2, 2), (1, 1), (2, 1)),
    ("a circle that is a minimum", shapes.shell(2), 0, 2, (1, 1), (1, 1), (1, 0)),
    ("two rings", shapes.two_rings(), 0.25, 4, (4, 4), (2, 2), (3, 2)),
    ("two discs that touch, and their centres", shapes.two_rings(), 1, 5, (3, 2), (1, 0), (3, 2)),
    ("solid", shapes.ball(3), 1, 2, (1, 0, 1), (1, 0, 0), (1, 0, 1)),
    ("shell of a sphere", shapes.shell(3), 0.25, 2, (2, 0, 2), (1, 0, 1), (2, 0, 1)),
    ("torus", shapes.tube(3), 0.25, 2, (1, 2, 1), (1, 1, 0), (1, 1, 1)),
    ("linked tori", shapes.linked_tubes(), 0.25, 2, (2, 4, 2), (2, 2, 0), (1, 2, 2)),
    ("a link", shapes.linked_tubes(), 0, 2, (2, 2, 0), (2, 2, 0), (1, 0, 0)),
    ("sphere in R^4", shapes.ball(4), 1, 2, (1, 0, 0, 1), (1, 0, 0, 0), (1, 0, 0, 1)),
    ("circle in R^4", shapes.tube(4), 0.25, 2, (1, 1, 1, 1), (1, 1, 0, 0), (1, 0, 1, 1)),
    ("torus in R^4", shapes.torus_of_circles(), 0.25, 2, (1, 3, 3, 1), (1, 2, 1, 0), (1, 1, 2, 1)),
    ("empty", shapes.ball(2), -1, 2, (0, 0), (0, 0), (1, 0)),
    ("interval", shapes.ball(1), 1, 2, (2,), (1,), (2,)),
]  # fmt: skip


@pytest.mark.parametrize(("network", "value", "half", "expected"), [(s[1], s[2], s[3], s[4:]) for s in SHAPES],
                         ids=[s[0] for s in SHAPES])  # fmt: skip
def test_shapes(network, value, half, expected):
    d = network.input_dim
    lens = Lens(network)
    inside = lens.partition(Box([-half] * d, [half] * d))
    assert tuple(inside.betti(value=value, side=side) for side in SIDES) == expected
    if half != 1:  # the shape is within the box, so that all of R^d has the same
        everywhere = lens.partition()
        assert tuple(everywhere.betti(value=value, side=side) for side in SIDES) == expected
        assert everywhere.betti(value=value, bounded=True) == expected[0]
        assert inside.betti(value=value, bounded=True) == expected[0]


@pytest.mark.parametrize("mesh", [True, False])
def test_the_bounded_part_leaves_out_what_reaches_the_boundary(mesh):
    # A pit in the middle, and two valleys that go on beyond the box.
    network = shapes.folded((np.eye(2), [0, 0]), ([[1, 1], [1, 0]], [0, -3]), ([[1, 1], [1, -1]], [0, 0]),
                            output=[0.5, -0.5])  # fmt: skip
    for domain, options in ((Box([-4, -4], [4, 4]), {"mesh": mesh}), (None, {})):
        partition = Lens(network).partition(domain, **options)
        assert partition.betti(value=0.25) == (5, 1)
        assert partition.betti(value=0.25, bounded=True) == (1, 1)
        assert partition.betti(value=0.25, side="sub", bounded=True) == (1, 0)
        assert partition.betti(value=0.25, side="super", bounded=True) == (0, 0)


@pytest.mark.parametrize("mesh", [True, False])
def test_a_cavity_around_a_component_that_is_left_out_is_none(mesh):
    # A sphere around a rod that reaches through the box: what is left of the set at least 1/4 reaches it, too.
    network = shapes.shell(3)
    partition = Lens(network).partition(Box([-2] * 3, [2] * 3), mesh=mesh)
    assert partition.betti(value=0.25, side="super") == (2, 0, 1)
    assert partition.betti(value=0.25, side="super", bounded=True) == (1, 0, 0)
    assert partition.betti(value=0.25, side="sub", bounded=True) == (1, 0, 1)
    half = Lens(network).partition(Box([0, -2, -2], [2, 2, 2]), mesh=mesh)
    assert half.betti(value=0.25) == (2, 0, 0)
    assert half.betti(value=0.25, bounded=True) == (0, 0, 0)


def test_plateaus_belong_to_the_closed_set():
    plane = Lens(stack(([[1, 0], [0, 1]], [0, 0])))  # relu(x) + relu(y) is zero on a quadrant
    for domain in (Box([-1, -1], [1, 1]), None):
        partition = plane.partition(domain)
        assert [partition.betti(value=0, side=side) for side in SIDES] == [(1, 0)] * 3
    constant = Lens.from_arrays([[[1, 0]], [[0]]], [[0], [0.5]])
    assert constant.partition().betti() == constant.partition(Box([-1, -1], [1, 1])).betti() == (1, 0)
    assert constant.partition().betti(bounded=True) == (0, 0)


def test_between_two_outputs():
    lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 0], [0, 1]]], [[0, 0], [0, 0]])  # relu(x) and relu(y)
    for domain in (Box([-1, -1], [1, 1]), None):
        partition = lens.partition(domain)
        assert partition.betti(between=(0, 1)) == (1, 0)
        assert partition.betti(between=(0, 1), side="super") == (1, 0)
    rings = Lens.from_arrays([np.eye(2), [[1, 1], [0, 0]]], [[0, 0], [0, 1]], negative_slope=-1.0)
    assert rings.partition(Box([-2, -2], [2, 2])).betti(between=(0, 1)) == (1, 1)
    assert rings.partition(Box([-2, -2], [2, 2])).betti(between=(0, 1), side="sub") == (1, 0)
    assert rings.partition(Box([-2, -2], [2, 2])).betti(between=(1, 0), side="sub") == (1, 1)


@pytest.mark.parametrize("n_lines", [1, 2])
def test_what_goes_on_along_lines(n_lines):
    d = 2 + n_lines
    rows = np.eye(d)[:2]
    pipe = shapes.folded((rows, [0, 0]), output=[1, 1])
    partition = Lens(pipe).partition()
    assert partition.betti(value=1) == (1, 1, *[0] * (d - 2))
    assert partition.betti(value=1, side="sub") == (1, *[0] * (d - 1))
    assert partition.betti(value=1, bounded=True) == (0,) * d
    # A function that changes along them, whatever else it does: its level set is a graph.
    passing = Layer(np.eye(d), np.zeros(d), np.ones(d), np.ones(d), np.zeros(d, dtype=bool))
    bent = Layer(np.eye(d), np.zeros(d), np.where(np.arange(d) < 2, -1.0, 1.0), np.ones(d), np.arange(d) < 2)
    tilted = Lens(Network((passing, bent), np.ones((1, d)), np.zeros(1))).partition()
    assert tilted.betti(value=1) == tilted.betti(value=1, side="sub") == (1, *[0] * (d - 1))
    assert tilted.betti(value=1, bounded=True) == (0,) * d


def test_domains_of_any_kind():
    lens = Lens(shapes.ball(2))
    wedge = Polytope([[-1, 0], [0, -1]], [0, 0])  # unbounded: x and y at least 0
    partition = lens.partition(wedge)
    assert partition.betti(value=1) == (1, 0)
    assert partition.betti(value=1, side="super") == (1, 0)
    assert partition.betti(value=1, bounded=True) == (0, 0)
    triangle = Polytope([[-1, 0], [0, -1], [1, 1]], [2, 2, 2])
    assert lens.partition(triangle).betti(value=1) == (1, 1)
    flat = Box([-2, -2, 0], [2, 2, 0])
    assert Lens(shapes.ball(3)).partition(flat).betti(value=1) == (1, 1)
    assert Lens(shapes.ball(3)).partition(flat).betti(value=1, bounded=True) == (1, 1)


def test_generic_level_sets_are_polylines_and_surfaces():
    plane = Lens(random_deep((2, 40, 40), 0, 0.0)).partition(Box([-1, -1], [1, 1]))
    for value in np.quantile(plane.maps[:, 0] @ [0, 0, 1.0], [0.2, 0.5, 0.8]):
        curves = plane.level_set(0, value)
        assert plane.betti(0, value) == (len(curves), int(curves.closed.sum()))
        # Closed curves that do not meet the boundary are the bounded part.
        assert plane.betti(0, value, bounded=True) == (int(curves.closed.sum()),) * 2
    space = Lens(random_deep((3, 8, 8), 0, 0.0)).partition(Box([-1] * 3, [1] * 3))
    value = float(np.median(space.maps[:, 0] @ [0, 0, 0, 1.0]))
    surface = space.level_set(0, value)
    b0, b1, b2 = space.betti(0, value)
    _, ends = np.unique(np.sort(edges_of(surface), axis=1), axis=0, return_counts=True)
    assert b0 - b1 + b2 == len(surface.points) - len(ends) + len(surface)


def edges_of(surface):
    rings = np.split(surface.corners, surface.indptr[1:-1])
    return np.concatenate([np.column_stack([ring, np.roll(ring, -1)]) for ring in rings])


@settings(max_examples=25, deadline=None)
@given(data=st.data(), d=st.integers(1, 3), value=st.sampled_from([0.0, 0.5, 1.0]))
def test_any_network_against_simplices(data, d, value):
    network = data.draw(networks(d, max_depth=2, max_width=3))
    function = scalar.output_minus(network, 0, value)
    for domain in (Box([-2] * d, [2] * d), None):
        partition = Lens(network).partition(domain)
        if len(partition) > 16:
            continue
        signs, of_function = cells_by_signs(function, domain)
        for side, wanted in zip(SIDES, (of_function == 0, of_function <= 0, of_function >= 0), strict=True):
            expected = simplicial_betti(signs[wanted], d)
            assert partition.betti(0, value, side=side) == expected
            if domain is not None and d > 1:
                assert Lens(network).partition(domain, mesh=False).betti(0, value, side=side) == expected
                bounded = [Lens(network).partition(domain, mesh=m).betti(0, value, side=side, bounded=True)
                           for m in (True, False)]  # fmt: skip
                assert bounded[0] == bounded[1]


def cells_by_signs(function: Network, domain) -> tuple[np.ndarray, np.ndarray]:
    """Sign vectors of all cells of a partition that the function cuts, too, and its own signs."""
    own = Layer(function.output_weight, function.output_bias, np.zeros(1), np.ones(1), np.ones(1, dtype=bool))
    cut = Network((*function.layers, own), np.ones((1, 1)), np.zeros(1))
    source, walls = ExactRows(cut), domain_sides(domain, cut.input_dim).exact
    found = set()
    for bits in Lens(cut).partition(domain).patterns():
        rows = [*cell_rows(cut, source, bits), *walls]
        side = np.append(np.where(bits, 1, -1), np.ones(len(walls), dtype=int))
        found |= {tuple(np.where(vanishing, 0, side).tolist()) for vanishing, _ in _faces_of(rows, cut.input_dim)}
    signs = np.array(sorted(found))
    return signs, signs[:, cut.n_neurons - 1]


def simplicial_betti(signs: np.ndarray, d: int) -> tuple[int, ...]:
    """Betti numbers modulo 2 of a set of cells: chains of cells, each a face of the next, are simplices."""
    n = len(signs)
    beyond = [[j for j in range(n) if j != i and ((signs[i] == 0) | (signs[i] == signs[j])).all()] for i in range(n)]
    chains, ranks, sizes = [(i,) for i in range(n)], [0], []
    while chains:
        sizes.append(len(chains))
        place = {tuple(sorted(chain)): i for i, chain in enumerate(chains)}
        chains = [(*chain, j) for chain in chains for j in beyond[chain[-1]]]
        pivots: dict[int, int] = {}
        for chain in chains:
            column = 0
            for face in combinations(chain, len(chain) - 1):
                column ^= 1 << place[tuple(sorted(face))]
            while column and (last := column.bit_length()) in pivots:
                column ^= pivots[last]
            if column:
                pivots[last] = column
        ranks.append(len(pivots))
    found = [size - ranks[k] - ranks[k + 1] for k, size in enumerate(sizes)]
    return tuple((found + [0] * d)[:d])


@pytest.mark.parametrize(("options", "told"), [
    ({"side": "above"}, "`side` should be one of 'level', 'sub', 'super'"),
    ({"between": (0, 1), "value": 0.0}, "Leave those out"),
    ({"between": (0, 1, 2)}, r"between=\(0, 1\)"),
    ({"between": (0, 1)}, "the network has a single one"),
    ({"output": 1}, "has 1 output"),
    ({"bounded": 1}, "`bounded` should be True or False"),
])  # fmt: skip
def test_what_is_refused(options, told):
    partition = Lens(shapes.ball(2)).partition(Box([-2, -2], [2, 2]))
    with pytest.raises(OptionError, match=told):
        partition.betti(**options)


def test_parts_and_too_many_regions_are_refused():
    lens = Lens(shapes.ball(2))
    with pytest.raises(PartialPartitionError, match="`betti` needs every region"):
        lens.explore([1, 1], max_regions=2).betti()
    with pytest.raises(OptionError, match="max_regions=3"):
        lens.partition().betti(max_regions=3)
    assert lens.partition().betti(max_regions=4) == (1, 1)
