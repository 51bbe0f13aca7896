"""What z3 makes of exported regions: they are where the network does what their patterns say, and fill the domain."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from families import flip_trap, golden, seven_lines
from polytope_lens import Box, Lens
from polytope_lens.testing import boxes, networks

z3 = pytest.importorskip("z3")


def exported(cell) -> list:
    solver = z3.Solver()
    solver.from_string(cell.export.smtlib())
    return list(solver.assertions())


def number(value: float):
    return z3.Q(*float(value).as_integer_ratio())


def preactivations(network) -> list[list]:
    """Those of each layer as terms over x0, x1, ..., by cases and not by regions."""
    values, found = [z3.Real(f"x{k}") for k in range(network.input_dim)], []
    for layer in network.layers:
        rows = zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
        z = [z3.Sum([number(w) * v for w, v in zip(row, values, strict=True)]) + number(c) for row, c in rows]
        slopes = zip(z, layer.negative_slope.tolist(), layer.positive_slope.tolist(), strict=True)
        values = [z3.If(v > 0, number(up) * v, number(down) * v) for v, down, up in slopes]
        found.append([v for v, cuts in zip(z, layer.cuts.tolist(), strict=True) if cuts])
    return found


def check(partition) -> None:
    cells = [exported(region) for region in partition]
    interiors = [[f.arg(0) < f.arg(1) for f in cell] for cell in cells]
    solver = z3.Solver()
    layers = preactivations(partition.network)
    for region, cell, interior in zip(partition, cells, interiors, strict=True):
        solver.push()
        solver.add(*interior)
        assert solver.check() == z3.sat
        solver.pop()
        solver.push()
        solver.add(*cell)
        bits = [bit for layer in region.pattern.layers for bit in layer.tolist()]
        signs = zip((z for layer in layers for z in layer), bits, strict=True)
        solver.add(z3.Or([z < 0 if bit else z > 0 for z, bit in signs]))
        assert solver.check() == z3.unsat
        solver.pop()
    for one, other in combinations(interiors, 2):
        solver.push()
        solver.add(*one, *other)
        assert solver.check() == z3.unsat
        solver.pop()
    if partition.domain is not None:
        solver.add(*exported(partition.domain.to_polytope()))
    solver.add(*(z3.Not(z3.And(cell)) for cell in cells))
    assert solver.check() == z3.unsat


@pytest.mark.parametrize(
    ("network", "domain"),
    [
        (golden((2, 4, 4), 1), None),
        (golden((2, 4, 4), 1, 0.1), Box([-1, -1], [1, 1])),
        (seven_lines(), None),
        (flip_trap(), None),
        (golden((3, 3, 3), 5), Box([-1] * 3, [1] * 3)),
    ],
    ids=["golden", "leaky", "seven lines", "flip trap", "space"],
)
def test_exported_regions_fill_the_domain(network, domain):
    check(Lens(network).partition(domain))


@settings(max_examples=20)
@given(network=networks(st.integers(1, 2), max_depth=2, max_width=3), data=st.data())
def test_exported_regions_of_degenerate_networks(network, data):
    check(Lens(network).partition(data.draw(st.one_of(st.none(), boxes(network.input_dim)))))
