"""Networks that floats get wrong, or that have properties which are only just true."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from polytope_lens import Lens


def tents(k):
    """Each of two inputs of [0, 1] folded k times, 2^k regions each, and the sum of both tents: 2 at most."""
    folds = [np.array([[2.0, -4, 0, 0], [2, -4, 0, 0], [0, 0, 2, -4], [0, 0, 2, -4]])] * (k - 1)
    weights = [np.array([[1.0, 0], [1, 0], [0, 1], [0, 1]]), *folds, np.array([[2.0, -4, 2, -4]])]
    return Lens.from_arrays(weights, [*[np.array([0, -0.5, 0, -0.5])] * k, np.zeros(1)])


def controller(d, seed=0, width=12):
    """A random network with d inputs and three outputs."""
    rng = np.random.default_rng([d, seed])
    sizes = (d, width, width, 3)
    weights = [rng.standard_normal((n, m)) / np.sqrt(m) for m, n in pairwise(sizes)]
    return Lens.from_arrays(weights, [rng.standard_normal(n) / 8 for n in sizes[1:]])


def needle(d):
    """A network that is 1 but on a pyramid of height 1, whose base is 2^-30 around a point, and that point."""
    centre = np.random.default_rng(d).integers(-(2**10), 2**10, d) / 2.0**11
    first = 2.0**30 * np.concatenate([np.eye(d), -np.eye(d)])
    bias = -first @ centre
    return Lens.from_arrays([first, -np.ones((1, 2 * d)), [[1.0]]], [bias, [1.0], [1.0]]), centre


def absorbed(digits):
    """relu(2^digits x + 1) - relu(2^digits x), which is 1 where x is at least 0."""
    return Lens.from_arrays([[[2.0**digits], [2.0**digits]], [[1, -1]]], [[1.0, 0.0], [0.0]])
