"""ONNX models: read a file as data, and follow its graph.

Nothing but the `onnx` package is needed. What depends on the input is followed symbolically (:mod:`.operators`);
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
    DimensionError,
    FileFormatError,
    InvalidNetworkError,
    PolytopeLensError,
    UnsupportedLayerError,
    require,
)
from polytope_lens.importers import graph
from polytope_lens.importers.layering import Lowering, schedule
from polytope_lens.importers.onnx.node import FOLDED, JUMPS, SMOOTH, Node, StrippedNode
from polytope_lens.importers.onnx.operators import MAPS
from polytope_lens.importers.onnx.reshaping_operators import MOVES
from polytope_lens.io.files import read_bytes

require("onnx", extra="onnx", purpose="reading an ONNX model")

import onnx  # noqa: E402
from onnx import numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    Value: TypeAlias = graph.Tensor | np.ndarray[Any, Any] | StrippedNode | None

OLDEST_OPSET = 9
DOMAINS = ("", "ai.onnx")


def load_onnx(path: str | PathLike[str], input_shape: Sequence[int] | None = None) -> Lowering:
    """Lower the model in an ``.onnx`` file, exactly.

    Parameters
    ----------
    path : str or path-like
        Weights stored in files beside it are read, if they are in its folder or below.
    input_shape : sequence of int, optional
        Shape of one sample, without the batch axis: needed where the file leaves a size open.

    Returns
    -------
    Lowering

    Raises
    ------
    FileFormatError
        A missing, truncated or damaged file; a graph with cycles; external data outside the folder of the model.
    UnsupportedLayerError
        An operator that is not piecewise affine, jumps, or is not read by this release, named by its node.
    InvalidNetworkError
        Shapes that do not fit each other or any memory; NaN or infinite weights; an open input shape.

    Notes
    -----
    Exactness: as for torch modules, see :func:`.torch.lower`; attributes are the float32 numbers that the file holds.
    An axis in front whose size is open or 1 is the batch axis. Nothing from the file is executed.
    """
    path = Path(path)
    data = read_bytes(path)
    try:
        model = onnx.ModelProto.FromString(data)
    except Exception as error:  # protobuf has several classes for what a damaged file makes of it
        raise FileFormatError(f"{path} is damaged, or not an ONNX model.") from error
    if not model.HasField("graph") or not model.opset_import:
        raise FileFormatError(f"{path} is damaged, or not an ONNX model: it holds no graph.")
    try:
        return lower(model, input_shape, folder=path.parent)
    except PolytopeLensError as error:
        raise type(error)(f"{path.name}: {error}") from error


def lower(model: onnx.ModelProto, input_shape: Sequence[int] | None = None, *, folder: Path | None = None) -> Lowering:
    """Lower a model that is in memory; see :func:`load_onnx`. Without a `folder`, external data are refused.

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
            return program.run(input_shape)
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
    """A graph that is followed node by node, in the order of the file."""

    graph: onnx.GraphProto
    opset: int
    folder: Path | None
    where: str = "the model"
    values: dict[str, Value] = field(default_factory=dict)

    def run(self, input_shape: Sequence[int] | None) -> Lowering:
        if self.graph.sparse_initializer:
            raise UnsupportedLayerError("the model has sparse initializers, which this release does not read.")
        for tensor in self.graph.initializer:
            self.where = f"initializer {tensor.name!r}"
            self.values[tensor.name] = self._array(tensor)
        inputs = [entry for entry in self.graph.input if entry.name not in self.values]
        if len(inputs) != 1 or len(self.graph.output) != 1:
            raise UnsupportedLayerError(
                f"the model has {len(inputs)} inputs and {len(self.graph.output)} outputs, and a lens looks at one "
                "input and one output. Cut the others off: onnx.utils.Extractor, or fix inputs as initializers."
            )
        shape = _input_shape(inputs[0], input_shape)
        self.values[inputs[0].name] = graph.source(shape.full)
        defined = {name for node in self.graph.node for name in node.output if name}
        for entry in self.graph.node:
            self.where = f"node {entry.name or next(iter(entry.output), '')!r} ({entry.op_type})"
            self._run_node(entry, defined)
        name = self.graph.output[0].name
        if name not in self.values:
            raise FileFormatError(f"the output {name!r} is not computed by any node.")
        result = self.values[name]
        stripped = None
        if isinstance(result, StrippedNode):
            stripped, result = result.label, result.before
        if not isinstance(result, graph.Tensor):
            result = graph.constant(np.asarray(result, dtype=np.float64))
        found = schedule(result, math.prod(shape.full))
        output = result.shape[1:] if shape.batch and result.shape[:1] == (1,) else result.shape
        return Lowering(found.network, shape.sample, output, found.steps, stripped)

    def _run_node(self, entry: onnx.NodeProto, defined: set[str]) -> None:
        for name in entry.input:
            if name and name not in self.values:
                why = "the graph has a cycle or is out of order" if name in defined else "nothing computes it"
                raise FileFormatError(f"{self.where} takes {name!r}, but {why}.")
        inputs = [self.values[name] if name else None for name in entry.input]
        attributes = {a.name: self._attribute(a) for a in entry.attribute}
        label = f"{entry.name or next(iter(entry.output), '')} ({entry.op_type})"
        node = Node(
            entry.op_type, inputs, attributes, self.opset, len(entry.output), self.where, label, entry, _reference
        )
        if entry.domain not in DOMAINS:
            raise UnsupportedLayerError(
                f"{self.where} is of the domain {entry.domain!r}, which this release does not read."
            )
        outputs = self._compute(node)
        for name, value in zip(entry.output, outputs, strict=False):
            if name in self.values:
                raise FileFormatError(f"{self.where} computes {name!r}, which is there already.")
            if name:
                self.values[name] = value

    def _compute(self, node: Node) -> Sequence[Value]:
        for value in node.inputs:
            if isinstance(value, StrippedNode):
                raise UnsupportedLayerError(
                    f"{value.where} is not piecewise affine, so the network has no polytopes. At the very end it would "
                    "be left out, but here its result is used."
                )
        symbolic = any(isinstance(value, graph.Tensor) for value in node.inputs)
        if node.op == "Shape" and symbolic:
            shape = np.array(node.tensor(0).shape, dtype=np.int64)
            return [shape[slice(node.attributes.get("start", 0), node.attributes.get("end"))]]
        if node.op == "Size" and symbolic:
            return [np.array(node.tensor(0).size, dtype=np.int64)]
        if not symbolic and node.op in FOLDED:
            node.check_growth()
            return node.fold()
        operation = (MOVES | MAPS).get(node.op)
        if operation is not None and symbolic:
            result = operation(node)
            return result if isinstance(result, list) else [result]
        raise UnsupportedLayerError(f"{self.where} {_reason(node.op)}.")

    def _attribute(self, attribute: onnx.AttributeProto) -> Any:
        if attribute.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS):
            raise UnsupportedLayerError(f"{self.where} has graphs inside, which this release does not read.")
        if attribute.type == onnx.AttributeProto.TENSOR:
            return self._array(attribute.t)
        value = onnx.helper.get_attribute_value(attribute)
        return value.decode() if isinstance(value, bytes) else value

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


