"""A module's own answers in float64: what the network read from it is compared with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from polytope_lens.errors import ConsistencyError
from polytope_lens.importers import ends
from polytope_lens.importers.check import SelfCheck, check
from polytope_lens.importers.torch.trace import FLOAT_DTYPES, class_name, plainly

import torch  # isort: skip
from torch import nn  # isort: skip
from torch.utils._pytree import tree_flatten, tree_map  # isort: skip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polytope_lens._types import Floats
    from polytope_lens.importers.torch.calls import ModuleCall
    from polytope_lens.network.network import Network


def compare(
    network: Network, model: nn.Module, call: ModuleCall, ended: Sequence[ends.Ended | None], seed: int
) -> SelfCheck:
    """Compare a network with the module that it came from, at random points, in float64.

    The module runs as it is on tensors that carry float64, whatever they say: what depends on its input is computed in
    float64. What does not, such as weights that are made of others, torch computes as it always does, and as it did
    when the module was followed.

    Parameters
    ----------
    network : Network
    model : nn.Module
    call : ModuleCall
    ended : sequence of Ended or None
        For each output the end that was left out.

    Raises
    ------
    ConsistencyError
        The module has another number of outputs, or what it does after the end is something else.
    """
    first = next((p for p in model.parameters() if p.is_floating_point()), torch.zeros(()))

    def expected(points: Floats) -> Floats:
        batch = torch.from_numpy(points.copy())
        shaped = batch.reshape(-1, *call.input_shape) if len(call.shapes) == 1 else batch

        def answer(samples: torch.Tensor) -> Floats | None:
            run = _Run(first.dtype, first.device, {o for e in ended if e is not None for o in e.end.operations})
            return _answer(model, call, run.wide(samples.clone(), first.dtype), ended)

        try:
            output = answer(shaped)
        except RuntimeError:
            output = None
        if output is None:
            # Some models are written for one sample.
            rows = [answer(sample[None]) for sample in shaped]
            if any(row is None for row in rows):
                raise ConsistencyError(f"{class_name(model)} does not do at its end what it did when it was followed.")
            output = np.concatenate([row for row in rows if row is not None])
        return output

    with torch.random.fork_rng(devices=[]):
        return check(network, expected, seed)


@dataclass(slots=True, eq=False)
class _Run:
    """A forward pass in float64, and what some operations took and gave in it."""

    dtype: torch.dtype
    device: torch.device
    operations: set[object]
    calls: list[tuple[object, torch.Tensor, torch.Tensor]] = field(default_factory=list)

    def wide(self, values: torch.Tensor, dtype: torch.dtype) -> WideTensor:
        """A tensor that carries float64 and says that it has another dtype."""
        tensor: Any = torch.Tensor._make_wrapper_subclass(WideTensor, values.shape, dtype=dtype, device=self.device)
        tensor.carried, tensor.run = values, self
        return tensor  # type: ignore[no-any-return]

    def carry(self, values: Floats) -> WideTensor:
        """Numbers in float64."""
        return self.wide(torch.tensor(values), self.dtype)

    def apply(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """Run one operation in float64."""
        leaves = [leaf for leaf in tree_flatten([args, kwargs])[0] if isinstance(leaf, WideTensor)]
        wanted = kwargs.get("dtype")
        narrow = wanted if wanted in FLOAT_DTYPES else leaves[0].dtype
        kwargs = {k: torch.float64 if v in FLOAT_DTYPES else v for k, v in kwargs.items() if k != "device"}
        args, kwargs = tree_map(_widened, args), tree_map(_widened, kwargs)
        result = func(*args, **kwargs)
        if func in self.operations:
            first = result[0] if isinstance(result, tuple) else result
            self.calls.append((func, args[0].clone(), first.clone()))

        def finish(value: Any) -> Any:
            same = next((leaf for leaf in leaves if leaf.carried is value), None)
            if same is not None or not isinstance(value, torch.Tensor) or not value.is_floating_point():
                return value if same is None else same
            return self.wide(value, narrow)

        return tree_map(finish, result)


class WideTensor(torch.Tensor):
    """A tensor that carries float64, so that what is done to it does not round as in the dtype that it shows."""

    carried: torch.Tensor
    run: _Run

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        leaves, _ = tree_flatten([args, kwargs or {}])
        run: _Run = next(leaf.run for leaf in leaves if isinstance(leaf, WideTensor))
        return run.apply(func, args, kwargs or {})

    def __repr__(self) -> str:  # type: ignore[override]
        return f"WideTensor({self.carried!r})"


def _widened(value: Any) -> Any:
    if isinstance(value, WideTensor):
        return value.carried
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().double() if value.dtype in FLOAT_DTYPES else value.cpu()
    return value


def _answer(model: nn.Module, call: ModuleCall, batch: WideTensor, ended: Sequence[ends.Ended | None]) -> Floats | None:
    """A row of outputs for each sample, those with an end without it; None if the module takes one sample at a time."""
    n = len(batch)
    with plainly(batch.device):
        outputs = call.chosen(call.run(model, batch, batch.run.carry), "the model").values()
    parts = []
    for output, entry in zip(outputs, ended, strict=True):
        if output.shape[:1] != batch.shape[:1] and n > 1:
            return None
        rows = np.asarray(_widened(output).reshape(n, -1).numpy())
        before = rows if entry is None else _before(batch.run, entry, rows)
        if before is None:
            return None
        parts.append(before)
    return np.concatenate(parts, axis=1)


def _before(run: _Run, ended: ends.Ended, rows: Floats) -> Floats | None:
    """What went into the end that gave these rows; None if no operation that ran gave them."""
    first, last = ended.end.operations[0], ended.end.operations[-1]
    plus, minus = (None if places is None else places.ravel() for places in ends.pairs(ended))
    places = ended.places.ravel()
    taken, found = None, None
    for operation, given, got in run.calls:
        if operation is first:
            taken = given.reshape(len(rows), -1).numpy() if given.numel() % len(rows) == 0 else None
        if operation is not last or taken is None or got.numel() % len(rows):
            continue
        values = got.reshape(len(rows), -1).numpy()
        if places.max() < values.shape[1] and np.array_equal(values[:, places], rows, equal_nan=True):
            found = taken[:, plus] if minus is None else taken[:, plus] - taken[:, minus]
    return found
