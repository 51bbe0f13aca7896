"""Torch's operations that move values around: places are computed by torch itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils._pytree import tree_map

from polytope_lens.importers import graph
from polytope_lens.importers.registry import Table, words
from polytope_lens.importers.torch.trace import ModuleTrace, TracedTensor, call

if TYPE_CHECKING:
    from polytope_lens.importers.torch.trace import Call

MOVES = Table()


@MOVES(
    *words(
        "view _unsafe_view reshape _reshape_alias t transpose permute expand unsqueeze squeeze slice select split "
        "chunk split_with_sizes unbind narrow detach alias clone contiguous flip roll repeat index index_select "
        "gather take movedim repeat_interleave pixel_shuffle pixel_unshuffle channel_shuffle native_channel_shuffle "
        "diagonal unfold im2col reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d "
        "replication_pad2d replication_pad3d upsample_nearest1d upsample_nearest2d upsample_nearest3d "
        "_upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_nearest_exact3d tril triu rot90 lift_fresh"
    )
)
def _picks(trace: ModuleTrace, a: Call) -> Any:
    """Run torch's own operation on the places of the values, counted from 1; 0 where it fills in zeros."""
    sources: list[TracedTensor] = []

    def places(value: Any) -> Any:
        if not isinstance(value, TracedTensor):
            return value
        sources.append(value)
        return torch.from_numpy(np.ascontiguousarray(value.places if a.base else graph.positions(value.shape)) + 1.0)

    graph.checked_size(trace.shape_of(a.func, a.arguments))
    result = call(a.func, {name: tree_map(places, value) for name, value in a.arguments.items()})
    (tensor,) = sources

    def finish(value: torch.Tensor) -> Any:
        index = value.numpy().astype(np.int64) - 1
        if a.base:
            return TracedTensor.make(trace, tensor.store, index, tensor.dtype)
        return graph.gather([trace.read(tensor)], index)

    return tree_map(finish, result)


@MOVES("constant_pad_nd")
def _pad(trace: ModuleTrace, a: Call) -> Any:
    graph.checked_size(trace.shape_of(a.func, a.arguments))
    places = torch.from_numpy(graph.positions(a.self.shape) + 1.0)
    index = call(a.func, {**a.arguments, "self": places, "value": 0}).numpy().astype(np.int64) - 1
    return graph.gather([trace.read(a.self)], index, fill=float(trace.numbers(a.value)))


@MOVES("cat", "stack", "where", "hstack")
def _joins(trace: ModuleTrace, a: Call) -> Any:
    """Values picked from several tensors, some of which may be constants."""
    tensors: list[graph.Tensor] = []

    def places(value: Any) -> Any:
        if isinstance(value, bool | int | float) and a.name != "where":
            return value
        if not isinstance(value, torch.Tensor | float | int) or getattr(value, "dtype", None) == torch.bool:
            return value
        tensor = trace.read(value)
        start = sum(t.size for t in tensors)
        tensors.append(tensor)
        return torch.from_numpy(graph.positions(tensor.shape, start).astype(np.float64))

    if a.name == "where" and isinstance(a.condition, TracedTensor):
        raise trace.unsupported("gt")
    index = call(a.func, {name: tree_map(places, value) for name, value in a.arguments.items()})
    return graph.gather(tensors, index.numpy().astype(np.int64))


@MOVES("masked_fill")
def _masked_fill(trace: ModuleTrace, a: Call) -> Any:
    mask = np.broadcast_to(trace.numbers(a.mask) != 0, np.broadcast_shapes(a.self.shape, a.mask.shape))
    tensor = graph.broadcast(trace.read(a.self), mask.shape)
    return graph.gather([tensor], np.where(mask, -1, graph.positions(mask.shape)), fill=float(trace.numbers(a.value)))


@MOVES("_to_copy", "to")
def _cast(trace: ModuleTrace, a: Call) -> Any:
    if a.dtype is not None and not a.dtype.is_floating_point:
        raise trace.refusal(f"converts to {a.dtype}, which rounds, so the network is not continuous")
    return trace.read(a.self)


@MOVES(*words("new_zeros new_ones new_full new_empty zeros_like ones_like full_like empty_like fill zero copy"))
def _filled(trace: ModuleTrace, a: Call) -> Any:
    shape = tuple(a.arguments.get("size") or a.self.shape)
    if a.name == "copy":
        return graph.broadcast(trace.read(a.src), shape)
    if a.name in ("fill", "new_full", "full_like"):
        value = a.arguments.get("value", a.arguments.get("fill_value"))
        return graph.broadcast(trace.read(value), shape)
    return graph.broadcast(graph.constant(1.0 if "ones" in a.name else 0.0), shape)
