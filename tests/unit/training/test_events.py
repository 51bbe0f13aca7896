"""Events between recorded steps: scenes whose events are known."""

from __future__ import annotations

import numpy as np
import pytest

from families import golden, sawtooth
from polytope_lens import Box, Lens
from polytope_lens.errors import OptionError
from polytope_lens.network.network import Network, from_arrays
from polytope_lens.training import Recording
from polytope_lens.training.events import ages, events, transition

LINE = Box([-1], [1])


def cuts(*points, width=None):
    """Network on the line with kinks at the given points; more neurons than these do not cut [-1, 1]."""
    width = max(width or 0, len(points))
    biases = [-p for p in points] + [9.0] * (width - len(points))
    if not width:
        return from_arrays([[[1.0]]], [[0.0]])
    return from_arrays([[[1.0]] * width, [[1.0] * width]], [biases, [0.0]])


def between(first: Network, second: Network):
    return transition(Lens(first).overlay(second, LINE))


def test_a_new_crease_splits_a_region_and_leaves_it():
    found = between(cuts(0.5, width=2), cuts(0.5, 0.0))
    # [-1, 0.5] becomes [-1, 0] and [0, 0.5]; the second neuron, on everywhere before, is off in [-1, 0].
    assert found.by_overlap.tolist() == [[0, 0], [1, 2]]
    assert found.by_pattern.tolist() == [[0, 1], [1, 2]]
    assert found.persisting.tolist() == [[0, 1], [1, 2]]
    assert found.split.tolist() == [[0, 0]]
    assert (found.split_gain, found.merge_loss, len(found.born), len(found.died)) == (1, 0, 0, 0)
    assert (found.pattern_share, found.persisting_share) == (0.5, 0.5)


def test_without_a_common_pattern_the_majority_decides():
    found = between(cuts(0.5), cuts(0.25, 0.5))
    assert found.by_pattern.tolist() == []
    assert found.persisting.tolist() == found.by_overlap.tolist() == [[0, 0], [1, 2]]
    assert found.split.tolist() == [[0, 1]]
    assert (found.pattern_share, found.persisting_share) == (0, 1.75 / 2)


def test_a_region_in_parts_none_of_which_is_most_of_it():
    one, four = cuts(), cuts(-0.5, 0, 0.5)
    apart, together = between(one, four), between(four, one)
    assert apart.split.tolist() == [[0, 0], [0, 1], [0, 2], [0, 3]]
    assert apart.split_up.tolist() == [0] and (apart.split_gain, apart.merge_loss) == (3, 0)
    assert together.merged.tolist() == [[0, 0], [1, 0], [2, 0], [3, 0]]
    assert together.merged_together.tolist() == [0] and (together.split_gain, together.merge_loss) == (0, 3)
    assert not len(apart.persisting) and not len(together.persisting)


def test_born_between_two_and_died_between_two():
    halves, thirds = cuts(0), from_arrays([[[3], [3]], [[1, 1]]], [[1, -1], [0]])
    found, back = between(halves, thirds), between(thirds, halves)
    assert found.persisting.tolist() == [[0, 0], [1, 2]] and found.born.tolist() == [1]
    assert back.persisting.tolist() == [[0, 0], [2, 1]] and back.died.tolist() == [1]
    assert "1 born" in repr(found) and "1 died" in repr(back)


def test_equal_halves_are_no_majority():
    found = between(cuts(), cuts(0))
    assert found.by_overlap.tolist() == [] and found.split.tolist() == [[0, 0], [0, 1]] and found.split_gain == 1


def test_permuted_neurons_keep_their_regions_but_not_their_patterns():
    network = golden((2, 6, 6), 3)
    order = [5, 4, 3, 2, 1, 0]
    first, second = network.layers
    other = from_arrays(
        [first.weight[order], second.weight[:, order], network.output_weight],
        [first.bias[order], second.bias, network.output_bias],
    )
    box = Box([-1, -1], [1, 1])
    found = transition(Lens(network).overlay(other, box))
    assert len(found.by_overlap) == len(found.persisting) == found.n_before == found.n_after
    assert len(found.by_pattern) < found.n_before and found.persisting_share == 1
    same = transition(Lens(network).overlay(network, box))
    assert len(same.by_pattern) == found.n_before and same.pattern_share == 1


def test_diverged_steps_are_skipped_and_said_to_be():
    networks = [cuts(0.0), cuts(0.25), None, cuts(0.5), cuts(0.5)]
    recording = Recording([0, 10, 20, 30, 40], networks, domain=LINE)
    found = events(recording, progress=False)
    assert found.skipped == [(10, 20), (20, 30)] and len(found) == 4 and len(found.found) == 2
    assert found.n_regions.tolist() == [2, 2, 0, 2, 2]
    assert found[1] is None and [t is None for t in found] == [False, True, True, False]
    assert "2 of them skipped" in repr(found) and str(found).count("diverged") == 2
    assert [a.tolist() for a in ages(found)] == [[0, 0], [10, 10], [], [0, 0], [10, 10]]
    assert [a.tolist() for a in ages(recording, unit="records")] == [[0, 0], [1, 1], [], [0, 0], [1, 1]]


def test_windows_and_threads_change_nothing():
    networks = [cuts(*np.linspace(-0.9, 0.05 * k - 0.8, 1 + k % 5)) for k in range(23)]
    recording = Recording(range(0, 230, 10), networks, domain=LINE)
    one, three = (events(recording, workers=w, progress=False) for w in (1, 3))
    assert str(one) == str(three) and len(one) == 22
    assert [(t.before, t.after) for t in one] == [(10 * k, 10 * k + 10) for k in range(22)]
    assert [t.n_after for t in one] == one.n_regions[1:].tolist() == [2 + k % 5 for k in range(1, 23)]
    for name, counts in one.counts().items():
        assert counts.tolist() == [len(getattr(t, name)) for t in one]
    lines = str(one).splitlines()
    assert len(lines) == 22 and lines[11].strip() == "..." and lines[-1].startswith("210-220")


def test_empty_and_single_recordings():
    assert str(events(Recording([], [], LINE), progress=False)).split()[0] == "steps"
    single = Recording([5], [sawtooth(2)], domain=LINE)
    assert len(events(single, progress=False)) == 0
    assert [len(a) for a in ages(single)] == [len(Lens(sawtooth(2)).partition(LINE))]


def test_refusals():
    recording = Recording([0], [cuts(0)], domain=LINE)
    with pytest.raises(OptionError, match="`workers`"):
        events(recording, workers=0)
    with pytest.raises(OptionError, match="updates"):
        ages(recording, unit="epochs")
