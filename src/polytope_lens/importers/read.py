"""Whatever a user may hand over, as a network: which importer reads what."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from polytope_lens._arrays import validate
from polytope_lens.errors import FileFormatError, OptionError, PolytopeLensError, UnsupportedLayerError, require
from polytope_lens.importers.graph import granted
from polytope_lens.importers.wanted import wanted
from polytope_lens.io.files import open_to_read
from polytope_lens.network.network import Network

if TYPE_CHECKING:
    import onnx
    import sklearn.base
    import torch
    from numpy.typing import ArrayLike

    from polytope_lens.importers.check import SelfCheck
    from polytope_lens.importers.layering import Lowering
    from polytope_lens.importers.wanted import Inputs, InputShape, Outputs, Wanted

    Model: TypeAlias = (
        torch.nn.Module
        | torch.export.ExportedProgram
        | onnx.ModelProto
        | sklearn.base.BaseEstimator
        | Mapping[str, ArrayLike | torch.Tensor]
        | Network
        | str
        | os.PathLike[str]
    )
    Found: TypeAlias = tuple[Network, Lowering | None, SelfCheck | None]

EXAMPLE = Path(__file__).parents[1] / "example.npz"
"""A network that comes with the package: d2_14x6_box1 of the benchmarks."""


def read(
    model: Model,
    input_shape: InputShape | None = None,
    architecture: Any = None,
    inputs: Inputs | None = None,
    outputs: Outputs | None = None,
) -> Found:
    """A network from a model or a file; with what was done to get it, and how well it agrees with a torch module.

    Raises
    ------
    UnsupportedLayerError, InvalidNetworkError, FileFormatError
    OptionError
        An option with something that has no use for it.
    """
    return _read(model, wanted(input_shape, inputs, outputs), architecture)


def _read(model: Any, asked: Wanted, architecture: Any) -> Found:
    if isinstance(model, str | os.PathLike):
        return _read_file(validate.path(model, name="`model`"), asked, architecture)
    if isinstance(model, Mapping):
        return _weights(model, asked, architecture, "a state_dict")
    _unused(architecture=architecture)
    if isinstance(model, Network):
        _unused_all(asked)
        return model, None, None
    if _comes_from(model, "torch"):
        from polytope_lens.importers.torch.torch import lower_and_check

        return _found(*lower_and_check(model, asked))
    if _comes_from(model, "onnx"):
        from polytope_lens.importers.onnx.onnx import lower as lower_onnx

        return _found(lower_onnx(model, asked))
    if _comes_from(model, "sklearn"):
        from polytope_lens.importers.sklearn import lower as lower_sklearn

        _unused_all(asked)
        return _found(lower_sklearn(model))
    raise UnsupportedLayerError(
        "a lens is made from a torch module, a scikit-learn perceptron, an ONNX model, a Network, or a path, but "
        f"received {type(model).__name__}. For plain arrays use Lens.from_arrays(weights, biases)."
    )


def part(
    model: torch.nn.Module,
    path: str,
    input_shape: InputShape | None = None,
    inputs: Inputs | None = None,
    outputs: Outputs | None = None,
) -> Found:
    """The network of one submodule of a torch module, named by its path.

    Parameters
    ----------
    model : torch.nn.Module
        The larger one.
    path : str
        As ``model.named_modules()`` has it: ``"encoder.layers.0.mlp"`` is the MLP block of a transformer's layer.
    input_shape : sequence of int, optional
        Shape of one sample of the submodule, where it does not tell.
    inputs, outputs : optional
        As for a model, about the submodule.

    Raises
    ------
    OptionError
        There is no such submodule.
    UnsupportedLayerError, InvalidNetworkError
        As for a model; paths in errors are those in the larger one.
    """
    if not _comes_from(model, "torch") or not hasattr(model, "get_submodule"):
        raise UnsupportedLayerError(f"`part` takes a piece of a torch module, but received {type(model).__name__}.")
    validate.text(path, name="the path of a part")
    from polytope_lens.importers.torch.torch import lower_and_check

    try:
        module = model.get_submodule(path)
    except AttributeError as error:
        children = ", ".join(name for name, _ in model.named_modules() if name) or "none"
        raise OptionError(f"the model has no module {path!r}. Its modules are: {children[:500]}.") from error
    return _found(*lower_and_check(module, wanted(input_shape, inputs, outputs), path=path))


def _read_file(path: Path, asked: Wanted, architecture: Any) -> Found:
    """The network in a file, which is believed in nothing: what it makes is limited by its size."""
    with open_to_read(path) as file:
        n_bytes = file.seek(0, 2)
    try:
        with granted(n_bytes):
            return _by_suffix(path, asked, architecture)
    except PolytopeLensError:
        raise
    except Exception as error:  # what a module whose attributes were tampered with makes torch raise
        if architecture is not None:
            raise  # perhaps out of a module of the user
        raise FileFormatError(f"{path} is damaged ({type(error).__name__}: {str(error)[:200]}).") from error


def _by_suffix(path: Path, asked: Wanted, architecture: Any) -> Found:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    suffix = "".join(suffixes[-2:]) if suffixes[-1:] == [".gz"] else "".join(suffixes[-1:])
    if suffix == ".safetensors":
        from polytope_lens.importers.state_dict import load_safetensors

        return _weights(load_safetensors(path), asked, architecture, str(path))
    if suffix in (".pt", ".pth"):
        require("torch", extra="torch", purpose="reading a .pt file")
        from polytope_lens.importers.torch.saved import load_torch, load_weights

        if architecture is not None:
            return _weights(load_weights(path), asked, architecture, str(path))
        return _read(load_torch(path), asked, None)
    _unused(architecture=architecture)
    if suffix in (".onnx", ".onnx.gz"):
        from polytope_lens.importers.onnx.onnx import load_onnx

        return _found(load_onnx(path, asked))
    if suffix == ".npz":
        from polytope_lens.importers.npz import load_npz

        _unused_all(asked)
        return load_npz(path)[0], None, None
    if suffix in (".nnet", ".nnet.gz"):
        from polytope_lens.importers.nnet import load_nnet

        _unused_all(asked)
        return _found(load_nnet(path))
    if suffix == ".pt2":
        raise FileFormatError(
            f"{path} holds a program of torch.export. If you trust the file, load it yourself with "
            "torch.export.load(path), and pass the program."
        )
    if suffix in (".vnnlib", ".proof"):
        what = "a property" if suffix == ".vnnlib" else "a proof log"
        raise FileFormatError(f"{path} looks like {what}, where a network is expected: mind the order.")
    raise FileFormatError(
        f"cannot tell what {str(path)!r} holds: a lens reads .onnx, .nnet (both also as .gz), .npz (arrays W0, b0, W1, "
        "b1, ...), .safetensors, and .pt or .pth (a saved torch module)."
    )


def _weights(tensors: Mapping[str, Any], asked: Wanted, architecture: Any, what: str) -> Found:
    """Weights with an architecture: steps, or a torch module that they are loaded into."""
    if architecture is None:
        raise OptionError(
            f"{what} has weights, but does not say what they do. Name the layers and activations in order, as in "
            'architecture=["fc1", "relu", "fc2"], or one activation between all linear layers, as in '
            'architecture="relu"; in Python, also a torch module that has these weights.'
        )
    if _comes_from(architecture, "torch"):
        from polytope_lens.importers.torch.saved import with_weights
        from polytope_lens.importers.torch.torch import lower_and_check

        return _found(*lower_and_check(with_weights(architecture, tensors), asked))
    from polytope_lens.importers.state_dict import lower

    _unused_all(asked, shape=False)
    return _found(lower(tensors, architecture, asked.shape))


def _found(lowering: Lowering, check: SelfCheck | None = None) -> Found:
    return lowering.network, lowering, check


def _unused(**options: Any) -> None:
    """Refuse options that a model has no use for."""
    for name, value in options.items():
        if value is not None:
            raise OptionError(f"`{name}` has no use for this kind of model, which says it itself. Leave it out.")


def _unused_all(asked: Wanted, *, shape: bool = True) -> None:
    """Refuse what was said about inputs and outputs of a model that has one of each."""
    if shape:
        _unused(input_shape=asked.shape or asked.shapes or None)
    _unused(inputs=asked.free or asked.fixed or None, outputs=asked.outputs)


def _comes_from(model: Any, package: str) -> bool:
    return any(base.__module__.split(".")[0] == package for base in type(model).__mro__)
