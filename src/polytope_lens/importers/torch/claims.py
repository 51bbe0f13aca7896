"""What a file of torch claims to hold, compared with what it is: before it is unpickled, and before modules run."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

from polytope_lens.errors import FileFormatError
from polytope_lens.io.files import MOST_GROWTH, most_unpacked, open_to_read

import torch  # isort: skip
from torch import nn  # isort: skip

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# The tensors of a file, some of which may be the same, may take so many times what it may unpack to.
MOST_VIEWS = 4
QUANTIZED = (torch.qint8, torch.quint8, torch.qint32, torch.quint4x2, torch.quint2x4)
SAVE_AGAIN = "Save the whole nn.Sequential with torch.save(model, path)."
PARTS = ("_parameters", "_buffers", "_modules")


def check_archive(path: Path) -> None:
    """Refuse what is no zip archive, or unpacks to far more than it is.

    Raises
    ------
    MissingFileError, FileAccessError, FileFormatError
    """
    with open_to_read(path) as file:
        size = file.seek(0, 2)
        try:
            with zipfile.ZipFile(file) as archive:
                claimed = sum(member.file_size for member in archive.infolist())
        except Exception as error:  # a damaged directory makes zipfile raise nearly anything
            raise damaged(path) from error
    if claimed > most_unpacked(size):
        raise FileFormatError(
            f"{path} has {size:.3g} bytes and claims {claimed:.3g}, more than {MOST_GROWTH} times as many."
        )


def check_tensors(path: Path, tensors: Iterable[Any]) -> None:
    """Refuse tensors that are more numbers than the file holds, or no plain arrays of numbers.

    Raises
    ------
    FileFormatError
    """
    total = 0
    allowed = most_unpacked(path.stat().st_size)
    for tensor in tensors:
        plain = type(tensor) in (torch.Tensor, nn.Parameter) and tensor.layout == torch.strided
        if not plain or tensor.is_nested or tensor.is_meta:
            raise FileFormatError(
                f"{path} holds a tensor that is no plain array of numbers: {_kind(tensor)}. Save the model with dense "
                "tensors, on the CPU."
            )
        if tensor.dtype in QUANTIZED:
            raise FileFormatError(f"{path} holds a tensor of {tensor.dtype}. Save the float model it was made from.")
        claimed, there = tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes()
        total += claimed
        if claimed > there or total > MOST_VIEWS * allowed:
            raise FileFormatError(
                f"{path} holds a tensor of shape {tuple(tensor.shape)}, which is more numbers than the file has for it."
            )


def check_module(path: Path, model: nn.Module) -> None:
    """Refuse modules whose parts are not what torch makes them, and then their tensors.

    Raises
    ------
    FileFormatError
    """
    tensors: list[Any] = []
    left: list[Any] = [model]
    seen: set[int] = set()
    while left:
        module = left.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        parts = [vars(module).get(part) for part in PARTS] if isinstance(module, nn.Module) else [None]
        if not all(isinstance(part, dict) and all(isinstance(name, str) for name in part) for part in parts):
            raise FileFormatError(f"{path} holds an nn.Sequential with damaged modules. {SAVE_AGAIN}")
        parameters, buffers, modules = (list(part.values()) for part in parts if part is not None)
        tensors += [tensor for tensor in parameters + buffers if tensor is not None]
        left += [other for other in modules if other is not None]
    check_tensors(path, tensors)


def damaged(path: Path) -> FileFormatError:
    """The error about a file that cannot be made out."""
    return FileFormatError(
        f"{path} is damaged, or not a model saved by torch.save in its present zip format. {SAVE_AGAIN}"
    )


def _kind(tensor: object) -> str:
    return f"{tensor.layout} on {tensor.device}" if isinstance(tensor, torch.Tensor) else type(tensor).__name__
