"""Trees of cells: parts hold what the cells held, and cuts are those that promise most."""

from __future__ import annotations

from fractions import Fraction

import pytest

from families import golden, random_deep
from polytope_lens import Box, Lens, Property
from polytope_lens.properties import cell_tree
from polytope_lens.properties.cell_tree import CellCut, CellTree, ProofNode, write_finished
from polytope_lens.properties.counterexample import exact_outputs

NETWORK = golden((2, 6, 6), 1)
SQUARE = Box([-1, -1], [1, 1])
MOST = Lens(NETWORK).maximum([1], SQUARE).value


def above(bound, network=NETWORK, domain=SQUARE):
    """The tree of the property that no output is so large, and its box."""
    asked = Property.of(domain, ([[-1]], [-bound]))
    return CellTree(network, asked.cases), asked.boxes()[0]


def leaves(tree, box, node=None):
    """All cells that were looked at, those that were closed first, and points."""
    waiting, done, points = [tree.whole(box, node)], [], []
    while waiting:
        looked = tree.looked(waiting)
        done += [cell for cell, left in zip(waiting, looked, strict=True) if left is None]
        left = [cell for cell in looked if cell is not None]
        parted = tree.parted(left, tree.cuts(left))
        done += [cell for cell, parts in zip(left, parted.cells, strict=True) if not parts]
        points += parted.points
        waiting = [part for parts in parted.cells for part in parts]
    return done, points


@pytest.mark.parametrize("few", [-1, 4, 99])
def test_what_is_left_out_is_closed_and_shares_add_up(few, monkeypatch):
    monkeypatch.setattr(cell_tree, "FEW_OPEN", few)
    tree, box = above(MOST + Fraction(1, 10**9))
    done, points = leaves(tree, box)
    assert not points and sum(cell.share for cell in done) == 1
    outer = dict.fromkeys(cell.outer for cell in done)
    areas = [(b.upper[0] - b.lower[0]) * (b.upper[1] - b.lower[1]) for b in outer]
    assert sum(areas) == 4
    for cell in done:
        assert all(lo <= a and b <= hi for a, b, lo, hi in zip(*cell.box, *cell.outer, strict=True))


def test_a_value_that_is_taken_is_found_at_a_point():
    tree, box = above(MOST)
    _, points = leaves(tree, box)
    assert points and all(exact_outputs(NETWORK, point) == (MOST,) for point in points)


def test_cuts_are_halves_of_few_axes_and_signs_of_few_neurons(monkeypatch):
    network = random_deep((3, 6, 5), 1, 0.0)
    flat = (["-1", "0.5", "-1"], ["1", "0.5", "1"])
    tree, box = above(Fraction(0), network, flat)
    (cell,) = tree.looked([tree.whole(box)])
    monkeypatch.setattr(cell_tree, "FEWEST", 0)
    tried = tree.tried([cell], cell.cells)[0]
    assert {cut.axis for cut in tried} <= {0, 2, None} and CellCut(0, -1) in tried
    assert sum(cut.axis is None for cut in tried) == cell_tree.NEURONS
    monkeypatch.setattr(cell_tree, "FEWEST", 99)
    assert all(cut.axis is None for cut in tree.tried([cell], cell.cells)[0])


@pytest.mark.parametrize("fewest", [0, 99])
def test_the_best_cut_leaves_the_least(fewest, monkeypatch):
    """Along the first input the network bends twice, along the other it is affine in the square."""
    lens = Lens.from_arrays([[[1.0, 0], [1, 0], [0, 1]], [[1, -1, 1]]], [[0.25, -0.25, 9], [0]])
    monkeypatch.setattr(cell_tree, "FEWEST", fewest)
    monkeypatch.setattr(cell_tree, "NEURONS", 2 if fewest else 0)
    tree, box = above(Fraction(106, 10), lens.network)
    (cell,) = tree.looked([tree.whole(box)])
    (cut,) = tree.cuts([cell])
    if fewest:
        assert cut.axis is None and cut.neuron in (0, 1)
    else:
        assert cut.axis == 0 and cut.left < 0.7
    assert tree.cuts([]) == []


def test_finished_nodes_are_written_in_order():
    root, lines = ProofNode(["root"]), []

    class Log:
        write = lines.append

    nodes = [root]
    write_finished(Log, nodes)
    assert not lines
    first, second = root.cut("halve 0")
    second.lines.append("second")
    second.is_closed = True
    write_finished(Log, nodes)
    assert lines == ["root", "halve 0"]
    first.lines.append("first")
    first.is_closed = True
    write_finished(Log, nodes)
    assert lines == ["root", "halve 0", "first", "second"] and not nodes


def test_halves_in_which_as_much_is_left_at_any_size_are_split(monkeypatch):
    """max(0, x) - max(0, -x) - max(0, 2 x) / 2 + max(0, -2 x) / 2 is 0, but bounds around 0 say so of signs only."""
    monkeypatch.setattr(cell_tree, "FEWEST", 0)
    nothing = Lens.from_arrays([[[1], [-1], [2], [-2]], [[1, -1, -0.5, 0.5]]], [[0] * 4, [0]]).network
    asked = Property.of(Box([-1], [2]), ([[-1]], [-(2.0**-1000)]))
    done, points = leaves(CellTree(nothing, asked.cases), asked.boxes()[0])
    assert not points and len(done) < 250
