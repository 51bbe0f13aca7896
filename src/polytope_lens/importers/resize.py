"""Interpolation along one axis, as a matrix: where each output looks in the input, in the words of ONNX's Resize."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._deferred import sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens._types import Sparse


def resize_matrix(n: int, m: int, scale: float, mode: str, transform: str, rounding: str) -> Sparse | None:
    """The (m, n) matrix that stretches n values to m; None for transformations that are not known.

    Parameters
    ----------
    mode : "nearest" or "linear"
    transform : str
        How places in the output and in the input belong together: ONNX's `coordinate_transformation_mode`.
    rounding : str
        For "nearest", ONNX's `nearest_mode`.
    """
    i = np.arange(m)
    x: NDArray[Any]
    if transform == "asymmetric":
        x = i / scale
    elif transform == "align_corners":
        x = i * ((n - 1) / (m - 1)) if m > 1 else np.zeros(1)
    elif transform == "half_pixel" or (transform == "pytorch_half_pixel" and m > 1):
        x = (i + 0.5) / scale - 0.5
    elif transform == "half_pixel_symmetric":
        # The output keeps its middle where rounding has changed its size.
        x = n / 2 * (1 - m / (scale * n)) + (i + 0.5) / scale - 0.5
    elif transform == "pytorch_half_pixel":
        x = np.zeros(1)
    else:
        return None
    if mode == "linear":
        x = np.clip(x, 0, n - 1)
        low = np.minimum(np.floor(x).astype(np.int64), max(n - 2, 0))
        share = x - low
        rows, columns = np.tile(i, 2), np.concatenate([low, np.minimum(low + 1, n - 1)])
        return sparse.csr_array((np.concatenate([1 - share, share]), (rows, columns)), shape=(m, n))
    if rounding in ("floor", "ceil"):
        x = np.floor(x) if rounding == "floor" else np.ceil(x)
    else:
        x = np.ceil(x - 0.5) if rounding == "round_prefer_floor" else np.floor(x + 0.5)
    columns = np.clip(x, 0, n - 1).astype(np.int64)
    return sparse.csr_array((np.ones(m), (i, columns)), shape=(m, n))
