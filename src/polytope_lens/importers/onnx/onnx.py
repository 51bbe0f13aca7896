"""ONNX models: read a file as data, and follow its graph.

Nothing but the `onnx` package is needed. What depends on the input is followed symbolically (`operators`);
shapes, indices and other constants are computed by onnx's own reference implementation, from a closed list of operators
and after a check that the results fit into memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from polytope_lens.errors import (
    FileFormatError,
    OptionError,
    PolytopeLensError,
    UnsupportedLayerError,
    require,
)
from polytope_lens.importers import comparisons, ends, graph, sample_axis
from polytope_lens.importers.layering import Lowering, schedule
from polytope_lens.importers.onnx.free_inputs import fixed_value, free_inputs
from polytope_lens.importers.onnx.fused import FUSED
from polytope_lens.importers.onnx.needed_nodes import DOMAINS, check_names, domain, needed, place, reason
from polytope_lens.importers.onnx.node import (
    FOLDED,
    SYMBOLIC,
    Node,
)
from polytope_lens.importers.onnx.operators import MAPS
from polytope_lens.importers.onnx.reshaping_operators import MOVES
from polytope_lens.importers.packed import content
from polytope_lens.importers.wanted import Wanted

require("onnx", extra="onnx", purpose="reading an ONNX model")

import onnx  # noqa: E402
from onnx import numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from os import PathLike

    from polytope_lens.importers.onnx.free_inputs import FreeInputs

    Value: TypeAlias = graph.Tensor | np.ndarray[Any, Any] | ends.Ended | comparisons.Step | None

OLDEST_OPSET = 7
OPERATIONS: dict[tuple[str, str], Callable[[Node], Any]] = {
    **{("", name): operation for name, operation in (MOVES | MAPS).items()},
    **FUSED,
}


def load_onnx(path: str | PathLike[str], asked: Wanted | None = None) -> Lowering:
    """Lower the model in an ``.onnx`` file, exactly.

    Parameters
    ----------
    path : str or path-like
        Also packed by gzip. Weights stored in files beside it are read, if they are in its folder or below.
    asked : Wanted, optional
        The shape of one sample, without the batch axis: needed where the file leaves a size open, or where its leading
        axis may be that of a batch. Which inputs and outputs are looked at; any value of the graph may be an output.

    Returns
    -------
    Lowering

    Raises
    ------
    MissingFileError, FileAccessError
        It cannot be read.
    FileFormatError
        A truncated or damaged file; a graph with cycles; external data outside the folder of the model.
    UnsupportedLayerError
        An operator that is not piecewise affine, jumps, or is not read by this release, named by its node; a model that
        mixes the samples of a batch.
    InvalidNetworkError
        Shapes that do not fit each other or any memory; NaN or infinite weights; an open input shape.
    OptionError
        Names of inputs and outputs that the model does not have.

    Notes
    -----
    Exactness: as for torch modules, see `torch.lower`; attributes are the float32 numbers that the file holds.
    An axis in front whose size is open or 1 is the batch axis. Nothing from the file is executed.
    """
    path = Path(path)
    data = content(path)
    try:
        model = onnx.ModelProto.FromString(data)
    except Exception as error:  # protobuf has several classes for what a damaged file makes of it
        raise FileFormatError(f"{path} is damaged, or not an ONNX model.") from error
    if not model.HasField("graph") or not model.opset_import:
        raise FileFormatError(f"{path} is damaged, or not an ONNX model: it holds no graph.")
    try:
        return lower(model, asked, folder=path.parent)
    except PolytopeLensError as error:
        raise type(error)(f"{path.name}: {error}") from error


def lower(model: onnx.ModelProto, asked: Wanted | None = None, *, folder: Path | None = None) -> Lowering:
    """Lower a model that is in memory; see `load_onnx`. Without a `folder`, external data are refused.

    Examples
    --------
    >>> from onnx import helper, numpy_helper
    >>> node = helper.make_node("Relu", ["x"], ["y"])
    >>> x, y = (helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", 3]) for name in "xy")
    >>> lower(helper.make_model(helper.make_graph([node], "relu", [x], [y]))).network
    Network(3 -> 3 -> 3, 3 neurons that cut, ReLU)
    """
    program = _Program(model.graph, _opset(model), folder)
    try:
        with np.errstate(all="ignore"):
            return program.lower(asked or Wanted())
    except PolytopeLensError:
        raise
    except Exception as error:  # attributes and shapes of a damaged file make numpy and onnx raise nearly anything
        raise FileFormatError(f"{program.where} is damaged: {type(error).__name__}: {str(error)[:300]}") from error


def _opset(model: onnx.ModelProto) -> int:
    if model.functions:
        names = ", ".join(function.name for function in model.functions[:3])
        raise UnsupportedLayerError(
            f"the model defines functions of its own ({names}), which this release does not read. Inline them first: "
            "onnx.inliner.inline_local_functions(model)."
        )
    version = next((entry.version for entry in model.opset_import if entry.domain in DOMAINS), 0)
    newest = onnx.defs.onnx_opset_version()
    if not OLDEST_OPSET <= version <= newest:
        raise UnsupportedLayerError(
            f"the model is written in ONNX opset {version}, and this release reads {OLDEST_OPSET} to {newest}. Convert "
            "it with onnx.version_converter.convert_version."
        )
    return int(version)


@dataclass(slots=True, eq=False)
class _Program:
    """A graph that is followed node by node, from what is looked at to what that depends on."""

    proto: onnx.GraphProto
    opset: int
    folder: Path | None
    where: str = "the model"
    values: dict[str, Value] = field(default_factory=dict)
    mixes: bool = False

    def lower(self, asked: Wanted) -> Lowering:
        """The network of what is looked at."""
        if self.proto.sparse_initializer:
            raise UnsupportedLayerError("the model has sparse initializers, which this release does not read.")
        outputs = self._outputs(asked)
        nodes, leaves = needed(self.proto, outputs)
        weights = {tensor.name for tensor in self.proto.initializer}  # inputs as well, in files of old
        looked_at = leaves | {*(asked.free or ()), *asked.fixed, *asked.shapes}
        inputs = {e.name: e for e in self.proto.input if e.name in looked_at and e.name not in weights}
        check_names(OPERATIONS, nodes, {name for name in inputs if name not in asked.fixed}, outputs)
        free = free_inputs(inputs, asked)
        fixed = {name: (inputs[name], value) for name, value in asked.fixed.items()}
        parts = self._followed(outputs, nodes, leaves, free, fixed, free.batch)
        result, left_out = _joined(parts)
        self._check_batch(result, parts, free)
        if free.open and self.mixes:
            self._check_apart(outputs, nodes, leaves, free, fixed)
        if free.batch > 1:
            result = sample_axis.first_sample(result, free.batch)
            shape = result.shape
        else:
            shape = result.shape[1:] if free.has_batch_axis and result.shape[:1] == (1,) else result.shape
        found = schedule(result, free.total)
        several = len(self.proto.output) > 1 or asked.outputs is not None
        return Lowering(
            found.network,
            free.shape,
            shape,
            found.steps,
            ", ".join(dict.fromkeys(entry.name for entry in left_out)) or None,
            tuple(entry.name for entry in free.entries) if len(inputs) > 1 else (),
            tuple(outputs) if several else (),
            tuple(dict.fromkeys(entry.meaning for entry in left_out if entry.meaning)),
        )

    # ------------------------------------------------------------------------------------------- what is followed

    def _outputs(self, asked: Wanted) -> list[str]:
        """Names of the values that are looked at."""
        declared = [entry.name for entry in self.proto.output]
        if asked.outputs is not None:
            names = {name for node in self.proto.node for name in node.output if name}
            chosen = [declared[int(n)] if n.isdecimal() and int(n) < len(declared) else n for n in asked.outputs]
            unknown = [name for name in chosen if name not in names]
            if unknown:
                listed = ", ".join(map(repr, declared))
                raise OptionError(
                    f"`outputs` names {unknown[0]!r}, which no node computes. The model's outputs are {listed}; what "
                    "other nodes put out may be named as well."
                )
            return chosen
        # Labels are no numbers to look at.
        scores = [entry.name for entry in self.proto.output if not _is_label(entry)]
        if len(scores) == 1:
            return scores
        listed = ", ".join(map(repr, declared))
        raise UnsupportedLayerError(
            f"the model has {len(declared)} outputs: {listed}. Say which are looked at, as "
            f"outputs={(scores or declared or ['...'])[0]!r}."
        )

    def _followed(
        self,
        outputs: Sequence[str],
        nodes: Sequence[onnx.NodeProto],
        leaves: set[str],
        free: FreeInputs,
        fixed: Mapping[str, tuple[onnx.ValueInfoProto, Any]],
        samples: int,
    ) -> list[Value]:
        """The values of the outputs for some samples."""
        self.values = {}
        for tensor in self.proto.initializer:
            if tensor.name in leaves:
                self.where = f"initializer {tensor.name!r}"
                self.values[tensor.name] = self._array(tensor)
        for name, (entry, value) in fixed.items():
            self.values[name] = fixed_value(entry, value, samples if free.has_batch_axis else 1)
        self.values.update(free.tensors(samples))
        for entry in nodes:
            self.where = place(entry)
            self._run_node(entry)
        return [self.values[name] for name in outputs]

    # ------------------------------------------------------------------------------------------- samples of a batch

    def _check_batch(self, result: graph.Tensor, parts: Sequence[Value], free: FreeInputs) -> None:
        """Samples of a batch have to be kept apart; where nobody said whether there is one, they must not be."""
        if free.batch > 1 and not _apart(result, parts, free.batch):
            raise UnsupportedLayerError(
                f"the model mixes the {free.batch} samples along the leading axis of its input, so one of them alone "
                "is no input. Say the whole shape as `input_shape` to take all of it for one sample."
            )
        guessed = [entry for entry in free.entries if entry.guessed]
        for entry in guessed:
            lead = entry.sample[0]
            if len(free.entries) == 1 and _apart(result, parts, lead):
                raise UnsupportedLayerError(
                    f"the input {entry.name!r} has the shape {entry.sample}, and the model treats each of the {lead} "
                    f"along its leading axis alone. Say `input_shape`: {entry.sample[1:]} if they are the samples of a "
                    f"batch, {entry.sample} if together they are one sample."
                )

    def _check_apart(self, outputs: Any, nodes: Any, leaves: Any, free: FreeInputs, fixed: Any) -> None:
        """A model for any number of samples has to keep two of them apart."""
        try:
            parts = self._followed(outputs, nodes, leaves, free, fixed, 2)
            apart = _apart(_joined(parts)[0], parts, 2)
        except (PolytopeLensError, ValueError, TypeError, IndexError, RuntimeError):
            return  # it was written for one
        if not apart:
            raise UnsupportedLayerError(
                "the model mixes the samples of a batch (the leading axis of its input, whose size the file leaves "
                "open), so one of them alone is no input. Say the whole shape as `input_shape` to take a batch for one "
                "sample."
            )

    # ------------------------------------------------------------------------------------------- nodes

    def _run_node(self, entry: onnx.NodeProto) -> None:
        inputs = [self.values[name] if name else None for name in entry.input]
        attributes = {a.name: self._attribute(a) for a in entry.attribute}
        label = f"{entry.name or next(iter(entry.output), '')} ({entry.op_type})"
        node = Node(
            entry.op_type, inputs, attributes, self.opset, len(entry.output), self.where, label, entry, _reference
        )
        for name, value in zip(entry.output, self._compute(node), strict=False):
            if name:
                self.values[name] = value

    def _compute(self, node: Node) -> Sequence[Value]:
        symbolic = any(isinstance(value, SYMBOLIC) for value in node.inputs)
        if node.op == "Constant" and "sparse_value" in node.attributes:
            return [self._dense(node.attributes["sparse_value"])]
        if node.op == "Shape" and symbolic:
            shape = np.array(node.value(0).shape, dtype=np.int64)
            return [shape[slice(node.attributes.get("start", 0), node.attributes.get("end"))]]
        if node.op == "Size" and symbolic:
            return [np.array(math.prod(node.value(0).shape), dtype=np.int64)]
        of = domain(node.proto)
        if not symbolic and of == "" and node.op in FOLDED:
            node.check_growth()
            return node.fold()
        operation = OPERATIONS.get((of, node.op))
        if operation is None or not (symbolic or of):
            raise UnsupportedLayerError(f"{self.where} {reason(node.proto)}.")
        result = operation(node)
        found = result if isinstance(result, list) else [result]
        self.mixes |= node.may_mix(found[0])
        return found

    def _attribute(self, attribute: onnx.AttributeProto) -> Any:
        if attribute.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS):
            raise UnsupportedLayerError(f"{self.where} has graphs inside, which this release does not read.")
        if attribute.type == onnx.AttributeProto.TENSOR:
            return self._array(attribute.t)
        value = onnx.helper.get_attribute_value(attribute)
        return value.decode() if isinstance(value, bytes) else value

    def _dense(self, tensor: onnx.SparseTensorProto) -> np.ndarray[Any, Any]:
        """The numbers of a sparse tensor, all of them."""
        shape = tuple(tensor.dims)
        graph.checked_size(shape)
        values, indices = self._array(tensor.values), self._array(tensor.indices)
        found = np.zeros(shape, dtype=values.dtype)
        found[tuple(indices.T) if indices.ndim == 2 else np.unravel_index(indices, shape)] = values
        return found

    def _array(self, tensor: onnx.TensorProto) -> np.ndarray[Any, Any]:
        """The numbers of a tensor, in their own dtype."""
        graph.checked_weights(math.prod(tensor.dims), self.where)
        base = ""
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            base = str(self._folder_of(tensor))
        try:
            found = np.asarray(numpy_helper.to_array(tensor, base))
        except Exception as error:
            raise FileFormatError(f"{self.where} is damaged: {str(error)[:300]}") from error
        if base:
            graph.grant_more(found.nbytes)
        return found

    def _folder_of(self, tensor: onnx.TensorProto) -> Path:
        """The model's folder, if the data that a tensor refers to lie in it."""
        location = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
        if self.folder is None:
            raise FileFormatError(
                f"{self.where} keeps its data in the file {location!r}; load the model from its path."
            )
        folder = self.folder.resolve()
        if not (folder / location).resolve().is_relative_to(folder):
            raise FileFormatError(
                f"{self.where} refers to {location!r}, outside the folder of the model. It was not opened."
            )
        return folder


def _is_label(entry: onnx.ValueInfoProto) -> bool:
    """Whether an output holds whole numbers or text."""
    kind = entry.type.tensor_type.elem_type
    return entry.type.HasField("tensor_type") and kind in (
        onnx.TensorProto.INT64, onnx.TensorProto.INT32, onnx.TensorProto.STRING, onnx.TensorProto.BOOL,
    )  # fmt: skip


def _joined(parts: Sequence[Value]) -> tuple[graph.Tensor, list[ends.WithoutEnd]]:
    """One output, or several laid end to end, without what stands at their ends."""
    left_out: list[ends.WithoutEnd] = []
    tensors: list[graph.Tensor] = []
    for value in parts:
        if isinstance(value, comparisons.Step):
            raise UnsupportedLayerError("the output is that of a comparison, which jumps, so it is not continuous.")
        if isinstance(value, ends.Ended):
            left_out.append(ends.without(value))
            tensors.append(left_out[-1].tensor)
        else:
            tensors.append(value if isinstance(value, graph.Tensor) else graph.constant(np.asarray(value, np.float64)))
    if len(tensors) == 1:
        return tensors[0], left_out
    leads = {tensor.shape[:1] for tensor in tensors}
    rows = next(iter(leads))[0] if len(leads) == 1 and next(iter(leads)) else 1
    return graph.concatenate([graph.reshaped(t, (rows, t.size // rows)) for t in tensors], 1), left_out


def _apart(result: graph.Tensor, parts: Sequence[Value], samples: int) -> bool:
    """Whether each sample's share of the outputs depends on that sample alone, with what an end compares."""
    compared = [value.end for value in parts if isinstance(value, ends.Ended) and value.end.groups is not None]
    return sample_axis.keeps_apart(result, samples) and all(
        end.groups is not None and sample_axis.groups_apart(end.before, end.groups, samples) for end in compared
    )


def _reference(node: onnx.NodeProto, inputs: Sequence[Any], opset: int) -> list[np.ndarray[Any, Any]]:
    """Run one node by onnx's reference implementation, which has no versions of some operators before opset 19."""
    opset = max(opset, 19) if node.op_type in ("QuantizeLinear", "DequantizeLinear") else opset
    unknown = onnx.TypeProto()
    described = [onnx.helper.make_value_info(name, unknown) for name in dict.fromkeys(node.input) if name]
    results = [onnx.helper.make_value_info(name, unknown) for name in node.output if name]
    single = onnx.helper.make_graph([node], "node", described, results)
    model = onnx.helper.make_model(single, opset_imports=[onnx.helper.make_opsetid("", opset)])
    feeds = {name: value for name, value in zip(node.input, inputs, strict=True) if name}
    return [np.asarray(value) for value in ReferenceEvaluator(model).run(None, feeds)]
