"""Interval matrices against the steepest regions."""

from __future__ import annotations

from math import inf

import numpy as np

from polytope_lens import Box, Property
from polytope_lens.properties.box_bounds import look, whole_box
from polytope_lens.properties.matrix_bounds import matrix_bounds
from polytope_lens.properties.problem import problems
from properties_twin import random_network


def test_matrix_bounds_hold_on_boxes():
    rng = np.random.default_rng(3)
    lens = random_network(rng, 2, 2)
    box = Box([-0.5, -0.25], [0.25, 0.5])
    (problem,) = problems(lens.network, Property.of(box, ([[1, 1]], [0])))
    looked = look(problem, whole_box(problem))
    for p, q in ((1, 1), (2, 2), (inf, inf), (1, inf), (inf, 1)):
        bound = matrix_bounds(lens.network, looked.boxes, p, q)
        assert lens.partition(box).lipschitz(p, q).value <= bound[0] * (1 + 1e-12)
    alone = matrix_bounds(lens.network, looked.boxes, inf, inf, [1])
    assert alone[0] <= matrix_bounds(lens.network, looked.boxes, inf, inf)[0]
    assert lens.partition(Box([0.125, -0.25], [0.125, 0.5])).lipschitz(inf).value <= alone[0] * (1 + 1e-12)
