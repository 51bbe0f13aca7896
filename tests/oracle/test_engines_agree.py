"""Every engine against every other, on tiny networks whose small integers make coincidences the rule."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytope_lens import Lens
from polytope_lens.engines.table import ENGINES
from polytope_lens.testing import assert_same_regions, domains, networks


@pytest.mark.parametrize("weights", ["integer", "any"])
@pytest.mark.parametrize(
    ("d", "depth", "width", "n_examples"), [(1, 4, 4, 100), (2, 3, 4, 200), (3, 2, 4, 60), (4, 2, 3, 25)]
)
def test_engines_find_the_same_regions(d, depth, width, n_examples, weights):
    nets = networks(d, max_depth=depth, max_width=width, output_dim=st.integers(1, 2), weights=weights)

    @settings(max_examples=n_examples)
    @given(network=nets, domain=domains(d))
    def agree(network, domain):
        lens = Lens(network)
        found = [lens.partition(domain, engine=engine) for engine in ENGINES if ENGINES[engine].takes(d)]
        for p, q in pairwise(found):
            assert_same_regions(p, q)

    agree()


@given(network=networks(2, max_depth=3, max_width=4), domain=domains(2))
def test_meshes_do_not_depend_on_the_engine(network, domain):
    lens = Lens(network)
    one, other = lens.partition(domain, engine="subdivide").mesh, lens.partition(domain, engine="split").mesh
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        for name in ("points", "error", "indptr", "corners", "owners"):
            assert (getattr(one, name) == getattr(other, name)).all()
