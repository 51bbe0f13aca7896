"""From a graph of vectors to the layers of a network, which importers hand over.

Maps that pick, add up and scale values are multiplied into the weights around them where every product and sum of that
is a float; where one would be rounded, and between two maps with weights, the values in between get a layer of their
own that only passes them on. So the network is exactly the function that the graph describes.

Each layer holds what can be computed from the layer before it, and carries on what later ones need: the number of
layers is that of the longest chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from polytope_lens._deferred import sparse
from polytope_lens.arithmetic.fineness import leaves_room, reciprocal_of_lowest_bit
from polytope_lens.errors import ConsistencyError
from polytope_lens.importers.graph import Affine, Bend, Source, checked_weights, selection
from polytope_lens.network.network import Layer, Network

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from polytope_lens._types import Floats, Ints, Matrix, Sparse
    from polytope_lens.importers.graph import Node, Tensor


# Matrices of fewer entries, or with more than one entry in eight, are stored densely.
SMALL = 2**18
DENSITY = 1 / 8


@dataclass(frozen=True, slots=True, eq=False)
class Lowering:
    """A network read from a model.

    Parameters
    ----------
    network : Network
        Its inputs and outputs are those of one sample, in C order.
    input_shape, output_shape : tuple of int
        Shape of one sample, and of what the network makes of it.
    steps : tuple of tuples of str
        For each layer and for the output, the steps of the model that became part of it.
    stripped : str or None
        What was left out at the very end, such as a softmax: it changes the outputs, but not the regions.
    inputs, outputs : tuple of str
        Which of several inputs and outputs of the model the network has, laid end to end in this order.
    remarks : tuple of str
        What else should be known about the outputs.
    """

    network: Network
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    steps: tuple[tuple[str, ...], ...]
    stripped: str | None = None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def told(self) -> list[str]:
        """What a reader of the network should know about its inputs and outputs, in a few words each."""
        said = []
        if self.inputs:
            said.append(f"inputs {', '.join(self.inputs)}")
        if self.outputs:
            said.append(f"output{'s' * (len(self.outputs) > 1)} {', '.join(self.outputs)}")
        if self.stripped:
            said.append(f"without the {self.stripped} at the end")
        return [*said, *self.remarks]


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A network, and for each of its layers and its output the names of the steps that became part of it."""

    network: Network
    steps: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Form:
    """A node's values as an affine map of the values of stored nodes, laid end to end."""

    stored: tuple[Node, ...]
    matrix: Sparse
    bias: Floats
    learned: bool
    labels: tuple[str, ...]


def schedule(result: Tensor, input_dim: int) -> Scheduled:
    """Turn a program with `input_dim` inputs into a network whose output is `result`.

    Raises
    ------
    InvalidNetworkError

    Notes
    -----
    Neurons of a layer: those that bend, in the order of the program, then those that only pass values on. All values of
    a bent node are kept, also where some are not used later.
    """
    stored, final = _forms(result.node)
    levels = _levels(stored, final)
    last = max((levels[node] for node in final.stored), default=0)
    carried = _carried(stored, final, levels, last)
    columns: dict[Node, Ints] = {node: np.arange(node.size) for node in levels if isinstance(node, Source)}
    width = input_dim
    layers, steps = [], []
    for level in range(1, last + 1):
        here = sorted((node for node in levels if levels[node] == level), key=lambda node: not isinstance(node, Bend))
        parts = [_Part(node, _rows(stored[node], columns, width), stored[node].bias) for node in here]
        parts += [_copy(node, places, columns[node], width) for node, places in carried[level].items()]
        layers.append(_layer(parts))
        steps.append(_names(label for node in here for label in (*stored[node].labels, getattr(node, "label", ""))))
        columns, width = _places(parts)
    steps.append(_names(final.labels))
    output = _stacked([_rows(final, columns, width)])
    return Scheduled(Network(tuple(layers), cast("Floats", output), final.bias), tuple(steps))


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Neurons of a layer that hold a node's values, or those in some places of it (None: all)."""

    node: Node
    matrix: Sparse
    bias: Floats
    places: Ints | None = None


def _copy(node: Node, places: Ints, columns: Ints, width: int) -> _Part:
    """Neurons that pass values of an earlier layer on."""
    matrix = selection(np.arange(len(places)), columns[places], (len(places), width))
    return _Part(node, matrix, np.zeros(len(places)), places)


