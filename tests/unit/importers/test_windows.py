"""Windows and the matrices of convolutions, by their definition as loops."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytope_lens.errors import InvalidNetworkError
from polytope_lens.importers.windows import Windows, convolution_matrix


@st.composite
def sliding(draw):
    axes = draw(st.integers(1, 2))

    def numbers(low, high):
        return draw(st.tuples(*[st.integers(low, high)] * axes))

    kernel, stride, dilation = numbers(1, 3), numbers(1, 3), numbers(1, 2)
    before, after, sizes = numbers(-1, 2), numbers(-1, 2), numbers(3, 6)
    return Windows(kernel, stride, before, after, dilation), sizes


def starts(windows, sizes, axis):
    """Where windows start along an axis, counted from the first value; by trying one after another."""
    n, k, d = sizes[axis], windows.kernel[axis], windows.dilation[axis]
    found, at = [], -windows.before[axis]
    while at + d * (k - 1) < n + windows.after[axis]:
        found.append(at)
        at += windows.stride[axis]
    return found


@settings(max_examples=200)
@given(case=sliding())
def test_places_are_those_of_loops(case):
    windows, sizes = case
    try:
        outputs = windows.outputs(sizes)
    except InvalidNetworkError:
        assert any(not starts(windows, sizes, axis) for axis in range(len(sizes)))
        return
    along = [starts(windows, sizes, axis) for axis in range(len(sizes))]
    assert outputs == tuple(map(len, along))
    expected = []
    for corner in product(*along):
        row = []
        for offset in product(*map(range, windows.kernel)):
            at = [c + o * d for c, o, d in zip(corner, offset, windows.dilation, strict=True)]
            inside = all(0 <= a < n for a, n in zip(at, sizes, strict=True))
            row.append(int(np.ravel_multi_index(at, sizes)) if inside else -1)
        expected.append(row)
    assert windows.places(sizes).tolist() == expected


@pytest.mark.parametrize("groups", [1, 2])
def test_the_matrix_of_a_convolution_is_its_loops(groups):
    rng = np.random.default_rng(groups)
    windows = Windows((2, 3), (2, 1), (1, 0), (0, 1), (1, 1))
    sizes, channels, out = (4, 5), 2 * groups, 3 * groups
    weight, image = rng.standard_normal((out, channels // groups, 2, 3)), rng.standard_normal((channels, *sizes))
    matrix = convolution_matrix(weight, windows, sizes, groups, "conv")
    padded = np.pad(image, [(0, 0), (1, 0), (0, 1)])
    rows, columns = windows.outputs(sizes)
    expected = np.zeros((out, rows, columns))
    for o, r, c in product(range(out), range(rows), range(columns)):
        first = o // (out // groups) * (channels // groups)
        patch = padded[first : first + channels // groups, 2 * r : 2 * r + 2, c : c + 3]
        expected[o, r, c] = (weight[o] * patch).sum()
    assert np.allclose(matrix @ image.ravel(), expected.ravel())


def test_a_last_window_may_hang_over_where_it_starts_inside():
    along = [5, 6, 7, 8]
    counts = {ceil: [Windows([3], [2], [1], [1], [1], ceil).outputs([n])[0] for n in along] for ceil in (False, True)}
    assert counts == {False: [3, 3, 4, 4], True: [3, 4, 4, 5]}
    assert Windows([1], [1], [0], [1], [1], ceil=True).outputs([3]) == (3,)  # none starts in the padding at the end
    assert Windows([3], [2], [0], [0], [1], ceil=True).places([4]).tolist() == [[0, 1, 2], [2, 3, -1]]


def test_what_is_no_window_is_refused():
    with pytest.raises(InvalidNetworkError, match="a window of size 4 does not fit on 3 values with padding 0 and 0"):
        Windows([4], [1], [0], [0], [1]).outputs([3])
    with pytest.raises(InvalidNetworkError, match="stride 0 and dilation 1 on 3 values is no window"):
        Windows([2], [0], [0], [0], [1]).outputs([3])
