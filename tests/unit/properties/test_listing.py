"""Which boxes have their regions listed, and answers where all of them have many neurons that change their sign."""

from __future__ import annotations

import numpy as np

from families import random_deep, size_of_output, with_a_neuron_in_two_halves, without_biases
from polytope_lens import Box, Lens, Property
from polytope_lens.properties import listing
from polytope_lens.properties.listing import FEW_OPEN_BY_DIM, FEW_REGIONS, FIRST, Listing
from polytope_lens.properties.problem import problems

BOX = Box([-1, -1], [1, 1])


def test_few_open_neurons_are_few_enough_until_their_regions_were_too_many():
    (problem,) = problems(random_deep((2, 6, 5), 0, 0.0), Property.of(BOX, ([[1]], [0])))
    whole = Listing.of(problem)
    few = FEW_OPEN_BY_DIM[2]
    assert whole.few == few and whole.most(few) == FEW_REGIONS and whole.most(few + 1) == 0
    parts = whole.in_parts(few)
    assert parts.depth == 1 and 0 < parts.few < few and parts.most(few) == 0
    assert parts.in_parts(None).few == parts.in_parts(10 * few).few == parts.few


def test_boxes_of_many_cuts_are_tried_now_and_then():
    one, tried = Listing(4, FIRST * 2), {}
    for _ in range(5 * FIRST * 2):
        if one.most(1000):
            tried[one.depth] = one.most(1000)
        one = one.in_parts(None)
    assert tried == {16: 16**2, 32: 32**2, 64: 64**2}


def test_answers_come_where_more_neurons_meet_than_regions_are_listed_for(monkeypatch):
    network = without_biases((2, 8, 8, 1), 4)
    monkeypatch.setattr(listing, "few_open", lambda problem: 12)
    least = Lens(size_of_output(network)).minimum([1], BOX, max_seconds=60)
    assert least.value == 0 and least.is_complete and least.n_boxes < 1000
    other = with_a_neuron_in_two_halves(network)
    assert Lens(network).is_equal(other, BOX, max_seconds=60).verdict.name == "HOLDS"
    assert Lens(network).distance(other, BOX, max_seconds=60).is_complete
    assert Lens(network).lipschitz(BOX, np.inf).is_complete
