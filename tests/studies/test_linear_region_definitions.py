"""The numbers of the study of six definitions."""

from __future__ import annotations

from linear_region_definitions import EXAMPLES, PRINTED, row


def test_the_printed_numbers_are_met():
    found = row("minimum of two")
    assert found == row("minimum of two", everywhere=False) | {"domain": found["domain"]}
    assert tuple(found[f"R{k}"] for k in range(1, 7)) == PRINTED["minimum of two"] == (7, 5, 4, 3, 3, 3)


def test_where_two_readings_differ():
    tilted, joined = row("half-plane and sectors"), row("joined through a slice")
    assert (tilted["R3"], tilted["R3_sets"]) == (5, 4)
    assert (joined["R3"], joined["R3_sets"], joined["R5"], joined["R5_closures"]) == (8, 6, 5, 6)
    assert set(EXAMPLES) >= {"minimum of two", "half-plane and sectors", "joined through a slice"}
