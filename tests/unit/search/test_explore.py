from __future__ import annotations

import threading

import cvxpy as cp
import numpy as np
import pytest

from families import generic, random_deep
from polytope_lens import Box, Lens
from polytope_lens.errors import (
    DimensionError,
    DomainError,
    OptionError,
    OutsideDomainError,
    PartialPartitionError,
    Status,
    UnboundedPolytopeError,
)
from polytope_lens.network.affine import affine_maps
from polytope_lens.network.network import Network, from_arrays, pass_through_layer, piecewise_layer

LENS = Lens(generic(8, 2))
SQUARE = Box([-1, -1], [1, 1])


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ([[0.0]], {}, DimensionError, r"`explore` needs one point with 2 coordinates, .* shape \(1,\)"),
        ([[0.0, np.nan]], {}, DimensionError, "the point given to `explore` should be finite"),
        ([[3.0, 0.0], SQUARE], {}, OutsideDomainError, "outside the domain"),
        ([[0.0, 0.0], Box([0], [1])], {}, DimensionError, "2 inputs"),
        ([[0.0, 0.0], "everywhere"], {}, DomainError, "a domain is a Box"),
        ([[0.0, 0.0]], {"max_regions": 0}, OptionError, "`max_regions` should be a whole number of at least 1"),
        ([[0.0, 0.0]], {"max_regions": 2.5}, OptionError, "`max_regions` should be a whole number"),
        ([[0.0, 0.0]], {"max_flips": -1}, OptionError, "`max_flips` should be a whole number of at least 0"),
        ([[0.0, 0.0]], {"radius": 0}, OptionError, "`radius` should be a positive number"),
        ([[0.0, 0.0]], {"radius": np.inf}, OptionError, "`radius` should be a positive number"),
        ([[0.0, 0.0]], {"radius": "1"}, OptionError, "`radius` should be a positive number"),
        ([[0.0, 0.0]], {"norm": 3}, OptionError, "`norm` should be 1, 2 or inf"),
        ([[0.0, 0.0]], {"order": "depth"}, OptionError, "`order` should be one of 'distance', 'breadth'"),
        ([[0.0, 0.0]], {"order": "distance", "max_flips": 2}, OptionError, "only order='breadth' knows"),
        ([[0.0, 0.0]], {"radius": 1.0, "max_flips": 2}, OptionError, "only order='distance' knows"),
    ],
)
def test_wrong_input_is_refused_in_one_sentence(arguments, options, error, message):
    with pytest.raises(error, match=message):
        LENS.explore(*arguments, **options)


def test_a_part_says_that_it_is_one():
    part = LENS.explore([0, 0], max_regions=5)
    told = f"stopped at max_regions=5 with {part.search.n_uncrossed} facets uncrossed"
    assert part.search.n_uncrossed > 0
    assert f"BUDGET_REACHED: {told}" in repr(part)
    assert repr(part).startswith("Partition(5 of the regions of all of R^2, per layer at least [5], flip, ")
    assert part.explain() == (
        f"Status.BUDGET_REACHED: {told} and {part.search.n_unseen} regions at some of whose facets it did not look. "
        "The regions found are correct but not all of them. Raise `max_regions` or choose a smaller `domain`."
    )
    shell = LENS.explore([0, 0], max_flips=1)
    assert "regions at some of whose facets it did not look" in shell.explain()
    assert LENS.explore([0, 0]).explain() == "Status.COMPLETE: every region of the domain is here."


def test_a_part_is_not_taken_for_the_whole():
    part = LENS.explore([0, 0], SQUARE, max_regions=3)
    whole = LENS.partition(SQUARE)
    for question in ("polygons", "volumes", "plot", "neurons", "linear_pieces"):
        with pytest.raises(PartialPartitionError, match=r"needs every region .* lists 3 of them.*max_regions=3"):
            getattr(part, question)()
    with pytest.raises(PartialPartitionError):
        part.vertices(0)
    known = part.locate(part.witnesses)
    assert known.tolist() == [0, 1, 2]
    missing = whole.witnesses[[i for i in range(len(whole)) if whole.packed_patterns[i] not in part.packed_patterns]]
    with pytest.raises(PartialPartitionError, match=f"{len(missing)} of the {len(missing)} points lie in regions that"):
        part.locate(missing)


def test_neighbors_of_a_part_are_those_of_the_whole():
    part, whole = LENS.explore([0, 0], SQUARE, max_regions=6), LENS.partition(SQUARE)
    index = whole.locate(part.witnesses)
    assert (part.adjacency().toarray() == whole.adjacency().toarray()[np.ix_(index, index)]).all()
    facets = part.complex.facets()
    outer = [facets.owners(i)[0][0] for i in np.flatnonzero(facets.regions[:, 1] < 0)]
    assert 0 < part.search.n_uncrossed <= sum(layer >= 0 for layer in outer)


