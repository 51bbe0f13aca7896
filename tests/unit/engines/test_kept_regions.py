"""Columns of regions: in the coordinates of users, and the same however a run is cut."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.engines.chunks import Record
from polytope_lens.engines.kept_regions import Columnist, joined, n_numbers
from polytope_lens.engines.task import task
from polytope_lens.errors import OptionError
from polytope_lens.network.span import Span
from polytope_lens.partition.parts import KEPT

EVERYTHING = tuple(KEPT)


def _lens(*widths: int) -> Lens:
    rng = np.random.default_rng(sum(widths))
    shapes = list(pairwise(widths))
    return Lens.from_arrays([rng.normal(size=(n, d)) for d, n in shapes], [rng.normal(size=n) / 3 for _, n in shapes])


def _columns(lens: Lens, domain: Box, *cuts: int) -> dict[str, Any]:
    """All columns of a run that is cut at some patterns."""
    walked, columnist = task(lens.network, domain, "auto"), Columnist(lens.network, domain, EVERYTHING)
    pieces = []
    for span in pairwise([0, *cuts, walked.span.end]):
        options = {"want_output": True, "want_mesh": columnist.needs_outlines}
        chunks = walked.walk(Span(*span), Record(), **options)
        pieces += [columnist.columns(chunk) for chunk in chunks if chunk.n_regions]
    return joined(pieces)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, tuple):
        return all(map(_equal, one, other))
    return np.array_equal(one, other)


DOMAINS = [
    ((1, 6, 4, 1), Box([-1], [1])),
    ((2, 6, 4, 2), Box([-1, -1], [1, 1])),
    ((3, 4, 3, 1), Box([-1, -1, -1], [1, 1, 1])),
    ((4, 3, 1), Box([-1] * 4, [1] * 4)),
    ((3, 5, 4, 1), Box([-1, 0.25, -1], [1, 0.25, 1])),
]


@pytest.mark.parametrize(("widths", "domain"), DOMAINS)
def test_columns_are_those_of_a_partition_and_do_not_depend_on_where_a_run_is_cut(
    widths: tuple[int, ...], domain: Box
) -> None:
    lens = _lens(*widths)
    whole, columns = lens.partition(domain), _columns(lens, domain)
    np.testing.assert_array_equal(columns["patterns"], whole.packed_patterns)
    np.testing.assert_array_equal(columns["witnesses"], whole.witnesses)
    np.testing.assert_allclose(columns["maps"], whole.maps, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(columns["volumes"], whole.volumes(), rtol=1e-9)
    indptr, points = columns["vertices"]
    for i in range(len(whole)):
        mine, other = points[indptr[i] : indptr[i + 1]], whole.vertices(i)
        assert len(mine) == len(other)
        np.testing.assert_allclose(mine[np.lexsort(mine.T.round(6))], other[np.lexsort(other.T.round(6))], atol=1e-9)
    n_bits = lens.network.n_neurons
    cut = _columns(lens, domain, 1 << (n_bits - 2), 3 << (n_bits - 2))
    assert cut.keys() == columns.keys() == {"patterns", *EVERYTHING}
    assert all(_equal(cut[name], columns[name]) for name in columns)


def test_an_area_that_floats_do_not_prove_is_exact() -> None:
    thin = 2.0**-45  # between two parallel lines
    lens = Lens.from_arrays([[[1.0, 1.0], [1.0, 1.0]], [[1.0, 1.0]]], [[0.0, -thin], [0.0]])
    areas = _columns(lens, Box([-1, -1], [1, 1]))["volumes"]
    np.testing.assert_allclose(sorted(areas)[0], thin * 2 - thin**2 / 2, rtol=1e-15)


def test_volumes_of_unbounded_domains_are_not_kept() -> None:
    lens = _lens(2, 3, 1)
    for keep in (("volumes",), ("vertices", "witnesses")):
        with pytest.raises(OptionError, match="volumes and vertices are kept of bounded domains, but received None"):
            Columnist(lens.network, None, keep)
    assert not Columnist(lens.network, None, ("witnesses", "maps")).needs_outlines


def test_numbers_are_counted() -> None:
    columns = {"patterns": np.zeros((3, 2)), "vertices": (np.zeros(4), np.zeros((7, 2)))}
    assert n_numbers(columns) == 6 + 4 + 14
