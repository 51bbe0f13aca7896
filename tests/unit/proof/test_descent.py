"""The way to regions, in words: read back, it leads to their patterns."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from families import golden
from polytope_lens import Box, Lens
from polytope_lens.proof.descent import CellNode, descend
from polytope_lens.proof.log_pieces import blocks, outline
from polytope_lens.testing import boxes, networks


class Spoken:
    """A cell of which everything is said."""

    def __init__(self, network):
        self.neurons = [np.flatnonzero(layer.cuts).tolist() for layer in network.layers]

    def undecided(self, layer, bits):
        return list(self.neurons[layer])

    def halves(self, layer, neuron, bits):
        return self, self

    def explanation(self, layer, neuron, bits, *, on):
        return f"{neuron}{'+' if on else '-'}"


def read(network, ends):
    """The decisions at each end, layer by layer, as somebody finds them who reads the steps in order."""
    sizes = [sum(layer.cuts) for layer in network.layers]
    waiting = [[{} for _ in sizes]]
    for steps, _ in ends:
        at = waiting.pop()
        for step in steps:
            layer = next(k for k, size in enumerate(sizes) if len(at[k]) < size)
            neuron = int(step.rstrip("+-"))
            assert neuron not in at[layer]
            if step.isdigit():
                waiting.append([{**known} for known in at])
                waiting[-1][layer][neuron] = True
            at[layer][neuron] = step.endswith("+")
        yield at
    assert not waiting


@settings(max_examples=40)
@given(data=st.data(), d=st.integers(1, 3))
def test_steps_lead_to_all_patterns(data, d):
    network = data.draw(networks(d, max_depth=3, max_width=4))
    bits = Lens(network).partition(data.draw(boxes(d))).patterns()
    ends = descend(network, bits, bits, CellNode(0, len(bits), -1, [], Spoken(network)), to_regions=True)
    found = [[known[j] for known in at for j in sorted(known)] for at in read(network, ends)]
    assert found == bits.tolist()


def test_a_trunk_and_its_pieces_are_the_tree():
    network = golden((2, 6, 6), 1)
    partition = Lens(network).partition(Box([-2, -2], [2, 2]))
    bits = partition.patterns()
    whole = list(descend(network, bits, bits, CellNode(0, len(bits), -1, [], Spoken(network)), to_regions=True))
    chunk = type("Chunk", (), {"n_regions": len(bits), "patterns": partition.packed_patterns, "witnesses": bits * 1.0})
    found = list(blocks([chunk], bits.shape[1], 5))
    assert len(found) > 3
    outlines = [outline(block.bits, [6, 12]) for block in found]
    every, some = (np.array([one[i] for one in outlines]) for i in (0, 1))
    leads, steps, starts = [], [], []
    trunk = descend(network, some, every, CellNode(0, len(found), -1, [], Spoken(network)), to_regions=False)
    for (lead, node), block in zip(trunk, found, strict=True):
        starts.append(node.start)
        root = node._replace(start=0, stop=len(block.bits))
        ways = [way for way, _ in descend(network, block.bits, block.bits, root, to_regions=True)]
        leads.append(lead)
        steps += [[*lead, *ways[0]], *ways[1:]]
    assert starts == list(range(len(found)))
    assert sorted(map(sorted, steps)) == sorted(map(sorted, (way for way, _ in whole)))
    cuts = sum(step.isdigit() for way in steps for step in way)
    assert cuts == len(bits) - 1