def _layer(parts: list[_Part]) -> Layer:
    ones = [np.ones(len(part.bias)) for part in parts]
    bends = [part.node if isinstance(part.node, Bend) and part.places is None else None for part in parts]
    pairs = list(zip(bends, ones, strict=True))
    return Layer(
        cast("Floats", _stacked([part.matrix for part in parts])),
        np.concatenate([part.bias for part in parts]),
        np.concatenate([one if bend is None else bend.negative for bend, one in pairs]),
        np.concatenate([one if bend is None else bend.positive for bend, one in pairs]),
        np.concatenate([np.full(len(one), bend is not None) for bend, one in pairs]),
    )


def _places(parts: list[_Part]) -> tuple[dict[Node, Ints], int]:
    """Where each node's values are in a layer (-1: nowhere), and the layer's width."""
    columns = {}
    start = 0
    for part in parts:
        stop = start + len(part.bias)
        columns[part.node] = np.full(part.node.size, -1)
        columns[part.node][slice(None) if part.places is None else part.places] = np.arange(start, stop)
        start = stop
    return columns, start


def _names(labels: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label for label in labels if label))


def exact_product(a: Sparse, b: Sparse) -> Sparse | None:
    """``a @ b``, or None if that might need rounding; see `fineness`."""
    checked_weights(int(np.diff(b.indptr)[a.indices].sum()), "a product of two maps")
    size = abs(a) @ abs(b)
    with np.errstate(over="ignore", invalid="ignore"):
        fineness = _with_data(a, reciprocal_of_lowest_bit(a.data)) @ _with_data(b, reciprocal_of_lowest_bit(b.data))
        size.sort_indices()
        fineness.sort_indices()
        # Both have an entry wherever there is a term, since their terms are positive.
        if len(size.data) != len(fineness.data):
            return None
        if not bool(leaves_room(size.data, fineness.data).all()):
            return None
    product = a @ b
    product.eliminate_zeros()
    product.sort_indices()
    return product


def _with_data(matrix: Sparse, data: Floats) -> Sparse:
    return sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _forms(result: Node) -> tuple[dict[Node, _Form], _Form]:
    """What each stored node is computed from, in the order of the program, and the form of the result."""
    forms: dict[Node, _Form] = {}
    stored: dict[Node, _Form] = {}
    for node in in_order(result):
        if isinstance(node, Source):
            stored[node] = forms[node] = _Form((), sparse.csr_array((node.size, 0)), np.zeros(node.size), False, ())
        elif isinstance(node, Bend):
            stored[node] = _reference(node.node, forms, stored)
            forms[node] = stored[node]
        else:
            forms[node] = _folded(node, forms, stored)
    return stored, _reference(result, forms, stored)


def _reference(node: Node, forms: dict[Node, _Form], stored: dict[Node, _Form]) -> _Form:
    """The values of a node as a form: itself if it is stored."""
    if node in stored:
        return _Form((node,), sparse.eye_array(node.size, format="csr"), np.zeros(node.size), False, ())
    return forms[node]


def _folded(node: Affine, forms: dict[Node, _Form], stored: dict[Node, _Form]) -> _Form:
    """A map of nodes as a map of stored nodes; nodes that stand in the way of an exact product become stored."""
    for source, _ in node.terms:
        if node.learned and source not in stored and forms[source].learned:
            stored[source] = forms[source]
    found = _product(node, forms, stored)
    if found is not None:
        return found
    for source, _ in node.terms:
        stored.setdefault(source, forms[source])
    found = _product(node, forms, stored)
    if found is not None:
        return found
    # The sum of two maps of one node would be rounded: each gets values of its own.
    parts = [Affine((term,), np.zeros(node.size)) for term in node.terms]
    for part in parts:
        stored[part] = _known(_product(part, forms, stored))
    unit = sparse.eye_array(node.size, format="csr")
    return _known(_product(Affine(tuple((part, unit) for part in parts), node.bias, label=node.label), forms, stored))


def _known(form: _Form | None) -> _Form:
    if form is None:
        raise ConsistencyError("a map of one stored vector was not exact.")
    return form


