"""Networks as plain NumPy archives: ``W0, b0, W1, b1, ...`` and, if wanted, the domain they are looked at on.

The format, all arrays of numbers, rows are neurons:

``W{l}`` (n_l, n_{l-1}), ``b{l}`` (n_l,)
    Weight and bias of layer l, counted from 0 without gaps; the last pair is the output layer.
``activation``
    "relu" (also when absent), "leaky_relu", or "identity" (layers that only carry values), for all hidden layers.
``negative_slope``
    A number, with "leaky_relu" only; 0.01 when absent.
``negative_slope{l}``, ``positive_slope{l}``, ``cuts{l}`` (n_l,)
    Slopes, and whether a neuron cuts, one by one for hidden layer l; each takes the place of what `activation` says.
``lo``, ``hi`` (d,)
    Corners of the domain; both absent, or infinite in every coordinate, for the whole space.

``sha256_of_all``
    The digest of all other arrays, as `array_archive` takes it; it may be absent.

Other arrays are left to other programs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from polytope_lens._arrays import validate
from polytope_lens.domain import Box
from polytope_lens.errors import DimensionError, DomainError, FileFormatError, InvalidNetworkError
from polytope_lens.io.array_archive import load_arrays, save_arrays
from polytope_lens.network.network import Layer, Network

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import NDArray

    Arrays: TypeAlias = dict[str, Any]

ACTIVATIONS = ("relu", "leaky_relu", "identity")
DEFAULT_LEAKY_SLOPE = 0.01
PER_NEURON = ("negative_slope", "positive_slope", "cuts")


def load_npz(path: str | PathLike[str]) -> tuple[Network, Box | None]:
    """Read a network and its domain from a ``.npz`` file; the format is described at the top of this module.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    network : Network
    domain : Box or None
        None for the whole space, also when the file does not mention a domain.

    Raises
    ------
    MissingFileError, FileAccessError
    FileFormatError
        A damaged or incomplete file, or one that holds Python objects; they are never unpickled.

    Notes
    -----
    Exact: narrower floats and integers convert to float64 without loss, and numbers that would be rounded are refused.
    """
    arrays = load_arrays(path)
    try:
        network = network_of(arrays)
        return network, box_of(arrays, network.input_dim)
    except (FileFormatError, InvalidNetworkError, DomainError) as error:
        raise FileFormatError(f"{path}: {error}") from error


def save_npz(network: Network, path: str | PathLike[str], domain: Box | None = None) -> None:
    """Write a network, and the domain if given, as a ``.npz`` file that `load_npz` reads back to equal arrays.

    The file is complete or not there: it is written beside `path` and then moved.

    Parameters
    ----------
    network : Network
    path : str or path-like
        Used as it is; no suffix is added. An existing file is replaced.
    domain : Box or None
        None, the whole space, is written by leaving it out.

    Raises
    ------
    DomainError, DimensionError
        A domain that is no box, or has another dimension than the network's input.
    """
    arrays = arrays_of(network)
    if domain is not None:
        if not isinstance(domain, Box):
            raise DomainError(f"a .npz file keeps a Box or None as domain, but received {type(domain).__name__}.")
        if domain.dim != network.input_dim:
            raise DimensionError(f"the network has {network.input_dim} inputs, but the domain has {domain.dim}.")
        arrays |= {"lo": domain.lower, "hi": domain.upper}
    save_arrays(path, arrays)


def arrays_of(network: Network) -> Arrays:
    """The arrays of a network, by name."""
    arrays: Arrays = {}
    pairs = [(layer.weight, layer.bias) for layer in network.layers] + [(network.output_weight, network.output_bias)]
    for index, (weight, bias) in enumerate(pairs):
        arrays[f"W{index}"], arrays[f"b{index}"] = weight, bias
    return arrays | _activation_arrays(network)


def network_of(arrays: Arrays) -> Network:
    """The network that arrays describe."""
    n_layers = _count_layers(arrays)
    defaults = _default_slopes(arrays)
    pairs = [(_numbers(arrays, f"W{index}"), _numbers(arrays, f"b{index}")) for index in range(n_layers)]
    layers = []
    for index, (weight, bias) in enumerate(pairs[:-1]):
        per_neuron = [
            _numbers(arrays, name) if (name := f"{kind}{index}") in arrays else np.full(bias.shape, default)
            for kind, default in zip(PER_NEURON, defaults, strict=True)
        ]
        try:
            layers.append(Layer(weight, bias, *per_neuron))
        except InvalidNetworkError as error:
            raise FileFormatError(f"in layer {index} (W{index}, b{index}), {error}") from error
    return Network(tuple(layers), *pairs[-1])


def _numbers(arrays: Arrays, name: str) -> NDArray[Any]:
    array = np.asarray(arrays[name])
    if array.dtype.kind not in "buif":
        raise FileFormatError(f"array {name} should hold real numbers, but has dtype {array.dtype}.")
    return array


def _count_layers(arrays: Arrays) -> int:
    """Count the pairs W, b: numbered without gaps, and nothing numbered beyond them."""
    numbers = {
        kind: {int(match[1]) for name in arrays if (match := re.fullmatch(rf"{kind}(0|[1-9][0-9]*)", name))}
        for kind in ("W", "b", *PER_NEURON)
    }
    used = numbers["W"] | numbers["b"]
    n_layers = max(used, default=0) + 1
    for index in range(n_layers):
        for kind in ("W", "b"):
            if index not in numbers[kind]:
                raise FileFormatError(
                    f"array {kind}{index} is missing: layers should be numbered from W0, b0 without gaps, "
                    f"but the arrays are {', '.join(sorted(arrays)) or 'none'}."
                )
    for kind in PER_NEURON:
        for index in sorted(numbers[kind]):
            if index >= n_layers - 1:
                raise FileFormatError(f"array {kind}{index} belongs to no hidden layer; there are {n_layers - 1}.")
    return n_layers


def _default_slopes(arrays: Arrays) -> tuple[float, float, bool]:
    """Negative slope, positive slope, and whether neurons cut, unless arrays say otherwise for single neurons."""
    activation = str(arrays["activation"]) if "activation" in arrays else "relu"
    if activation not in ACTIVATIONS:
        raise FileFormatError(f"activation should be one of {', '.join(ACTIVATIONS)}, but is {activation!r}.")
    if "negative_slope" in arrays and activation != "leaky_relu":
        raise FileFormatError(f'negative_slope goes with activation "leaky_relu", but activation is {activation!r}.')
    if activation == "leaky_relu":
        slope = arrays.get("negative_slope", np.array(DEFAULT_LEAKY_SLOPE))
        return float(validate.float_array(slope, name="negative_slope", ndim=0, error=FileFormatError)), 1.0, True
    return (0.0, 1.0, True) if activation == "relu" else (1.0, 1.0, False)


def _activation_arrays(network: Network) -> Arrays:
    """One name and slope when they serve all hidden layers, else one array per layer and property."""
    neurons = {
        neuron
        for layer in network.layers
        for neuron in zip(
            layer.negative_slope.tolist(), layer.positive_slope.tolist(), layer.cuts.tolist(), strict=True
        )
    }
    if neurons <= {(0.0, 1.0, True)}:
        return {"activation": np.array("relu")}
    if neurons == {(1.0, 1.0, False)}:
        return {"activation": np.array("identity")}
    slope = network.layers[0].negative_slope[0]
    if neurons == {(slope, 1.0, True)}:
        return {"activation": np.array("leaky_relu"), "negative_slope": slope}
    return {f"{kind}{index}": getattr(layer, kind) for index, layer in enumerate(network.layers) for kind in PER_NEURON}


def box_of(arrays: Arrays, dim: int) -> Box | None:
    """The domain that arrays describe, None for the whole space."""
    if "lo" not in arrays and "hi" not in arrays:
        return None
    for present, absent in (("lo", "hi"), ("hi", "lo")):
        if absent not in arrays:
            raise FileFormatError(
                f"array {absent} is missing: {present} is one corner of the domain, {absent} the other."
            )
    lower, upper = _numbers(arrays, "lo"), _numbers(arrays, "hi")
    if lower.shape != (dim,) or upper.shape != (dim,):
        raise FileFormatError(
            f"lo and hi should have one number for each of the {dim} inputs of the network, but have shapes "
            f"{lower.shape} and {upper.shape}."
        )
    if (lower == -np.inf).all() and (upper == np.inf).all():
        return None
    if np.isinf(lower).any() or np.isinf(upper).any():
        raise FileFormatError("lo and hi should be finite, or infinite in every coordinate for the whole space.")
    return Box(lower, upper)
