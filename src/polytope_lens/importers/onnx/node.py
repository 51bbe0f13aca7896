"""One node of an ONNX graph, and what is known about operators by name."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from polytope_lens.errors import InvalidNetworkError, UnsupportedLayerError
from polytope_lens.importers import comparisons, ends, graph
from polytope_lens.importers.registry import words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

# What may stand at the very end, where it is left out (see `ends`), and what may still follow it there.
INCREASING = words("Sigmoid Tanh Exp Softplus Softsign Erf Atan Sinh Asinh Elu Celu Selu")
SOFTMAXES = words("Softmax LogSoftmax")
ENDS = INCREASING | SOFTMAXES | {"ArgMax"}
PICKS = words(
    "Transpose Slice Gather GatherElements GatherND Squeeze Unsqueeze Expand Tile Flatten Reshape Split "
    "DepthToSpace SpaceToDepth Trilu CenterCropPad ReverseSequence"
)
# Operators that do the same to each entry along the leading axis.
ROW_BY_ROW = words(
    "Conv ConvTranspose BatchNormalization AveragePool MaxPool GlobalAveragePool GlobalMaxPool Relu LeakyRelu PRelu "
    "Abs Clip HardSigmoid ThresholdedRelu Shrink Neg Add Sub Mul Div Sum Mean Max Min Identity Dropout Cast CastLike "
    "Greater GreaterOrEqual Less LessOrEqual Sign Not Where"
)
# Comparisons, and where what comes out of them may go (see `comparisons`).
COMPARISONS = words("Greater GreaterOrEqual Less LessOrEqual Sign")
CHOOSING = PICKS | words("Where Mul Cast CastLike Not Neg Add Sub Div Identity Shape Size")
KEEPING = ENDS | PICKS | words("Identity Dropout Cast CastLike Concat Log ZipMap Shape Size")
SMOOTH = words(
    "Gelu Elu Celu Selu Mish Softplus Softsign Tanh Sigmoid HardSwish Swish Exp Log Sqrt Pow Reciprocal Erf Sin "
    "Cos Tan Sinh Cosh Asin Acos Atan Asinh Acosh Atanh LayerNormalization InstanceNormalization "
    "GroupNormalization LRN LpNormalization LpPool GlobalLpPool MeanVarianceNormalization RMSNormalization "
    "Softmax LogSoftmax ReduceL2 ReduceLogSum ReduceLogSumExp ReduceProd ReduceSumSquare LSTM GRU RNN "
    "Det Attention CumProd"
)
JUMPS = words(
    "Greater Less GreaterOrEqual LessOrEqual Equal Not And Or Xor Sign Round Floor Ceil Mod ArgMax ArgMin Hardmax "
    "IsNaN IsInf NonZero Unique OneHot BitShift Shrink ThresholdedRelu Compress"
)
# Constants that are computed from constants: shapes, indices, weights in other forms.
FOLDED = words(
    "Constant Shape Size Gather GatherElements GatherND Concat Unsqueeze Squeeze Reshape Flatten Cast Slice Add "
    "Sub Mul Div Neg Abs Sqrt Reciprocal Pow Exp Log Floor Ceil Mod Min Max ConstantOfShape Range Transpose "
    "Expand Identity Tile Where Equal Less Greater LessOrEqual GreaterOrEqual Not And Or ReduceProd ReduceSum "
    "ReduceMean ReduceMax ReduceMin MatMul Gemm Split DequantizeLinear Relu Clip Dropout ScatterND "
    "ScatterElements Pad Trilu Sum QuantizeLinear DynamicQuantizeLinear Einsum Sign Round IsNaN IsInf Xor CumSum "
    "EyeLike OneHot ArgMax ArgMin Mean Sigmoid Tanh Softmax SpaceToDepth DepthToSpace"
)


# What depends on the input.
SYMBOLIC = (graph.Tensor, ends.Ended, comparisons.Step)


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One node: operator, inputs (constants as arrays, None where left out) and attributes."""

    op: str
    inputs: Sequence[Any]
    attributes: dict[str, Any]
    opset: int
    n_outputs: int
    where: str
    label: str
    proto: Any
    reference: Callable[[Any, Sequence[Any], int], list[Array]]

    def taking(self, *inputs: Any) -> Node:
        """The same node with other inputs."""
        return replace(self, inputs=inputs)

    def has(self, i: int) -> bool:
        """Whether input i is given."""
        return i < len(self.inputs) and self.inputs[i] is not None

    def tensor(self, i: int) -> graph.Tensor:
        """Input i, whether it depends on the model's input or not."""
        value = self.inputs[i] if self.has(i) else None
        if value is None:
            raise InvalidNetworkError(f"{self.where} lacks input {i}.")
        if isinstance(value, comparisons.Step):
            raise UnsupportedLayerError(
                f"{self.where} takes what a comparison put out, so the network is not continuous."
            )
        return value if isinstance(value, graph.Tensor) else graph.constant(self.numbers(i))

    def value(self, i: int) -> graph.Tensor | ends.Ended | comparisons.Step:
        """Input i, which may be what an end or a comparison put out."""
        value = self.inputs[i] if self.has(i) else None
        return value if isinstance(value, ends.Ended | comparisons.Step) else self.tensor(i)

    def before_end(self) -> graph.Tensor | ends.Ended:
        """Input 0, which may be what an end put out."""
        value = self.value(0)
        return self.tensor(0) if isinstance(value, comparisons.Step) else value

    def numbers(self, i: int) -> NDArray[np.float64]:
        """Input i, which must not depend on the model's input, in float64; exact."""
        value = self.integers(i)
        array = np.asarray(value.astype(np.float64))
        if not np.isfinite(array).all():
            raise InvalidNetworkError(f"input {i} of {self.where} should be finite, but holds NaN or infinity.")
        return array

    def integers(self, i: int) -> Array:
        """Input i, which must not depend on the model's input, in its own dtype."""
        value = self.inputs[i] if self.has(i) else None
        if isinstance(value, graph.Tensor):
            if value.constant is None:
                raise UnsupportedLayerError(
                    f"{self.where} takes input {i} from values that depend on the model's input, so the network has no "
                    "polytopes."
                )
            return value.constant
        if value is None or np.asarray(value).dtype.kind in "OSU":
            raise InvalidNetworkError(f"{self.where} lacks numbers as input {i}.")
        return np.asarray(value)

    def option(self, name: str, i: int, default: Any = None) -> Any:
        """What was an attribute in older opsets and is input i in newer ones."""
        if name in self.attributes:
            return self.attributes[name]
        return self.integers(i) if self.has(i) else default

    def fold(self) -> list[Array]:
        """The node's outputs, if its inputs are constants."""
        found = self.reference(self.proto, self.inputs, self.opset)
        graph.checked_weights(sum(array.size for array in found), self.where)
        return found

    def may_mix(self, result: Any) -> bool:
        """Whether the operator may do something else to one sample alone than to one among others.

        What is asked about was followed with one sample: it may have had a leading axis of size 1.
        """
        if self.op in ROW_BY_ROW or self.op in ENDS - {"Softmax", "LogSoftmax", "ArgMax"}:
            return False
        given = [value for value in self.inputs if isinstance(value, SYMBOLIC)]
        leads = {value.shape[:1] for value in (*given, result) if isinstance(value, SYMBOLIC)}
        if self.op in ("Gemm", "MatMul"):
            return not isinstance(self.inputs[0], graph.Tensor) or bool(self.attributes.get("transA", 0))
        if self.op == "Transpose":
            return [*self.attributes.get("perm", [1])][:1] != [0]
        return leads != {(1,)} or self.op not in PICKS

    def check_growth(self) -> None:
        """Refuse operators whose result no memory could hold."""
        shapes = [v.shape if isinstance(v, SYMBOLIC) else np.shape(v) for v in self.inputs]
        if self.op in ("Expand", "ConstantOfShape"):
            target = tuple(int(n) for n in self.integers(len(self.inputs) - 1))
            graph.checked_size(np.broadcast_shapes(shapes[0], target) if self.op == "Expand" else target)
        elif self.op == "Tile":
            graph.checked_size([n * int(r) for n, r in zip(shapes[0], self.integers(1), strict=True)])
        elif self.op == "Pad":
            pads = np.asarray(self.option("pads", 1)).astype(object)
            graph.checked_size([math.prod(n + max(int(abs(pads).sum()), 0) for n in shapes[0])])
        elif self.op == "Range":
            start, stop, step = (float(self.integers(i)) for i in range(3))
            graph.checked_size([max(int((stop - start) / step), 0)])
        elif self.op in ("Gather", "GatherND", "GatherElements") and len(shapes) > 1:
            graph.checked_size([math.prod(shapes[0]), max(math.prod(shapes[1]), 1)])
        elif self.op in ("MatMul", "Gemm", "Add", "Sub", "Mul", "Div", "Pow", "Where", "Sum", "Min", "Max"):
            # A product or broadcast of two arrays is at most as large as their outer product.
            graph.checked_weights(math.prod(max(math.prod(shape), 1) for shape in shapes if shape != ()), self.where)
