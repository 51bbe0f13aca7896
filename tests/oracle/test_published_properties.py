"""Verdicts on the ACAS Xu networks, which others have published; the files are read where POLYTOPE_LENS_ACASXU says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from polytope_lens import Lens, Status, Verdict, read_vnnlib
from polytope_lens.properties.property_proof import is_about_property
from proof_logs import verify

FOLDER = os.environ.get("POLYTOPE_LENS_ACASXU")
# Property, network, and whether others found it violated: some of each kind, the closest calls among them.
KNOWN = [
    (1, "1_1", False), (1, "2_2", False), (2, "1_1", False), (2, "2_1", True), (2, "3_3", False), (2, "4_2", False),
    (3, "1_1", False), (3, "1_7", True), (4, "1_1", False), (4, "1_9", True), (5, "1_1", False), (8, "2_9", True),
    (9, "3_3", False), (10, "4_5", False),
]  # fmt: skip

NETWORKS = [f"{a}_{b}" for a in range(1, 6) for b in range(1, 10)]
SINGLE = {5: "1_1", 6: "1_1", 7: "1_9", 8: "2_9", 9: "3_3", 10: "4_5"}
# All instances of the competition. Property 2 is violated by all networks but six, properties 3 and 4 by three.
INSTANCES = [(p, net) for p in range(1, 5) for net in NETWORKS] + [*SINGLE.items()]
# Their logs take more than that.
UNPROVED = {(2, "3_3"), (2, "4_2")}
TWO, THREE = {"1_1", "1_7", "1_8", "1_9", "3_3", "4_2"}, {"1_7", "1_8", "1_9"}
VIOLATED = (
    {(2, net) for net in NETWORKS if net not in TWO}
    | {(p, net) for p in (3, 4) for net in THREE}
    | {(7, "1_9"), (8, "2_9")}
)


@pytest.mark.long
@pytest.mark.skipif(FOLDER is None, reason="POLYTOPE_LENS_ACASXU names no folder with the networks and properties")
@pytest.mark.parametrize(("number", "network", "is_violated"), KNOWN)
def test_verdicts_are_the_published_ones(number, network, is_violated):
    pytest.importorskip("onnx")
    asked = read_vnnlib(Path(FOLDER, f"prop_{number}.vnnlib"))
    found = Lens(Path(FOLDER, f"acasxu_{network}.onnx")).check(asked, workers=2)
    assert found.verdict is (Verdict.VIOLATED if is_violated else Verdict.HOLDS)


@pytest.mark.long
@pytest.mark.skipif(FOLDER is None, reason="POLYTOPE_LENS_ACASXU names no folder with the networks and properties")
@pytest.mark.parametrize(("number", "network"), [pair for pair in INSTANCES if pair not in UNPROVED])
def test_verdicts_are_proved(number, network, tmp_path):
    """Within 116 seconds each, and checked from the log alone."""
    pytest.importorskip("onnx")
    asked, lens = read_vnnlib(Path(FOLDER, f"prop_{number}.vnnlib")), Lens(Path(FOLDER, f"acasxu_{network}.onnx"))
    found = lens.check(asked, proof=tmp_path / "run.proof", max_seconds=116)
    answer = verify(tmp_path / "run.proof")
    assert found.status is Status.COMPLETE and is_about_property(answer, lens.network, asked)
    assert answer["proved"] and answer["verdict"] == ("VIOLATED" if (number, network) in VIOLATED else "HOLDS")
