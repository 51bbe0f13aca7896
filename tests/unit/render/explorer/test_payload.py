from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from polytope_lens.render.explorer.payload import TYPES, packed, unpacked

ARRAYS = st.sampled_from(sorted(TYPES)).flatmap(
    lambda code: hnp.arrays(TYPES[code], hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5))
)


@given(st.dictionaries(st.sampled_from(["points", "weight0", "x"]), ARRAYS, max_size=3))
def test_arrays_come_back_bit_by_bit(arrays):
    told = {"regions": 3, "name": "</script>", "nothing": None}
    text = packed(told, arrays)
    assert text == packed(told, arrays)
    found, again = unpacked(text)
    assert found == told
    assert again.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (again[name].dtype, again[name].shape) == (array.dtype, array.shape)
        assert again[name].tobytes() == array.tobytes()


def test_text_ends_no_script():
    assert set(packed({"a": "<"}, {"x": np.arange(9, dtype=np.int32)})) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
    )


@pytest.mark.parametrize("kind", [np.int64, np.uint64, bool, object])
def test_what_the_page_does_not_know_is_refused(kind):
    with pytest.raises(TypeError, match="no numbers of type"):
        packed({}, {"x": np.zeros(2, dtype=kind)})


def test_what_is_no_number_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        packed({"range": float("nan")}, {})