def _reason(operator: str) -> str:
    """Why an operator is refused."""
    if operator in SMOOTH:
        return "is not piecewise affine, so the network has no polytopes"
    if operator in JUMPS:
        return "jumps, so the network is not continuous"
    if "Quant" in operator or operator.startswith("QLinear") or operator.endswith("Integer"):
        return "quantises, so the function is not continuous. Export the float model that it was made from"
    return "is not read by this release"


def _reference(node: onnx.NodeProto, inputs: Sequence[Any], opset: int) -> list[np.ndarray[Any, Any]]:
    """Run one node by onnx's reference implementation."""
    unknown = onnx.TypeProto()
    described = [onnx.helper.make_value_info(name, unknown) for name in dict.fromkeys(node.input) if name]
    results = [onnx.helper.make_value_info(name, unknown) for name in node.output if name]
    single = onnx.helper.make_graph([node], "node", described, results)
    model = onnx.helper.make_model(single, opset_imports=[onnx.helper.make_opsetid("", opset)])
    feeds = {name: value for name, value in zip(node.input, inputs, strict=True) if name}
    return [np.asarray(value) for value in ReferenceEvaluator(model).run(None, feeds)]


@dataclass(frozen=True, slots=True)
class _Shape:
    """Shape of the input as the graph sees it, and of one sample."""

    full: tuple[int, ...]
    sample: tuple[int, ...]

    @property
    def batch(self) -> bool:
        """Whether there is a batch axis in front."""
        return len(self.full) > len(self.sample)


def _input_shape(entry: onnx.ValueInfoProto, given: Sequence[int] | None) -> _Shape:
    kind = entry.type.tensor_type
    if kind.elem_type not in (
        onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16,
    ):  # fmt: skip
        raise UnsupportedLayerError(f"the input {entry.name!r} should hold floats, but is declared otherwise.")
    if given is not None and not all(isinstance(n, int | np.integer) and n > 0 for n in given):
        raise DimensionError(
            f"`input_shape` should be the shape of one sample, as (3, 32, 32), but received {given!r}."
        )
    sizes = [d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else None for d in kind.shape.dim]
    if not kind.HasField("shape"):
        if given is None:
            raise InvalidNetworkError("the file does not say the shape of its input. Say `input_shape`.")
        return _Shape((1, *given), tuple(given))
    batch = len(sizes) > 1 and sizes[0] in (None, 1)
    sample = sizes[1:] if batch else sizes
    if given is not None:
        if len(given) != len(sample) or any(n not in (None, g) for n, g in zip(sample, given, strict=True)):
            told = tuple("?" if n is None else n for n in sample)
            raise DimensionError(f"one sample of the input has shape {told}, but `input_shape` is {tuple(given)}.")
        sample = list(given)
    known = tuple(n for n in sample if n is not None)
    if len(known) < len(sample):
        told = tuple("?" if n is None else n for n in sample)
        raise InvalidNetworkError(f"the file leaves the shape of its input open: {told}. Say `input_shape`.")
    return _Shape((1, *known) if batch else known, known)
