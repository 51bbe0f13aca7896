"""What kernels say about named tuples has its code; what that does is tested in `test_held`."""

from __future__ import annotations

from polytope_lens._compiled import intrinsics, structures


def test_far_has_its_code():
    assert structures.far.code is intrinsics.CODE["far"]
