"""Follow a torch module's forward pass with a tensor that records instead of computing.

The module runs as it is, on one sample without numbers. Each operation that reaches it comes here as one of torch's
basic operations (ATen), whatever the module called: a submodule, a function, a method or an operator. Whatever does not
depend on the input is computed by torch itself. So modules used twice, loops, shapes and residual connections need no
special care, and no code of the module is read.

A recording tensor is a view of a storage, as torch's own: an index says where in the storage its values are. So what is
written into a view shows in the storage, too.
"""

from __future__ import annotations

import warnings
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from polytope_lens.errors import InvalidNetworkError, OptionError, PolytopeLensError, UnsupportedLayerError, require
from polytope_lens.importers import comparisons, ends, graph

require("torch", extra="torch", purpose="reading a PyTorch model")

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn.modules import module as hooks  # noqa: E402
from torch.utils._pytree import tree_flatten, tree_map  # noqa: E402

from polytope_lens.importers.torch.calls import named  # noqa: E402
from polytope_lens.importers.torch.unsupported import (  # noqa: E402
    ENDS,
    EVAL,
    JUMPS,
    KEEPING,
    NO_POLYTOPES,
    RANDOM,
    RANDOM_IN_TRAINING,
    SMOOTH,
    SMOOTH_MODULES,
    SUPPORTED_TEXT,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from polytope_lens._types import Floats, Ints
    from polytope_lens.importers.torch.calls import ModuleCall

    Operation: TypeAlias = Callable[["ModuleTrace", Any], Any]


FLOAT_DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@dataclass(slots=True, eq=False)
class TensorStorage:
    """Where the values of recording tensors are; `refusal` instead if they cannot be used any more.

    With an `end`, places are those of its values, which may only be moved; with a `step`, those of its numbers, which
    may decide what is chosen.
    """

    values: graph.Tensor | None
    refusal: PolytopeLensError | None = None
    end: ends.End | None = None
    step: comparisons.Step | None = None


class TracedTensor(torch.Tensor):
    """A tensor without numbers that reports what is done to it to its trace."""

    tracer: ModuleTrace
    store: TensorStorage
    places: Ints

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @staticmethod
    def make(trace: ModuleTrace, store: TensorStorage, places: Ints, dtype: torch.dtype) -> TracedTensor:
        """A view of a storage."""
        tensor: Any = torch.Tensor._make_wrapper_subclass(TracedTensor, places.shape, dtype=dtype, device=trace.device)
        tensor.tracer, tensor.store, tensor.places = trace, store, places
        return tensor  # type: ignore[no-any-return]

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        leaves, _ = tree_flatten([args, kwargs or {}])
        trace: ModuleTrace = next(leaf.tracer for leaf in leaves if isinstance(leaf, TracedTensor))
        return trace.apply(func, args, kwargs or {})

    def __repr__(self) -> str:  # type: ignore[override]
        return f"TracedTensor({tuple(self.shape)})"


@dataclass(slots=True, eq=False)
class ModuleTrace:
    """A forward pass as it is followed: where it is, and what the operations mean."""

    model: nn.Module
    prefix: str
    device: torch.device
    operations: dict[str, Operation]
    dry: bool = False
    paths: dict[int, str] = field(default_factory=dict)
    parameters: dict[int, str] = field(default_factory=dict)
    stack: list[nn.Module] = field(default_factory=list)
    current: str = ""
    failure: PolytopeLensError | None = None

    def __post_init__(self) -> None:
        for name, module in self.model.named_modules():
            self.paths[id(module)] = ".".join(part for part in (self.prefix, name) if part)
            for kind, tensor in (*module._parameters.items(), *module._buffers.items()):
                if tensor is not None and tensor.layout == torch.strided:
                    self.parameters.setdefault(tensor.data_ptr(), f"the {kind} of {self.quoted(module)}")

    # ------------------------------------------------------------------------------------------- where we are

    @contextmanager
    def following(self) -> Iterator[None]:
        """Keep account of the module that runs; other threads may run other models meanwhile."""

        def enter(module: nn.Module, args: Any) -> None:
            if id(module) not in self.paths:
                return
            self.stack.append(module)
            # Torch itself would not follow one sample.
            if isinstance(module, nn.modules.batchnorm._BatchNorm) and (module.training or module.running_mean is None):
                raise self.batch_statistics(knows_others=module.running_mean is not None)

        def leave(module: nn.Module, args: Any, result: Any) -> None:
            if id(module) in self.paths:
                self.stack.pop()

        handles = [
            hooks.register_module_forward_pre_hook(enter),
            hooks.register_module_forward_hook(leave),
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def quoted(self, module: nn.Module) -> str:
        """A module by its path."""
        path = self.paths.get(id(module), "")
        return f'module "{path}"' if path else "the model"

    @property
    def where(self) -> str:
        """The module that runs, by its path."""
        return self.quoted(self.stack[-1]) if self.stack else "the model"

    @property
    def label(self) -> str:
        """The operation that runs, for people who look at the network: one of torch's modules, or a function."""
        path = self.paths.get(id(self.stack[-1]), "") if self.stack else ""
        name = class_name(self.stack[-1]) if self._is_leaf() else self.current.strip("_")
        return f"{path} ({name})" if path else name

    def refusal(self, reason: str) -> UnsupportedLayerError:
        """An error that names the module that runs: ``module "path" <reason>``."""
        what = f" ({class_name(self.stack[-1])})" if self.stack and not self._is_leaf() else ""
        return UnsupportedLayerError(
            f"{self.where}{what} {reason}. Supported: {SUPPORTED_TEXT}. Replace it and retrain, or look at a part of "
            "the model without it: Lens.part(model, path)."
        )

    def batch_statistics(self, *, knows_others: bool) -> UnsupportedLayerError:
        """Refuse a normalisation by what is in the batch, which a module in eval mode does if it knows no others."""
        module = self.stack[-1] if self.stack else None
        told = f"normalises by statistics of its input, {NO_POLYTOPES}"
        if module is not None and self._is_leaf():
            told = f"is {class_name(module)} that {told}"
        return self.refusal(f"{told}. {EVAL}" if module is not None and module.training and knows_others else told)

    def _is_leaf(self) -> bool:
        """Whether the module that runs is one of torch's own, so that its name says what it does."""
        top = self.stack[-1] if self.stack else None
        return type(top).__module__.startswith("torch.nn.") and not isinstance(top, nn.Sequential)

    def unsupported(self, name: str) -> UnsupportedLayerError:
        """Refuse an operation, by the name of the module if torch's own, else by its own."""
        if name == "_local_scalar_dense":
            return self.refusal("reads a computed number to decide what to do (`if`, `.item()`), so it is no one map")
        leaf = self.stack[-1] if self._is_leaf() else None
        subject = f"calls {name.strip('_')}," if leaf is None else f"is {class_name(leaf)},"
        if name in RANDOM:
            if name in RANDOM_IN_TRAINING and self.stack and self.stack[-1].training:
                return self.refusal(f"{subject[:-1]} in training mode, which is random. {EVAL}")
            return self.refusal(f"{subject} which is random")
        if isinstance(leaf, SMOOTH_MODULES) or name in SMOOTH:
            return self.refusal(f"{subject} {NO_POLYTOPES}")
        if name in JUMPS:
            return self.refusal(f"{subject} which jumps, so the network is not continuous")
        return self.refusal(f"{subject} which this release does not read")

    # ------------------------------------------------------------------------------------------- values

    def input(self, shape: Sequence[int], dtype: torch.dtype) -> TracedTensor:
        """A sample without numbers, with a batch axis in front."""
        if self.dry:
            graph.checked_size(shape)
            return TracedTensor.make(self, TensorStorage(None), np.broadcast_to(0, (1, *shape)), dtype)
        return self.wrap(graph.source((1, *shape)), dtype)

    def wrap(self, tensor: graph.Tensor, dtype: torch.dtype) -> TracedTensor:
        """A new tensor with the given values."""
        if self.dry:
            return TracedTensor.make(self, TensorStorage(None), np.broadcast_to(0, tensor.shape), dtype)
        flat = graph.reshaped(tensor, (tensor.size,))
        return TracedTensor.make(self, TensorStorage(flat), graph.positions(tensor.shape), dtype)

    def read(self, value: Any) -> graph.Tensor:
        """The values of a recording tensor, or the numbers of another one."""
        if isinstance(value, TracedTensor):
            if value.store.refusal is not None:
                raise value.store.refusal
            assert value.store.values is not None
            return graph.gather([value.store.values], value.places)
        return graph.constant(self.numbers(value))

    def value(self, value: Any) -> graph.Tensor | ends.Ended | comparisons.Step:
        """The values of a recording tensor, which may be those of an end or of a comparison."""
        if isinstance(value, TracedTensor) and value.store.end is not None:
            return ends.Ended(value.store.end, value.places)
        if isinstance(value, TracedTensor) and value.store.step is not None:
            return value.store.step.picked(value.places)
        return self.read(value)

    def before_end(self, value: Any) -> graph.Tensor | ends.Ended:
        """The values of a recording tensor, which may be those of an end."""
        found = self.value(value)
        return self.read(value) if isinstance(found, comparisons.Step) else found

    def numbers(self, value: Any) -> Floats:
        """Numbers that do not depend on the input, as float64; exact."""
        if isinstance(value, TracedTensor):
            found = self.read(value).constant
            if found is None:
                raise self.refusal(f"multiplies values that both depend on its input, {NO_POLYTOPES}")
            return found
        if isinstance(value, torch.Tensor):
            name = self.parameters.get(value.data_ptr() if value.layout == torch.strided else -1)
            name = name or f"a constant that {self.where} uses"
            if value.is_complex() or value.is_quantized or value.is_meta:
                raise UnsupportedLayerError(
                    f"{name} has dtype {value.dtype} on device {value.device}, but should hold real numbers."
                )
            dense = value.detach().cpu().to_dense()
            array = (dense.to(torch.float64) if value.is_floating_point() else dense).numpy().astype(np.float64)
        else:
            name = f"a number that {self.where} uses"
            array = np.asarray(value, dtype=np.float64)
        bad = ~np.isfinite(array)
        if bad.any():
            where = np.argwhere(bad)[0].tolist()
            raise InvalidNetworkError(f"{name} should be finite, but entry {where} is {array[tuple(where)]}.")
        return array

    # ------------------------------------------------------------------------------------------- operations

    def apply(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Record one operation."""
        try:
            return self._apply(func, args, kwargs)
        except PolytopeLensError as error:
            # Torch's operators turn type errors into their own.
            self.failure = self.failure or error
            raise

    def _apply(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        schema = func._schema
        bound = {
            entry.name: args[i] if i < len(args) else kwargs.get(entry.name, entry.default_value)
            for i, entry in enumerate(schema.arguments)
        }
        written = [e.name for e in schema.arguments if e.alias_info is not None and e.alias_info.is_write]
        name = func.overloadpacket.__name__
        if written and name.endswith("_"):
            name = name[:-1]
        self.current = name
        operation = self.operations.get(name)
        if operation is None:
            raise self.unsupported(name)
        if self.dry:
            return self._shaped(func, bound, name, written)
        leaves, _ = tree_flatten(list(bound.values()))
        first = next(leaf for leaf in leaves if isinstance(leaf, TracedTensor))
        given = bound.get("dtype")
        dtype = given if isinstance(given, torch.dtype) else first.dtype
        if written:
            self._write(bound[written[0]], operation(self, Call(func, bound, name, ())))
            return bound[written[0]]
        views = any(e.alias_info is not None and not e.alias_info.is_write for e in schema.returns)
        result = operation(self, Call(func, bound, name, (first,) if views else ()))

        def finish(value: Any) -> Any:
            if isinstance(value, graph.Tensor):
                return self.wrap(value, dtype)
            if isinstance(value, ends.Ended):
                store = TensorStorage(None, self.unsupported(name), value.end)
                return TracedTensor.make(self, store, value.places, _first(self.blank_result(func, bound)).dtype)
            if isinstance(value, comparisons.Step):
                store = TensorStorage(None, self.unsupported(name if name in JUMPS else "gt"), step=value)
                places = graph.positions(value.shape)
                return TracedTensor.make(self, store, places, _first(self.blank_result(func, bound)).dtype)
            if isinstance(value, TensorStorage):
                return TracedTensor.make(self, value, graph.positions(self.shape_of(func, bound)), dtype)
            return value

        return tree_map(finish, result) if isinstance(result, tuple | list) else finish(result)

    def _shaped(self, func: Any, bound: dict[str, Any], name: str, written: list[str]) -> Any:
        """What an operation would return, without values; what follows an end has to keep it."""
        leaves = [leaf for leaf in tree_flatten(list(bound.values()))[0] if isinstance(leaf, TracedTensor)]
        ended = next((leaf.store for leaf in leaves if leaf.store.refusal is not None), None)
        if ended is not None and name not in KEEPING:
            assert ended.refusal is not None
            raise ended.refusal
        if written:
            return bound[written[0]]

        def finish(value: Any) -> Any:
            if not isinstance(value, torch.Tensor):
                return value
            refusal = self.unsupported(name) if name in ENDS else None if ended is None else ended.refusal
            return TracedTensor.make(self, TensorStorage(None, refusal), np.broadcast_to(0, value.shape), value.dtype)

        return tree_map(finish, self.blank_result(func, bound))

    def shape_of(self, func: Any, bound: dict[str, Any]) -> tuple[int, ...]:
        """Shape of an operation's (first) result, as torch says."""
        return tuple(_first(self.blank_result(func, bound)).shape)

    def blank_result(self, func: Any, bound: dict[str, Any]) -> Any:
        """An operation's result without numbers, as torch says."""

        def blank(value: Any) -> Any:
            if not isinstance(value, torch.Tensor):
                return value
            return torch.empty(value.shape, dtype=value.dtype, device="meta")

        return call(func, {name: tree_map(blank, value) for name, value in bound.items()})

    def _write(self, target: Any, result: Any) -> None:
        """Replace the values of a view of a storage."""
        if not isinstance(target, TracedTensor):
            raise self.refusal(
                "writes values into a tensor made apart from its input, which this release does not follow"
            )
        if not isinstance(result, graph.Tensor):
            raise self.refusal("replaces its input in place by something that cannot be followed")
        storage = target.store
        if storage.refusal is not None:
            raise storage.refusal
        assert storage.values is not None
        index = np.arange(storage.values.size)
        places = graph.positions(target.places.shape, len(index))
        index[target.places.ravel()] = places.ravel()
        storage.values = graph.gather([storage.values, graph.broadcast(result, target.places.shape)], index)


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One operation and its arguments, by name; `base` is the tensor that its results are views of, if they are."""

    func: Any
    arguments: dict[str, Any]
    name: str
    base: tuple[TracedTensor, ...]

    def __getattr__(self, name: str) -> Any:
        return self.arguments[name]


def _first(result: Any) -> torch.Tensor:
    found: torch.Tensor = result[0] if isinstance(result, tuple | list) else result
    return found


def call(func: Any, arguments: dict[str, Any]) -> Any:
    """Run a torch operation with arguments by name."""
    positional = [arguments[entry.name] for entry in func._schema.arguments if not entry.kwarg_only]
    named = {entry.name: arguments[entry.name] for entry in func._schema.arguments if entry.kwarg_only}
    return func(*positional, **named)


def class_name(value: object) -> str:
    """Class name; with its Python module unless the class is one of torch.nn or a builtin."""
    kind = type(value)
    if kind.__module__ == "builtins" or getattr(nn, kind.__name__, None) is kind:
        return kind.__name__
    return f"{kind.__module__}.{kind.__qualname__}"


@contextmanager
def plainly(device: torch.device) -> Iterator[None]:
    """Run modules in the usual way, whatever modes of torch are on: some have other operations, or round weights.

    What was compiled runs as it was written.
    """
    with ExitStack() as modes:
        modes.enter_context(torch.inference_mode(False))
        modes.enter_context(torch.no_grad())
        modes.enter_context(torch.autocast(device.type, enabled=False))
        if hasattr(torch.compiler, "set_stance"):  # torch 2.6
            modes.enter_context(torch.compiler.set_stance("force_eager"))
        yield


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """One output of a module that was followed: its values with a batch axis in front, and the end that they had."""

    tensor: graph.Tensor
    ended: ends.Ended | None = None
    left_out: ends.WithoutEnd | None = None


def follow(
    model: nn.Module, call: ModuleCall, operations: dict[str, Operation], prefix: str = ""
) -> tuple[list[Followed], tuple[str, ...]]:
    """Run a module on a recording tensor.

    Returns
    -------
    outputs : list of Followed
        Those that `call` asks for.
    names : tuple of str
        What they are called, if there are others.
    """
    trace, result = _run(model, call, operations, prefix, dry=False)
    trace.stack.clear()
    outputs = [_followed(trace, output) for output in call.chosen(result, trace.where).values()]
    return outputs, named(call, result)


def check_operations(model: nn.Module, call: ModuleCall, operations: dict[str, Operation], prefix: str = "") -> None:
    """Refuse a module for what it does, by the names of its operations, before anything is computed.

    Raises
    ------
    UnsupportedLayerError
    """
    with suppress(InvalidNetworkError, OptionError):
        _run(model, call, operations, prefix, dry=True)


def _run(
    model: nn.Module, call: ModuleCall, operations: dict[str, Operation], prefix: str, *, dry: bool
) -> tuple[ModuleTrace, Any]:
    first = next((p for p in model.parameters() if p.is_floating_point()), torch.zeros(()))
    trace = ModuleTrace(model, prefix, first.device, operations, dry)
    try:
        with plainly(first.device), trace.following(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Using `torch.compile")  # about our hooks; nothing is compiled

            def carry(values: Floats) -> TracedTensor:
                return trace.wrap(graph.constant(values), first.dtype)

            return trace, call.run(model, trace.input(call.input_shape, first.dtype), carry)
    except PolytopeLensError:
        raise
    except Exception as error:
        if trace.failure is not None:
            raise trace.failure from None
        if dry:
            return trace, None
        raise UnsupportedLayerError(
            f"{trace.where} cannot be followed on one sample of shape {call.input_shape} (with a batch axis): "
            f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''} If the shape is not that of "
            "one sample, say `input_shape`."
        ) from error


def _followed(trace: ModuleTrace, output: torch.Tensor) -> Followed:
    if isinstance(output, TracedTensor) and output.store.end is not None:
        ended = ends.Ended(output.store.end, output.places)
        left_out = ends.without(ended)
        return Followed(left_out.tensor, ended, left_out)
    return Followed(trace.read(output))
