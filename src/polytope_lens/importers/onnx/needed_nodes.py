"""What of an ONNX graph is needed, and what is refused for the names of its operators alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polytope_lens.errors import FileFormatError, UnsupportedLayerError
from polytope_lens.importers.onnx.node import CHOOSING, COMPARISONS, ENDS, JUMPS, KEEPING, SMOOTH

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    import onnx

DOMAINS = ("", "ai.onnx")


def needed(graph: onnx.GraphProto, outputs: Sequence[str]) -> tuple[list[onnx.NodeProto], set[str]]:
    """The nodes that values depend on, each after those that it takes from, and the names that they start from."""
    makers: dict[str, onnx.NodeProto] = {}
    given = {tensor.name for tensor in graph.initializer} | {entry.name for entry in graph.input}
    for node in graph.node:
        for name in filter(None, node.output):
            if name in makers or name in given:
                raise FileFormatError(f"{place(node)} computes {name!r}, which is there already.")
            makers[name] = node
    order: list[onnx.NodeProto] = []
    leaves: set[str] = set()
    state: dict[int, bool] = {}  # by node: False while what it takes is looked for, True when that is done
    for output in outputs:
        if output not in makers and output not in given:
            raise FileFormatError(f"the output {output!r} is not computed by any node.")
        if output not in makers:
            leaves.add(output)
            continue
        stack = [(makers[output], iter(makers[output].input))]
        if id(makers[output]) in state:
            continue
        state[id(makers[output])] = False
        while stack:
            node, names = stack[-1]
            name = next(names, None)
            if name is None:
                stack.pop()
                state[id(node)] = True
                order.append(node)
            elif name in given:
                leaves.add(name)
            elif name:
                maker = makers.get(name)
                if maker is None:
                    raise FileFormatError(f"{place(node)} takes {name!r}, but nothing computes it.")
                if id(maker) not in state:
                    state[id(maker)] = False
                    stack.append((maker, iter(maker.input)))
                elif not state[id(maker)]:
                    raise FileFormatError(f"{place(node)} takes {name!r}, but the graph has a cycle.")
    return order, leaves


def check_names(
    operations: Container[tuple[str, str]], nodes: Sequence[onnx.NodeProto], free: set[str], outputs: Sequence[str]
) -> None:
    """Refuse a graph for the names of its operators, of which some are followed, before anything is computed."""
    symbolic = set(free)
    ended: dict[str, onnx.NodeProto] = {}
    steps: dict[str, onnx.NodeProto] = {}
    for node in nodes:
        taken = [name for name in node.input if name in symbolic]
        if not taken or (node.op_type in ("Shape", "Size") and domain(node) == ""):
            continue
        if (domain(node), node.op_type) not in operations:
            raise UnsupportedLayerError(f"{place(node)} {reason(node)}.")
        before = next((ended[name] for name in taken if name in ended), None)
        compared = next((steps[name] for name in taken if name in steps), None)
        if compared is not None and node.op_type not in CHOOSING:
            raise UnsupportedLayerError(
                f"{place(compared)} jumps, so the network is not continuous: its result goes into {place(node)}."
            )
        if before is not None and node.op_type not in KEEPING:
            raise UnsupportedLayerError(
                f"{place(before)} is not piecewise affine, so the network has no polytopes. At the very end it "
                f"would be left out, but here its result goes into {place(node)}."
            )
        names = [name for name in node.output if name]
        symbolic.update(names)
        if before is not None or node.op_type in ENDS:
            ended.update(dict.fromkeys(names, before or node))
        if node.op_type in COMPARISONS or (compared is not None and node.op_type not in ("Where", "Mul")):
            steps.update(dict.fromkeys(names, compared or node))
    jump = next((steps[name] for name in outputs if name in steps), None)
    if jump is not None:
        raise UnsupportedLayerError(f"{place(jump)} jumps, so the network is not continuous.")


def place(node: onnx.NodeProto) -> str:
    """A node as errors name it."""
    return f"node {node.name or next(iter(node.output), '')!r} ({node.op_type})"


def domain(node: onnx.NodeProto) -> str:
    """Which set of operators a node is of; empty for that of ONNX."""
    return "" if node.domain in DOMAINS else str(node.domain)


def reason(node: onnx.NodeProto) -> str:
    """Why an operator is refused."""
    operator = node.op_type
    if operator in SMOOTH:
        return "is not piecewise affine, so the network has no polytopes"
    if operator in JUMPS:
        return "jumps, so the network is not continuous"
    if "Quant" in operator or operator.startswith("QLinear") or operator.endswith("Integer"):
        return "quantises, so the function is not continuous. Export the float model that it was made from"
    if operator in ("If", "Loop", "Scan"):
        return "has graphs inside, which this release does not read"
    own = domain(node)
    return f"is of the domain {own!r}, which this release does not read" if own else "is not read by this release"
