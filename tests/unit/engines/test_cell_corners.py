"""Signs at corners as the engines ask for them, against plain fractions; and what a state begins with."""

from __future__ import annotations

from bisect import bisect_left
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest

import reference
from families import golden
from polytope_lens import Box, Lens
from polytope_lens.engines import cell_corners
from polytope_lens.engines._kernels import outcomes
from polytope_lens.engines._kernels.cell_corners import ANSWERED, NEGATIVE, OPEN, POINT, POSITIVE
from polytope_lens.engines._kernels.packed_network import packed
from polytope_lens.engines.cell_corners import CornerDecisions, CornerSizes, next_width, shared_parts, write_network
from polytope_lens.engines.charts import charts
from polytope_lens.engines.chunks import Record, first_rows
from polytope_lens.engines.table import ENGINES
from polytope_lens.network.network import bit_places
from polytope_lens.network.pattern import unpack
from polytope_lens.network.span import Span, number_of


def integer_lens(d, seed):
    """Small integers, so that lines and planes meet in corners of others, and vanish on whole cells."""
    rng = np.random.default_rng([d, seed])
    return Lens.from_arrays(
        [rng.integers(-2, 3, (4, d)), rng.integers(-2, 3, (3, 4)), [[1, 1, 1]]],
        [rng.integers(-2, 3, 4), rng.integers(-2, 3, 3), [0]],
    )


def row_of(network, domain, bits, owner):
    """The row ``[a, c]`` of a neuron under a pattern, or of a side of the domain."""
    if owner < 0:
        return [*reference.fractions(domain.A[-1 - owner]), -reference.fractions(domain.b)[-1 - owner]]
    layer, neuron = bit_places(network)[owner]
    return reference.rows_of_layer(network, bits, layer)[neuron]


def spied(monkeypatch, network, domain):
    """Each sign that was left open and is then written, beside the one in fractions."""
    honest, told = CornerDecisions.answer, []

    def answer(self, state):
        f = int(state.scalars[outcomes.TOP]) - 1
        asked, start = int(state.frames.asked[f]), int(state.frames.start[f])
        word, mask = asked // 64, np.uint64(1 << asked % 64)
        bits = unpack(state.bits[None], network.n_neurons)[0].tolist()
        first = sum(int(layer.cuts.sum()) for layer in network.layers[: int(state.frames.layer[f])])
        row = row_of(network, domain, bits, first + asked)
        wanted = {}
        for i in range(int(state.frames.n_corners[f])):
            signs = state.points.signs[state.corners.place[start + i, POINT], :, word]
            if signs[OPEN] & ~signs[ANSWERED] & mask:
                owners = state.lines.owner[self._meeting(state, f, i)].tolist()
                rows = [row_of(network, domain, bits, owner) for owner in owners]
                at = next(filter(None, map(reference.solve, combinations(rows, network.input_dim))))
                wanted[i] = reference.sign(reference.dot(row, [*at, 1]))
        honest(self, state)
        for i, sign in wanted.items():
            signs = state.points.signs[state.corners.place[start + i, POINT], :, word]
            assert signs[ANSWERED] & mask
            told.append((bool(signs[POSITIVE] & mask) - bool(signs[NEGATIVE] & mask), sign))

    monkeypatch.setattr(CornerDecisions, "answer", answer)
    return told


@pytest.mark.parametrize(("engine", "d"), [("subdivide", 2), ("polyhedra", 3)])
def test_answers_are_the_signs_in_fractions(engine, d, monkeypatch):
    domain, answered = Box([-2] * d, [1] * d), []
    # Else the kernel decides ties between small integers itself.
    nothing = lambda network: [np.zeros(layer.width) for layer in network.layers]  # noqa: E731
    monkeypatch.setattr("polytope_lens.engines.whole_rows.whole_scales", nothing)
    for seed in range(12):
        lens = integer_lens(d, seed)
        with monkeypatch.context() as patch:
            told = spied(patch, lens.network, domain)
            lens.count(domain, engine)
        assert all(found == wanted for found, wanted in told)
        answered += told
    assert len(answered) > 30 and any(sign == 0 for _, sign in answered)


