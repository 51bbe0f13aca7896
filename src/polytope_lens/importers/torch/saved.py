"""Torch modules in files: read by torch's restricted unpickler, so that nothing from the file runs."""

from __future__ import annotations

import copy
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.errors import FileFormatError, InvalidNetworkError
from polytope_lens.importers.torch.claims import SAVE_AGAIN, check_archive, check_module, check_tensors, damaged
from polytope_lens.importers.torch.trace import class_name
from polytope_lens.io.files import open_to_read

import torch  # isort: skip
from torch import nn  # isort: skip

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike


# What a file may name without being trusted: modules that hold numbers and options, and run no code of their own.
LOADABLE = (
    *(nn.Sequential, nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d),
    *(nn.ConvTranspose3d, nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ReLU6, nn.Hardtanh, nn.Hardsigmoid),
    *(nn.Threshold, nn.Softshrink, nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout),
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.Flatten, nn.Unflatten, nn.Softmax, nn.LogSoftmax, nn.Sigmoid),
    *(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d, nn.AdaptiveAvgPool1d),
    *(nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
    *(nn.ZeroPad1d, nn.ZeroPad2d, nn.ConstantPad1d, nn.ConstantPad2d, nn.ReflectionPad1d, nn.ReflectionPad2d),
    *(nn.ReplicationPad1d, nn.ReplicationPad2d, nn.Upsample, nn.PixelShuffle, nn.PixelUnshuffle, nn.ChannelShuffle),
)


def load_torch(path: str | PathLike[str]) -> nn.Sequential:
    """Load an ``nn.Sequential`` that ``torch.save(model, path)`` saved, without running code from the file.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    nn.Sequential
        In eval mode, on the CPU, and one that `lower` reads. A saved Linear comes back inside a Sequential.

    Raises
    ------
    FileFormatError
        A damaged file; a state_dict; a file that refers to anything but the supported modules.
    UnsupportedLayerError, InvalidNetworkError
        As `lower` raises them.

    Notes
    -----
    The file is read by torch's restricted unpickler, which refuses every class and function that is not on a list: here
    the supported modules, and what torch itself allows (tensors and plain containers).
    """
    loaded = _loaded(Path(path))
    if isinstance(loaded, dict) and loaded and all(isinstance(value, torch.Tensor) for value in loaded.values()):
        raise FileFormatError(
            f"{path} holds a state_dict, which has weights but no activations: it does not say which network is meant. "
            f"{SAVE_AGAIN} Or build the model, load the state_dict into it, and pass the model; or say `architecture`."
        )
    if isinstance(loaded, nn.Linear):
        loaded = nn.Sequential(loaded)
    if not isinstance(loaded, nn.Sequential):
        raise FileFormatError(f"{path} holds {class_name(loaded)} instead of an nn.Sequential. {SAVE_AGAIN}")
    check_module(Path(path), loaded)
    try:
        loaded.eval()
        repr(loaded)
    except Exception as error:  # modules whose attributes were tampered with
        raise FileFormatError(f"{path} holds an nn.Sequential with damaged modules. {SAVE_AGAIN}") from error
    return loaded


def load_weights(path: str | PathLike[str]) -> dict[str, torch.Tensor]:
    """Load a state_dict that ``torch.save(model.state_dict(), path)`` saved, without running code from the file.

    Raises
    ------
    FileFormatError
        A damaged file; one that holds anything else.
    """
    loaded = _loaded(Path(path))
    if not isinstance(loaded, dict) or not all(isinstance(value, torch.Tensor) for value in loaded.values()):
        raise FileFormatError(f"{path} holds {class_name(loaded)} instead of a state_dict.")
    check_tensors(Path(path), loaded.values())
    return loaded


def with_weights(model: nn.Module, tensors: Mapping[str, Any]) -> nn.Module:
    """A copy of a module with weights of a state_dict, in eval mode and in float64 so that nothing is rounded.

    Raises
    ------
    InvalidNetworkError
        The weights are not those of the module.
    """
    copied = copy.deepcopy(model).double().eval()
    try:
        copied.load_state_dict({name: torch.as_tensor(np.array(value)) for name, value in tensors.items()})
    except RuntimeError as error:
        raise InvalidNetworkError(f"the weights are not those of {class_name(model)}: {error}") from error
    return copied


def _loaded(path: Path) -> Any:
    """What a file holds, read by the restricted unpickler."""
    check_archive(path)
    with (
        open_to_read(path) as file,
        warnings.catch_warnings(),
        torch.serialization.safe_globals([*LOADABLE]),
    ):
        warnings.simplefilter("ignore")  # about pickle protocols that the unpickler then refuses anyway
        try:
            return torch.load(file, map_location="cpu", weights_only=True)
        except Exception as error:  # a damaged file makes the unpickler raise nearly anything
            refused = re.search(r"GLOBAL (\S+)", str(error))
            if refused:
                # `from None`: torch's own text advises to load without restriction
                raise FileFormatError(
                    f"{path} refers to {refused[1]}, which is not among the modules that are loaded without trust. It "
                    "was refused, and nothing from the file was executed. If you trust the file, load it yourself with "
                    "torch.load(path, weights_only=False), and pass the model."
                ) from None
            if "TorchScript" in str(error):
                raise FileFormatError(
                    f"{path} holds TorchScript, which is a program. If you trust the file, load it yourself with "
                    "torch.jit.load(path), and pass the model."
                ) from None
            raise damaged(path) from error
