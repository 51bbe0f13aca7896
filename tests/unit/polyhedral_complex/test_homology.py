"""Homology of small complexes: cubes, spheres, a projective plane, which has torsion, and pairs of cells that grow."""

from __future__ import annotations

from itertools import combinations, product
from math import comb

import pytest

from polytope_lens.polyhedral_complex.homology import BoundaryMaps, betti_numbers, pairs


def cube(d):
    """The faces of a cube: for each coordinate a number, or None where it is free."""
    faces = [[] for _ in range(d + 1)]
    for face in product((0, 1, None), repeat=d):
        faces[face.count(None)].append(face)
    place = [{face: i for i, face in enumerate(of_dim)} for of_dim in faces]
    return [
        [
            [place[k - 1][(*face[:i], v, *face[i + 1 :])] for i in range(d) if face[i] is None for v in (0, 1)]
            for face in faces[k]
        ]
        for k in range(1, d + 1)
    ]


def simplicial(top):
    """The faces of some simplices."""
    d = len(top[0]) - 1
    faces = [sorted({face for one in top for face in combinations(sorted(one), k + 1)}) for k in range(d + 1)]
    place = [{face: i for i, face in enumerate(of_dim)} for of_dim in faces]
    return [[[place[k - 1][side] for side in combinations(face, k)] for face in faces[k]] for k in range(1, d + 1)]


def everything(sides):
    return [range(1 + max(i for edge in sides[0] for i in edge)), *(range(len(of_dim)) for of_dim in sides)]


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_cubes_and_their_boundaries(d):
    sides = cube(d)
    assert [len(of_dim) for of_dim in sides] == [2 ** (d - k) * comb(d, k) for k in range(1, d + 1)]
    assert betti_numbers(BoundaryMaps(sides), everything(sides)) == [1, *[0] * d]
    sphere = [2] if d == 1 else [1, *[0] * (d - 2), 1]
    assert betti_numbers(BoundaryMaps(sides[:-1]), everything(sides)[:-1]) == sphere
    # Relative to its boundary, a cube is a sphere.
    assert betti_numbers(BoundaryMaps(sides), [[] for _ in range(d)] + [[0]]) == [*[0] * d, 1]


@pytest.mark.parametrize("d", [2, 3, 4])
def test_signs_cancel_on_every_face(d):
    boundaries = BoundaryMaps(cube(d))
    for dim in range(2, d + 1):
        for cell in everything(cube(d))[dim]:
            total = {}
            for side, sign in boundaries.of(dim, cell).items():
                for inner, other in boundaries.of(dim - 1, side).items():
                    total[inner] = total.get(inner, 0) + sign * other
            assert not any(total.values())


def test_torsion_does_not_count():
    plane = [
        (0, 1, 4),
        (0, 1, 5),
        (0, 2, 3),
        (0, 2, 5),
        (0, 3, 4),
        (1, 2, 3),
        (1, 2, 4),
        (1, 3, 5),
        (2, 4, 5),
        (3, 4, 5),
    ]
    sides = simplicial(plane)
    assert betti_numbers(BoundaryMaps(sides), everything(sides)) == [1, 0, 0]


def test_pairs_of_a_circle_that_grows():
    """Points 0, 1, 2, then the sides of the triangle, then the triangle."""
    sides = simplicial([(0, 1, 2)])  # edges 01, 02, 12
    found = pairs(BoundaryMaps(sides), [[2, 0, 1], [0, 2, 1], [0]])
    assert found == [[(1, 0), (0, 2)], [(1, 0)], []]
    assert pairs(BoundaryMaps(sides), [[], [], []]) == [[], [], []]
