"""Regions as JSON."""

from __future__ import annotations

import json

from polytope_lens import Box, Lens
from polytope_lens.cli.output import print_json, regions_as_json

PARTITION = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]]).partition(Box([-1, -1], [1, 1]))


def test_regions_come_in_the_order_asked_for_with_a_number_of_each():
    found = regions_as_json(PARTITION, [3, 0], {"distance": [0.0, 1.0, 2.0, 3.0]})
    assert [region["distance"] for region in found] == [3.0, 0.0]
    assert [region["pattern"] for region in found] == [PARTITION[3].pattern.hex, PARTITION[0].pattern.hex]
    assert found[0]["map"] == [[1.0, 1.0, 0.0]]
    assert set(regions_as_json(PARTITION, [1])[0]) == {"pattern", "witness", "map"}


def test_json_is_one_line(capsys):
    print_json({"regions": regions_as_json(PARTITION, range(4))})
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert len(json.loads(printed)["regions"]) == 4