def test_a_complete_search_of_a_bounded_plane_has_corners():
    found = LENS.explore([0, 0], SQUARE)
    assert found.status is Status.COMPLETE
    assert np.isclose(found.volumes().sum(), 4.0)
    assert (found.volumes() == LENS.partition(SQUARE).volumes()).all()
    with pytest.raises(UnboundedPolytopeError, match="the domain is unbounded"):
        LENS.explore([0, 0]).polygons()


def test_corners_on_the_line_need_no_mesh():
    lens = Lens(generic(6, 1))
    part = lens.explore([0.0], Box([-1], [1]), max_regions=2)
    for i, region in enumerate(part):
        lower, upper = part.vertices(i).ravel()
        assert lower < region.point[0] < upper


def test_regions_of_the_part_answer_for_themselves():
    part = LENS.explore([0.1, 0.2], max_regions=4)
    for region in part:
        assert region.polytope.contains([region.point])[0]
        assert LENS.at(region.point).pattern == region.pattern
    first = part[int(part.search.order[0])]
    assert first.pattern == LENS.at([0.1, 0.2]).pattern


def test_a_network_without_neurons_has_one_region():
    lens = Lens.from_arrays([[[1.0, 2.0]]], [[0.5]])
    for domain in (None, SQUARE):
        for order in ("distance", "breadth"):
            found = lens.explore([0, 0], domain, order=order)
            assert found.status is Status.COMPLETE
            assert found.maps.tolist() == [[[1.0, 2.0, 0.5]]]


def test_maps_are_those_of_the_regions():
    leaky = random_deep((3, 5, 4), 0, 0.1)
    network = Network(
        (leaky.layers[0], pass_through_layer(np.eye(5) * 2, np.ones(5)), leaky.layers[1]), [[1.0] * 4], [0]
    )
    part = Lens(network).explore([0, 0, 0], max_regions=10)
    for region, found in zip(part, affine_maps(network, part.packed_patterns), strict=True):
        assert np.allclose(found, region.augmented_map()[:-1])
    assert (part.maps == affine_maps(network, part.packed_patterns)).all()


def test_wide_inputs_have_witnesses_among_the_inputs():
    rng = np.random.default_rng(0)
    lens = Lens(
        from_arrays(
            [rng.standard_normal((6, 40)), rng.standard_normal((6, 6)), rng.standard_normal((2, 6))],
            [rng.standard_normal(6), rng.standard_normal(6), [0, 0]],
        )
    )
    x = rng.standard_normal(40)
    part = lens.explore(x, max_regions=30)
    assert part.witnesses.shape == (30, 40)
    assert part.locate(part.witnesses).tolist() == list(range(30))
    # The nearest facet of the first region is where the next region begins.
    nearest = lens.at(x).inequalities().facets().distances().min()
    assert np.isclose(np.sort(part.search.distances)[1], nearest)


def test_a_search_in_another_thread_leaves_signals_alone():
    found = []
    thread = threading.Thread(target=lambda: found.append(LENS.explore([0, 0], max_regions=4)))
    thread.start()
    thread.join()
    assert len(found[0]) == 4


def test_layers_that_only_pass_values_on():
    layers = (pass_through_layer(np.eye(2), [1, 1]), piecewise_layer(np.eye(2), [0, -0.5]))
    network = Network(layers, np.ones((1, 2)), [0])
    assert len(Lens(network).explore([0, 0])) == 4


@pytest.mark.parametrize("norm", [1, 2, np.inf])
@pytest.mark.parametrize("sizes", [(3, 8, 6), (9, 4, 5)], ids=["low", "wide"])
def test_distances_in_other_norms(sizes, norm):
    """In order, those of linear programs, and no region within the radius is missing."""
    lens = Lens(random_deep(sizes, seed=1, negative_slope=0.0))
    x = np.linspace(-0.5, 0.5, sizes[0])
    whole = lens.explore(x, max_regions=None, norm=norm)
    distances = whole.search.distances[whole.search.order]
    assert (np.diff(distances) >= 0).all()
    for i in whole.search.order[:: max(1, len(whole) // 12)]:
        system = whole[i].inequalities()
        w = cp.Variable(sizes[0])
        want = cp.Problem(cp.Minimize(cp.norm(w - x, norm)), [system.A @ w <= system.b]).solve(solver=cp.CLARABEL)
        assert whole.search.distances[i] == pytest.approx(want, rel=1e-5, abs=1e-6)
    radius = float(np.median(distances))
    part = lens.explore(x, max_regions=None, norm=norm, radius=radius)
    near = set(map(bytes, whole.packed_patterns[whole.search.distances < radius * (1 - 1e-9)]))
    assert near <= set(map(bytes, part.packed_patterns))
    assert len(part) <= (whole.search.distances <= radius * (1 + 1e-9)).sum()
