"""Values of every kind that somebody may give for an argument, and arguments with which every public callable works."""

from __future__ import annotations

import datetime
import math
import os
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch

from polytope_lens import Box, Lens, Property, Status
from polytope_lens.experiments import ring, sample

SCALARS = {
    "None": None, "True": True, "False": False, "0": 0, "-1": -1, "1": 1, "2": 2, "5": 5, "2.5": 2.5, "-0.5": -0.5,
    "nan": math.nan, "inf": math.inf, "-inf": -math.inf, "1e308": 1e308, "5e-324": 5e-324, "10^30": 10**30,
    "10^400": 10**400, "10^5000": 10**5000, "2^31": 2**31, "2^53": 2**53, "2^63": 2**63, "-2^63": -(2**63), "i": 1j,
    "1/3": Fraction(1, 3), "1/2": Fraction(1, 2), "Decimal 0.1": Decimal("0.1"), "Decimal NaN": Decimal("nan"),
    "int64": np.int64(3), "float32": np.float32(0.5), "numpy True": np.bool_(True),
}  # fmt: skip
TEXTS = {"no text": "", "a": "a", "with a zero": "a\0b", "no bytes": b"", "bytes": b"abc", "a path": Path("no/x")}
ARRAYS = {
    "0-D": np.array(1.0), "(0,)": np.array([]), "(0, 2)": np.zeros((0, 2)), "(2, 2)": np.zeros((2, 2)),
    "(3, 3)": np.eye(3), "(2, 2, 2)": np.zeros((2, 2, 2)), "objects": np.array([object(), None], dtype=object),
    "texts": np.array(["x", "y"]), "complex": np.array([1j, 0]), "dates": np.array(["2020-01-01"] * 2, dtype="M8[D]"),
    "with NaN": np.array([np.nan, 0]), "with inf": np.array([[np.inf, 0]]), "huge": np.array([1e308, -1e308]),
}  # fmt: skip
LISTS = {
    "ragged": [[0.5, 0.25], [0]], "[]": [], "a point": [0.5, 0.25], "points": [[0.5, 0.25]],
    "list of texts": ["a", "b"],
    "Nones": [None, None], "fractions": [Fraction(1, 3), Fraction(1, 2)], "10^400 in a list": [10**400, 0], "()": (),
    "{}": {}, "dict": {"a": 1}, "set()": set(), "set": {1, 2}, "range": range(2), "nested": [[[0.5]]],
}  # fmt: skip
OBJECTS = {
    "object": object(), "function": len, "class": int, "slice": slice(None), "no slice": slice("a", None),
    "...": Ellipsis, "module": os, "exception": ValueError("x"), "memory": memoryview(b"abc"),
    "status": Status.COMPLETE,
    "date": datetime.date(2020, 1, 1), "box": Box([-1, -1], [1, 1]), "torch module": torch.nn.Linear(2, 1),
}  # fmt: skip
OF_OTHERS = {
    "tensor": torch.tensor([0.5, 0.25]), "tensor that needs grad": torch.tensor([0.5, 0.25], requires_grad=True),
    "bfloat16": torch.tensor([0.5, 0.25], dtype=torch.bfloat16), "meta": torch.empty(2, device="meta"),
    "sparse tensor": torch.eye(2).to_sparse(), "matrix that needs grad": torch.eye(2, requires_grad=True),
    "frame": pd.DataFrame([[0.5, 0.25]]), "frame of texts": pd.DataFrame({"a": ["x"], "b": [1]}),
    "series": pd.Series([0.5, 0.25]), "sparse matrix": sp.csr_array(np.eye(2)),
}  # fmt: skip
VALUES = {**SCALARS, **TEXTS, **ARRAYS, **LISTS, **OBJECTS, **OF_OTHERS}

LENS = Lens.from_arrays([[[1, -1], [0, 1], [0.5, -1]], [[1, 1, -1], [2, 0, 1]]], [[0, 0, 0.25], [0, 1]])
OTHER = Lens.from_arrays([[[1, -1], [0, 1]], [[1, 1], [2, 0]]], [[0, 0.5], [0, 1]])
BOX = Box([-1, -1], [1, 1])
POINT = [0.5, 0.25]
MODEL = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
IMAGE = ring(16)

WORKING = {
    "x": POINT, "X": [POINT], "Y": [POINT], "y": [-0.5, 0.1], "domain": BOX, "other": OTHER, "baseline": [0, 0],
    "radius": 0.1, "output": 0, "value": 0.1, "n": 3, "i": 0, "j": 1, "index": 0, "layer": 0, "neuron": 0,
    "weights": [[[1, 0]], [[1]]], "biases": [[0], [0]], "positions": [0.1], "model": MODEL, "lower": [-1, -1],
    "upper": [1, 1], "A": [[1.0, 0.0]], "b": [1.0], "image": IMAGE, "samples": sample(IMAGE, 20, 10), "string": "ab",
    "shape": (2, 3, 1), "depth": 2, "size": 16, "progress": False, "bits": (True, False), "bits_per_layer": (2,),
    "n_train": 20, "eps": 0.1, "n_validation": 10, "engine": "subdivide",
    "asked": Property.of(BOX, ([[1, 0]], [0])), "c": [1, 0], "target": ([[1, 0]], [0]),
}  # fmt: skip
"""For each parameter, by its name, what works wherever it is asked for."""
