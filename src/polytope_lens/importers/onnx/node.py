"""One node of an ONNX graph, and what is known about operators by name."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from polytope_lens.errors import InvalidNetworkError, UnsupportedLayerError
from polytope_lens.importers import graph
from polytope_lens.importers.registry import words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

SMOOTH = words(
    "Gelu Elu Celu Selu Mish Softplus Softsign Tanh Sigmoid HardSwish Swish Exp Log Sqrt Pow Reciprocal Erf Sin "
    "Cos Tan Sinh Cosh Asin Acos Atan Asinh Acosh Atanh LayerNormalization InstanceNormalization "
    "GroupNormalization LRN LpNormalization LpPool GlobalLpPool MeanVarianceNormalization RMSNormalization "
    "Softmax LogSoftmax ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceProd ReduceSumSquare LSTM GRU RNN "
    "Det Attention CumProd"
)
JUMPS = words(
    "Greater Less GreaterOrEqual LessOrEqual Equal Not And Or Xor Sign Round Floor Ceil Mod ArgMax ArgMin Hardmax "
    "IsNaN IsInf NonZero TopK Unique OneHot BitShift Shrink ThresholdedRelu Compress"
)
# Constants that are computed from constants: shapes, indices, weights in other forms.
FOLDED = words(
    "Constant Shape Size Gather GatherElements GatherND Concat Unsqueeze Squeeze Reshape Flatten Cast Slice Add "
    "Sub Mul Div Neg Abs Sqrt Reciprocal Pow Exp Log Floor Ceil Mod Min Max ConstantOfShape Range Transpose "
    "Expand Identity Tile Where Equal Less Greater LessOrEqual GreaterOrEqual Not And Or ReduceProd ReduceSum "
    "ReduceMean ReduceMax ReduceMin MatMul Gemm Split DequantizeLinear Relu Clip Dropout ScatterND "
    "ScatterElements Pad Trilu Sum"
)


@dataclass(frozen=True, slots=True, eq=False)
class StrippedNode:
    """An operator that may stand at the very end, and what it was applied to."""

    label: str
    where: str
    before: graph.Tensor


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

    def has(self, i: int) -> bool:
        """Whether input i is given."""
        return i < len(self.inputs) and self.inputs[i] is not None

    def tensor(self, i: int) -> graph.Tensor:
        """Input i, whether it depends on the model's input or not."""
        value = self.inputs[i] if self.has(i) else None
        if value is None:
            raise InvalidNetworkError(f"{self.where} lacks input {i}.")
        return value if isinstance(value, graph.Tensor) else graph.constant(self.numbers(i))

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

    def check_growth(self) -> None:
        """Refuse operators whose result no memory could hold."""
        shapes = [np.shape(v) if not isinstance(v, graph.Tensor) else v.shape for v in self.inputs]
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