def _product(node: Affine, forms: dict[Node, _Form], stored: dict[Node, _Form]) -> _Form | None:
    """A map of nodes multiplied out, in homogeneous coordinates, if that is exact."""
    sources = [source for source, _ in node.terms]
    if all(source in stored for source in sources) and len(set(sources)) == len(sources):
        matrix = _beside([matrix for _, matrix in node.terms]) if sources else sparse.csr_array((node.size, 0))
        return _Form(tuple(sources), matrix, node.bias, node.learned, (node.label,))
    inner = [_reference(source, forms, stored) for source in sources]
    atoms = list(dict.fromkeys(atom for form in inner for atom in form.stored))
    starts = dict(zip(atoms, np.cumsum([0, *(atom.size for atom in atoms)]).tolist(), strict=False))
    width = sum(atom.size for atom in atoms)
    blocks = [_placed(form, starts, width + 1) for form in inner]
    unit = sparse.csr_array(([1.0], ([0], [width])), shape=(1, width + 1))
    outer = _beside([*(matrix for _, matrix in node.terms), sparse.csr_array(node.bias[:, None])])
    product = exact_product(outer, sparse.vstack([*blocks, unit], format="csr"))
    if product is None:
        return None
    labels = dict.fromkeys([label for form in inner for label in form.labels] + [node.label])
    bias = product[:, [width]].toarray().ravel()
    learned = node.learned or any(form.learned for form in inner)
    return _Form(tuple(atoms), product[:, :width], bias, learned, tuple(labels))


def _beside(matrices: list[Sparse]) -> Sparse:
    return sparse.hstack(matrices, format="csr")


def _placed(form: _Form, starts: dict[Node, int], width: int) -> Sparse:
    """``[matrix, bias]`` of a form, with the columns of each stored node moved to where it starts."""
    shifts = [np.arange(node.size) + starts[node] for node in form.stored]
    columns = np.concatenate([*shifts, [width - 1]]).astype(np.int64)
    block = _beside([form.matrix, sparse.csr_array(form.bias[:, None])])
    return sparse.csr_array((block.data, columns[block.indices], block.indptr), shape=(block.shape[0], width))


def in_order(result: Node) -> Iterator[Node]:
    """The nodes that a result depends on, each after those it is computed from."""
    done: set[Node] = set()
    stack = [(result, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif node not in done:
            done.add(node)
            stack.append((node, True))
            stack += [(before, False) for before in reversed(sources(node))]


def sources(node: Node) -> list[Node]:
    """The nodes that one is computed from directly."""
    if isinstance(node, Source):
        return []
    return [node.node] if isinstance(node, Bend) else [source for source, _ in node.terms]


def _levels(stored: dict[Node, _Form], final: _Form) -> dict[Node, int]:
    """The layer of each stored node that the result needs; 0 for the input."""
    needed = set(final.stored)
    for node in reversed(stored):
        if node in needed:
            needed.update(stored[node].stored)
    levels: dict[Node, int] = {}
    for node, form in stored.items():
        if isinstance(node, Source):
            levels[node] = 0
        elif node in needed:
            levels[node] = 1 + max((levels[before] for before in form.stored), default=0)
    return levels


def _carried(
    stored: dict[Node, _Form], final: _Form, levels: dict[Node, int], last: int
) -> dict[int, dict[Node, Ints]]:
    """For each layer, the places in earlier nodes whose values later layers need."""
    wanted: dict[int, dict[Node, list[Ints]]] = {level: {} for level in range(1, last + 1)}
    for level, form in [*((levels[node], stored[node]) for node in levels), (last + 1, final)]:
        used = np.unique(form.matrix.indices).astype(np.int64)
        start = 0
        for node in form.stored:
            places = used[(used >= start) & (used < start + node.size)] - start
            start += node.size
            for between in range(levels[node] + 1, level):
                if places.size:
                    wanted[between].setdefault(node, []).append(places)
    return {
        level: {node: np.unique(np.concatenate(places)) for node, places in nodes.items()}
        for level, nodes in wanted.items()
    }


def _rows(form: _Form, columns: dict[Node, Ints], width: int) -> Sparse:
    """The matrix of a form over the values of a layer, where each stored node has its places."""
    places = np.concatenate([np.zeros(0, dtype=np.int64), *(columns.get(n, np.full(n.size, -1)) for n in form.stored)])
    matrix = form.matrix
    return sparse.csr_array((matrix.data, places[matrix.indices], matrix.indptr), shape=(matrix.shape[0], width))


def _stacked(rows: list[Sparse]) -> Matrix:
    """Rows one below the other, stored densely unless that would waste much."""
    matrix = sparse.csr_array(sparse.vstack(rows, format="csr"))
    entries = matrix.shape[0] * matrix.shape[1]
    return matrix.toarray() if entries <= SMALL or matrix.nnz > DENSITY * entries else matrix