def test_a_state_begins_with_the_rows_of_the_first_layer():
    network = integer_lens(2, 0).network
    (chart,) = charts(Box([-1, -1], [1, 1]), 2)
    net = packed(network, chart.matrix, np.ones(2), want_maps=True)
    sizes = CornerSizes.of(network, net, frames=5, n_points=7, n_lines=9, n_sides=4)
    parts = SimpleNamespace(**shared_parts(sizes))
    assert write_network(parts, network, chart, net) is parts
    assert parts.layers.rows[0, :, :4].T.tolist() == first_rows(network, chart)[:4].tolist()
    assert parts.layers.rows[0, :, :4].T.tolist() == np.c_[network.layers[0].weight, network.layers[0].bias].tolist()
    assert (len(parts.frames.layer), len(parts.points.position), len(parts.lines.row)) == (5, 7, 9)
    assert (parts.frames.layer == -1).all() and not parts.scalars.any()
    # Words that stand for neurons and sides are all different, or corners would be taken for each other.
    hashes = [*parts.hashes.on.tolist(), *parts.hashes.zero.tolist()]
    assert len(set(hashes)) == len(hashes) == 2 * network.n_neurons + 4
    assert next_width(net) >= max(layer.width for layer in network.layers[1:])


def test_walks_of_dense_networks_leave_alone_what_all_of_them_share():
    """The parts for networks in blocks are made once for all dense networks."""
    for d in (2, 3):
        shared = cell_corners._no_blocks(d + 1)
        before = [array.copy() for array in shared]
        Lens(golden((d, 7, 6), 2)).partition(Box([-1] * d, [1] * d))
        assert all(np.array_equal(one, other, equal_nan=True) for one, other in zip(shared, before, strict=True))


WIDE = [
    ("subdivide", (2, 4200, 70, 1), 0.015),
    ("subdivide", (2, 130, 100, 1), 0.4),
    ("polyhedra", (3, 150, 90, 1), 0.2),
]


def wide(widths, size):
    """A network whose layers have many words of neurons, of which few cut the box, and more than a block of words."""
    rng = np.random.default_rng(5)
    sizes = list(zip(widths[1:], widths, strict=False))
    weights = [rng.normal(size=shape) * np.sqrt(2 / shape[1]) for shape in sizes]
    return Lens.from_arrays(weights, [rng.normal(size=n) * 0.3 for n, _ in sizes]), Box(
        [0] * widths[0], [size] * widths[0]
    )


@pytest.mark.parametrize(("engine", "widths", "size"), WIDE)
def test_wide_layers_have_the_regions_that_programs_find(engine, widths, size):
    lens, box = wide(widths, size)
    found, wanted = lens.partition(box, engine), lens.partition(box, "split")
    assert len(found) > 500
    for other in (wanted, lens.partition(box, engine, workers=3)):
        assert np.array_equal(found.packed_patterns, other.packed_patterns)
        assert found.counts_per_layer.tolist() == other.counts_per_layer.tolist()
    assert lens.count(box, engine).total == len(found)


@pytest.mark.parametrize(("engine", "widths", "size"), WIDE)
def test_wide_layers_are_walked_in_any_parts(engine, widths, size):
    lens, box = wide(widths, size)
    (chart,), n_bits = charts(box, widths[0]), lens.network.n_neurons
    walk = lambda record, span=None: ENGINES[engine].walk(lens.network, chart, record, want_output=True, span=span)  # noqa: E731
    numbers = [number_of(words, n_bits) for chunk in walk(Record()) for words in chunk.patterns]
    cuts = sorted(np.random.default_rng(1).choice(numbers[1:], 6, replace=False).tolist())
    found = []
    for first, end in zip([0, *cuts], [*cuts, 1 << n_bits], strict=True):
        found += [number_of(words, n_bits) for chunk in walk(Record(), Span(first, end)) for words in chunk.patterns]
    assert found == numbers


@pytest.mark.parametrize(("engine", "widths", "size"), WIDE)
def test_cells_that_wait_in_wide_layers_are_known_by_their_patterns(engine, widths, size):
    lens, box = wide(widths, size)
    (chart,), n_bits = charts(box, widths[0]), lens.network.n_neurons
    record, numbers, waiting = Record(is_watched=True), [], []
    for chunk in ENGINES[engine].walk(lens.network, chart, record, want_output=True):
        numbers += [number_of(words, n_bits) for words in chunk.patterns]
        waiting.append((len(numbers), [first for first, _ in record.waiting()]))
    assert max(len(firsts) for _, firsts in waiting) > 3
    for n, firsts in waiting:
        places = [bisect_left(numbers, first) for first in firsts]
        assert places[:1] in ([], [n]) and (np.diff(places) > 0).all()
