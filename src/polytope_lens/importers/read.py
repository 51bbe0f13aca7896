"""Whatever a user may hand over, as a network: which importer reads what."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from polytope_lens.errors import FileFormatError, OptionError, UnsupportedLayerError
from polytope_lens.network import Network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens.importers.check import SelfCheck
    from polytope_lens.importers.lowering import Lowering

    Found: TypeAlias = tuple[Network, Lowering | None, SelfCheck | None]


def read(model: Any, input_shape: Sequence[int] | None = None) -> Found:
    """A network from a model or a file; with what was done to get it, and how well it agrees with a torch module.

    Raises
    ------
    UnsupportedLayerError, InvalidNetworkError, FileFormatError
    OptionError
        `input_shape` with something that has none.
    """
    if isinstance(model, Network):
        _no_shape(input_shape, "a Network")
        return model, None, None
    if isinstance(model, str | os.PathLike):
        return _read_file(Path(model), input_shape)
    if _comes_from(model, "torch"):
        from polytope_lens.importers.torch import lower_and_check

        lowering, check = lower_and_check(model, input_shape)
        return lowering.network, lowering, check
    if _comes_from(model, "onnx"):
        from polytope_lens.importers.onnx import lower as lower_onnx

        lowering = lower_onnx(model, input_shape)
        return lowering.network, lowering, None
    raise UnsupportedLayerError(
        f"a lens is made from a torch module, a Network, or a path, but received {type(model).__name__}. For plain "
        "arrays use Lens.from_arrays(weights, biases)."
    )


def part(model: Any, path: str, input_shape: Sequence[int] | None = None) -> Found:
    """The network of one submodule of a torch module, named by its path.

    Raises
    ------
    OptionError
        There is no such submodule.
    UnsupportedLayerError, InvalidNetworkError
        As for a model; paths in errors are those in the larger one.
    """
    if not _comes_from(model, "torch"):
        raise UnsupportedLayerError(f"`part` takes a piece of a torch module, but received {type(model).__name__}.")
    from polytope_lens.importers.torch import lower_and_check

    try:
        module = model.get_submodule(path)
    except AttributeError as error:
        children = ", ".join(name for name, _ in model.named_modules() if name) or "none"
        raise OptionError(f"the model has no module {path!r}. Its modules are: {children[:500]}.") from error
    lowering, check = lower_and_check(module, input_shape, path=path)
    return lowering.network, lowering, check


def _read_file(path: Path, input_shape: Sequence[int] | None) -> Found:
    if path.suffix == ".npz":
        from polytope_lens.importers.npz import load_npz

        _no_shape(input_shape, "a .npz file")
        return load_npz(path)[0], None, None
    if path.suffix in (".pt", ".pth"):
        from polytope_lens.importers.torch import load_torch

        return read(load_torch(path), input_shape)
    if path.suffix == ".onnx":
        from polytope_lens.importers.onnx import load_onnx

        lowering = load_onnx(path, input_shape)
        return lowering.network, lowering, None
    raise FileFormatError(
        f"cannot tell what {str(path)!r} holds: a lens reads .onnx, .npz (arrays W0, b0, W1, b1, ...) and .pt or .pth "
        "(a saved torch module)."
    )


def _no_shape(input_shape: Sequence[int] | None, what: str) -> None:
    if input_shape is not None:
        raise OptionError(f"`input_shape` says how to run a model; {what} has no use for it. Leave it out.")


def _comes_from(model: Any, package: str) -> bool:
    return any(base.__module__.split(".")[0] == package for base in type(model).__mro__)
