"""The search by signs: against the nearest pieces of all regions of a partition, by another road, and its bounds."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import Box, Lens, Polytope
from polytope_lens.cells.region_facets import region_rows
from polytope_lens.cells.search_space import nearest, space_of
from polytope_lens.errors import Status
from polytope_lens.exact.bounded_rows import bounded_rows
from polytope_lens.local import sign_search
from polytope_lens.local.boundary_search import BoundarySearch
from polytope_lens.local.deepfool import candidates
from polytope_lens.local.margins import margin_network
from polytope_lens.local.sign_search import search_signs
from polytope_lens.polyhedral_complex.locate import region_patterns

NORMS = [1.0, 2.0, np.inf]


def random_lens(sizes, seed, slope=0.0):
    rng = np.random.default_rng([*sizes, seed])
    pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
    weights = [rng.standard_normal(pair) * (2 / pair[1]) ** 0.5 for pair in pairs]
    return Lens.from_arrays(weights, [0.3 * rng.standard_normal(len(w)) for w in weights], negative_slope=slope)


def searched(network, x, norm, domain=None, most_parts=None, guess=True):
    asked = margin_network(network, x)
    boundary = BoundarySearch(asked, space_of(asked.network, x, domain, norm), domain)
    for point in candidates(asked, x, norm) if guess else ():
        boundary.descend(point)
    bits = region_patterns(network, x[None], domain)[0]
    return boundary, search_signs(boundary, bits, most_parts, lambda *_: None)


def nearest_of_all(network, x, norm, domain=None):
    """The least distance over all regions and margins, each by a projection; rounded."""
    asked = margin_network(network, x)
    space = space_of(asked.network, x, domain, norm)
    bits = Lens(network).partition(domain).patterns()
    rows, error = region_rows(space.network, space.around, bits)
    *_, (margins, doubt) = bounded_rows(space.network, bits)
    least = np.inf
    for margin, uncertain in zip(margins, doubt, strict=True):
        both = np.concatenate([rows, -margin[:, None]], axis=1)
        distance, _, _, points = nearest(space, both, np.concatenate([error, uncertain[:, None]], axis=1), hasty=True)
        points = points if space.weight is None else points @ space.weight.T + space.bias
        # Where there is no such point, what is found violates some row.
        excess = np.einsum("nmk,nk->nm", both[:, :, :-1], points) + both[:, :, -1]
        least = min(least, distance[(excess < 1e-7).all(axis=1)].min(initial=np.inf))
    return least


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("slope", [0.0, 0.1, -1.0])
@pytest.mark.parametrize("sizes", [(3, 7, 7, 3), (2, 5, 5, 5, 2), (9, 4, 5, 3)])
def test_nothing_is_nearer_in_any_region(sizes, slope, norm):
    for seed in range(2):
        lens, x = random_lens(sizes, seed, slope), np.random.default_rng(seed).standard_normal(sizes[0])
        boundary, outcome = searched(lens.network, x, norm)
        assert outcome.status is Status.COMPLETE
        assert np.isclose(boundary.radius(), nearest_of_all(lens.network, x, norm), rtol=1e-9)
        assert boundary.lower() <= boundary.upper and outcome.clear >= boundary.upper


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("guess", [True, False], ids=["ball", "no ball"])
@pytest.mark.parametrize(
    "domain", [Box([-1] * 3, [1] * 3), Polytope([[1, 1, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]], [2, 1, 1, 1])]
)
def test_in_a_domain_bounds_come_from_its_sides(domain, guess, norm):
    for seed in range(2):
        lens, x = random_lens((3, 6, 6, 3), seed), np.array([0.1, -0.2, 0.3])
        boundary, outcome = searched(lens.network, x, norm, domain, guess=guess)
        assert outcome.status is Status.COMPLETE
        expected = nearest_of_all(lens.network, x, norm, domain)
        assert np.isclose(boundary.radius(), expected, rtol=1e-9) or boundary.radius() == expected


@pytest.mark.parametrize("norm", NORMS)
def test_bounds_hold_at_any_time_and_come_together(norm):
    lens, x = random_lens((8, 16, 16, 4), 1), np.zeros(8)
    whole, outcome = searched(lens.network, x, norm)
    radius, clear = whole.radius(), []
    for most in (1, 2, 4, 8, 16, 32):
        boundary, part = searched(lens.network, x, norm, most_parts=most)
        assert part.n_parts == min(most, outcome.n_parts)
        assert 0 < min(part.clear, boundary.lower()) <= radius * (1 + 1e-12)
        assert boundary.upper >= radius * (1 - 1e-12)
        clear.append(min(part.clear, boundary.lower(), boundary.upper))
    assert clear == sorted(clear) and clear[-1] > clear[0]


def test_results_do_not_depend_on_the_size_of_batches(monkeypatch):
    lens, x = random_lens((6, 14, 14, 3), 2), np.full(6, 0.1)
    before, _ = searched(lens.network, x, 2.0)
    monkeypatch.setattr(sign_search, "TOGETHER", 3)
    after, _ = searched(lens.network, x, 2.0)
    assert np.isclose(before.radius(), after.radius(), rtol=1e-12)
    assert before.pair == after.pair


def test_what_no_search_from_region_to_region_ends_is_closed():
    """Of 64 neurons some twenty change sign in the ball, which meets more regions than anybody searches."""
    rng = np.random.default_rng(5)
    weights = [rng.standard_normal(size) * (2 / size[1]) ** 0.5 for size in ((32, 24), (32, 32), (4, 32))]
    weights[2] *= 3.0
    lens = Lens.from_arrays(weights, [0.1 * rng.standard_normal(len(w)) for w in weights])
    for seed in range(3):
        x = np.random.default_rng(seed).standard_normal(24)
        boundary, outcome = searched(lens.network, x, 2.0, most_parts=2000)
        assert outcome.status is Status.COMPLETE
        ways = np.random.default_rng(6).standard_normal((5000, 24))
        ways *= boundary.lower() * (1 - 1e-9) / np.linalg.norm(ways, axis=1)[:, None]
        assert (lens(x + ways).argmax(axis=1) == lens(x).argmax()).all()
