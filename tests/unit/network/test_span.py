"""Spans of patterns: a run cut anywhere is the same run."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.engines import charts
from polytope_lens.engines.chunks import Record
from polytope_lens.engines.table import ENGINES
from polytope_lens.network.span import Span, number_of, rest, whole, words_of

if TYPE_CHECKING:
    from polytope_lens.engines.table import EngineName
    from polytope_lens.network.network import Network

CASES = [
    ("subdivide", (2, 7, 6, 1)),
    ("subdivide", (2, 70, 3, 1)),
    ("subdivide", (2, 5, 1)),
    ("subdivide", (2, 5, 4, 4, 3, 1)),
    ("polyhedra", (3, 5, 5, 2)),
    ("polyhedra", (3, 20, 1)),
    ("split", (2, 66, 3, 1)),
    ("split", (3, 5, 4, 4, 2)),
    ("split", (5, 6, 5, 1)),
    ("brute", (2, 4, 3, 1)),
]


def _network(widths: tuple[int, ...], rng: np.random.Generator, *, is_degenerate: bool) -> Network:
    shapes = list(pairwise(widths))
    if is_degenerate:
        weights = [rng.integers(-2, 3, size=(n, d)).astype(float) for d, n in shapes]
        biases = [rng.integers(-1, 2, size=n).astype(float) for _, n in shapes]
    else:
        weights = [rng.normal(size=(n, d)) for d, n in shapes]
        biases = [rng.normal(size=n) * 0.3 for _, n in shapes]
    return Lens.from_arrays(weights, biases).network


def _walked(network: Network, engine: EngineName, *, want_output: bool, **options: Any) -> tuple[list[Any], Any, Any]:
    """Arrays found, regions after each layer, decisions by rung."""
    record, d = Record(), network.input_dim
    chart = charts.whole(network, Box(np.full(d, -1.0), np.full(d, 1.0)))
    chunks = list(ENGINES[engine].walk(network, chart, record, want_output=want_output, **options))
    number = np.array([sum(chunk.n_regions for chunk in chunks)])
    arrays = [np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in ("patterns", "maps", "witnesses")]
    decided = np.array([record.float64, record.double_double, record.rational])
    return [number, *(arrays if want_output else [])], np.array(record.layer_counts), decided


def _cuts(patterns: Any, n_bits: int, rng: np.random.Generator) -> list[int]:
    """Where to cut: at regions, just behind them, at borders of subtrees, and where nothing is."""
    cuts = {0, 1 << n_bits}
    for kind in range(8):
        number = number_of(patterns[rng.integers(len(patterns))], n_bits)
        shift = int(rng.integers(n_bits))
        at_random = int("".join(map(str, rng.integers(0, 2, n_bits))), 2)
        cuts.add((number, number + 1, number >> shift << shift, at_random)[kind % 4])
    return sorted(cuts)


@pytest.mark.parametrize("is_degenerate", [False, True], ids=["generic", "degenerate"])
@pytest.mark.parametrize(("engine", "widths"), CASES)
def test_a_walk_in_pieces_finds_the_same_arrays_and_counts_the_same(
    engine: EngineName, widths: tuple[int, ...], is_degenerate: bool
) -> None:
    rng = np.random.default_rng(sum(widths) + is_degenerate)
    network = _network(widths, rng, is_degenerate=is_degenerate)
    found, per_layer, decided = _walked(network, engine, want_output=True)
    for want_output in (True, False):
        pieces = [
            _walked(
                network,
                engine,
                want_output=want_output,
                span=Span(*span),
                workers=1 if engine == "brute" else 1 + i % 2,
            )
            for i, span in enumerate(pairwise(_cuts(found[1], network.n_neurons, rng)))
        ]
        assert sum(piece[0][0] for piece in pieces) == found[0]
        np.testing.assert_array_equal(sum(piece[1] for piece in pieces), per_layer)
        if engine != "brute":
            np.testing.assert_array_equal(sum(piece[2] for piece in pieces), decided)
        n_same = 2 if engine == "brute" else 4  # brute force takes floats from products that round as their sizes are
        for i in range(1, min(n_same, len(pieces[0][0]))):
            np.testing.assert_array_equal(np.concatenate([piece[0][i] for piece in pieces]), found[i])


@pytest.mark.parametrize("engine", ["subdivide", "split", "brute"])
def test_a_span_holds_the_regions_between_its_bounds(engine: EngineName) -> None:
    network = _network((2, 5, 4, 1), np.random.default_rng(5), is_degenerate=False)
    (_, patterns, _, _), _, _ = _walked(network, engine, want_output=True)
    numbers = [number_of(words, 9) for words in patterns]
    for first, end in [
        (0, 0),
        (0, 1),
        (numbers[3], numbers[3] + 1),
        (numbers[1] + 1, numbers[4]),
        (300, 200),
        (0, 512),
    ]:
        (number, found, *_), *_ = _walked(network, engine, want_output=True, span=Span(first, end))
        assert number == len(found)
        assert [number_of(words, 9) for words in found] == [n for n in numbers if first <= n < end]


def test_a_network_without_neurons_has_one_pattern() -> None:
    network = Lens.from_arrays([[[1.0, 2.0]]], [[0.0]]).network
    for engine in ("subdivide", "split"):
        (number, *_), *_ = _walked(network, engine, want_output=False, span=whole(0))
        assert number == 1
        (number, *_), *_ = _walked(network, engine, want_output=False, span=Span(1, 1))
        assert number == 0


@pytest.mark.parametrize("n_bits", [1, 63, 64, 65, 130])
def test_patterns_and_numbers_are_the_same_thing(n_bits: int) -> None:
    n_words = -(-n_bits // 64)
    for number in (0, 1, (1 << n_bits) - 1, (1 << n_bits) // 3):
        words = words_of(number, n_bits, n_words)
        assert words.shape == (n_words,)
        assert number_of(words, n_bits) == number
        bits = np.unpackbits(words.astype(">u8").view(np.uint8))
        assert int("".join(map(str, bits[:n_bits])), 2) == number
        assert not bits[n_bits:].any()


def test_the_rest_is_what_nobody_has_done() -> None:
    everything = whole(4)
    assert rest(everything, []) == [everything]
    assert rest(everything, [everything]) == []
    assert rest(Span(2, 9), [Span(0, 3), Span(5, 6), Span(5, 7), Span(12, 16)]) == [Span(3, 5), Span(7, 9)]
    assert rest(Span(2, 2), []) == []
    assert Span(3, 3).is_empty
    assert not Span(3, 4).is_empty
