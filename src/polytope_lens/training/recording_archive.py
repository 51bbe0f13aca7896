"""Recordings as files: one NumPy archive, compressed, without Python objects.

The arrays of a saved recording of n steps, m of which have a network. Floats are kept in 32 bits where that rounds none
of an array, which is so for the weights of models that are trained in float32:

``recording_version``
    2.
``steps`` (n,), ``finite`` (n,)
    The steps, and whether there is a network, or the weights were not finite.
``n_hidden_layers``
    L; this and the following are absent if there are no networks.
``weights{l}`` (m, n_l, n_{l-1}), ``biases{l}`` (m, n_l)
    Of layer l from 0 to L; the last pair is the output layer.
``negative_slope{l}``, ``positive_slope{l}`` (m, n_l), ``cuts{l}`` (n_l,)
    Of hidden layer l, as in `Layer`.
``lo``, ``hi`` (d,)
    Corners of the domain; absent where there is none.
``train_points``, ``train_values``, ``validation_points``, ``validation_values``, ``target``
    As in `Samples` and `Recording`; absent where there are none.
``sha256_of_all``
    The digest of all of them, as `array_archive` takes it.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.domain import Box
from polytope_lens.errors import DimensionError, DomainError, FileFormatError, InvalidNetworkError, OptionError
from polytope_lens.io.array_archive import load_arrays, save_arrays
from polytope_lens.io.arrays import INT, MOST, ArrayReader, narrowed
from polytope_lens.network.network import Layer, Network
from polytope_lens.training.samples import Samples
from polytope_lens.training.target_image import check_image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from polytope_lens.training.recording import Recording

    Arrays = dict[str, Any]

VERSION = 2
BOOL = np.dtype(np.bool_)
SLOPES = ("negative_slope", "positive_slope")


def save(recording: Recording, path: str | PathLike[str]) -> None:
    """Write a recording to a file, from which `load` makes an equal one.

    Parameters
    ----------
    recording : Recording
        Of networks that differ in their weights and slopes only.
    path : str or path-like
        Used as it is; no suffix is added. An existing file is replaced at once, when the new one is complete.

    Raises
    ------
    OptionError
        Networks of several architectures.

    Notes
    -----
    Exact: no number is rounded. Sparse weights, of convolutions, are written out as dense ones.
    Cost: 4 bytes per weight and step, 8 for models in float64, before compression.
    """
    arrays: Arrays = {
        "recording_version": np.array(VERSION, dtype=INT),
        "steps": recording.steps,
        "finite": np.array([network is not None for network in recording.networks], dtype=bool),
    }
    if recording.domain is not None:
        arrays |= {"lo": recording.domain.lower, "hi": recording.domain.upper}
    arrays |= _stacked([network for network in recording.networks if network is not None])
    if recording.samples is not None:
        arrays |= {field.name: getattr(recording.samples, field.name) for field in fields(recording.samples)}
    if recording.target is not None:
        arrays["target"] = recording.target
    path = validate.path(path, name="the file of a recording")
    save_arrays(path, {name: _least(array) for name, array in arrays.items()}, compress=True)


def _least(array: Any) -> Any:
    return narrowed(array) if array.dtype.kind == "f" else array


def _stacked(networks: Sequence[Network]) -> Arrays:
    if not networks:
        return {}
    first = networks[0]
    architecture = _architecture(first)
    for network in networks:
        if _architecture(network) != architecture:
            raise OptionError(
                f"a recording is saved if its networks differ in their weights only, but it has {first} and {network}."
            )
    arrays: Arrays = {"n_hidden_layers": np.array(len(first.layers), dtype=INT)}
    for index, layer in enumerate(first.layers):
        for kept, name in (("weights", "weight"), ("biases", "bias"), *((slope, slope) for slope in SLOPES)):
            arrays[f"{kept}{index}"] = np.stack([getattr(network.layers[index], name) for network in networks])
        arrays[f"cuts{index}"] = layer.cuts
    last = len(first.layers)
    arrays[f"weights{last}"] = np.stack([network.dense_output_weight() for network in networks])
    arrays[f"biases{last}"] = np.stack([network.output_bias for network in networks])
    return arrays


def _architecture(network: Network) -> tuple[object, ...]:
    return (network.input_dim, network.output_dim, *(layer.cuts.tobytes() for layer in network.layers))


def load(path: str | PathLike[str]) -> dict[str, Any]:
    """Read what `save` wrote.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    dict
        The fields of a `Recording`.

    Raises
    ------
    MissingFileError, FileAccessError
    FileFormatError
        A damaged or incomplete file, or one whose arrays do not fit together. Python objects are never read.
    """
    path = validate.path(path, name="the file of a recording")
    arrays = load_arrays(path, sealed="recording_version")
    if "recording_version" not in arrays:
        raise FileFormatError(f"{path} holds no recording. Write one with `recording.save`.")
    try:
        reader = ArrayReader(arrays)
        version = reader.array("recording_version", INT)
        if version != VERSION:
            raise FileFormatError(f"it is of version {version}, but this release reads version {VERSION}.")
        steps = reader.array("steps", INT, None)
        if (np.diff(steps) <= 0).any():
            raise FileFormatError("steps should increase, but they do not.")
        finite = reader.array("finite", BOOL, len(steps))
        networks = iter(_networks(reader, int(finite.sum())))
        domain = Box(reader.floats("lo", None), reader.floats("hi", None)) if {"lo", "hi"} & set(arrays) else None
        return {
            "steps": steps,
            "networks": tuple(next(networks) if there else None for there in finite.tolist()),
            "domain": domain,
            "samples": _samples(reader) if "train_points" in reader else None,
            "target": check_image(_values(reader, "target", None, None)) if "target" in reader else None,
        }
    except (FileFormatError, InvalidNetworkError, DomainError, DimensionError) as error:
        raise FileFormatError(f"{path}: {error}") from error


def _networks(reader: ArrayReader, n: int) -> list[Network]:
    if n == 0:
        if "n_hidden_layers" in reader:
            raise FileFormatError("finite should be true for some step, since there are weights, but never is.")
        return []
    n_layers = int(reader.indices("n_hidden_layers", 0, MOST))
    weights = [reader.floats(f"weights{index}", n, None, None) for index in range(n_layers + 1)]
    biases = [reader.floats(f"biases{index}", n, weight.shape[1]) for index, weight in enumerate(weights)]
    negative, positive = (
        [reader.floats(f"{name}{index}", *biases[index].shape) for index in range(n_layers)] for name in SLOPES
    )
    cuts = [reader.array(f"cuts{index}", BOOL, biases[index].shape[1]) for index in range(n_layers)]
    return [
        Network(
            tuple(
                Layer(weights[index][k], biases[index][k], negative[index][k], positive[index][k], cuts[index])
                for index in range(n_layers)
            ),
            weights[-1][k],
            biases[-1][k],
        )
        for k in range(n)
    ]


def _samples(reader: ArrayReader) -> Samples:
    return Samples(
        reader.floats("train_points", None, None),
        _values(reader, "train_values", None),
        reader.floats("validation_points", None, None),
        _values(reader, "validation_values", None),
    )


def _values(reader: ArrayReader, name: str, *shape: int | None) -> Any:
    """Floats, or the numbers of categories."""
    return reader.array(name, INT, *shape) if reader.kind(name) == "i" else reader.floats(name, *shape)
