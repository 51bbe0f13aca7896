"""Proof logs of degenerate networks, checked by the program that shares no code with the library."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from families import DEEP, ONE_LAYER
from polytope_lens import Lens, Polytope
from polytope_lens.testing import domains, networks
from proof_logs import proves, verify


def unbounded(d):
    """Halfspaces, strips, wedges and orthants: polytopes that are not all of R^d, most of them unbounded."""
    rows = st.lists(st.integers(-2, 2), min_size=d, max_size=d).filter(any)
    sides = st.lists(st.tuples(rows, st.integers(0, 3)), min_size=1, max_size=3)
    made = sides.map(lambda pairs: Polytope([a for a, _ in pairs], [b for _, b in pairs]))
    return made.filter(lambda polytope: polytope.has_interior)


@pytest.mark.parametrize("weights", ["integer", "any"])
@pytest.mark.parametrize(("d", "depth", "width", "n"), [(1, 4, 4, 60), (2, 3, 4, 120), (3, 2, 4, 40), (4, 2, 3, 12)])
def test_proofs_are_accepted(d, depth, width, n, weights, tmp_path):
    log = tmp_path / "run.proof"

    @settings(max_examples=n)
    @given(
        network=networks(d, max_depth=depth, max_width=width, weights=weights),
        domain=domains(d, flat=True) | unbounded(d),
    )
    def prove(network, domain):
        counts = Lens(network).count(domain, proof=log)
        assert proves(verify(log), counts.total, counts.per_layer)

    prove()


@pytest.mark.parametrize("family", [*ONE_LAYER, *DEEP], ids=repr)
def test_known_counts_are_proved(family, tmp_path):
    partition = Lens(family.network).partition(family.domain, proof=tmp_path / "run.proof")
    answer = verify(tmp_path / "run.proof")
    assert proves(answer, len(partition), family.per_layer)
