"""Torch's operations that move values around: places are computed by torch itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils._pytree import tree_map

from polytope_lens.importers import comparisons, ends, graph
from polytope_lens.importers.registry import Table, words
from polytope_lens.importers.torch.trace import ModuleTrace, TracedTensor, call
from polytope_lens.importers.torch.unsupported import PICKS

if TYPE_CHECKING:
    from polytope_lens.importers.torch.trace import Call

MOVES = Table()


@MOVES(*PICKS)
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
        found = trace.value(tensor)
        if isinstance(found, ends.Ended | comparisons.Step):
            return found.picked(index)
        return graph.gather([found], index)

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
    tensors: list[graph.Tensor | ends.Ended] = []
    if a.name == "where" and isinstance(a.condition, TracedTensor):
        condition = _condition(trace, a.condition)
        return comparisons.chosen(condition, trace.read(a.self), trace.read(a.other), trace.label, trace.where)

    def places(value: Any) -> Any:
        if isinstance(value, bool | int | float) and a.name != "where":
            return value
        if not isinstance(value, torch.Tensor | float | int) or getattr(value, "dtype", None) == torch.bool:
            return value
        tensor = trace.before_end(value)
        start = sum(math.prod(t.shape) for t in tensors)
        tensors.append(tensor)
        return torch.from_numpy(graph.positions(tensor.shape, start).astype(np.float64))

    index = call(a.func, {name: tree_map(places, value) for name, value in a.arguments.items()})
    index = index.numpy().astype(np.int64)
    ended = [tensor for tensor in tensors if isinstance(tensor, ends.Ended)]
    if not ended:
        return graph.gather([tensor for tensor in tensors if isinstance(tensor, graph.Tensor)], index)
    found = ends.joined(ended, index) if len(ended) == len(tensors) else None
    if found is None:
        raise ends.refusal(ended[0].end, "other values are joined to its result")
    return found


def _condition(trace: ModuleTrace, value: TracedTensor) -> comparisons.Step:
    """What decides which of two values is taken."""
    found = trace.value(value)
    if not isinstance(found, comparisons.Step):
        raise trace.unsupported("gt")
    return found


@MOVES("masked_fill")
def _masked_fill(trace: ModuleTrace, a: Call) -> Any:
    if isinstance(a.mask, TracedTensor):
        condition = _condition(trace, a.mask)
        return comparisons.chosen(condition, trace.read(a.value), trace.read(a.self), trace.label, trace.where)
    mask = np.broadcast_to(trace.numbers(a.mask) != 0, np.broadcast_shapes(a.self.shape, a.mask.shape))
    tensor = graph.broadcast(trace.read(a.self), mask.shape)
    return graph.gather([tensor], np.where(mask, -1, graph.positions(mask.shape)), fill=float(trace.numbers(a.value)))


@MOVES("index_put", "_unsafe_index_put")
def _index_put(trace: ModuleTrace, a: Call) -> Any:
    """Values written where a comparison says so."""
    condition = trace.value(a.indices[0]) if len(a.indices) == 1 and isinstance(a.indices[0], TracedTensor) else None
    values = trace.read(a.values)
    if not isinstance(condition, comparisons.Step) or a.accumulate or values.size != 1:
        raise trace.unsupported("index_put")
    shape = (*condition.shape, *[1] * (a.self.ndim - len(condition.shape)))
    wide = condition.picked(graph.positions(condition.shape).reshape(shape))
    return comparisons.chosen(wide, graph.reshaped(values, ()), trace.read(a.self), trace.label, trace.where)


@MOVES("_to_copy", "to")
def _cast(trace: ModuleTrace, a: Call) -> Any:
    if a.dtype is not None and not a.dtype.is_floating_point:
        value = trace.value(a.self)
        if isinstance(value, comparisons.Step) or (isinstance(value, ends.Ended) and value.end.takes_largest):
            return value
        raise trace.refusal(f"converts to {a.dtype}, which rounds, so the network is not continuous")
    return trace.value(a.self)


@MOVES(*words("new_zeros new_ones new_full new_empty zeros_like ones_like full_like empty_like fill zero copy"))
def _filled(trace: ModuleTrace, a: Call) -> Any:
    shape = tuple(a.arguments.get("size") or a.self.shape)
    if a.name == "copy":
        return graph.broadcast(trace.read(a.src), shape)
    if a.name in ("fill", "new_full", "full_like"):
        value = a.arguments.get("value", a.arguments.get("fill_value"))
        return graph.broadcast(trace.read(value), shape)
    return graph.broadcast(graph.constant(1.0 if "ones" in a.name else 0.0), shape)
